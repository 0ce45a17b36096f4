// Who did what and when, newest first. Read only: nothing here can be changed.
import { api } from './api.js';
import { h } from './dom.js';
import { stamp } from './time.js';
import { knows, t } from './words.js';

const reasonOf = (entry) => (entry.reason && knows(`close.${entry.reason}`) ? t(`close.${entry.reason}`) : entry.reason);

function line(entry, alarms) {
  const alarm = alarms.get(entry.alert_id);
  const about = alarm ? `${alarm.alert.convoy_id} · ${t(`kind.${alarm.alert.kind}`)} ${alarm.alert.vehicle_id ?? ''}` : entry.alert_id ?? '';
  const what = knows(`act.${entry.action}`) ? t(`act.${entry.action}`) : entry.action;
  const more = [entry.assignee, reasonOf(entry), entry.note, entry.until && t('audit.until', { at: stamp(entry.until, null) })];
  return h('tr', {}, h('td', {}, stamp(entry.at, null)), h('th', { scope: 'row' }, entry.actor), h('td', {}, entry.post ?? ''), h('td', {}, what), h('td', {}, about), h('td', {}, more.filter(Boolean).join(' · ')));
}

/** The page of the audit trail. */
export function createAudit({ store }) {
  const rows = h('tbody', {});
  const told = h('p', { role: 'status', class: 'dim' });
  const older = h('button', { type: 'button', onclick: load }, t('audit.older'));
  const element = h('main', { class: 'page' }, h('h1', {}, t('page.audit')), h('p', { class: 'dim' }, t('audit.text')),
    h('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': t('page.audit') }, h('table', {},
      h('thead', {}, h('tr', {}, ['when', 'who', 'post', 'what', 'about', 'more'].map((name) => h('th', { scope: 'col' }, t(`audit.${name}`))))), rows)), told, older);
  let before = null;

  async function load() {
    try {
      const answer = await api.audit(before);
      const entries = [...answer.actions, ...answer.sign_ins].sort((a, b) => b.at.localeCompare(a.at));
      rows.append(...entries.map((entry) => line(entry, store.state.alarms)));
      before = entries.at(-1)?.at ?? before;
      older.hidden = entries.length === 0;
      told.textContent = rows.children.length === 0 ? t('audit.none') : '';
    } catch (error) {
      told.textContent = t('page.failed', { error: error.message });
    }
  }
  load();
  return { element };
}
