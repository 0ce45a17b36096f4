// What was where at an instant of a recorded hour. Pure.
import { SEVERITIES } from './order.js';

// As the worker says it of a vehicle whose plan says nothing else.
const INTERVAL_S = 10;
const SIGNAL_LOST_S = 90;
const STALE_S = 600;

/** Until how many seconds of silence the word of a vehicle is live, late and stale; of its points one each `step_s` is kept. */
function limitsOf(plan, vehicle_id, step_s) {
  const interval_s = plan?.vehicles.find((one) => one.vehicle_id === vehicle_id)?.ping_interval_s ?? INTERVAL_S;
  const live = 2 * Math.max(interval_s, step_s);
  return { live, late: Math.max(live, 3 * interval_s, plan?.limits?.signal_lost_s ?? SIGNAL_LOST_S), stale: STALE_S };
}

const linkOf = (silent_s, limits) => ['live', 'late', 'stale'].find((link) => silent_s <= limits[link]) ?? 'lost';

/** Index of the last point at or before `at`; -1 where there is none. Points are [t_s, lat, lon, delay_s]. */
function lastBefore(points, at) {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle][0] <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Convoys as in the store, with their vehicles as they were `at_s` seconds into the hour that began at `from_ms`. */
export function positionsAt({ vehicles, step_s }, plans, at_s, from_ms) {
  const convoys = new Map();
  for (const { convoy_id, vehicle_id, role, points } of vehicles) {
    const i = lastBefore(points, at_s);
    if (i < 0) continue;
    const limits = limitsOf(plans.get(convoy_id), vehicle_id, step_s);
    const [t_s, lat, lon] = points[i];
    const next = points[i + 1];
    // between two fixes near each other a vehicle is where a straight line says; over a hole it stays where it was seen
    const share = next && next[0] - t_s <= limits.live ? (at_s - t_s) / (next[0] - t_s) : 0;
    const place = { lat: lat + share * ((next?.[1] ?? lat) - lat), lon: lon + share * ((next?.[2] ?? lon) - lon) };
    if (!convoys.has(convoy_id)) convoys.set(convoy_id, { convoy_id, vehicles: [] });
    convoys.get(convoy_id).vehicles.push({ vehicle_id, role, ...place, speed_mps: null, heading_deg: null, link: linkOf(at_s - t_s, limits), time: new Date(from_ms + t_s * 1000).toISOString() });
  }
  return convoys;
}

/** The alarms that were open after these events `{alert}` or `{action}` in order of time, as the map draws them; `toldOnce` are kinds without an end. */
export function alarmsAfter(events, toldOnce) {
  const open = new Map();
  for (const { alert, action } of events) {
    const id = (alert ?? action).alert_id;
    const known = open.get(id);
    if (alert?.transition === 'cleared' || toldOnce.includes(alert?.kind)) open.delete(id);
    else if (alert) open.set(id, { alert_id: id, alert, severity: alert.severity, state: known && !isWorse(alert, known) ? known.state : 'active-unack' });
    else if (known && action.action === 'acknowledge' && !action.refused) open.set(id, { ...known, state: 'active-ack' });
  }
  return open;
}

// what is acknowledged is no worse than it was then
const isWorse = (one, other) => SEVERITIES.indexOf(one.severity) < SEVERITIES.indexOf(other.severity);
