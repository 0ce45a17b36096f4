// The map without WebGL: the same features as an SVG. Plain, and enough to see who is where.
import { h, s } from './dom.js';
import { alarmMarks, bySeverity, inOrder, placeMarks, vehicleMarks, vehicleScale } from './marks.js';
import { roomyNames } from './names.js';
import { createPace } from './pace.js';
import { siteMark } from './site-shapes.js';
import { symbolImages, symbolMark } from './svg-symbols.js';
import { t } from './words.js';

const BESIDE = { vehicle: 20, alarm: -28 }; // px down from what is named
const LABEL_LINE = { x: 110, y: 13 };
const LETTER_PX = 6;
const NAME_BELOW = 14;
const NAMES_MAX_SCALE = 0.0015; // degrees a pixel above which names would only fill the picture
const SYMBOL_PX = 18;
const ORDER = ['routes', 'noSignal', 'trail', 'places', 'sites', 'accuracy', 'vehicles', 'alarms'];
const SITE_PX = 15;
const DEGREE_M = 111_320; // on the equator
const TILE_PX = 512;
const CORRIDOR = { fromZoom: 11, least: 5 };

/** Labels that lie on none before them: each goes down line by line until it is free. */
function apart(labels) {
  const placed = [];
  for (const label of labels) {
    let { y } = label;
    while (placed.some((other) => Math.abs(other.x - label.x) < LABEL_LINE.x && Math.abs(other.y - y) < LABEL_LINE.y)) y += LABEL_LINE.y;
    placed.push({ ...label, y });
  }
  return placed;
}

const spaceOf = ({ x, y, words }) => ({ x, y: y - 4, width: words.length * LETTER_PX, height: LABEL_LINE.y });
const inOneLine = (label) => label.split('\n').join(' · ');
const each = (draw) => (features) => features.map(draw);
const meet = (one, other) => 2 * Math.abs(one.x - other.x) < one.width + other.width && 2 * Math.abs(one.y - other.y) < one.height + other.height;

