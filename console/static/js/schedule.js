// When a convoy should be where, and when it will be. Pure.
import { routeOf } from './route.js';

/** What the plan says of time: points `{at: ms, metres}` in order; empty where it says nothing. */
export function plannedPoints(plan) {
  const route = routeOf(plan);
  const points = [
    plan.depart_at && { at: Date.parse(plan.depart_at), metres: 0 },
    ...route.checkpoints.filter((place) => place.planned_at).map((place) => ({ at: Date.parse(place.planned_at), metres: place.atM })),
    plan.arrive_by && { at: Date.parse(plan.arrive_by), metres: route.lengthM },
  ];
  return points.filter(Boolean).sort((a, b) => a.at - b.at);
}

/** The checkpoints and the end: `{name, metres, plannedAt, expectedAt, passed}`, instants in ms or null. */
export function arrivals(plan, status) {
  const route = routeOf(plan);
  const places = [
    ...route.checkpoints.map((place) => ({ name: place.name, metres: place.atM, plannedAt: place.planned_at })),
    { name: null, metres: route.lengthM, plannedAt: plan.arrive_by },
  ];
  const known = status && status.progress_m !== null && status.progress_m !== undefined;
  return places.map(({ name, metres, plannedAt }) => {
    const passed = Boolean(known && (status.state === 'arrived' || status.progress_m > metres));
    return { name, metres, passed, plannedAt: plannedAt ? Date.parse(plannedAt) : null, expectedAt: passed ? null : expected(metres, route.lengthM, status) };
  });
}

// The engine predicts the end; what lies between is reached in proportion to the way still to go.
function expected(metres, lengthM, status) {
  if (!status?.eta || status.progress_m === null || status.progress_m === undefined || status.progress_m >= lengthM) return null;
  const [now, end] = [Date.parse(status.at), Date.parse(status.eta)];
  return now + (end - now) * ((metres - status.progress_m) / (lengthM - status.progress_m));
}

/** Vehicles, the foremost first, with `gapM` to the one ahead (null where one of them is unknown). */
export function inOrder(vehicles) {
  const known = (vehicle) => vehicle.progress_m !== null && vehicle.progress_m !== undefined;
  const sorted = [...vehicles].sort((a, b) => (b.progress_m ?? -1) - (a.progress_m ?? -1));
  return sorted.map((vehicle, i) => {
    const ahead = sorted[i - 1];
    return { ...vehicle, gapM: ahead && known(ahead) && known(vehicle) ? ahead.progress_m - vehicle.progress_m : null };
  });
}

/** The largest distance along the route of a cargo vehicle to its nearest escort, in metres; null where unknown. */
export function escortGapM(vehicles) {
  const known = vehicles.filter((vehicle) => vehicle.progress_m !== null && vehicle.progress_m !== undefined);
  const escorts = known.filter((vehicle) => vehicle.role === 'escort');
  const cargo = known.filter((vehicle) => vehicle.role === 'cargo');
  if (escorts.length === 0 || cargo.length === 0) return null;
  return Math.max(...cargo.map((one) => Math.min(...escorts.map((escort) => Math.abs(escort.progress_m - one.progress_m)))));
}
