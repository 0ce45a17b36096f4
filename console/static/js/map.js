// The map beside the list: whichever kind this browser can draw, and the same facts as a table.
import { h, part } from './dom.js';
import { brief, metres, position, speed, UNKNOWN } from './figures.js';
import { createSvgMap } from './map-svg.js';
import { createTurns } from './pace.js';
import { alarmFeatures, boxOf, routeFeatures, sitesOf, trailFeatures, vehicleFeatures } from './picture.js';
import { prefs } from './prefs.js';
import { SITES, siteShape } from './site-shapes.js';
import { secondsBetween } from './time.js';
import { t } from './words.js';

const ROWS_MAX = 400;
// To draw the map takes up to a tenth of a second without a GPU, which the list would wait for: so long it rests after a
// change of many symbols. Alarms do not wait for vehicles. What is less than MANY is drawn at once.
const MANY = 50;
const REST_MS = { vehicles: 1000, alarms: 400 };
const KEYS = ['cargo', 'escort', 'late', 'stale', 'lost', 'checkpoint', 'stop', 'no-signal', 'delay', 'delay-0', 'delay-1', 'delay-2', 'delay-3'];

async function createEither(place, options, tell) {
  try {
    const { createGlMap } = await import('./map-gl.js');
    return await createGlMap(place, { ...options, onBelow: tell });
  } catch (error) {
    // no WebGL (GPUInitializationError), or the vendored files are not there
    tell(error.name === 'TypeError' ? t('map.no-vendor') : t('map.no-webgl'));
    return createSvgMap(place, options);
  }
}

function factRow(convoy, vehicle, now, onPick) {
  return h('tr', { class: `link-${vehicle.link}` },
    h('td', {}, h('button', { type: 'button', class: 'link-button', onclick: () => onPick({ convoy_id: convoy.convoy_id }) }, convoy.convoy_id)),
    h('th', { scope: 'row' }, vehicle.vehicle_id, h('small', {}, t(`role-of.${vehicle.role}`))),
    h('td', {}, h('span', { class: `link ${vehicle.link}` }, t(`link.${vehicle.link}`))),
    h('td', {}, vehicle.time ? brief(secondsBetween(vehicle.time, now)) : UNKNOWN), h('td', {}, speed(vehicle.speed_mps)),
    h('td', {}, metres(vehicle.progress_m)), h('td', {}, metres(vehicle.lateral_m)), h('td', {}, position(vehicle.lat, vehicle.lon).map((part) => h('div', {}, part))));
}

function factTable(convoys, now, onPick) {
  const all = convoys.sort((a, b) => a.convoy_id.localeCompare(b.convoy_id)).flatMap((convoy) => convoy.vehicles.map((vehicle) => [convoy, vehicle]));
  return [h('table', { class: 'facts-table' },
    h('thead', {}, h('tr', {}, ['convoy', 'vehicle', 'link', 'fix-age', 'speed', 'progress', 'off', 'position'].map((name) => h('th', { scope: 'col' }, t(`column.${name}`))))),
    h('tbody', {}, all.slice(0, ROWS_MAX).map(([convoy, vehicle]) => factRow(convoy, vehicle, now, onPick)))),
  all.length > ROWS_MAX ? h('p', { class: 'dim' }, t('map.more', { n: all.length - ROWS_MAX })) : null];
}

function siteTable(sites) {
  if (sites.length === 0) return [];
  const all = sites.sort((a, b) => a.name.localeCompare(b.name));
  return [h('table', { class: 'site-table' },
    h('thead', {}, h('tr', {}, ['site', 'site-kind', 'position'].map((name) => h('th', { scope: 'col' }, t(`column.${name}`))))),
    h('tbody', {}, all.slice(0, ROWS_MAX).map((site) => h('tr', {},
      h('th', { scope: 'row' }, site.name), h('td', {}, siteShape(site.kind), ' ', t(`place.${site.kind}`)), h('td', {}, position(site.lat, site.lon).join(' ')))))),
  all.length > ROWS_MAX ? h('p', { class: 'dim' }, t('map.more-sites', { n: all.length - ROWS_MAX })) : null];
}

/** Whether a symbol tells how old it is: those that are live do not, and need not be drawn again each second. */
const agesChange = (convoys) => [...convoys.values()].some(({ vehicles }) => vehicles.some(({ link }) => link !== 'live'));

/**
 * The map's part of the page. `show(picture)`: `{convoys, plans, alarms, now, selected, points}`; the camera stays where
 * the person put it unless follow is on.
 */
