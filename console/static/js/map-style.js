// The WebGL map's style: the built-in land or the user's archive below, Kawal's own layers above.

const EMPTY = { type: 'FeatureCollection', features: [] };
// MapLibre's tiles are 512 px: at zoom 0 on the equator one pixel is this many metres.
const METRES_PER_PIXEL_0 = 78271.517;
const SOURCES = ['routes', 'noSignal', 'sites', 'trail', 'accuracy', 'names'];
/** The symbols of sprites.js, and the layer that each of them lies below: the ring of an alarm strikes no name through. */
export const ABOVE = { place: 'site', vehicle: 'vehicle-name', alarm: 'vehicle-name' };
/**
 * What is left out while the processor moves a crowded map, where there are more than so many of it: a few would be missed
 * while they are gone. `[source, most, layer, opacity property]`, none of which has an opacity of its own.
 */
export const DISPENSABLE = [
  ['names', 30, 'vehicle-name', 'text-opacity'], ['names', 30, 'alarm-name', 'text-opacity'], ['names', 30, 'place-name', 'text-opacity'],
  ['sites', 30, 'site', 'icon-opacity'], ['sites', 30, 'site', 'text-opacity'], ['routes', 300, 'route', 'line-opacity'],
];
// Without a GPU each corner of a line takes time: where lines are thin they need not be round, nor follow each bend.
const JOIN = ['step', ['zoom'], 'bevel', 12, 'round'];
const BEND_PX = 1;
const FONT = ['sans-serif'];
/** The source of the user's archive. */
export const STREETS = 'streets';
const VECTOR_TILES = 1; // of PMTiles' tile types
// A transition would draw what is left out on and on.
const AT_ONCE = { duration: 0 };

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// A width in metres as a width in pixels: it doubles with each zoom.
const inMetres = (metres, least) => ['interpolate', ['exponential', 2], ['zoom'],
  4, ['max', least, ['/', metres, METRES_PER_PIXEL_0 / 2 ** 4]], 20, ['max', least, ['/', metres, METRES_PER_PIXEL_0 / 2 ** 20]]];

function graticule() {
  const lines = [];
  for (let lon = 90; lon <= 145; lon += 1) lines.push([[lon, -15], [lon, 10]]);
  for (let lat = -15; lat <= 10; lat += 1) lines.push([[90, lat], [145, lat]]);
  return { type: 'Feature', properties: {}, geometry: { type: 'MultiLineString', coordinates: lines } };
}

const text = (field, size, offset) => ({
  'text-field': field, 'text-font': FONT, 'text-size': size, 'text-offset': offset, 'text-anchor': 'top', 'text-optional': true, 'text-max-width': 14,
});
const paintText = (colour = 'text') => ({ 'text-opacity-transition': AT_ONCE, 'icon-opacity-transition': AT_ONCE, 'text-color': css(colour), 'text-halo-color': css('land'), 'text-halo-width': 1.6 });

function builtIn() {
  return {
    sources: { land: { type: 'geojson', data: '/basemap/land.json', attribution: 'Natural Earth' }, graticule: { type: 'geojson', data: graticule() } },
    layers: [
      { id: 'sea', type: 'background', paint: { 'background-color': css('sea') } },
      { id: 'land', type: 'fill', source: 'land', paint: { 'fill-color': css('land'), 'fill-antialias': false } },
      { id: 'coast', type: 'line', source: 'land', paint: { 'line-color': css('coast'), 'line-width': 1 } },
      { id: 'graticule', type: 'line', source: 'graticule', paint: { 'line-color': css('coast'), 'line-width': 0.5, 'line-opacity': 0.5 } },
    ],
  };
}

async function streets(theme) {
  const [{ PMTiles, Protocol }, { layers, namedFlavor }, { addProtocol }] = await Promise.all([
    import('/vendor/pmtiles.mjs'), import('/vendor/basemaps.mjs'), import('/vendor/maplibre-gl.mjs')]);
  const address = `${location.origin}/basemap/user.pmtiles`;
  const archive = new PMTiles(address);
  // whoever draws a style of tiles that cannot be read sees an empty map and no reason
  const { tileType } = await archive.getHeader();
  if (tileType !== VECTOR_TILES) throw new Error(`tiles of type ${tileType}`);
  const protocol = new Protocol();
  addProtocol('pmtiles', protocol.tile);
  protocol.add(archive);
  const drawn = layers(STREETS, namedFlavor(theme), { lang: 'id' });
  // its pictures need a sprite that we do not ship; the words are drawn by the browser
  const plain = drawn.filter((layer) => !layer.layout?.['icon-image'] || layer.layout['text-field']);
  for (const layer of plain) {
    if (layer.type !== 'symbol') continue;
    delete layer.layout['icon-image'];
    layer.layout['text-font'] = FONT;
  }
  return { sources: { [STREETS]: { type: 'vector', url: `pmtiles://${address}`, attribution: '© OpenStreetMap' } }, layers: plain };
}

