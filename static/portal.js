/* Staff portal: progressive enhancement. Every page works without this file.
   No eval, no innerHTML, no inline styles or handlers: runs under script-src 'self'. */
(() => {
  'use strict';
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const body = document.body;
  const token = () => $('meta[name="csrf-token"]')?.content ?? '';
  const here = () => body.dataset.here;
  const isPoll = ctx => ctx?.sourceEvent?.type === 'every';
  const isLazy = ctx => ['load', 'intersect'].includes(ctx?.sourceEvent?.type); /* a part that comes in by itself */

  /* what a screen reader should hear without anything moving on the screen */
  const said = $('#said');
  const say = text => { if (said) said.textContent = text ?? ''; };

  /* ── dialogs ── */
  const open = (dialog, opener = $(`button[data-open="${dialog.id}"]`)) => {
    dialog.removeAttribute('open');
    dialog.showModal();
    dialog.onclose = () => {
      const { activeElement } = document;
      if (activeElement === body || dialog.contains(activeElement)) opener?.focus();
    };
  };
  for (const dialog of $$('dialog[data-open]')) open(dialog);
  document.addEventListener('click', event => {
    const opener = event.target.closest('button[data-open]');
    if (opener) {
      const dialog = document.getElementById(opener.dataset.open);
      const menu = event.isTrusted && opener.closest('details.menu'); /* pressed there, not by its key */
      if (dialog) { event.preventDefault(); closeMenus(); open(dialog, menu ? $('summary', menu) : opener); }
    }
    if (event.target.closest('[data-close]')) event.target.closest('dialog')?.close();
  });

  /* ── focus: what the server marks comes first ── */
  const focusMarked = from => $$('[data-focus]', from).find(mark => !mark.closest('dialog:not([open])'))?.focus();
  focusMarked($('dialog:modal') ?? document);

  /* ── a value shown in full is masked again when its time is over ── */
  for (const shown of $$('[data-masked]')) {
    setTimeout(() => {
      shown.textContent = shown.dataset.masked;
      shown.nextElementSibling?.remove();
      say(shown.dataset.said);
    }, Number(shown.dataset.after) * 1000);
  }

  /* ── small things on a click ── */
  document.addEventListener('click', event => {
    const show = event.target.closest('[data-show]');
    if (show) {
      const input = document.getElementById(show.dataset.show), plain = input.type === 'password';
      input.type = plain ? 'text' : 'password';
      show.setAttribute('aria-pressed', plain);
      input.focus();
    }
    const copy = event.target.closest('[data-copy]');
    if (copy) navigator.clipboard?.writeText(copy.dataset.copy).then(() => toast(copy.dataset.done), () => {});
    if (event.target.closest('[data-print]')) print();
    const gone = event.target.closest('[data-dismiss]')?.closest('.notice, .toast');
    if (gone) { gone.remove(); $('#main').focus({ preventScroll: true }); }
  });

  /* ── menus: close on Escape and on a click outside ── */
  const closeMenus = except => { for (const menu of $$('details.menu[open]')) if (menu !== except) menu.open = false; };
  document.addEventListener('click', event => closeMenus(event.target.closest('details.menu')));
  document.addEventListener('keydown', event => {
    const menu = event.key === 'Escape' && $('details.menu[open]');
    if (menu) { event.preventDefault(); menu.open = false; $('summary', menu).focus(); }
  });

  /* ── toasts: a plain one stays 8 s and waits under pointer and focus, one with a clock until its time is over ── */
  const toasts = $('#toasts');
  const fade = (node, seconds) => {
    let left = seconds;
    const shown = $('[data-left]', node), clock = 'seconds' in node.dataset, end = performance.now() + seconds * 1000;
    const timer = setInterval(() => {
      if (clock) left = Math.ceil((end - performance.now()) / 1000);
      else if (!node.matches(':hover, :focus-within')) left -= 1;
      if (shown) shown.textContent = Math.max(0, left) + ' s';
      if (left > 0 && node.isConnected) return;
      clearInterval(timer);
      if (node.contains(document.activeElement)) $('#main').focus({ preventScroll: true });
      node.remove();
    }, 1000);
  };
  const toast = text => {
    const node = document.createElement('div');
    node.className = 'toast';
    node.textContent = text;
    toasts.append(node);
    fade(node, 8);
  };
  for (const node of $$('[data-seconds]', toasts)) {
    fade(node, Number(node.dataset.seconds));
    setTimeout(() => say($('[data-said]', node)?.textContent), 400);
  }

  /* ── one press, one request ── */
  document.addEventListener('submit', event => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== 'post') return;
    if (Date.now() - Number(form.dataset.sent || 0) < 10000) { event.preventDefault(); return; }
    form.dataset.sent = Date.now();
    event.submitter?.setAttribute('aria-busy', 'true');
    if ('leave' in form.dataset) channel?.postMessage('left');
  });
  addEventListener('pageshow', event => {
    if (event.persisted) location.reload(); /* nothing comes back from the memory of the browser */
  });

  /* ── keys: never inside a field, never with a modifier, can be switched off (WCAG 2.1.4) ── */
  const keyIsDead = event => event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey
    || document.documentElement.dataset.shortcuts === 'off'
    || event.target.closest?.('input:not([type=checkbox], [type=radio]), textarea, select');
  const step = by => {
    const rows = $$('#results tr[data-row]');
    if (!rows.length) return false;
    const row = document.activeElement.closest('#results tr') ?? $('#results .is-cursor') ?? $('#results tr[aria-current]');
    const now = rows.indexOf(row);
    const next = rows[Math.max(0, Math.min(rows.length - 1, now + by))];
    $('#results .is-cursor')?.classList.remove('is-cursor');
    next.classList.add('is-cursor');
    next.scrollIntoView({ block: 'nearest' });
    $('.rowlink', next)?.focus({ preventScroll: true });
    return true;
  };
  let went = -Infinity;
  document.addEventListener('keydown', event => {
    if (event.key === 'Enter' && event.repeat && event.target.closest?.('button')) { event.preventDefault(); return; }
    if (keyIsDead(event) || $('dialog:modal')) return;
    const key = event.key.toLowerCase();
    if (key === 'j' || key === 'k') {
      if (event.timeStamp - went > 1500 && step(key === 'j' ? 1 : -1)) { event.preventDefault(); return; }
    }
    if (event.repeat || event.shiftKey && key !== '?' && key !== '/') return; /* "/" needs Shift on many keyboards */
    if (key === 'g') { went = event.timeStamp; return; }
    const goes = event.timeStamp - went <= 1500;
    went = -Infinity;
    const hit = $(goes ? `[data-go="${CSS.escape(key)}"]` : `[data-key="${CSS.escape(key)}"]`);
    if (!hit) return;
    event.preventDefault();
    if (hit.matches('input')) hit.select(); /* a field is gone to, not pressed */
    else hit.click();
  });

  /* ── htmx ── */
  const failed = ctx => {
    const place = $('#flashes'), notice = $('#failed')?.content.firstElementChild.cloneNode(true);
    if (!place || !notice) return;
    const reference = ctx?.response?.headers?.get('X-Request-ID');
    if (reference) {
      const line = $('.notice__ref', notice);
      line.hidden = false;
      line.lastElementChild.textContent = reference;
    }
    place.replaceChildren(notice);
    notice.focus();
  };
  const lost = ({ detail: { ctx } }) => {
    if (isPoll(ctx)) {
      const live = ctx.sourceElement;
      if (!live.dataset.off) return;
      live.classList.add('livedot--off');
      live.firstElementChild.textContent = live.dataset.off;
    } else if (!ctx?.response || ctx.response.status >= 500) {
      const place = isLazy(ctx) && $('[data-lost]', ctx.sourceElement); /* a part fails alone, where it stands */
      if (!place) { failed(ctx); return; }
      for (const bone of $$('.skel', ctx.sourceElement)) bone.remove();
      place.firstElementChild.before(place.dataset.lost, ' ');
      place.dataset.lost = '';
    }
  };
  document.addEventListener('htmx:config:request', event => {
    const { ctx } = event.detail;
    if (isPoll(ctx) && document.hidden) { event.preventDefault(); return; }
    const { request } = ctx;
    if (request.method !== 'GET') request.headers['X-CSRFToken'] = token();
    else for (const [name, value] of [...request.body]) if (value === '') request.body.delete(name); /* short URLs */
  });
  document.addEventListener('htmx:before:request', ({ detail: { ctx } }) => {
    ctx.back = ctx.sourceElement?.dataset?.back; /* where the focus goes back to; the source itself may be swapped away */
    if (!isPoll(ctx)) ctx.target?.setAttribute?.('aria-busy', 'true');
  });
  document.addEventListener('htmx:finally:request', ({ detail: { ctx } }) => {
    for (const busy of $$('[aria-busy]', $('#main'))) busy.removeAttribute('aria-busy');
    if (ctx?.response && ctx.response.status < 400 && !isPoll(ctx)) touched();
  });
  document.addEventListener('htmx:response:error', lost);
  document.addEventListener('htmx:error', lost);
  document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
    if (isPoll(ctx)) { const news = document.getElementById(ctx.target?.id)?.dataset.said; if (news) say(news); return; }
    if (isLazy(ctx)) return;
    const flash = $('#flashes [data-focus]');
    if (flash) { flash.focus(); flash.removeAttribute('data-focus'); return; }
    if (ctx.response?.status < 400) $('#flashes')?.replaceChildren();
    const fresh = ctx.target?.id && document.getElementById(ctx.target.id);
    const mark = fresh && $('[data-focus]', fresh);
    if (mark) { mark.focus(); return; }
    if (ctx.back) document.getElementById(ctx.back)?.focus();
    const results = $('#results');
    if (results && ctx.target?.id === 'results') {
      say(results.dataset.said);
      if (document.activeElement === body) results.focus({ preventScroll: true });
    }
  });
  document.addEventListener('htmx:after:history:push', () => {
    body.dataset.here = location.pathname + location.search;
    for (const next of $$('input[name="next"]')) next.value = here();
  });

  /* ── the end of an idle session: said before, can be put off, told to the other tabs ── */
  const idle = $('#idle');
  const channel = 'BroadcastChannel' in window ? new BroadcastChannel('portal-session') : null;
  let last = Date.now();
  const touched = (tell = true) => {
    last = Date.now();
    idle?.replaceChildren();
    if (tell) channel?.postMessage('touched');
  };
  if (idle) {
    const total = Number(idle.dataset.seconds) * 1000, warning = Number(idle.dataset.warning) * 1000;
    const leave = () => location.replace(idle.dataset.login + '?next=' + encodeURIComponent(here()));
    const renew = () => fetch(idle.dataset.renew, { method: 'POST', headers: { 'X-CSRFToken': token() }, redirect: 'manual' })
      .then(answer => { if (answer.ok) touched(); else if (answer.type === 'opaqueredirect' || answer.status < 500) leave(); }, () => {});
    channel?.addEventListener('message', ({ data }) => { if (data === 'touched') touched(false); else if (data === 'left') leave(); });
    channel?.postMessage('touched');
    const check = () => {
      const quiet = Date.now() - last;
      if (quiet >= total) leave();
      else if (quiet >= total - warning && !idle.firstChild) idle.append($('#idle-notice').content.cloneNode(true));
    };
    setInterval(check, 1000);
    document.addEventListener('visibilitychange', check);
    /* somebody who reads and zooms is not idle, though he sends nothing: tell the server now and then */
    let renewing = false;
    const active = () => {
      if (renewing || idle.firstChild || Date.now() - last < Math.min(total / 3, 300000)) return;
      renewing = true;
      renew().finally(() => { renewing = false; });
    };
    for (const sign of ['pointerdown', 'keydown', 'wheel']) document.addEventListener(sign, active, { passive: true });
    idle.addEventListener('click', event => { if (event.target.closest('[data-stay]')) renew(); });
  }
  window.portal = { $, $$, say, keyIsDead };
})();
