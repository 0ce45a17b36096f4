// All convoys at a glance, where none is chosen: what state, how far, when expected, and who has alarms.
import { h } from './dom.js';
import { brief, percent, UNKNOWN } from './figures.js';
import { isListed, isUnacknowledged, SEVERITIES } from './order.js';
import { severityShape } from './shapes.js';
import { clock } from './time.js';
import { t } from './words.js';

const ROWS_MAX = 200;

/** The open alarms of each convoy: `{worst, count}` by its id; what is for information does not count. */
function alarmsByConvoy(alarms) {
  const found = new Map();
  for (const alarm of alarms) {
    if (!isListed(alarm) || alarm.notification) continue;
    const { worst = SEVERITIES.length, count = 0 } = found.get(alarm.alert.convoy_id) ?? {};
    const rank = SEVERITIES.indexOf(alarm.severity) + (isUnacknowledged(alarm) ? 0 : 0.5);
    found.set(alarm.alert.convoy_id, { worst: Math.min(worst, rank), count: count + 1 });
  }
  return found;
}

function lateness({ lateness_s: late }) {
  if (late === null || late === undefined) return '';
  if (Math.abs(late) < 60) return t('convoy.on-time');
  return t(late > 0 ? 'convoy.late' : 'convoy.early', { span: brief(Math.abs(late)) });
}

/** Convoys as the overview shows them, those with the worst alarms first. Pure. */
export function overviewOf({ convoys, alarms, plans }) {
  const found = alarmsByConvoy(alarms.values());
  const worst = (convoy) => found.get(convoy.convoy_id)?.worst ?? SEVERITIES.length;
  return [...convoys.values()].map((convoy) => ({
    id: convoy.convoy_id, name: plans.get(convoy.convoy_id)?.name ?? '', state: convoy.state, plan: plans.get(convoy.convoy_id),
    share: convoy.state === 'arrived' || convoy.progress_m === null || convoy.progress_m === undefined ? null : Math.floor((100 * convoy.progress_m) / convoy.route_length_m),
    eta: convoy.state === 'arrived' ? null : convoy.eta, late: convoy.state === 'arrived' ? '' : lateness(convoy),
    worst: worst(convoy), count: found.get(convoy.convoy_id)?.count ?? 0,
  })).sort((a, b) => a.worst - b.worst || a.id.localeCompare(b.id));
}

function line(convoy, onPick) {
  return h('tr', {},
    h('th', { scope: 'row' }, h('button', { type: 'button', class: 'link-button', onclick: () => onPick(convoy.id) }, convoy.id), h('small', { title: convoy.name }, convoy.name)),
    h('td', {}, h('span', { class: `tag convoy-${convoy.state}` }, t(`convoy-state.${convoy.state}`)), h('small', {}, convoy.share === null ? '' : percent(convoy.share))),
    h('td', {}, convoy.eta ? clock(convoy.eta, convoy.plan, { seconds: false }) : UNKNOWN, h('small', {}, convoy.late)),
    h('td', {}, convoy.count ? [severityShape(SEVERITIES[Math.floor(convoy.worst)], 16), ` ${convoy.count}`, h('span', { class: 'unseen' }, ` ${t(`severity.${SEVERITIES[Math.floor(convoy.worst)]}`)}`)] : UNKNOWN));
}

/** The table of `overviewOf`; `onPick(id)` chooses a convoy. */
export function overviewTable(convoys, onPick) {
  return [
    h('h2', {}, t('overview.title')), h('p', { class: 'dim' }, t('convoy.none')),
    h('table', { class: 'overview' },
      h('thead', {}, h('tr', {}, ['column.convoy', 'overview.state', 'column.expected', 'overview.alarms'].map((words) => h('th', { scope: 'col' }, t(words))))),
      h('tbody', {}, convoys.slice(0, ROWS_MAX).map((convoy) => line(convoy, onPick)))),
    convoys.length > ROWS_MAX ? h('p', { class: 'dim' }, t('overview.more', { n: convoys.length - ROWS_MAX })) : null];
}
