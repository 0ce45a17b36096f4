// Puts what the browser loads into vendor/, out of the packages that npm fetched: `node vendor.mjs`.
//
// The land is cut from world-atlas once, here: the whole 10 m coastline is twelve times what Indonesia needs.
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { feature } from 'topojson-client';

const WEST = 94;
const SOUTH = -12;
const EAST = 142;
const NORTH = 7;
// Four decimals of a degree are 11 m, finer than the coastline itself.
const DECIMALS = 4;

const here = new URL('./', import.meta.url);
const packages = new URL('node_modules/', here);
const made = new URL('vendor.new/', here);

const COPIES = {
  'maplibre-gl.mjs': 'maplibre-gl/dist/maplibre-gl.mjs',
  'maplibre-gl-worker.mjs': 'maplibre-gl/dist/maplibre-gl-worker.mjs',
  'maplibre-gl-shared.mjs': 'maplibre-gl/dist/maplibre-gl-shared.mjs',
  'maplibre-gl.css': 'maplibre-gl/dist/maplibre-gl.css',
  'maplibre-gl.LICENSE.txt': 'maplibre-gl/LICENSE.txt',
  'basemaps.mjs': '@protomaps/basemaps/dist/esm/index.js',
};

// Sutherland-Hodgman, one edge of the box after the other: a ring that only touches the box keeps its part inside,
// which choosing polygons by their extent would lose (the Malay peninsula is one ring with Eurasia).
const EDGES = [
  { axis: 0, limit: WEST, inside: (value) => value >= WEST },
  { axis: 0, limit: EAST, inside: (value) => value <= EAST },
  { axis: 1, limit: SOUTH, inside: (value) => value >= SOUTH },
  { axis: 1, limit: NORTH, inside: (value) => value <= NORTH },
];

function crossing(from, to, { axis, limit }) {
  const share = (limit - from[axis]) / (to[axis] - from[axis]);
  const other = from[1 - axis] + share * (to[1 - axis] - from[1 - axis]);
  return axis === 0 ? [limit, other] : [other, limit];
}

function clipRing(ring, edge) {
  const kept = [];
  for (let i = 0; i < ring.length; i += 1) {
    const from = ring[(i + ring.length - 1) % ring.length];
    const to = ring[i];
    if (edge.inside(from[edge.axis]) !== edge.inside(to[edge.axis])) kept.push(crossing(from, to, edge));
    if (edge.inside(to[edge.axis])) kept.push(to);
  }
  return kept;
}

function cutRing(ring) {
  const open = EDGES.reduce(clipRing, ring.slice(0, -1));
  const rounded = open.map((point) => point.map((value) => Number(value.toFixed(DECIMALS))));
  const distinct = rounded.filter((point, i) => i === 0 || point.join() !== rounded[i - 1].join());
  return distinct.length < 3 ? null : [...distinct, distinct[0]];
}

function cutPolygon(rings) {
  const [outer, ...holes] = rings.map(cutRing);
  return outer && [outer, ...holes.filter(Boolean)];
}

async function makeLand() {
  const atlas = JSON.parse(await readFile(new URL('world-atlas/land-10m.json', packages), 'utf8'));
  const shapes = feature(atlas, atlas.objects.land).features.flatMap(({ geometry }) =>
    geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates);
  const coordinates = shapes.map(cutPolygon).filter(Boolean);
  return JSON.stringify({ type: 'Feature', properties: {}, geometry: { type: 'MultiPolygon', coordinates } });
}

await rm(made, { recursive: true, force: true });
await mkdir(made);
for (const [name, source] of Object.entries(COPIES)) await cp(new URL(source, packages), new URL(name, made));
// pmtiles' ES module wants another package by a bare name, which a page cannot resolve without an import map; its
// self-contained script becomes a module with one line.
const pmtiles = await readFile(new URL('pmtiles/dist/pmtiles.js', packages), 'utf8');
await writeFile(new URL('pmtiles.mjs', made), `${pmtiles}\nexport const { PMTiles, Protocol } = pmtiles;\n`);
await writeFile(new URL('land.json', made), await makeLand());
await rm(new URL('vendor/', here), { recursive: true, force: true });
await cp(made, new URL('vendor/', here), { recursive: true });
await rm(made, { recursive: true });
