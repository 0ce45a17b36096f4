// One row of the alarm list: built once, kept up to date in place, so that focus and pointer never lose it.
import { h, mark, say } from './dom.js';
import { brief } from './figures.js';
import { severityShape } from './shapes.js';
import { secondsBetween } from './time.js';
import { count, said, t } from './words.js';

/** State of a row in words: what the operator has to know before the colour. */
export function stateWords(row) {
  const { lead } = row;
  if (row.left) return t('state.left');
  if (lead.notification) return t('state.notification');
  if (lead.state === 'active-unack') return t(lead.returned ? 'state.returned' : 'state.active-unack');
  if (lead.state === 'active-ack') return t('state.active-ack', { who: lead.ack?.actor ?? '' });
  return t(`state.${lead.state}`);
}

/** Who it is about: a vehicle and how many more, or how many alarms are gathered. */
function subjectOf(row) {
  if (row.children) return { name: t('row.flood', { n: row.members.length }), more: 0 };
  const [name = '', ...others] = new Set(row.members.map((alarm) => alarm.alert.vehicle_id).filter(Boolean));
  return { name, more: others.length };
}

const placeOf = (row) => (row.children ? count('row.convoys', row.convoys.length) : row.convoys[0]);

/** Build a row's element; `show(row, position, total, now)` brings it up to date. */
export function createRowView(key, onPick) {
  const shape = h('span', { class: 'row-shape' });
  const kind = h('span', { class: 'row-kind' });
  const vehicle = h('span', { class: 'row-vehicle' });
  const more = h('span', { class: 'row-more' });
  const place = h('span', { class: 'row-place' });
  const message = h('span', { class: 'row-message' });
  const age = h('span', { class: 'row-age' });
  const state = h('span', { class: 'row-state' });
  const owner = h('span', { class: 'row-owner' });
  const element = h('div', { role: 'option', class: 'row', tabindex: '-1', 'data-key': key, onclick: () => onPick(key) },
    shape,
    h('span', { class: 'row-head' }, kind, h('span', { class: 'row-vehicles' }, vehicle, more), age),
    h('span', { class: 'row-text' }, place, message),
    h('span', { class: 'row-side' }, state, owner));
  let drawn = null;

  function show(row, position, total, now) {
    const { lead } = row;
    if (drawn !== row.severity) {
      shape.replaceChildren(severityShape(row.severity), h('span', { class: 'unseen' }, t(`severity.${row.severity}`)));
      drawn = row.severity;
    }
    say(kind, t(`kind.${row.kind}`));
    const subject = subjectOf(row);
    say(vehicle, subject.name);
    say(more, subject.more > 0 ? ` +${subject.more}` : '');
    say(place, placeOf(row));
    say(message, row.children ? t('row.open-flood') : said(lead.alert.message));
    say(age, brief(secondsBetween(row.oldest, now)));
    say(state, stateWords(row));
    say(owner, lead.assignee ? `→ ${lead.assignee}` : '');
    mark(element, 'class', `row ${row.severity} standing-${row.standing}${row.left ? ' left' : ''}${row.child ? ' child' : ''}`);
    mark(element, 'aria-posinset', position + 1);
    mark(element, 'aria-setsize', total);
  }
  return { element, show };
}
