// What of the map's facts is drawn as symbols, in the order of drawing: what matters more lies on top. Pure.
import { SEVERITIES } from './order.js';

// [zoom, how large a vehicle is]: smaller where many are near each other
const SCALES = [[6, 0.6], [11, 0.85], [14, 1]];
const RING_SCALE = 1.5;
const ALARM = { scale: 0.75, dx: 16.5, dy: -16.5 };
const HEADING_DY = -18;
const FAINT = 0.75; // a position that is old

const LINKS = ['lost', 'stale', 'late', 'live'];
const place = ({ properties: { role, link } }) => 2 * LINKS.indexOf(link) + Number(role !== 'cargo');
const rank = ({ properties: { severity } }) => SEVERITIES.indexOf(severity);

/** Vehicles, the most important first: of what stands together that of which nothing is heard, then the cargo. */
export const inOrder = (features) => [...features].sort((one, other) => place(one) - place(other));
/** Alarms, the most severe first. */
export const bySeverity = (features) => [...features].sort((one, other) => rank(one) - rank(other));

/** How large a vehicle is drawn at a zoom of tiles of 512 px. */
export function vehicleScale(zoom) {
  const above = SCALES.findIndex(([from]) => zoom < from);
  if (above <= 0) return SCALES.at(above)[1];
  const [[from, small], [to, large]] = SCALES.slice(above - 1);
  return small + ((large - small) * (zoom - from)) / (to - from);
}

function mark({ geometry: { coordinates: [lon, lat] }, properties }, look) {
  return { lon, lat, properties, isAddition: false, angle_deg: 0, dx: 0, dy: 0, scale: 1, opacity: 1, ...look };
}

/** Each vehicle, and the arrow of one that moves below all of them. */
export function vehicleMarks(features) {
  const all = inOrder(features).reverse();
  const arrows = all.filter(({ properties: { heading_deg, moving } }) => heading_deg !== null && moving)
    .map((one) => mark(one, { properties: null, isAddition: true, icon: 'heading', angle_deg: one.properties.heading_deg, dy: HEADING_DY }));
  return [...arrows, ...all.map((one) => mark(one, { icon: one.properties.icon, opacity: ['stale', 'lost'].includes(one.properties.link) ? FAINT : 1 }))];
}

/** Each alarm beside its vehicle, with a ring round it while nobody has acknowledged it. */
export function alarmMarks(features) {
  return bySeverity(features).reverse().flatMap((one) => [
    ...(one.properties.unacknowledged ? [mark(one, { properties: null, isAddition: true, icon: `ring-${one.properties.severity}`, scale: RING_SCALE })] : []),
    mark(one, { icon: one.properties.icon, ...ALARM }),
  ]);
}

/** Checkpoints, stops and ends of plans. */
export const placeMarks = (features) => features.map((one) => mark(one, { isAddition: true, icon: `place-${one.properties.kind}` }));
