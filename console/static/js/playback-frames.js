// Where vehicles were at an instant of a recorded hour. Pure.

const LOST_S = 600;
const LATE_S = 30;

function linkOf(silent_s) {
  if (silent_s > LOST_S) return 'stale';
  return silent_s > LATE_S ? 'late' : 'live';
}

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
export function positionsAt(vehicles, at_s, from_ms) {
  const convoys = new Map();
  for (const { convoy_id, vehicle_id, role, points } of vehicles) {
    const i = lastBefore(points, at_s);
    if (i < 0) continue;
    const [t_s, lat, lon] = points[i];
    const next = points[i + 1];
    // between two fixes near each other a vehicle is where a straight line says; over a hole it stays where it was seen
    const share = next && next[0] - t_s <= LATE_S ? (at_s - t_s) / (next[0] - t_s) : 0;
    const place = { lat: lat + share * ((next?.[1] ?? lat) - lat), lon: lon + share * ((next?.[2] ?? lon) - lon) };
    if (!convoys.has(convoy_id)) convoys.set(convoy_id, { convoy_id, vehicles: [] });
    convoys.get(convoy_id).vehicles.push({ vehicle_id, role, ...place, speed_mps: null, heading_deg: null, link: linkOf(at_s - t_s), time: new Date(from_ms + t_s * 1000).toISOString() });
  }
  return convoys;
}
