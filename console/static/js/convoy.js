// One convoy whole: its story as a chart, its vehicles in order, when it will be where, and what happened.
import { api } from './api.js';
import { timeDistanceChart } from './chart.js';
import { lastPings, checkpointTable, timeline, vehicleTable } from './convoy-tables.js';
import { h, part, say } from './dom.js';
import { brief, metres, percent, UNKNOWN } from './figures.js';
import { createOverview, overviewOf } from './overview.js';
import { escortGapM } from './schedule.js';
import { present } from './store.js';
import { clock } from './time.js';
import { t } from './words.js';

const HISTORY_MS = 4 * 3600 * 1000;
const REFRESH_MS = 20000;
const CHART_PX_MIN = 280;
const AGAIN_MS = 4000;
const OVERVIEW_MS = 900; // figures of a thousand convoys change all the time: nobody reads them more often
const SETTLED_MS = 250; // who goes through the rows quickly asks for no history on the way

const fact = (name, value, more = '') => h('div', { class: `fact ${more}` }, h('dt', {}, t(`convoy.${name}`)), h('dd', {}, value));

function lateness(status) {
  if (status.state === 'arrived') return UNKNOWN;
  if (status.lateness_s === null || status.lateness_s === undefined) return t('convoy.unknown');
  if (Math.abs(status.lateness_s) < 60) return t('convoy.on-time');
  return t(status.lateness_s > 0 ? 'convoy.late' : 'convoy.early', { span: brief(Math.abs(status.lateness_s)) });
}

function head(plan, status) {
  const share = status.progress_m === null || status.progress_m === undefined ? null : (100 * status.progress_m) / status.route_length_m;
  return [
    h('h2', {}, plan?.convoy_id ?? status.convoy_id, ' ', h('span', { class: `tag convoy-${status.state}` }, t(`convoy-state.${status.state}`)),
      plan ? h('span', { class: 'tag' }, t(`risk.${plan.risk}`)) : null),
    plan ? h('p', { class: 'convoy-name' }, plan.name) : null,
    h('progress', { max: 100, value: share ?? 0, 'aria-label': t('convoy.progress') }),
    h('dl', { class: 'facts' },
      fact('progress', share === null ? UNKNOWN : t('convoy.share', { share: percent(share), length: metres(status.route_length_m) })),
      fact('eta', clock(status.eta, plan)),
      fact('lateness', lateness(status), status.lateness_s > 600 ? 'bad' : ''),
      fact('escort-gap', metres(escortGapM(status.vehicles)))),
  ];
}

/**
 * The view of a convoy. `show(id)` chooses one, `tick()` brings it up to date; `history()` gives the points it knows,
 * for the map's trail, and `onPick(id)` chooses a convoy where none is shown and all are listed.
 */
