// Who did what and when, newest first. Read only: nothing here can be changed.
import { api } from './api.js';
import { h } from './dom.js';
import { stamp } from './time.js';
import { failure, knows, t } from './words.js';

const AT_ONCE = 200;
const SHOWS = ['all', 'actions', 'sign-ins', 'sound-tests'];

const kindOf = ({ event }) => (!event ? 'actions' : event.startsWith('sound-') ? 'sound-tests' : 'sign-ins');

const reasonOf = (entry) => (entry.reason && knows(`close.${entry.reason}`) ? t(`close.${entry.reason}`) : entry.reason);
const known = (key, code) => (knows(key) ? t(key) : code);

function aboutAlarm({ alert_id: id }, alarms) {
  const alarm = alarms.get(id);
  return alarm ? `${alarm.alert.convoy_id} · ${t(`kind.${alarm.alert.kind}`)} ${alarm.alert.vehicle_id ?? ''}` : id;
}

/** What an entry says: an action on an alarm, somebody's coming and going, or a sound test. */
function wordsOf(entry, alarms) {
  if (entry.event) return { what: known(`audit.event.${entry.event}`, entry.event), about: '', more: [t('audit.from', { address: entry.address })] };
  return {
    what: known(`did.${entry.action}`, entry.action), about: aboutAlarm(entry, alarms),
    more: [entry.assignee && `→ ${entry.assignee}`, reasonOf(entry), entry.note, entry.until && t('audit.until', { at: stamp(entry.until, null) })],
  };
}

function line(entry, alarms) {
  const { what, about, more } = wordsOf(entry, alarms);
  return h('tr', { 'data-kind': kindOf(entry), class: entry.event === 'refused' || entry.event === 'sound-not-heard' ? 'refused' : null },
    h('td', {}, stamp(entry.at, null)), h('th', { scope: 'row' }, entry.actor ?? entry.user), h('td', {}, entry.post ?? ''),
    h('td', {}, what), h('td', {}, about), h('td', {}, more.filter(Boolean).join(' · ')));
}

/** The page of the audit trail. */
export function createAudit({ store }) {
  const rows = h('tbody', {});
  const told = h('p', { role: 'status', class: 'dim' });
  const older = h('button', { type: 'button', onclick: load }, t('audit.older'));
  const shows = h('select', { onchange: () => { table.dataset.shows = shows.value; } }, SHOWS.map((kind) => h('option', { value: kind }, t(`audit.kind.${kind}`))));
  const table = h('table', { class: 'audit', 'data-shows': 'all' },
    h('thead', {}, h('tr', {}, ['when', 'who', 'post', 'what', 'about', 'more'].map((name) => h('th', { scope: 'col' }, t(`audit.${name}`))))), rows);
  const element = h('main', { class: 'page' }, h('h1', {}, t('page.audit')), h('p', { class: 'dim' }, t('audit.text')),
    h('p', { class: 'page-form' }, h('label', { class: 'field' }, h('span', {}, t('audit.kind')), shows)),
    h('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': t('page.audit') }, table), told, older);
  let before = null;

  async function load() {
    try {
      const { entries } = await api.audit(before, AT_ONCE);
      rows.append(...entries.map((entry) => line(entry, store.state.alarms)));
      before = entries.at(-1)?.at ?? before;
      older.hidden = entries.length < AT_ONCE;
      told.textContent = rows.children.length === 0 ? t('audit.none') : '';
    } catch (error) {
      told.textContent = t('page.failed', { error: failure(error.message) });
    }
  }
  load();
  return { element };
}