/** The same face as createGlMap. */
export async function createSvgMap(place, { onPick }) {
  const data = {};
  let chosen = null;
  let land = null;
  let fitted = null; // the box that is shown, until the person moves the map
  let view = { lon: 117.4, lat: 0, span: 2 }; // degrees of longitude across the picture
  let size = { x: 800, y: 600 };
  // the coast is long and changes with the view alone: it is not drawn again with each fact
  const [pictures, ground, facts] = [s('defs'), s('g'), s('g')];
  const picture = s('svg', { class: 'map-svg', role: 'img', 'aria-label': t('map.label') }, pictures, ground, facts);
  let groundOf = null;
  const step = (lon, lat, zoom) => () => {
    fitted = null;
    view = { lon: view.lon + lon * view.span, lat: view.lat + lat * view.span, span: Math.min(60, Math.max(0.01, view.span * zoom)) };
    draw();
  };
  const button = (words, run, sign) => h('button', { type: 'button', 'aria-label': words, title: words, onclick: run }, sign);
  place.replaceChildren(picture, h('div', { class: 'map-buttons', role: 'group', 'aria-label': t('map.move') },
    button(t('map.zoom-in'), step(0, 0, 0.5), '+'), button(t('map.zoom-out'), step(0, 0, 2), '−'),
    button(t('map.west'), step(-0.25, 0, 1), '←'), button(t('map.east'), step(0.25, 0, 1), '→'),
    button(t('map.north-move'), step(0, 0.2, 1), '↑'), button(t('map.south'), step(0, -0.2, 1), '↓')));

  const x = (lon) => size.x / 2 + ((lon - view.lon) / view.span) * size.x;
  const y = (lat) => size.y / 2 - ((lat - view.lat) / view.span) * size.x;
  const at = (lon, lat) => `translate(${x(lon).toFixed(1)} ${y(lat).toFixed(1)})`;
  const path = (line) => line.map(([lon, lat]) => `${x(lon).toFixed(1)},${y(lat).toFixed(1)}`).join(' ');
  const inView = (rings) => rings[0].some(([lon, lat]) => Math.abs(lon - view.lon) < view.span && Math.abs(lat - view.lat) < (view.span * size.y) / size.x);

  // metres as pixels, and the zoom of the WebGL map that shows as much
  const px = (metres) => (metres / DEGREE_M / view.span) * size.x;
  const zoom = () => Math.log2((360 * size.x) / view.span / TILE_PX);
  const route = ({ geometry, properties: { convoy_id: id, tolerance_m: tolerance } }) => {
    const [points, selected] = [path(geometry.coordinates), id === chosen ? ' selected' : ''];
    return [zoom() >= CORRIDOR.fromZoom && s('polyline', { points, class: `corridor${selected}`, 'stroke-width': Math.max(CORRIDOR.least, px(2 * tolerance)).toFixed(1) }),
      s('polyline', { points, class: `route${selected}` })].filter(Boolean);
  };
  const DRAW = {
    routes: (features) => features.flatMap(route),
    noSignal: each(({ geometry }) => s('polyline', { points: path(geometry.coordinates), class: 'no-signal' })),
    trail: each(({ geometry, properties }) => s('polyline', { points: path(geometry.coordinates), class: `trail delay-${properties.delay}` })),
    places: (features) => placeMarks(features).map((mark) => symbol(mark, 'place')),
    sites: each(({ geometry: { coordinates: [lon, lat] }, properties }) => s('g', { transform: at(lon, lat) },
      siteMark(properties.kind, SITE_PX), s('title', {}, `${properties.label} · ${t(`place.${properties.kind}`)}`))),
    accuracy: each(({ geometry: { coordinates: [lon, lat] }, properties }) => s('circle', { transform: at(lon, lat), r: px(properties.accuracy_m).toFixed(1), class: 'accuracy' })),
    vehicles: (features) => { const scale = vehicleScale(zoom()); return vehicleMarks(features).map((mark) => symbol(mark, 'vehicle', scale)); },
    alarms: (features) => alarmMarks(features).map((mark) => symbol(mark, 'alarm')),
  };

  // what only adds to a symbol, as its arrow, stands for nothing that could be chosen
  function symbol(mark, className, scale = 1) {
    const { lon, lat, properties } = mark;
    return s('g', { transform: at(lon, lat), class: properties ? className : 'beside', onclick: properties?.convoy_id ? () => onPick(properties) : null },
      symbolMark(mark, scale), properties && s('title', {}, inOneLine(properties.label)));
  }

  function labels() {
    const pixel = ([lon, lat]) => [x(lon), y(lat)];
    const named = (features, below) => roomyNames(features, pixel).map(({ feature, label }) => {
      const [left, top] = pixel(feature.geometry.coordinates);
      return { x: left, y: top + below, words: inOneLine(label) };
    });
    return apart([...named(bySeverity(all('alarms')), BESIDE.alarm), ...named(inOrder(all('vehicles')), BESIDE.vehicle)]);
  }

  const words = (className) => ({ x: left, y: top, words: told }) => s('text', { x: left.toFixed(1), y: top.toFixed(1), class: className, 'text-anchor': 'middle' }, told);

  // Names of what stands, where there is room: they give way to what moves, and to where a convoy goes.
  function names(above) {
    if (view.span / size.x > NAMES_MAX_SCALE) return [];
    const here = ({ geometry: { coordinates: [lon, lat] } }) => ({ x: x(lon), y: y(lat) });
    const moving = [...all('vehicles'), ...all('alarms')].map((one) => ({ ...here(one), width: SYMBOL_PX, height: SYMBOL_PX }));
    const taken = [...above.map(spaceOf), ...moving];
    const [ends, others] = [true, false].map((isEnd) => all('places').filter(({ properties }) => (properties.kind === 'end') === isEnd));
    return [...ends, ...all('sites'), ...others].flatMap((one) => {
      const spot = here(one);
      const name = { x: spot.x, y: spot.y + NAME_BELOW, words: one.properties.label };
      const space = spaceOf(name);
      const isSeen = spot.x > 0 && spot.x < size.x && spot.y > 0 && spot.y < size.y;
      if (!isSeen || taken.some((other) => meet(space, other))) return [];
      taken.push(space);
      return [name];
    });
  }

  const all = (name) => data[name]?.features ?? [];
  // several layers change at once, and many symbols take their time
  const pace = createPace(paint);
  const draw = pace.soon;

  const furnish = () => pictures.replaceChildren(...symbolImages());

  function paintGround() {
    const wanted = JSON.stringify([view, size, Boolean(land)]);
    if (wanted === groundOf) return;
    groundOf = wanted;
    picture.setAttribute('viewBox', `0 0 ${size.x} ${size.y}`);
    const shapes = (land?.geometry.coordinates ?? []).filter(inView).map((rings) => s('polygon', { points: path(rings[0]), class: 'land' }));
    ground.replaceChildren(s('rect', { width: size.x, height: size.y, class: 'sea' }), ...shapes);
  }

  function paint() {
    paintGround();
    const moving = labels();
    const standing = names(moving).map(words('name'));
    facts.replaceChildren(...ORDER.flatMap((name) => DRAW[name](all(name))), ...standing, ...moving.map(words('')));
  }

  function fit([west, south, east, north]) {
    fitted = [west, south, east, north];
    view = { lon: (west + east) / 2, lat: (south + north) / 2, span: 1.15 * Math.max(east - west, ((north - south) * size.x) / size.y, 0.02) };
    draw();
  }

  furnish();
  // the picture is as large as its place, which may be hidden at first
  new ResizeObserver(([{ contentRect: { width, height } }]) => {
    if (width < 1 || height < 1) return;
    size = { x: width, y: height };
    if (fitted) fit(fitted);
    else draw();
  }).observe(place);

  fetch('/basemap/land.json').then((answer) => (answer.ok ? answer.json() : null)).then((got) => { land = got; draw(); }, () => {});
  return {
    kind: 'svg',
    set(name, collection) {
      if (!(name in DRAW)) return;
      data[name] = collection;
      draw();
    },
    select(id) {
      if (id === chosen) return;
      chosen = id;
      draw();
    },
    fit,
    centre(lon, lat) { fitted = null; view = { lon, lat, span: Math.min(view.span, 0.15) }; draw(); },
    pan(lon, lat) { fitted = null; view = { ...view, lon, lat }; draw(); },
    async restyle() { furnish(); },
    destroy() { pace.stop(); place.replaceChildren(); },
  };
}
