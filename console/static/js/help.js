// The list of keys, and the switch that turns single keys off.
import { h } from './dom.js';
import { choose, prefs } from './prefs.js';
import { t } from './words.js';

export const KEYS = {
  'j k': 'next', a: 'acknowledge', A: 'acknowledge-note', g: 'assign', s: 'shelve', n: 'note', c: 'close-alarm', u: 'oldest-critical',
  r: 'release', Enter: 'centre', o: 'open', '/': 'search', f: 'follow', m: 'mute', x: 'flood', Escape: 'back', '?': 'help',
};

/** Open the list of keys. */
export function openHelp() {
  const off = h('input', { type: 'checkbox', checked: prefs.keys, onchange: () => choose('keys', off.checked) });
  const dialog = h('dialog', { class: 'help', 'aria-label': t('help.title'), onclose: () => dialog.remove() },
    h('h2', {}, t('help.title')),
    h('dl', {}, Object.entries(KEYS).map(([keys, what]) => h('div', {},
      h('dt', {}, keys.split(' ').map((key) => h('kbd', {}, key))), h('dd', {}, t(`help.${what}`))))),
    h('label', { class: 'check' }, off, t('help.single')),
    h('form', { method: 'dialog' }, h('button', { class: 'primary' }, t('help.close'))));
  document.body.append(dialog);
  dialog.showModal();
}
