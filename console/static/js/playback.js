// Any past hour again, from 1x to 60x, with the alarms as they came.
import { api } from './api.js';
import { h, part, say } from './dom.js';
import { createMap } from './map.js';
import { positionsAt } from './playback-frames.js';
import { severityShape } from './shapes.js';
import { present } from './store.js';
import { clock, fieldInstant, fieldValue, zoneName, zoneOf } from './time.js';
import { count, said, t } from './words.js';

const SPEEDS = [1, 4, 15, 60];
const HOUR_MS = 3600000;
const FRAME_MS = 100;
const NO_TRAIL = []; // the same object each time: nothing to draw again

function alertLine(alert, plans) {
  return h('li', {}, h('time', {}, clock(alert.detected_at, plans.get(alert.convoy_id))), severityShape(alert.severity, 16),
    h('span', {}, h('b', {}, `${t(`kind.${alert.kind}`)} · ${t(`transition.${alert.transition}`)}`), ` ${alert.convoy_id} `, said(alert.message)));
}

function actionLine(action, alarms) {
  const alert = alarms.get(action.alert_id)?.alert;
  const about = alert ? `${t(`kind.${alert.kind}`)} ${alert.convoy_id} ${alert.vehicle_id ?? ''}` : '';
  return h('li', { class: 'by-person' }, h('time', {}, clock(action.at, null)), h('span', { class: 'hand', 'aria-hidden': 'true' }, '✎'),
    h('span', {}, h('b', {}, `${action.actor} (${action.post})`), ` ${[t(`did.${action.action}`), about, action.note].filter(Boolean).join(' · ')}`));
}

/** The page of playback. */
export function createPlayback({ store, session }) {
  const { state } = store;
  const map = createMap({ basemap: session.basemap, onPick() {} });
  const from = h('input', { type: 'datetime-local', name: 'from', required: true, value: fieldValue(present(state) - HOUR_MS) });
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
  let version = 0;

  async function load(event) {
    event.preventDefault();
    const start = fieldInstant(from.value);
    say(told, t('playback.loading'));
    try {
      hour = await api.playback(start.toISOString(), new Date(Math.min(start.getTime() + HOUR_MS, present(state))).toISOString());
    } catch (error) {
      say(told, t('page.failed', { error: error.message }));
      return;
    }
    hour.seconds = (Date.parse(hour.to) - Date.parse(hour.from)) / 1000;
    slider.max = hour.seconds;
    at = 0;
    playing = hour.seconds > 0;
    play.disabled = false;
    say(told, count('playback.vehicles', hour.frames.vehicles.length));
    draw();
  }

  function draw() {
    say(play, t(playing ? 'playback.pause' : 'playback.play'));
    if (!hour) return;
    const now = Date.parse(hour.from) + at * 1000;
    const until = new Date(now).toISOString();
    slider.value = at;
    say(time, clock(now, null));
    version += 1;
    const convoys = positionsAt(hour.frames.vehicles, at, Date.parse(hour.from));
    map.show({ convoys, plans: state.plans, alarms: [], now: until, selected: null, points: NO_TRAIL, versions: { alarms: 0, convoys: version, plans: 0 } });
    const past = [...hour.alerts.filter((alert) => Date.parse(alert.detected_at) <= now).map((alert) => ({ when: alert.detected_at, alert })),
      ...hour.actions.filter((action) => Date.parse(action.at) <= now).map((action) => ({ when: action.at, action }))].sort((a, b) => b.when.localeCompare(a.when));
    events.show(past.length, () => past.map(({ alert, action }) => (alert ? alertLine(alert, state.plans) : actionLine(action, state.alarms))));
  }

  const timer = setInterval(() => {
    if (!playing || !hour) return;
    at = Math.min(hour.seconds, at + (FRAME_MS / 1000) * Number(speed.value));
    if (at >= hour.seconds) playing = false;
    draw();
  }, FRAME_MS);

  return { element, restyle: () => map.restyle(), leave() { clearInterval(timer); map.destroy(); } };
}
