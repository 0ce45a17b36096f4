// The map with WebGL. Throws where there is none: map.js then draws the plain one.
import { AttributionControl, Map as GlMap, NavigationControl, ScaleControl } from '/vendor/maplibre-gl.mjs';
import { keepFluent } from './fluency.js';
import { createNames } from './map-names.js';
import { ABOVE, DISPENSABLE, mapStyle, STREETS } from './map-style.js';
import { alarmMarks, placeMarks, vehicleMarks, vehicleScale } from './marks.js';
import { createSheet } from './sheet.js';
import { createSprites } from './sprites.js';
import { siteSymbols, symbolColours, symbols, SYMBOL_RATIO } from './symbols.js';
import { t } from './words.js';

const INDONESIA = [94, -12, 142, 7];
const REACH_PX = 18;
const PLACE_PX = 8;
const CALM = window.matchMedia('(prefers-reduced-motion: reduce)');
const locale = () => ({
  'NavigationControl.ZoomIn': t('map.zoom-in'), 'NavigationControl.ZoomOut': t('map.zoom-out'),
  'NavigationControl.ResetBearing': t('map.north'), 'Map.Title': t('map.label'), 'AttributionControl.ToggleAttribution': t('map.sources'),
});

// The server is away: that is told elsewhere, and the archive may be as good as before.
const isUnreachable = ({ name, message }) => name === 'TypeError' || /fetch|network/i.test(message);

/**
 * Put a map into `place`. `onPick({convoy_id, alert_id})` is a click on a vehicle or an alarm; `onBelow(words)` tells why
 * the coast is drawn where an archive was wanted, in no words where nothing is wrong.
 */
export async function createGlMap(place, { theme, basemap, onPick, onBelow = () => {} }) {
  const data = {};
  let chosen = null;
  let inTheme = theme;

  function coast() {
    onBelow(t('map.no-archive'));
    return mapStyle({ theme: inTheme, basemap: null });
  }

  async function styleOf() {
    try {
      const style = await mapStyle({ theme: inTheme, basemap });
      onBelow('');
      return style;
    } catch (error) {
      if (basemap !== 'pmtiles') throw error;
      return coast();
    }
  }
  const map = new GlMap({
    container: place, style: await styleOf(), bounds: INDONESIA, minZoom: 3, maxZoom: 18,
    attributionControl: false, locale: locale(), dragRotate: false, pitchWithRotate: false, fadeDuration: 0, renderWorldCopies: false,
  });
  map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
  map.addControl(new ScaleControl({ maxWidth: 120 }), 'bottom-left');
  map.addControl(new AttributionControl({ compact: true }), 'bottom-right');
  // north stays up: there is no compass to turn it back with
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  const names = createNames(map, (collection) => set('names', collection));
  let sprites = null;
  let isFurnished = false;
  const mark = (id, isChosen) => { if (id !== null && isFurnished) map.setFeatureState({ source: 'routes', id }, { chosen: isChosen }); };
  const SHOW = {
    places: ({ features }) => { sprites.place.show(placeMarks(features)); names.show('place', features); },
    vehicles: ({ features }) => { sprites.vehicle.show(vehicleMarks(features)); names.show('vehicle', features); },
    alarms: ({ features }) => { sprites.alarm.show(alarmMarks(features)); names.show('alarm', features); },
  };
  const hand = (name) => (SHOW[name] ?? ((collection) => map.getSource(name).setData(collection)))(data[name]);

  function set(name, collection) {
    data[name] = collection;
    if (isFurnished) hand(name); // else furnish() does
  }

  // a new style, and one that a lost context leaves behind, has none of these
  function furnish() {
    const colours = symbolColours();
    for (const [name, image] of siteSymbols(colours)) if (!map.hasImage(name)) map.addImage(name, image, { pixelRatio: SYMBOL_RATIO });
    const sheet = createSheet(symbols(colours));
    sprites = { place: createSprites('place', sheet, () => 1), vehicle: createSprites('vehicle', sheet, vehicleScale), alarm: createSprites('alarm', sheet, () => 1) };
    for (const [name, layer] of Object.entries(sprites)) map.addLayer(layer, ABOVE[name]);
    isFurnished = true;
    mark(chosen, true);
    Object.keys(data).forEach(hand);
  }
  map.on('webglcontextlost', () => { isFurnished = false; });
  map.on('style.load', furnish);
  function dress(style) {
    isFurnished = false;
    map.setStyle(style, { diff: false });
  }
  map.on('error', async ({ sourceId, error }) => {
    if (sourceId !== STREETS || isUnreachable(error)) console.error(error);
    else if (map.getSource(STREETS)) dress(await coast());
  });
  await map.once('style.load');
  map.on('click', ({ point }) => {
    const hit = sprites.alarm.pick(point, REACH_PX) ?? sprites.vehicle.pick(point, REACH_PX)
      ?? map.queryRenderedFeatures([point.sub({ x: 6, y: 6 }), point.add({ x: 6, y: 6 })], { layers: ['route'] })[0]?.properties;
    if (hit) onPick(hit);
  });
  // where a name has no room or the map is small, the pointer tells it
  map.on('mousemove', ({ point }) => {
    const hit = map.queryRenderedFeatures(point, { layers: ['site'] })[0]?.properties ?? sprites.place.pick(point, PLACE_PX);
    map.getCanvas().title = hit?.label ?? '';
  });
  keepFluent(map, (isCoarse) => {
    for (const layer of Object.values(sprites)) layer.spare(isCoarse);
    for (const [source, most, layer, opacity] of DISPENSABLE) {
      const isLeftOut = isCoarse && data[source]?.features.length > most;
      if (map.getLayer(layer)) map.setPaintProperty(layer, opacity, isLeftOut ? 0 : 1);
    }
  });
  const how = () => ({ animate: !CALM.matches, duration: 500 });
  // for tests and the bench, which count what is really drawn
  Object.assign(place, { kawalMap: map, kawalDrawn: (name) => sprites[name].drawn() });

  return {
    kind: 'gl',
    set,
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
      inTheme = next;
      dress(await styleOf());
    },
    destroy() { names.stop(); map.remove(); },
  };
}