export function createConvoyView({ store, onHistory = () => {}, onPage = null, onPick = null }) {
  const parts = Object.fromEntries(['head', 'chart', 'vehicles', 'checkpoints', 'pings', 'timeline'].map((name) => [name, part(h('div', { class: `convoy-${name}` }))]));
  const titled = (name) => [h('h3', {}, t(`convoy.${name}`)), parts[name].element];
  const link = (words, run) => h('button', { type: 'button', class: 'quiet', onclick: run }, words);
  const ways = onPage && h('p', { class: 'convoy-ways' }, link(`← ${t('convoy.all')}`, () => onPick(null)), link(t('convoy.page'), () => id && onPage(id)));
  const body = h('div', { class: 'convoy-body', hidden: true }, ways, parts.head.element,
    ...['chart', 'vehicles', 'checkpoints', 'timeline', 'pings'].flatMap(titled));
  const nothing = h('p', { class: 'dim', hidden: true });
  const overview = createOverview(onPick);
  overview.element.hidden = true;
  const element = h('section', { class: 'convoy', 'aria-label': t('convoy.label'), tabindex: '0' }, nothing, body, overview.element);
  let id = null;
  let points = [];
  let complete = true;
  let loaded = false;
  let loadAt = 0;
  let overviewAt = 0;
  // asking an element for its width lays the page out anew, which in a flood takes longer than all else at a key press
  let width = CHART_PX_MIN;
  new ResizeObserver(([{ contentRect }]) => { width = Math.max(CHART_PX_MIN, Math.round(contentRect.width)); draw(); }).observe(parts.chart.element);

  async function load() {
    loadAt = performance.now() + REFRESH_MS;
    const wanted = id;
    const now = present(store.state);
    try {
      const answer = await api.history(wanted, new Date(now - HISTORY_MS).toISOString(), new Date(now).toISOString());
      if (wanted !== id) return;
      points = answer.points;
      complete = answer.complete;
      loaded = true;
      onHistory(points);
    } catch {
      complete = false; // the chart says so
      loadAt = performance.now() + AGAIN_MS;
    }
  }

  function stateOfHistory() {
    if (complete && loaded) return null;
    return h('p', { class: 'dim', role: 'status' }, t(complete ? 'convoy.loading' : 'convoy.incomplete'));
  }

  function drawNothing() {
    const listed = !id && Boolean(onPick);
    nothing.hidden = listed;
    overview.element.hidden = !listed;
    if (!listed) say(nothing, id ? t(store.state.plans.has(id) ? 'convoy.no-status' : 'convoy.not-known', { id }) : t('convoy.none'));
    else if (performance.now() - overviewAt > OVERVIEW_MS) {
      overviewAt = performance.now();
      overview.show(overviewOf(store.state));
    }
  }

  function draw() {
    const plan = store.state.plans.get(id);
    const status = store.state.convoys.get(id);
    body.hidden = !status;
    if (!status) { drawNothing(); return; }
    nothing.hidden = overview.element.hidden = true;
    const { now } = store.state;
    const alarms = [...store.state.alarms.values()].filter(({ alert }) => alert.convoy_id === id);
    const changed = alarms.map((alarm) => [alarm.alert_id, alarm.state, alarm.alert.transition, alarm.actions.length]);
    parts.head.show([status, plan?.name, plan?.risk], () => head(plan, status));
    // the chart moves a pixel in some ten seconds: drawing it more often shows nothing new
    const facts = [id, Boolean(plan), width, points.length, points.at(-1)?.time, changed, loaded, complete, Math.floor(Date.parse(now) / 10000)];
    parts.chart.show(facts, () => [plan ? timeDistanceChart({ plan, status, points, alarms, now: Date.parse(now), width, height: Math.min(420, Math.max(220, width * 0.5)) }) : null,
      plan ? legend() : null, stateOfHistory()]);
    parts.vehicles.show([status.vehicles, now], () => [vehicleTable(status.vehicles, plan, points, now), h('p', { class: 'legend' }, t('convoy.ages'))]);
    parts.checkpoints.show([plan?.checkpoints, status.eta, status.progress_m], () => (plan ? checkpointTable(plan, status) : null));
    parts.pings.show([points.length, points.at(-1)], () => lastPings(points, plan));
    parts.timeline.show(changed, () => timeline(alarms, plan));
  }

  return {
    element,
    show(wanted) {
      if (wanted !== id) {
        id = wanted; points = []; loaded = false; complete = true; overviewAt = 0;
        loadAt = performance.now() + SETTLED_MS;
        setTimeout(() => this.tick(), SETTLED_MS + 1);
        onHistory(points);
      }
      this.tick();
    },
    shown: () => id,
    tick() {
      if (id && store.state.convoys.has(id) && performance.now() >= loadAt) load().then(draw);
      draw();
    },
  };
}

function legend() {
  return h('p', { class: 'legend' }, ['planned', 'cargo', 'escort', 'expected', 'hole', 'stop', 'no-signal'].map((name) =>
    h('span', {}, h('i', { class: `key ${name}` }), t(`chart.${name}`))));
}
