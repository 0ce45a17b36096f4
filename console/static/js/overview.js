// All convoys at a glance, where none is chosen: what state, how far, when expected, and who has alarms.
import { arrange, h, mark, say } from './dom.js';
import { brief, percent, UNKNOWN } from './figures.js';
import { isListed, isUnacknowledged, SEVERITIES } from './order.js';
import { severityShape } from './shapes.js';
import { clock } from './time.js';
import { t } from './words.js';

// the worst come first; each further row is laid out anew with every change
const ROWS_MAX = 80;

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

/** One convoy's line: built once and kept up to date in place, so that the focus in it is never lost. */
function createLine(id, onPick) {
  const name = h('small', {});
  const state = h('span', {});
  const share = h('small', {});
  const eta = h('span', {});
  const late = h('small', {});
  const alarms = h('td', {});
  const element = h('tr', {},
    h('th', { scope: 'row' }, h('button', { type: 'button', class: 'link-button', onclick: () => onPick(id) }, id), name),
    h('td', {}, state, share), h('td', {}, eta, late), alarms);
  let drawn = null;

  function show(convoy) {
    say(name, convoy.name);
    mark(name, 'title', convoy.name);
    say(state, t(`convoy-state.${convoy.state}`));
    mark(state, 'class', `tag convoy-${convoy.state}`);
    say(share, convoy.share === null ? '' : percent(convoy.share));
    say(eta, convoy.eta ? clock(convoy.eta, convoy.plan, { seconds: false }) : UNKNOWN);
    say(late, convoy.late);
    const worst = convoy.count ? SEVERITIES[Math.floor(convoy.worst)] : null;
    if (drawn === `${worst} ${convoy.count}`) return;
    drawn = `${worst} ${convoy.count}`;
    alarms.replaceChildren(...(worst ? [severityShape(worst, 16), ` ${convoy.count}`, h('span', { class: 'unseen' }, ` ${t(`severity.${worst}`)}`)] : [UNKNOWN]));
  }
  return { element, show };
}

/** The table of all convoys: `show(overviewOf(...))`; `onPick(id)` chooses a convoy. */
export function createOverview(onPick) {
  const body = h('tbody', {});
  const more = h('p', { class: 'dim', hidden: true });
  const element = h('div', { class: 'convoy-none' }, h('h2', {}, t('overview.title')), h('p', { class: 'dim' }, t('convoy.none')),
    h('table', { class: 'overview' },
      h('thead', {}, h('tr', {}, ['column.convoy', 'overview.state', 'column.expected', 'overview.alarms'].map((words) => h('th', { scope: 'col' }, t(words))))), body),
    more);
  const lines = new Map();

  return {
    element,
    show(convoys) {
      const seen = convoys.slice(0, ROWS_MAX);
      const ids = new Set(seen.map(({ id }) => id));
      for (const [id, line] of lines) if (!ids.has(id)) { line.element.remove(); lines.delete(id); }
      for (const convoy of seen) {
        if (!lines.has(convoy.id)) lines.set(convoy.id, createLine(convoy.id, onPick));
        lines.get(convoy.id).show(convoy);
      }
      arrange(body, seen.map(({ id }) => lines.get(id).element));
      more.hidden = convoys.length <= ROWS_MAX;
      say(more, t('overview.more', { n: convoys.length - ROWS_MAX }));
    },
  };
}