function ownLayers() {
  const chosen = ['boolean', ['feature-state', 'chosen'], false];
  const delays = ['match', ['get', 'delay'], 0, css('delay-0'), 1, css('delay-1'), 2, css('delay-2'), css('delay-3')];
  return [
    // on a wide view its width would be less than the least that is drawn
    { id: 'corridor', type: 'line', source: 'routes', minzoom: 11, layout: { 'line-join': JOIN, 'line-cap': 'round' },
      paint: { 'line-color': css('route'), 'line-opacity': ['case', chosen, 0.28, 0.14], 'line-width': inMetres(['*', 2, ['get', 'tolerance_m']], 5) } },
    { id: 'route', type: 'line', source: 'routes', layout: { 'line-join': JOIN },
      paint: { 'line-color': css('route'), 'line-width': ['case', chosen, 2.4, 1.3], 'line-opacity-transition': AT_ONCE } },
    { id: 'no-signal', type: 'line', source: 'noSignal', paint: { 'line-color': css('sea'), 'line-width': 4, 'line-dasharray': [1, 1] } },
    { id: 'no-signal-edge', type: 'line', source: 'noSignal', paint: { 'line-color': css('dim'), 'line-width': 1, 'line-gap-width': 5 } },
    { id: 'trail', type: 'line', source: 'trail', layout: { 'line-join': 'round' }, paint: { 'line-color': delays, 'line-width': 3, 'line-opacity': 0.85 } },
    { id: 'place-name', type: 'symbol', source: 'names', filter: ['==', ['get', 'of'], 'place'], layout: text(['get', 'label'], 11, [0, 0.8]), paint: paintText('dim') },
    // a name stands beside its site where there is room for it, and gives way to those of vehicles
    { id: 'site', type: 'symbol', source: 'sites', layout: {
      'icon-image': ['get', 'icon'], 'icon-size': ['interpolate', ['linear'], ['zoom'], 6, 0.45, 10, 0.6, 14, 0.8], 'icon-anchor': 'bottom', 'icon-allow-overlap': true,
      'text-field': ['step', ['zoom'], '', 10.5, ['get', 'label']], 'text-font': FONT, 'text-size': 11, 'text-max-width': 14, 'text-optional': true, 'text-justify': 'auto',
      'text-variable-anchor-offset': ['left', [0.9, -0.7], 'right', [-0.9, -0.7], 'top', [0, 0.2]] }, paint: paintText('dim') },
    { id: 'accuracy', type: 'circle', source: 'accuracy', paint: {
      'circle-radius': inMetres(['get', 'accuracy_m'], 0), 'circle-color': css('route'), 'circle-opacity': 0.15, 'circle-stroke-color': css('route'), 'circle-stroke-width': 1 } },
    // of names that do not fit beside each other that of what matters more stays: the lower key is placed first
    { id: 'vehicle-name', type: 'symbol', source: 'names', minzoom: 6, filter: ['==', ['get', 'of'], 'vehicle'], layout: {
      ...text(['get', 'label'], 11, [0, 1.95]), 'symbol-sort-key': ['get', 'rank'] }, paint: paintText() },
    { id: 'alarm-name', type: 'symbol', source: 'names', filter: ['==', ['get', 'of'], 'alarm'], layout: text(['get', 'label'], 12, [0, -3.2]), paint: paintText() },
  ];
}

/** The whole style in the theme in force, its sources empty. Throws where the user's archive cannot be read. */
export async function mapStyle({ theme, basemap }) {
  const below = basemap === 'pmtiles' ? await streets(theme) : builtIn();
  const own = Object.fromEntries(SOURCES.map((name) => [name, { type: 'geojson', data: EMPTY, ...(name === 'routes' ? { promoteId: 'convoy_id', tolerance: BEND_PX } : {}) }]));
  return { version: 8, sources: { ...below.sources, ...own }, layers: [...below.layers, ...ownLayers()] };
}
