// The names of vehicles, alarms and places on the WebGL map: the map's library lays words out beside each other, at a price. So it
// is given only those that are in sight and have room, and is left to rest after each time.
import { MercatorCoordinate } from '/vendor/maplibre-gl.mjs';
import { bySeverity, inOrder } from './marks.js';
import { roomyNames } from './names.js';
import { createTurns } from './pace.js';

const TILE_PX = 512;
const REST_MS = { name: 10, most: 1000 }; // without a GPU; the symbols are there at once
const ORDER = { place: (features) => features, vehicle: inOrder, alarm: bySeverity };
const PLACES_FROM_ZOOM = 9.5;

/** `show(of, features)` names vehicles, alarms or places from now on, wherever the map is moved to: `put(collection)` takes the names. */
export function createNames(map, put) {
  const all = { place: [], vehicle: [], alarm: [] };

  function named(of) {
    if (of === 'place' && map.getZoom() < PLACES_FROM_ZOOM) return [];
    const size = TILE_PX * 2 ** map.getZoom();
    const bounds = map.getBounds();
    const pixel = (coordinates) => { const { x, y } = MercatorCoordinate.fromLngLat(coordinates); return [x * size, y * size]; };
    const inSight = ORDER[of](all[of].filter(({ geometry: { coordinates } }) => bounds.contains(coordinates)));
    return roomyNames(inSight, pixel)
      .map(({ feature: { type, geometry, properties }, label }, rank) => ({ type, geometry, properties: { ...properties, of, rank, ...(of === 'place' ? {} : { label }) } }));
  }

  const turns = createTurns(() => {
    const features = Object.keys(all).flatMap(named);
    put({ type: 'FeatureCollection', features });
    return Math.min(REST_MS.most, REST_MS.name * features.length);
  });
  map.on('moveend', turns.soon);

  return {
    show(of, features) { all[of] = features; turns.soon(); },
    stop: turns.stop,
  };
}