export function createMap({ basemap, onPick }) {
  const place = h('div', { class: 'map-place' });
  const notice = h('p', { class: 'map-notice', role: 'status', hidden: true });
  const table = part(h('div', { class: 'map-table', hidden: true, tabindex: '0', role: 'region', 'aria-label': t('map.table') }));
  const toggle = (words, run) => h('button', { type: 'button', 'aria-pressed': 'false', onclick: run }, words);
  const tableButton = toggle(t('map.table'), () => { table.element.hidden = !table.element.hidden; tableButton.setAttribute('aria-pressed', String(!table.element.hidden)); drawTable(); });
  const followButton = toggle(t('map.follow'), () => follow());
  const all = h('button', { type: 'button', onclick: () => fitAll() }, t('map.all'));
  const keys = h('p', { class: 'map-key' }, KEYS.map((name) => h('span', {}, name === 'delay' ? null : h('i', { class: `key ${name}` }), t(`map.key.${name}`))), h('span', { class: 'site-keys' }));
  const siteKeys = part(keys.lastElementChild);
  const element = h('section', { class: 'map', 'aria-label': t('map.label') }, place, notice, table.element, keys,
    h('div', { class: 'map-tools', role: 'toolbar', 'aria-label': t('map.tools') }, all, followButton, tableButton));
  let drawer = null;
  let picture = null;
  const drawn = {};
  let following = false;
  let fitted = false;

  const ready = createEither(place, { theme: prefs.theme, basemap, onPick }, (words) => { notice.textContent = words; notice.hidden = words === ''; })
    .then((made) => { drawer = made; element.dataset.kind = made.kind; draw(); });

  function drawTable() {
    if (table.element.hidden || !picture) return;
    const [convoys, sites] = [[...picture.convoys.values()], sitesOf(picture.plans.values())];
    table.show([convoys, sites, picture.now], () => [...factTable(convoys, picture.now, onPick), ...siteTable(sites)]);
  }

  // a collection is made and handed over only when what it rests on is another object than before
  function layer(name, facts, make) {
    const same = drawn[name]?.length === facts.length && facts.every((fact, i) => fact === drawn[name][i]);
    if (same) return;
    drawn[name] = facts;
    for (const [source, collection] of Object.entries(make())) drawer.set(source, collection);
  }

  // the key shows the kinds that the map has
  function drawSiteKeys(plans) {
    const shown = new Set(sitesOf(plans.values()).map(({ kind }) => kind));
    siteKeys.show(Object.keys(SITES).filter((kind) => shown.has(kind)), (kinds) => kinds.map((kind) => h('span', {}, siteShape(kind), t(`place.${kind}`))));
  }

  // one kind of symbols, and how long it rests then
  function drawSymbols(name, facts, make) {
    const before = drawn[name];
    let count = 0;
    layer(name, facts, () => { const made = make(); count = made.features.length; return { [name]: made }; });
    return drawn[name] !== before && count > MANY ? REST_MS[name] : 0;
  }

  const vehicles = createTurns(() => {
    const { convoys, plans, now, versions } = picture;
    return drawSymbols('vehicles', [versions.convoys, versions.plans, agesChange(convoys) ? now : null], () => vehicleFeatures(convoys.values(), plans, now));
  });
  const alarms = createTurns(() => drawSymbols('alarms', [picture.versions.alarms], () => alarmFeatures(picture.alarms.values())));

  function draw() {
    if (!drawer || !picture) return;
    const { convoys, plans, selected, points, versions } = picture;
    layer('routes', [versions.plans], () => { drawSiteKeys(plans); return routeFeatures(plans.values()); });
    layer('trail', [points.length > 0 ? points : null], () => trailFeatures(points));
    vehicles.soon();
    alarms.soon();
    drawer.select(selected);
    // a part that is not shown yet has no size to fit into
    if (!fitted && place.clientWidth > 0 && (plans.size > 0 || convoys.size > 0)) fitAll();
    if (following) toSelected('pan');
    drawTable();
  }

  function fitAll() {
    const { routes } = routeFeatures(picture?.plans.values() ?? []);
    const box = boxOf([routes, vehicleFeatures(picture?.convoys.values() ?? [], new Map(), picture?.now)]);
    if (!box || !drawer) return;
    drawer.fit(box, fitted);
    fitted = true;
  }

  function toSelected(how) {
    const vehicle = picture?.convoys.get(picture.selected)?.vehicles.find((one) => one.lat !== null && one.lat !== undefined);
    if (vehicle) drawer?.[how](vehicle.lon, vehicle.lat);
  }

  function follow() {
    following = !following;
    followButton.setAttribute('aria-pressed', String(following));
    draw();
  }

  return {
    element, ready, follow,
    show(next) { picture = next; draw(); },
    centreOn: ({ lat, lon }) => { if (lat !== null && lat !== undefined) drawer?.centre(lon, lat); else toSelected('centre'); },
    restyle: () => drawer?.restyle(prefs.theme),
    destroy() { vehicles.stop(); alarms.stop(); drawer?.destroy(); },
  };
}
