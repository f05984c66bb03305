/* Passkeys. A form holds what the authenticator answered and posts it as any other field; without this file, or where
   no authenticator can be asked, those forms stay hidden and the password is the way in. */
(() => {
  'use strict';
  const { $, $$ } = window.portal;
  const keys = window.PublicKeyCredential;
  if (!keys?.parseRequestOptionsFromJSON || !navigator.credentials) return;

  for (const shown of $$('form[data-passkey], [data-with-passkey]')) shown.hidden = false;
  for (const gone of $$('[data-without-passkey]')) gone.hidden = true;

  let waiting = null; /* one question at a time: a new one takes the place of the last */
  const ask = async (form, mediation) => {
    waiting?.abort();
    waiting = new AbortController();
    const { signal } = waiting;
    const answer = await fetch(form.dataset.options, {
      method: 'POST', headers: { 'X-CSRFToken': $('meta[name="csrf-token"]').content }, signal,
    });
    if (answer.redirected) { location.assign(answer.url); return; } /* asked to sign in, or to confirm first */
    if (!answer.ok) throw new TypeError('no question');
    const question = await answer.json();
    const credential = form.dataset.passkey === 'create'
      ? await navigator.credentials.create({ publicKey: keys.parseCreationOptionsFromJSON(question), signal })
      : await navigator.credentials.get({ publicKey: keys.parseRequestOptionsFromJSON(question), mediation, signal });
    form.elements.credential.value = JSON.stringify(credential.toJSON());
    form.submit();
  };

  for (const form of $$('form[data-passkey]')) {
    const button = $('button[type="submit"]', form), said = $('[data-said]', form);
    form.addEventListener('submit', event => {
      event.preventDefault();
      if (button.getAttribute('aria-busy')) return;
      button.setAttribute('aria-busy', 'true');
      ask(form, 'optional').catch(error => {
        button.removeAttribute('aria-busy');
        said.textContent = error instanceof TypeError ? said.dataset.offline : said.dataset.failed;
        offer();
      });
    });
  }

  /* autofill: the browser offers passkeys in the e-mail field; a question is good for five minutes */
  const autofill = $('form[data-autofill]');
  const offer = async () => {
    if (!autofill || !await keys.isConditionalMediationAvailable?.()) return;
    ask(autofill, 'conditional').catch(() => {}); /* taken back, or no passkey here: the page stays as it is */
  };
  offer();
  setInterval(() => { if (!$('[aria-busy]')) offer(); }, 240000);
})();
