// The small forms that an action opens in its place: no dialog, the alarm stays in view.
import { CLOSE_REASONS, SHELVE_MINUTES } from './acting.js';
import { h, say } from './dom.js';
import { count, t } from './words.js';

const label = (words, field) => h('label', { class: 'field' }, h('span', {}, words), field);
// what is sent says something: spaces alone do not
const text = (name, required = false, more = {}) => h('input', { name, type: 'text', maxlength: 500, required, pattern: '.*\\S.*', title: t('form.not-blank'), autocomplete: 'off', ...more });
const choice = (name, options) => h('select', { name, required: true }, options);

// Each: the fields it shows, and what of them the server is sent.
const FORMS = {
  acknowledge: {
    fields: ({ mustNote }) => [label(t('form.note'), text('note', mustNote))],
    body: ({ note }) => ({ note }),
  },
  assign: {
    fields: ({ user }) => [label(t('form.assignee'),
      text('assignee', true, { maxlength: 64, value: user }))],
    body: ({ assignee }) => ({ assignee }),
  },
  shelve: {
    fields: () => [
      label(t('form.for'), choice('minutes', SHELVE_MINUTES.map((minutes) =>
        h('option', { value: minutes, selected: minutes === 15 }, count('form.minutes', minutes))))),
      label(t('form.reason'), text('reason', true)),
    ],
    body: ({ minutes, reason }, now) => ({ reason, until: new Date(Date.parse(now) + minutes * 60000).toISOString() }),
  },
  note: {
    fields: () => [label(t('form.note'), text('note', true))],
    body: ({ note }) => ({ note }),
  },
  close: {
    fields: () => [label(t('form.reason'), choice('reason',
      CLOSE_REASONS.map((code) => h('option', { value: code }, t(`close.${code}`)))))],
    body: ({ reason }) => ({ reason }),
  },
};

/**
 * The form of an action, filled with what was `typed` before: its element, and `tell(words)` beside the fields. `onType(values)`
 * hears each change, `onSend(body)` gets what to send; `onCancel` is Escape or the button.
 */
export function actionForm(action, { user, now, mustNote = false, typed = {}, onType, onSend, onCancel }) {
  const { fields, body } = FORMS[action];
  const told = h('p', { class: 'trouble', role: 'status' });
  const values = () => Object.fromEntries(new FormData(form));
  const form = h('form', {
    class: 'action-form', 'aria-label': t(`act.${action}`),
    oninput: () => onType(values()),
    onsubmit(event) {
      event.preventDefault();
      onSend(Object.fromEntries(Object.entries(body(values(), now())).filter(([, value]) => value !== '')));
    },
    onkeydown(event) {
      if (event.key === 'Escape') { event.stopPropagation(); onCancel(); }
      // Enter sends from a choice as it does from a text field
      if (event.key === 'Enter' && event.target.matches('select')) { event.preventDefault(); form.requestSubmit(); }
    },
  },
  h('strong', {}, t(`act.${action}`)), fields({ user, mustNote }), told,
  h('span', { class: 'form-buttons' },
    h('button', { type: 'submit', class: 'primary' }, t('form.send')),
    h('button', { type: 'button', onclick: onCancel }, t('form.cancel'))));
  for (const [name, value] of Object.entries(typed)) form.elements[name].value = value;
  return { element: form, tell: (words) => say(told, words) };
}
