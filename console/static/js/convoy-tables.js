// The tables of a convoy's page.
import { h } from './dom.js';
import { did, reasonOf, refusalOf } from './done.js';
import { brief, evidence, metres, speed, UNKNOWN } from './figures.js';
import { arrivals, inOrder } from './schedule.js';
import { severityShape } from './shapes.js';
import { clock, secondsBetween } from './time.js';
import { said, t } from './words.js';

const PINGS_MAX = 20;
const table = (columns, rows, className = '') => h('table', { class: className },
  h('thead', {}, h('tr', {}, columns.map((name) => h('th', { scope: 'col' }, t(`column.${name}`))))), h('tbody', {}, rows));

/** Newest point of each vehicle in a history. */
const newestOf = (points) => new Map(points.map((point) => [point.vehicle_id, point]));

/** Vehicles from the foremost, each with the gap to the one ahead, how old its fix is and how long it took to come. */
export function vehicleTable(vehicles, plan, points, now) {
  const newest = newestOf(points);
  const modes = new Map((plan?.vehicles ?? []).map((vehicle) => [vehicle.vehicle_id, vehicle.mode]));
  return table(['vehicle', 'gap', 'speed', 'off', 'ages'], inOrder(vehicles).map((vehicle) => {
    const point = newest.get(vehicle.vehicle_id);
    const mode = modes.get(vehicle.vehicle_id) ?? 'other';
    return h('tr', { class: `link-${vehicle.link}` },
      h('th', { scope: 'row' }, vehicle.vehicle_id, h('small', {}, `${t(`role-of.${vehicle.role}`)} · ${t(`mode.${mode}`)} · `,
        h('span', { class: `link ${vehicle.link}` }, t(`link.${vehicle.link}`)))),
      h('td', {}, vehicle.gapM === null ? UNKNOWN : metres(vehicle.gapM)),
      h('td', {}, speed(vehicle.speed_mps)),
      h('td', {}, metres(vehicle.lateral_m)),
      h('td', {}, vehicle.time ? brief(secondsBetween(vehicle.time, now)) : UNKNOWN, h('small', {}, point ? brief(secondsBetween(point.received, now)) : UNKNOWN)));
  }), 'vehicles');
}

/** Checkpoints and the end: planned, expected, passed. */
export function checkpointTable(plan, status) {
  return table(['place', 'at', 'planned', 'expected'], arrivals(plan, status).map((place) => h('tr', { class: place.passed ? 'passed' : '' },
    h('th', { scope: 'row' }, place.name ?? t('convoy.end')),
    h('td', {}, metres(place.metres)),
    h('td', {}, clock(place.plannedAt, plan, { seconds: false })),
    h('td', {}, place.passed ? t('convoy.passed') : clock(place.expectedAt, plan, { seconds: false })))));
}

/** The newest pings as they came, with the delay of each. */
export function lastPings(points, plan) {
  const newest = [...points].sort((a, b) => b.received.localeCompare(a.received)).slice(0, PINGS_MAX);
  return table(['time', 'vehicle', 'delay', 'speed', 'accuracy'], newest.map((point) => h('tr', {},
    h('td', {}, clock(point.time, plan)), h('th', { scope: 'row' }, point.vehicle_id),
    h('td', {}, brief(secondsBetween(point.time, point.received))), h('td', {}, speed(point.speed_mps)),
    h('td', {}, point.accuracy_m === null || point.accuracy_m === undefined ? UNKNOWN : `± ${metres(point.accuracy_m)}`))), 'pings');
}

function transitionLine({ alert }, transition, plan) {
  const value = evidence(transition.value, alert.unit);
  return { at: transition.detected_at, line: h('li', {},
    h('time', {}, clock(transition.at, plan)), severityShape(transition.severity, 15),
    h('span', {}, h('b', {}, `${t(`kind.${alert.kind}`)} · ${t(`transition.${transition.transition}`)}`), ' ', said(transition.message),
      value === UNKNOWN ? null : h('small', {}, t('timeline.evidence', { value, limit: evidence(alert.threshold, alert.unit) })))) };
}

function actionLine({ alert }, action, plan) {
  const more = [refusalOf(action), action.assignee, reasonOf(action), action.note];
  return { at: action.at, line: h('li', { class: action.refused ? 'by-person refused' : 'by-person' },
    h('time', {}, clock(action.at, plan)), h('span', { class: 'hand', 'aria-hidden': 'true' }, '✎'),
    h('span', {}, h('b', {}, `${action.actor} (${action.post})`), ' ', did(action), ` · ${[`${t(`kind.${alert.kind}`)} ${alert.vehicle_id ?? ''}`, ...more].filter(Boolean).join(' · ')}`)) };
}

/** What happened, newest first: what the engine saw and what people did. */
export function timeline(alarms, plan) {
  const lines = alarms.flatMap((alarm) => [
    ...alarm.transitions.map((transition) => transitionLine(alarm, transition, plan)),
    ...alarm.actions.map((action) => actionLine(alarm, action, plan)),
  ]).sort((a, b) => b.at.localeCompare(a.at));
  return lines.length === 0 ? h('p', { class: 'dim' }, t('timeline.none')) : h('ol', { class: 'timeline' }, lines.map(({ line }) => line));
}
