// Who did what and when, newest first. Read only: nothing here can be changed.
import { api } from './api.js';
import { did, reasonOf, refusalOf } from './done.js';
import { h } from './dom.js';
import { stamp } from './time.js';
import { failure, known, t } from './words.js';

const AT_ONCE = 200;
const SHOWS = ['all', 'actions', 'sign-ins', 'sound-tests'];

const kindOf = ({ event }) => (!event ? 'actions' : event.startsWith('sound-') ? 'sound-tests' : 'sign-ins');

/** Which alarm it was: what the server says of it, for the list may no longer have it. */
const aboutAlarm = ({ about, alert_id: id }) => (about ? `${about.convoy_id} · ${t(`kind.${about.kind}`)} ${about.vehicle_id ?? ''}` : id);

/** What an entry says: an action on an alarm, somebody's coming and going, or a sound test. */
function wordsOf(entry) {
  if (entry.event) return { what: known(`audit.event.${entry.event}`, entry.event), about: '', more: [t('audit.from', { address: entry.address })] };
  return {
    what: did(entry), about: aboutAlarm(entry),
    more: [refusalOf(entry), entry.assignee && `→ ${entry.assignee}`, reasonOf(entry), entry.note, entry.until && t('audit.until', { at: stamp(entry.until, null) })],
  };
}

function line(entry) {
  const { what, about, more } = wordsOf(entry);
  const isBad = entry.refused || entry.event === 'refused' || entry.event === 'sound-not-heard';
  return h('tr', { 'data-kind': kindOf(entry), class: isBad ? 'refused' : null },
    h('td', {}, stamp(entry.at, null)), h('th', { scope: 'row' }, entry.actor ?? entry.user), h('td', {}, entry.post ?? ''),
    h('td', {}, what), h('td', {}, about), h('td', {}, more.filter(Boolean).join(' · ')));
}

/** The page of the audit trail. */
export function createAudit() {
  const rows = h('tbody', {});
  const told = h('p', { role: 'status', class: 'dim' });
  const older = h('button', { type: 'button', onclick: load }, t('audit.older'));
  const shows = h('select', { onchange: () => { table.dataset.shows = shows.value; } }, SHOWS.map((kind) => h('option', { value: kind }, t(`audit.kind.${kind}`))));
  const table = h('table', { class: 'audit', 'data-shows': 'all' },
    h('thead', {}, h('tr', {}, ['when', 'who', 'post', 'what', 'about', 'more'].map((name) => h('th', { scope: 'col' }, t(`audit.${name}`))))), rows);
  const element = h('main', { class: 'page' }, h('h1', {}, t('page.audit')), h('p', { class: 'dim' }, t('audit.text')),
    h('p', { class: 'page-form' }, h('label', { class: 'field' }, h('span', {}, t('audit.kind')), shows)),
    h('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': t('page.audit') }, table), told, older);
  let before = null; // where the next page begins: the server's own word for it
  let isBusy = false;

  async function load() {
    if (isBusy) return; // twice the same page otherwise
    isBusy = true;
    told.textContent = t('page.loading');
    try {
      const { entries, older: next } = await api.audit(before, AT_ONCE);
      rows.append(...entries.map(line));
      before = next;
      older.hidden = next === null;
      told.textContent = entries.length > 0 ? '' : t(rows.children.length > 0 ? 'audit.no-older' : 'audit.none');
    } catch (error) {
      told.textContent = t('page.failed', { error: failure(error.message) });
    }
    isBusy = false;
  }
  load();
  return { element };
}
