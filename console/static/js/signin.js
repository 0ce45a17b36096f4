// Signing in, and the first start: the link of the terminal makes the first supervisor.
import { api } from './api.js';
import { h } from './dom.js';
import { choose, prefs } from './prefs.js';
import { failure, knows, LANGUAGES, speak, t } from './words.js';

const field = (name, words, more = {}) => h('label', { class: 'field' }, h('span', {}, words),
  h('input', { name, required: true, maxlength: 64, ...more }));

function wordsFor(error) {
  if (error.status === 429) return t('signin.wait', { seconds: error.retryAfter ?? '60' });
  if (error.status === 0) return t('signin.unreachable');
  if (error.status === 401) return t('signin.bad');
  return knows(`signin.error.${error.message}`) ? t(`signin.error.${error.message}`) : t('signin.refused', { error: failure(error.message) });
}

// A link that makes nobody is of no use to anybody: what is left is to sign in by name.
const isUseless = (error) => error.message === 'bad-link' || error.message === 'exists';

/** The one-time token in the address, taken out of it so that it is in no history. */
export function takeToken() {
  const token = location.hash.match(/^#first=(.+)$/)?.[1] ?? null;
  if (token) history.replaceState(null, '', location.pathname);
  return token;
}

/** Load the page anew after the session has ended, so that it says so. */
export function reloadEnded() {
  history.replaceState({ ended: true }, '');
  location.reload();
}

/** Whether the page was loaded because a session had ended; the next time it was not. */
export function takeEnded() {
  const ended = history.state?.ended === true;
  if (ended) history.replaceState(null, '');
  return ended;
}

/** Show the form in `root` until somebody is in; resolves to the session. `reason`: key of what to say first. */
export function signIn(root, token = null, reason = null) {
  return new Promise((resolve) => {
    const trouble = h('p', { class: 'trouble', role: 'alert' });
    const form = h('form', { class: 'signin', 'aria-label': t(token ? 'signin.first' : 'signin.title') },
      h('h1', {}, 'Kawal'), h('p', { class: 'dim' }, t(token ? 'signin.first-text' : 'signin.text')),
      field('user', t('signin.user'), { autocomplete: 'username', autofocus: true }),
      field('password', t('signin.password'), { type: 'password', minlength: token ? 10 : 1, maxlength: 256, autocomplete: token ? 'new-password' : 'current-password' }),
      field('post', t('signin.post'), { value: prefs.post, autocomplete: 'off' }),
      trouble,
      h('button', { class: 'primary' }, t(token ? 'signin.make' : 'signin.enter')),
      h('p', { class: 'signin-lang' }, LANGUAGES.map((lang) => h('button', {
        type: 'button', class: 'quiet', lang, onclick: async () => { choose('lang', lang); await speak(lang); resolve(signIn(root, token, reason)); },
      }, t(`language.${lang}`)))));
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const fields = Object.fromEntries(new FormData(form));
      trouble.textContent = '';
      try {
        const session = await (token ? api.first({ token, ...fields }) : api.login(fields));
        choose('post', session.post);
        resolve(session);
      } catch (error) {
        if (isUseless(error)) { resolve(signIn(root, null, 'signin.bad-token')); return; }
        trouble.textContent = wordsFor(error);
        form.elements.password.select();
      }
    });
    root.replaceChildren(h('main', { class: 'signin-page' }, form));
    if (reason) trouble.textContent = t(reason); // once it is in the page: only then is it read out
    form.elements.user.focus();
  });
}
