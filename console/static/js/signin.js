// Signing in, and the first start: the link of the terminal makes the first supervisor.
import { api } from './api.js';
import { h } from './dom.js';
import { choose, prefs } from './prefs.js';
import { LANGUAGES, speak, t } from './words.js';

const field = (name, words, more = {}) => h('label', { class: 'field' }, h('span', {}, words),
  h('input', { name, required: true, maxlength: 64, ...more }));

function wordsFor(error) {
  if (error.status === 429) return t('signin.wait', { seconds: error.retryAfter ?? '60' });
  if (error.status === 0) return t('signin.unreachable');
  if (error.status === 401) return t(error.message === 'bad-link' ? 'signin.bad-token' : 'signin.bad');
  return t('signin.refused', { error: error.body.message ?? error.message });
}

/** The one-time token in the address, taken out of it so that it is in no history. */
export function takeToken() {
  const token = location.hash.match(/^#first=(.+)$/)?.[1] ?? null;
  if (token) history.replaceState(null, '', location.pathname);
  return token;
}

/** Show the form in `root` until somebody is in; resolves to the session. */
export function signIn(root, token = null) {
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
        type: 'button', class: 'quiet', lang, onclick: async () => { choose('lang', lang); await speak(lang); resolve(signIn(root, token)); },
      }, t(`language.${lang}`)))));
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const fields = Object.fromEntries(new FormData(form));
      trouble.textContent = '';
      try {
        const session = await (token ? api.first({ token, ...fields }) : api.login(fields));
        choose('post', fields.post);
        resolve(session);
      } catch (error) {
        trouble.textContent = wordsFor(error);
        form.elements.password.select();
      }
    });
    root.replaceChildren(h('main', { class: 'signin-page' }, form));
    form.elements.user.focus();
  });
}
