// The time-distance chart: where each vehicle was when, against the plan. It tells a convoy's story in one picture.
import { s } from './dom.js';
import { metres } from './figures.js';
import { routeOf } from './route.js';
import { plannedPoints } from './schedule.js';
import { severityMark } from './shapes.js';
import { clock } from './time.js';
import { t } from './words.js';

const LEFT = 56;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 24;
const STEPS_MIN = [1, 2, 5, 10, 15, 30, 60, 120, 240];
const SILENT_MS = 90000; // a longer hole between two pings is drawn as one

function spanOf(planned, points, status, now) {
  const instants = [...planned.map((point) => point.at), ...points.map((point) => Date.parse(point.time)), now,
    ...(status?.eta ? [Date.parse(status.eta)] : [])];
  const [from, to] = [Math.min(...instants), Math.max(...instants)];
  const margin = Math.max(60000, (to - from) * 0.03);
  return [from - margin, to + margin];
}

function tracks(points) {
  const byVehicle = new Map();
  for (const point of points) {
    if (point.progress_m === null || point.progress_m === undefined) continue;
    if (!byVehicle.has(point.vehicle_id)) byVehicle.set(point.vehicle_id, []);
    byVehicle.get(point.vehicle_id).push(point);
  }
  return byVehicle;
}

const inLayers = (byVehicle) => [...byVehicle.values()].sort((a, b) => Number(a[0].role === 'escort') - Number(b[0].role === 'escort'));

function trackLines(track, x, y) {
  const pieces = [[]];
  const holes = [];
  track.forEach((point, i) => {
    const place = [x(Date.parse(point.time)), y(point.progress_m)];
    if (i > 0 && Date.parse(point.time) - Date.parse(track[i - 1].time) > SILENT_MS) {
      holes.push([pieces.at(-1).at(-1), place]);
      pieces.push([]);
    }
    pieces.at(-1).push(place);
  });
  const role = track[0].role;
  const drawn = (line) => line.map(([a, b]) => `${a.toFixed(1)},${b.toFixed(1)}`).join(' ');
  return [
    ...pieces.filter((line) => line.length > 1).map((line) => s('polyline', { points: drawn(line), class: `track ${role}` })),
    ...holes.map((line) => s('polyline', { points: drawn(line), class: `track hole ${role}` })),
  ];
}

function grid(width, height, [from, to], lengthM, plan, x, y) {
  const room = (width - LEFT - RIGHT) / 64;
  const step = (STEPS_MIN.find((minutes) => (to - from) / 60000 / minutes <= room) ?? 480) * 60000;
  const lines = [];
  for (let at = Math.ceil(from / step) * step; at < to; at += step) {
    lines.push(s('line', { x1: x(at), x2: x(at), y1: TOP, y2: height - BOTTOM, class: 'grid' }),
      s('text', { x: x(at), y: height - 8, class: 'axis', 'text-anchor': 'middle' }, clock(at, plan, { seconds: false, suffix: false })));
  }
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const at = share * lengthM;
    lines.push(s('line', { x1: LEFT, x2: width - RIGHT, y1: y(at), y2: y(at), class: 'grid' }),
      s('text', { x: LEFT - 5, y: y(at) + 4, class: 'axis', 'text-anchor': 'end' }, metres(at)));
  }
  return lines;
}

function places(plan, route, width, y) {
  const band = (from, to, kind) => s('rect', { x: LEFT, width: width - LEFT - RIGHT, y: y(to), height: Math.max(2, y(from) - y(to)), class: kind });
  return [
    ...(plan.no_signal ?? []).map((stretch) => band(stretch.from_m, stretch.to_m, 'band no-signal')),
    ...route.stops.map((stop) => band(stop.atM - stop.radius_m, stop.atM + stop.radius_m, 'band stop')),
    ...route.checkpoints.flatMap((place) => [
      s('line', { x1: LEFT, x2: width - RIGHT, y1: y(place.atM), y2: y(place.atM), class: 'checkpoint' }),
      s('text', { x: width - RIGHT - 2, y: y(place.atM) - 3, class: 'place', 'text-anchor': 'end' }, place.name)]),
  ];
}

// A mark stands where and when it began: what the newest transition tells is where the vehicle has got to since.
function marks(alarms, x, y) {
  return alarms.map(({ alert, transitions: [raised] }) => ({ alert, at: raised.at, metres: raised.progress_m }))
    .filter(({ metres: where }) => where !== null && where !== undefined)
    .map(({ alert, at, metres: where }) => s('g', { transform: `translate(${x(Date.parse(at)).toFixed(1)} ${y(where).toFixed(1)})` },
      severityMark(alert.severity, 13), s('title', {}, `${t(`kind.${alert.kind}`)} ${alert.vehicle_id ?? ''}`)));
}

/** The chart of a convoy, `width` x `height` px. `points` are its history, `now` in ms. */
export function timeDistanceChart({ plan, status, points, alarms, now, width, height }) {
  const route = routeOf(plan);
  const planned = plannedPoints(plan);
  const window = spanOf(planned, points, status, now);
  const x = (at) => LEFT + ((at - window[0]) / (window[1] - window[0])) * (width - LEFT - RIGHT);
  const y = (m) => height - BOTTOM - (Math.min(route.lengthM, Math.max(0, m)) / route.lengthM) * (height - TOP - BOTTOM);
  const line = (some) => some.map((point) => `${x(point.at).toFixed(1)},${y(point.metres).toFixed(1)}`).join(' ');
  const ahead = status?.eta && Date.parse(status.eta) > now && status.progress_m !== null && status.state !== 'arrived'
    ? [{ at: now, metres: status.progress_m }, { at: Date.parse(status.eta), metres: route.lengthM }] : [];
  return s('svg', { viewBox: `0 0 ${width} ${height}`, class: 'chart', role: 'img', 'aria-label': t('chart.label', { convoy: plan.convoy_id }) },
    places(plan, route, width, y),
    grid(width, height, window, route.lengthM, plan, x, y),
    planned.length > 1 ? s('polyline', { points: line(planned), class: 'planned' }) : null,
    ahead.length > 0 ? s('polyline', { points: line(ahead), class: 'expected' }) : null,
    // escorts over cargo: the thinner line leaves both in sight where they go together
    inLayers(tracks(points)).flatMap((track) => trackLines(track, x, y)),
    s('line', { x1: x(now), x2: x(now), y1: TOP, y2: height - BOTTOM, class: 'now' }),
    marks(alarms, x, y));
}
