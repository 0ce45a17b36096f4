// Any past hour again, from 1x to 60x, with the alarms as they came.
import { api } from './api.js';
import { h, part, say } from './dom.js';
import { did, refusalOf } from './done.js';
import { createMap } from './map.js';
import { alarmsAfter, positionsAt } from './playback-frames.js';
import { severityShape } from './shapes.js';
import { present } from './store.js';
import { clock, fieldInstant, FIRST_DAY, fieldValue, LAST_DAY, zoneName, zoneOf } from './time.js';
import { count, failure, said, t } from './words.js';

const SPEEDS = [1, 4, 15, 60];
const HOUR_MS = 3600000;
const FRAME_MS = 100;
const NO_TRAIL = []; // the same object each time: nothing to draw again

function alertLine(alert, plans) {
  return h('li', {}, h('time', {}, clock(alert.detected_at, plans.get(alert.convoy_id))), severityShape(alert.severity, 16),
    h('span', {}, h('b', {}, `${t(`kind.${alert.kind}`)} · ${t(`transition.${alert.transition}`)}`), ` ${alert.convoy_id} `, said(alert.message)));
}

function actionLine(action, alerts) {
  const alert = alerts.get(action.alert_id);
  const about = alert ? `${t(`kind.${alert.kind}`)} ${alert.convoy_id} ${alert.vehicle_id ?? ''}` : '';
  return h('li', { class: action.refused ? 'by-person refused' : 'by-person' }, h('time', {}, clock(action.at, null)), h('span', { class: 'hand', 'aria-hidden': 'true' }, '✎'),
    h('span', {}, h('b', {}, `${action.actor} (${action.post})`), ' ', did(action), ` · ${[about, refusalOf(action), action.note].filter(Boolean).join(' · ')}`));
}

/** An hour as it came, with its times as numbers, its events in order and the alarms that they are about. */
function ready(hour) {
  const [from_ms, to_ms] = [Date.parse(hour.from), Date.parse(hour.to)];
  const events = [...hour.alerts.map((alert) => ({ at_ms: Date.parse(alert.detected_at), alert })), ...hour.actions.map((action) => ({ at_ms: Date.parse(action.at), action }))]
    .sort((a, b) => a.at_ms - b.at_ms);
  return { ...hour, from_ms, seconds: (to_ms - from_ms) / 1000, events, about: new Map(hour.alerts.map((alert) => [alert.alert_id, alert])), loaded: performance.now() };
}

/** The page of playback. */
export function createPlayback({ store, session }) {
  const { state } = store;
  const map = createMap({ basemap: session.basemap, onPick() {} });
  const from = h('input', { type: 'datetime-local', name: 'from', required: true, min: FIRST_DAY, max: LAST_DAY, value: fieldValue(present(state) - HOUR_MS) });
  const told = h('p', { class: 'dim', role: 'status' });
  const slider = h('input', { type: 'range', min: 0, max: 3600, step: 1, value: 0, 'aria-label': t('playback.position'), oninput: () => { at = Number(slider.value); draw(); } });
  const play = h('button', { type: 'button', class: 'primary', disabled: true, onclick: () => { playing = !playing; draw(); } }, t('playback.play'));
  const speed = h('select', { 'aria-label': t('playback.speed') }, SPEEDS.map((times) => h('option', { value: times, selected: times === 15 }, `${times}×`)));
  const time = h('time', { class: 'playback-clock' }, '–');
  const events = part(h('ol', { class: 'timeline' }));
  const form = h('form', { class: 'page-form', onsubmit: load }, h('label', { class: 'field' }, h('span', {}, t('playback.from', { zone: zoneName(zoneOf(null)) })), from), h('button', { class: 'primary' }, t('playback.load')), told);
  const element = h('main', { class: 'page playback' }, h('h1', {}, t('page.playback')), form,
    h('div', { class: 'playback-view' }, map.element, h('section', { class: 'playback-events', 'aria-label': t('playback.events'), tabindex: '0' }, h('h2', {}, t('playback.events')), events.element)),
    h('div', { class: 'player' }, play, speed, slider, time));
  let hour = null;
  let at = 0;
  let playing = false;
  let moment = 0;

  async function load(event) {
    event.preventDefault();
    const start = fieldInstant(from.value);
    const end = Math.min(start.getTime() + HOUR_MS, present(state));
    if (end <= start) { say(told, t('playback.not-yet')); return; }
    say(told, t('playback.loading'));
    try {
      hour = ready(await api.playback(start.toISOString(), new Date(end).toISOString()));
    } catch (error) {
      say(told, t('page.failed', { error: failure(error.message) }));
      return;
    }
    slider.max = hour.seconds;
    at = 0;
    playing = true;
    play.disabled = false;
    say(told, [count('playback.vehicles', hour.frames.vehicles.length), !hour.complete && t('playback.incomplete')].filter(Boolean).join(' · '));
    draw();
  }

  function draw() {
    say(play, t(playing ? 'playback.pause' : 'playback.play'));
    if (!hour) return;
    const now = hour.from_ms + at * 1000;
    slider.value = at;
    say(time, clock(now, null));
    moment += 1;
    const past = hour.events.filter((event) => event.at_ms <= now);
    const convoys = positionsAt(hour.frames, state.plans, at, hour.from_ms);
    const versions = { alarms: `${hour.loaded} ${past.length}`, convoys: moment, plans: 0 };
    map.show({ convoys, plans: state.plans, alarms: alarmsAfter(past, hour.told_once), now: new Date(now).toISOString(), selected: null, points: NO_TRAIL, versions });
    const shown = past.filter((event) => event.at_ms >= hour.from_ms).reverse();
    events.show(versions.alarms, () => shown.map(({ alert, action }) => (alert ? alertLine(alert, state.plans) : actionLine(action, hour.about))));
  }

  const timer = setInterval(() => {
    if (!playing || !hour) return;
    at = Math.min(hour.seconds, at + (FRAME_MS / 1000) * Number(speed.value));
    if (at >= hour.seconds) playing = false;
    draw();
  }, FRAME_MS);

  return { element, restyle: () => map.restyle(), leave() { clearInterval(timer); map.destroy(); } };
}
