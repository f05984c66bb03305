/* The KYC workspace: photos, keys, the two-key decision, the hold. Every act has a button that works without this. */
(() => {
  'use strict';
  const { $, $$, say, keyIsDead } = window.portal;

  /* ── photos: zoom, turn, move; through the CSSOM, which style-src 'self' allows ── */
  for (const viewer of $$('[data-viewer]')) {
    const stage = $('.viewer__stage', viewer), img = $('img', stage), shown = $('[data-zoom]', viewer);
    const failed = $('.viewer__failed', stage), src = img.src;
    const now = { zoom: 1, turn: 0, x: 0, y: 0 };
    const draw = () => {
      /* on its side a photo has to fit the other way round */
      const box = stage.getBoundingClientRect(), sideways = now.turn % 180 !== 0;
      const fit = Math.min(box.width / (img.naturalWidth || 1), box.height / (img.naturalHeight || 1));
      const turned = Math.min(box.width / (img.naturalHeight || 1), box.height / (img.naturalWidth || 1));
      const far = { x: box.width * now.zoom / 2, y: box.height * now.zoom / 2 };
      now.x = Math.max(-far.x, Math.min(far.x, now.x));
      now.y = Math.max(-far.y, Math.min(far.y, now.y));
      const set = (name, value) => img.style.setProperty(name, value);
      set('--z', now.zoom);
      set('--turn', sideways ? turned / fit : 1);
      set('--rot', now.turn + 'deg');
      set('--x', now.x + 'px');
      set('--y', now.y + 'px');
      stage.toggleAttribute('data-zoomed', now.zoom > 1);
      shown.textContent = Math.round(now.zoom * 100) + '%';
    };
    const acts = {
      in: () => { now.zoom = Math.min(8, now.zoom * 1.25); },
      out: () => { now.zoom = Math.max(.5, now.zoom / 1.25); },
      fit: () => Object.assign(now, { zoom: 1, turn: 0, x: 0, y: 0 }),
      turn: () => { now.turn = (now.turn + 90) % 360; },
      again: () => { failed.hidden = true; img.src = src + (src.includes('?') ? '&' : '?') + 'again=' + Date.now(); stage.focus(); },
    };
    const act = name => { acts[name](); draw(); };
    const keys = { '+': 'in', '=': 'in', '-': 'out', '−': 'out', 0: 'fit', r: 'turn' };
    const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    viewer.addEventListener('click', event => {
      const button = event.target.closest('[data-act]');
      if (button) act(button.dataset.act);
    });
    stage.addEventListener('keydown', event => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target !== stage) return;
      const move = moves[event.key], name = keys[event.key.toLowerCase()];
      if (!move && (!name || keyIsDead(event))) return;
      event.preventDefault();
      event.stopPropagation();
      if (move) { now.x += move[0]; now.y += move[1]; draw(); } else act(name);
    });
    stage.addEventListener('wheel', event => {
      if (!event.ctrlKey && document.activeElement !== stage) return;
      event.preventDefault();
      act(event.deltaY < 0 ? 'in' : 'out');
    }, { passive: false });
    stage.addEventListener('dblclick', () => act(now.zoom > 1 ? 'fit' : 'in'));
    stage.addEventListener('pointerdown', event => {
      if (event.button || event.target.closest('button') || event.pointerType === 'touch' && now.zoom <= 1) return;
      const from = { x: event.clientX - now.x, y: event.clientY - now.y };
      stage.setPointerCapture(event.pointerId);
      const move = to => { now.x = to.clientX - from.x; now.y = to.clientY - from.y; draw(); };
      const end = () => {
        stage.removeEventListener('pointermove', move);
        stage.removeEventListener('pointerup', end);
        stage.removeEventListener('pointercancel', end);
      };
      stage.addEventListener('pointermove', move);
      stage.addEventListener('pointerup', end);
      stage.addEventListener('pointercancel', end);
    });
    const broken = () => { failed.hidden = false; };
    img.addEventListener('error', broken);
    img.addEventListener('load', () => { failed.hidden = true; draw(); });
    if (img.complete) img.naturalWidth ? draw() : broken(); /* it may have come before this script */
    addEventListener('resize', draw);
  }

  /* ── the hold: its countdown, and a renewal at once when the page is seen again ── */
  const born = new WeakMap();
  const hold = () => {
    const lease = $('#lease');
    if (!lease) return;
    if (!born.has(lease)) {
      const seconds = Number(lease.dataset.seconds) || (Date.parse(lease.dataset.until) - Date.now()) / 1000;
      born.set(lease, { at: performance.now(), seconds, told: '' });
    }
    const own = born.get(lease), left = Math.ceil(own.seconds - (performance.now() - own.at) / 1000);
    const state = left <= 0 ? 'over' : left < 120 ? 'soon' : '';
    lease.classList.toggle('is-low', state !== '');
    $('.lease__left', lease).textContent = left > 0 ? Math.floor(left / 60) + ':' + String(left % 60).padStart(2, '0') : '';
    if (state && state !== own.told) {
      own.told = state;
      say(lease.dataset[state]);
      if (state === 'over') $('.lease__until', lease).textContent = lease.dataset.over;
    }
  };
  if ($('#lease')) {
    hold();
    document.addEventListener('htmx:response:error', ({ detail: { ctx } }) => {
      const lease = ctx.sourceElement;
      if (lease.id !== 'lease' || ctx.response.status >= 500) return;
      const lost = lease.cloneNode(true); /* without its timer: there is nothing left to renew */
      delete lost.dataset.seconds;
      lost.dataset.until = new Date().toISOString();
      lease.replaceWith(lost);
    });
    setInterval(hold, 1000);
    document.addEventListener('visibilitychange', () => {
      const lease = $('#lease'), own = born.get(lease);
      if (!document.hidden && own && performance.now() - own.at > 60000) lease.dispatchEvent(new CustomEvent('every'));
    });
  }

  const form = $('#decision');
  if (!form) return;

  /* ── checks: how many are answered; keys 1 to 6 answer, again for No ── */
  const rows = $$('[data-check]', form), answer = row => $('input:checked', row)?.value;
  const count = () => { $('[data-done]', form).textContent = rows.filter(answer).length; };
  form.addEventListener('change', event => {
    event.target.closest('.is-missing')?.classList.remove('is-missing');
    disarm();
    count();
  });
  const press = row => {
    const [yes, no] = $$('input', row), next = yes.checked ? no : yes;
    next.checked = true;
    next.dispatchEvent(new Event('change', { bubbles: true }));
    row.scrollIntoView({ block: 'nearest' });
  };

  /* ── verify: V arms, Enter confirms; leaving or Escape disarms, a held key never decides ── */
  const verify = $('#verify'), hint = $('#decide-hint'), calm = hint.textContent;
  const disarm = () => {
    if (!('armed' in form.dataset)) return;
    delete form.dataset.armed;
    hint.textContent = calm;
  };
  const missing = () => [
    $('#number', form).dataset.matched !== 'yes' && !$('[name$="number_unreadable"]', form)?.checked && $('#number', form),
    ...$$('[data-duplicate], [data-check]', form).filter(row => !answer(row)),
    $$('input[type=date]', form).filter(input => !input.value).map(input => input.closest('.field'))[0],
  ].filter(Boolean);
  const arm = () => {
    const open = missing();
    for (const row of open) row.classList.add('is-missing');
    if (open.length || rows.some(row => answer(row) === 'no')) {
      hint.textContent = open.length ? hint.dataset.missing : hint.dataset.no;
      (open[0] ? $('input:not([type=hidden])', open[0]) : $('input:checked', rows.find(row => answer(row) === 'no'))).focus();
      return;
    }
    verify.focus();
    form.dataset.armed = '';
    hint.textContent = hint.dataset.armed;
  };
  verify.addEventListener('blur', disarm);
  addEventListener('blur', disarm);

  /* ── the number: after a match the keys are free again, after a miss it can be typed anew ── */
  document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
    if (ctx.target?.id !== 'number' || ctx.response?.status >= 500) return;
    const number = $('#number'), input = $('#number-input'), result = $('#number-error, #number-result', number);
    if (number.dataset.matched === 'yes' || input.readOnly) number.focus({ preventScroll: true });
    else { input.focus(); input.select(); }
    say(result.textContent.trim());
  });

  /* Enter in a field means its own button, not the first one of the form */
  form.addEventListener('keydown', event => {
    if (event.key === 'Enter' && event.target.matches('input:not(#number-input)')) event.preventDefault();
  });

  /* ── the reject dialog: 1 to 9 choose reasons, Ctrl+Enter sends ── */
  const dialog = $('#reject');
  dialog.addEventListener('keydown', event => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.repeat) {
      event.preventDefault();
      $('#reject-send').click();
      return;
    }
    if (keyIsDead(event) || event.repeat) return;
    const box = /^[1-9]$/.test(event.key) && $(`[data-reason="${event.key}"]`, dialog);
    if (!box) return;
    event.preventDefault();
    box.checked = !box.checked;
    box.focus();
    box.dispatchEvent(new Event('change', { bubbles: true }));
  });

  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') { disarm(); return; }
    if (keyIsDead(event) || event.repeat || event.shiftKey || $('dialog:modal')) return;
    const key = event.key.toLowerCase();
    const row = rows.find(one => one.dataset.check === key), stage = $(`[data-stage="${CSS.escape(key)}"]`);
    if (row) press(row);
    else if (stage) stage.focus();
    else if (key === 'v') arm();
    else return;
    event.preventDefault();
  });
})();
