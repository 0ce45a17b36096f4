"""What a browser makes of the console's map: frames while it is moved, and how soon what happens is to be seen on it.

The peer of the frames is a map of the same size with nothing on it but one colour, in the same browser beside the same
traffic, in turns with the page's: what the machine allows, for the map's library and the browser's own composing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import numpy as np
from playwright.async_api import Page, Route

PAN_S = 3
TURNS = 5
MARKS = 10

# Moved so few degrees aside that what is on the map stays in sight.
FRAMES = """async (seconds) => {
  const map = document.querySelector('.map-place').kawalMap;
  let frames = 0;
  const count = () => { frames += 1; };
  map.on('render', count);
  const { lng, lat } = map.getCenter();
  const began = performance.now();
  for (const aside of [0.04, 0]) {
    map.easeTo({ center: [lng + aside, lat], duration: seconds * 500, easing: (t) => t, essential: true });
    await new Promise((done) => map.once('moveend', done));
  }
  map.off('render', count);
  return frames / ((performance.now() - began) / 1000);
}"""

BARE = """async ({ width, height }) => {
  const { Map: GlMap } = await import('/vendor/maplibre-gl.mjs');
  const place = document.createElement('div');
  place.className = 'map-place';
  Object.assign(place.style, { width: `${width}px`, height: `${height}px` });
  document.body.replaceChildren(place);
  const style = { version: 8, sources: {}, layers: [{ id: 'sea', type: 'background', paint: { 'background-color': '#123' } }] };
  const map = new GlMap({ container: place, style, center: [117.4, -0.15], zoom: 12, fadeDuration: 0, attributionControl: false });
  await map.once('load');
  place.kawalMap = map;
}"""  # noqa: E501
SIZE = """() => {
  const { clientWidth: width, clientHeight: height } = document.querySelector('.map-place');
  return { width, height };
}"""

# Looked for each time the map is drawn: what it names is in the picture.
WATCH_MARK = """({ layer, property, name }) => {
  const { kawalMap: map, kawalDrawn: drawn } = document.querySelector('.map-place');
  window.kawalMark = null;
  const look = () => {
    if (!drawn(layer).some((found) => found.properties[property] === name)) return;
    window.kawalMark = Date.now();
    map.off('render', look);
  };
  map.on('render', look);
}"""
MOVE = """(seconds) => {
  const map = document.querySelector('.map-place').kawalMap;
  const { lng, lat } = map.getCenter();
  map.easeTo({ center: [lng + 0.01, lat], duration: seconds * 1000, easing: (t) => t, essential: true });
}"""
STAND = "() => document.querySelector('.map-place').kawalMap.stop()"
MOVE_S = 60


class Probe(NamedTuple):
    """What is looked for on the map: the layer, and the property that names it."""

    layer: str
    property: str


class Frames(NamedTuple):
    """Frames a second while a map is moved: of the page's, and of one with nothing on it."""

    map: float
    bare: float


async def frames_in_turns(page: Page) -> Frames:
    """Move the page's map and an empty one in turns, for a machine is not as quick at all times; gives the medians."""
    bare, found = await _bare_map(page), list[list[float]]()
    for _ in range(TURNS):
        found.append([await _frames_a_second(one) for one in (page, bare)])
    await bare.close()
    await page.bring_to_front()
    return Frames(*np.median(found, axis=0).tolist())


async def _frames_a_second(page: Page) -> float:
    await page.bring_to_front()
    return float(await page.evaluate(FRAMES, PAN_S))


async def _bare_map(page: Page) -> Page:
    """A page of its own with a map as large as the page's, with nothing on it."""
    size, bare = await page.evaluate(SIZE), await page.context.new_page()

    async def empty(route: Route) -> None:
        await route.fulfill(body="<!doctype html><title>bare</title><body></body>", content_type="text/html")

    await bare.route("**/bare", empty)
    await bare.goto(f"{page.url.partition('#')[0].rstrip('/')}/bare")
    await bare.evaluate(BARE, size)
    return bare


async def marks_seen_ms(
    page: Page, probe: Probe, send: Callable[[int], Awaitable[tuple[str, int]]], is_moving: bool = False
) -> list[float]:
    """Give the age in ms at which each probe was drawn on the map; `send(number)` writes it and tells name and time."""
    ages_ms = []
    if is_moving:
        await page.evaluate(MOVE, MOVE_S)
    for number in range(MARKS):
        await page.evaluate(WATCH_MARK, {**probe._asdict(), "name": (told := await send(number))[0]})
        await page.wait_for_function("() => window.kawalMark", polling=50)
        ages_ms.append(await page.evaluate("window.kawalMark") - told[1])
    await page.evaluate(STAND)
    return ages_ms
