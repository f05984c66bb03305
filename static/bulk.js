/* Ticking messages of the log: counts, all of the page, and keys. The form works without this file. */
(() => {
  'use strict';
  const { $, $$, keyIsDead } = window.portal;
  const boxes = () => $$('#results input[form="bulk"]');
  let last = null; /* the box that was ticked last */

  const show = () => {
    const bar = $('#bulk'), all = boxes(), ticked = all.filter(box => box.checked).length;
    if (!bar) return;
    $('[data-count]', bar).textContent = ticked;
    $('[data-ticked]', bar).hidden = bar.elements.all.checked;
    const head = $('#tick-all');
    head.checked = ticked === all.length;
    head.indeterminate = ticked > 0 && ticked < all.length;
  };
  const tick = (box, upTo = box) => {
    const all = boxes(), from = all.indexOf(upTo), to = all.indexOf(box), value = upTo === box ? !box.checked : true;
    for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) one.checked = value;
    last = box;
    show();
  };
  document.addEventListener('change', ({ target }) => {
    if (target.id === 'tick-all') for (const box of boxes()) box.checked = target.checked;
    if (target.form?.getAttribute('id') === 'bulk') last = target;
    show();
  });
  document.addEventListener('reset', () => setTimeout(show));
  document.addEventListener('htmx:after:swap', show);
  document.addEventListener('keydown', event => {
    if (event.key.toLowerCase() !== 'x' || event.repeat || keyIsDead(event) || $('dialog:modal')) return;
    const row = document.activeElement.closest('#results tr[data-row]') ?? $('#results tr.is-cursor');
    const box = row && $('input[form="bulk"]', row);
    if (!box) return;
    event.preventDefault();
    tick(box, event.shiftKey && boxes().includes(last) ? last : box);
  });
  show();
})();
