// What the map shows, as GeoJSON that either map draws: the same facts with and without WebGL. Pure.
import { brief } from './figures.js';
import { isListed, isUnacknowledged } from './order.js';
import { routeOf } from './route.js';
import { secondsBetween } from './time.js';
import { t } from './words.js';

const CORRIDOR_M = 100; // rules.md's deviation_raise_m, where a plan sets no other
const TRAIL_POINTS_MAX = 500;
// Delay of a ping in seconds -> step of the trail's scale.
const DELAY_STEPS_S = [15, 60, 300];

const collection = (features) => ({ type: 'FeatureCollection', features });
const feature = (geometry, properties) => ({ type: 'Feature', geometry, properties });
const line = (coordinates, properties) => feature({ type: 'LineString', coordinates }, properties);
const point = (item, properties) => feature({ type: 'Point', coordinates: [item.lon, item.lat] }, properties);
const hasPlace = (item) => item.lat !== null && item.lat !== undefined && item.lon !== null && item.lon !== undefined;

/** The sites of all plans, each once: convoys that drive near each other carry the same ones. */
export function sitesOf(plans) {
  const all = [...plans].flatMap((plan) => plan.sites ?? []);
  return [...new Map(all.map((site) => [JSON.stringify([site.kind, site.name, site.lat, site.lon]), site])).values()];
}

/** Routes with their corridor, the stretches without signal, the places and sites. */
export function routeFeatures(plans) {
  const all = [...plans];
  return {
    routes: collection(all.map((plan) => line(plan.route, {
      convoy_id: plan.convoy_id, tolerance_m: plan.limits?.deviation_raise_m ?? CORRIDOR_M,
    }))),
    noSignal: collection(all.flatMap((plan) => (plan.no_signal ?? []).map((stretch) =>
      line(routeOf(plan).cut(stretch.from_m, stretch.to_m), { convoy_id: plan.convoy_id })))),
    places: collection(all.flatMap((plan) => [
      ...(plan.checkpoints ?? []).map((place) => point(place, { kind: 'checkpoint', label: place.name })),
      ...(plan.stops ?? []).map((place) => point(place, { kind: 'stop', label: place.name })),
      point({ lon: plan.route.at(-1)[0], lat: plan.route.at(-1)[1] }, { kind: 'end', label: t('map.end', { convoy: plan.convoy_id }) }),
    ])),
    sites: collection(sitesOf(all).map((site) => point(site, { kind: site.kind, label: site.name, icon: `site-${site.kind}` }))),
  };
}

function labelOf(vehicle, now) {
  if (vehicle.link === 'live' || !vehicle.time) return vehicle.vehicle_id;
  return `${vehicle.vehicle_id}\n${t(`link.${vehicle.link}`)} ${brief(secondsBetween(vehicle.time, now))}`;
}

/** Vehicles with all that their symbol says. Those without a fix yet are in the table only. */
export function vehicleFeatures(convoys, plans, now) {
  return collection([...convoys].flatMap((convoy) => {
    const modes = new Map((plans.get(convoy.convoy_id)?.vehicles ?? []).map((vehicle) => [vehicle.vehicle_id, vehicle.mode]));
    return convoy.vehicles.filter(hasPlace).map((vehicle) => point(vehicle, {
      convoy_id: convoy.convoy_id, vehicle_id: vehicle.vehicle_id, role: vehicle.role, link: vehicle.link, label: labelOf(vehicle, now),
      heading_deg: vehicle.heading_deg ?? null, icon: `${modes.get(vehicle.vehicle_id) ?? 'other'}-${vehicle.role}-${vehicle.link}`, moving: (vehicle.speed_mps ?? 0) > 1,
    }));
  }));
}

/** Open alarms where they were last seen. */
export function alarmFeatures(alarms) {
  const open = [...alarms].filter((alarm) => isListed(alarm) && !alarm.notification && hasPlace(alarm.alert));
  return collection(open.map((alarm) => point(alarm.alert, {
    alert_id: alarm.alert_id, convoy_id: alarm.alert.convoy_id, severity: alarm.severity,
    icon: `alarm-${alarm.severity}`, unacknowledged: isUnacknowledged(alarm), label: t(`kind.${alarm.alert.kind}`),
  })));
}

function delayStep(point_) {
  const delay_s = secondsBetween(point_.time, point_.received);
  const step = DELAY_STEPS_S.findIndex((limit) => delay_s <= limit);
  return step < 0 ? DELAY_STEPS_S.length : step;
}

/** Each vehicle's way so far in pieces coloured by how late its pings came, and the accuracy of its newest fix. */
export function trailFeatures(points) {
  const byVehicle = new Map();
  for (const one of points.filter(hasPlace)) {
    if (!byVehicle.has(one.vehicle_id)) byVehicle.set(one.vehicle_id, []);
    byVehicle.get(one.vehicle_id).push(one);
  }
  const trail = [];
  const accuracy = [];
  for (const all of byVehicle.values()) {
    const track = all.slice(-TRAIL_POINTS_MAX);
    let piece = [track[0]];
    for (const next of track.slice(1)) {
      piece.push(next);
      if (delayStep(next) !== delayStep(piece[0])) { trail.push(pieceOf(piece)); piece = [next]; }
    }
    if (piece.length > 1) trail.push(pieceOf(piece));
    if (track.at(-1).accuracy_m) accuracy.push(point(track.at(-1), { accuracy_m: track.at(-1).accuracy_m }));
  }
  return { trail: collection(trail), accuracy: collection(accuracy) };
}

const pieceOf = (piece) => line(piece.map((one) => [one.lon, one.lat]), { delay: delayStep(piece.at(-1)), role: piece[0].role });

/** Smallest box [west, south, east, north] round some features; null round none. */
export function boxOf(collections) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  const take = ([lon, lat]) => {
    box[0] = Math.min(box[0], lon); box[1] = Math.min(box[1], lat);
    box[2] = Math.max(box[2], lon); box[3] = Math.max(box[3], lat);
  };
  for (const { features } of collections) {
    for (const { geometry } of features) geometry.type === 'Point' ? take(geometry.coordinates) : geometry.coordinates.forEach(take);
  }
  return box[0] === Infinity ? null : box;
}
