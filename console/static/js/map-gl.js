// The map with WebGL. Throws where there is none: map.js then draws the plain one.
import { AttributionControl, Map as GlMap, NavigationControl, ScaleControl } from '/vendor/maplibre-gl.mjs';
import { changesOf, KEYS } from './changes.js';
import { keepFluent } from './fluency.js';
import { EMPTY, mapStyle } from './map-style.js';
import { symbolColours, symbols, SYMBOL_RATIO } from './symbols.js';
import { t } from './words.js';

const INDONESIA = [94, -12, 142, 7];
// While the map is moved, what comes waits: to lay symbols out anew makes a movement jump. But no alarm may be unseen for
// as long as somebody pushes the map about, so it waits no longer than this; its turn (map.js) and the drawing come on top.
const HELD_MS = 300;
// Of so many vehicles hardly a name has room, but all are worked out for each frame; one of a few is missed when it goes.
const CROWD = 300;
const OF_A_CROWD = [['vehicle-name', 'text-opacity'], ['heading', 'icon-opacity']];
const CALM = window.matchMedia('(prefers-reduced-motion: reduce)');
const locale = () => ({
  'NavigationControl.ZoomIn': t('map.zoom-in'), 'NavigationControl.ZoomOut': t('map.zoom-out'),
  'NavigationControl.ResetBearing': t('map.north'), 'Map.Title': t('map.label'), 'AttributionControl.ToggleAttribution': t('map.sources'),
});

/** Put a map into `place`. `onPick({convoy_id, alert_id})` is a click on a vehicle or an alarm. */
export async function createGlMap(place, { theme, basemap, onPick }) {
  const data = {};
  const handed = {};
  let chosen = null;
  const map = new GlMap({
    container: place, style: await mapStyle({ theme, basemap, data }), bounds: INDONESIA, minZoom: 3, maxZoom: 18,
    attributionControl: false, locale: locale(), dragRotate: false, pitchWithRotate: false, fadeDuration: 0, renderWorldCopies: false,
  });
  map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
  map.addControl(new ScaleControl({ maxWidth: 120 }), 'bottom-left');
  map.addControl(new AttributionControl({ compact: true }), 'bottom-right');
  map.touchZoomRotate.disableRotation();
  const addSymbols = () => {
    for (const [name, image] of symbols(symbolColours())) if (!map.hasImage(name)) map.addImage(name, image, { pixelRatio: SYMBOL_RATIO });
  };
  addSymbols();
  map.on('click', (event) => {
    const [hit] = map.queryRenderedFeatures([[event.point.x - 6, event.point.y - 6], [event.point.x + 6, event.point.y + 6]], { layers: ['alarm', 'vehicle', 'route'] });
    if (hit) onPick(hit.properties);
  });
  // where a name has no room or the map is small, the pointer tells it
  map.on('mousemove', ['site', 'place'], ({ features: [hit] }) => { map.getCanvas().title = hit.properties.name; });
  map.on('mouseleave', ['site', 'place'], () => { map.getCanvas().title = ''; });
  const mark = (id, isChosen) => { if (id !== null) map.setFeatureState({ source: 'routes', id }, { chosen: isChosen }); };
  const held = new Set();
  let timer = null;
  function hand() {
    clearTimeout(timer);
    timer = null;
    for (const name of held) {
      const source = map.getSource(name);
      if (!source) continue;
      const changes = KEYS[name] && changesOf(handed[name] ?? EMPTY, data[name], KEYS[name]);
      if (changes) source.updateData(changes);
      else if (!KEYS[name]) source.setData(data[name]);
      handed[name] = data[name];
      held.delete(name);
    }
  }
  map.on('moveend', hand);
  await map.once('load');
  keepFluent(map, () => ((data.vehicles?.features.length ?? 0) > CROWD ? OF_A_CROWD : []));
  const how = () => ({ animate: !CALM.matches, duration: 500 });
  // for tests and the bench, which count what is really drawn
  place.kawalMap = map;

  return {
    kind: 'gl',
    set(name, collection) {
      data[name] = collection;
      held.add(name);
      if (!map.isMoving()) hand();
      else timer ??= setTimeout(hand, HELD_MS);
    },
    select(id) {
      if (id === chosen) return;
      mark(chosen, false);
      chosen = id;
      mark(chosen, true);
    },
    fit: (box, softly) => map.resize().fitBounds(box, { padding: 50, maxZoom: 13, ...how(), ...(softly ? {} : { animate: false }) }),
    centre: (lon, lat) => map.easeTo({ center: [lon, lat], zoom: Math.max(map.getZoom(), 12.5), ...how() }),
    pan: (lon, lat) => map.easeTo({ center: [lon, lat], ...how() }),
    async restyle(next) {
      for (const [name] of symbols(symbolColours())) if (map.hasImage(name)) map.removeImage(name);
      const now = { ...data };
      map.setStyle(await mapStyle({ theme: next, basemap, data: now }), { diff: false });
      Object.assign(handed, now);
      await map.once('style.load');
      addSymbols();
      mark(chosen, true);
      hand(); // what came while there was no style
    },
    destroy() { clearTimeout(timer); map.remove(); },
  };
}
