// A plan's route as a measured line. Pure.

const EARTH_M = 6371008.8;
const radians = (degrees) => (degrees * Math.PI) / 180;

/** Metres between two [lon, lat]. */
export function distanceM([lonA, latA], [lonB, latB]) {
  const half = Math.sin(radians(latB - latA) / 2) ** 2
    + Math.cos(radians(latA)) * Math.cos(radians(latB)) * Math.sin(radians(lonB - lonA) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(half)));
}

const between = (from, to, share) => [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];

/** Where on the piece from..to a point lies nearest: share 0..1 and metres from it. */
function onto(point, from, to) {
  const squeeze = Math.cos(radians(point[1]));
  const [x, y] = [(to[0] - from[0]) * squeeze, to[1] - from[1]];
  const length = x * x + y * y;
  const along = length === 0 ? 0 : ((point[0] - from[0]) * squeeze * x + (point[1] - from[1]) * y) / length;
  const share = Math.min(1, Math.max(0, along));
  return { share, offM: distanceM(point, between(from, to, share)) };
}

/**
 * Measure a line of [lon, lat]: `lengthM`, `at(m)` the point there, `cut(fromM, toM)` a piece of it, `find(point)` the
 * metres at which a place lies.
 */
export function measure(line) {
  const marks = [0];
  for (let i = 1; i < line.length; i += 1) marks.push(marks[i - 1] + distanceM(line[i - 1], line[i]));
  const lengthM = marks.at(-1);

  function pieceAt(metres) {
    let [low, high] = [0, line.length - 2];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (marks[middle + 1] < metres) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function at(metres) {
    const wanted = Math.min(lengthM, Math.max(0, metres));
    const i = pieceAt(wanted);
    const piece = marks[i + 1] - marks[i];
    return between(line[i], line[i + 1], piece === 0 ? 0 : (wanted - marks[i]) / piece);
  }

  return {
    lengthM,
    at,
    cut: (fromM, toM) => [at(fromM), ...line.filter((_, i) => marks[i] > fromM && marks[i] < toM), at(toM)],
    find(point) {
      let best = { offM: Infinity, metres: 0 };
      for (let i = 0; i + 1 < line.length; i += 1) {
        const { share, offM } = onto(point, line[i], line[i + 1]);
        if (offM < best.offM) best = { offM, metres: marks[i] + share * (marks[i + 1] - marks[i]) };
      }
      return best.metres;
    },
  };
}

const measured = new WeakMap();

/** A plan's route, measured once: a plan that changes is a new object. */
export function routeOf(plan) {
  if (!measured.has(plan)) {
    const route = measure(plan.route);
    const places = (items) => items.map((item) => ({ ...item, atM: route.find([item.lon, item.lat]) }));
    measured.set(plan, { ...route, checkpoints: places(plan.checkpoints ?? []), stops: places(plan.stops ?? []) });
  }
  return measured.get(plan);
}
