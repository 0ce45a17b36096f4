"""What a browser makes of the console: how soon an alarm is on the screen, how large the page is, how fluent it is.

The page is the control room in a headless Chromium that renders in software, signed in. For each probe the search is
set to its name: a list of thousands shows only what is in sight, so without it a new row would not be drawn.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import numpy as np
import psutil
from playwright.async_api import CDPSession, Page, async_playwright

from bench.measure import BenchError

FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
PROBE = "PROBE"
PAN_S = 5
PRESSES = 60
MB = 1_000_000

WATCH_ROWS = """(prefix) => {
  window.kawalSeen = {};
  const note = () => requestAnimationFrame(() => {
    for (const row of document.querySelectorAll('.row')) {
      const name = row.textContent.match(new RegExp(`${prefix}-\\\\d+`))?.[0];
      if (name) window.kawalSeen[name] ??= Date.now();
    }
  });
  new MutationObserver(note).observe(document.querySelector('.rows'), { childList: true, subtree: true, characterData: true });
}"""  # noqa: E501

FRAMES = """async (seconds) => {
  const map = document.querySelector('.map-place').kawalMap;
  let frames = 0;
  const count = () => { frames += 1; };
  map.on('render', count);
  const { lng, lat } = map.getCenter();
  const began = performance.now();
  map.easeTo({ center: [lng + 0.2, lat], duration: seconds * 1000, easing: (t) => t, essential: true });
  await new Promise((done) => map.once('moveend', done));
  map.off('render', count);
  return frames / ((performance.now() - began) / 1000);
}"""

# From a key press to the frame that shows it, the worst of `n`, while whatever else happens.
INPUT_DELAY = """async (n) => {
  const taken = [];
  for (let i = 0; i < n; i += 1) {
    const began = performance.now();
    await new Promise((done) => setTimeout(done));
    document.dispatchEvent(new KeyboardEvent('keydown', { key: i % 2 ? 'k' : 'j', bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    taken.push(performance.now() - began);
    await new Promise((done) => setTimeout(done, 20));
  }
  return taken;
}"""


@asynccontextmanager
async def open_room(url: str, cookie: str) -> AsyncIterator[Page]:
    """The control room in a browser of its own. Raises BenchError where there is no Chromium."""
    path = os.environ.get("KAWAL_TEST_CHROMIUM") or shutil.which("chromium")
    if path is None:
        raise BenchError("there is no chromium: install it, name it in KAWAL_TEST_CHROMIUM, or leave the part out")
    name, _, value = cookie.partition("=")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        context = await browser.new_context(viewport={"width": 1366, "height": 768})
        await context.add_cookies([{"name": name, "value": value, "url": url}])
        page = await context.new_page()
        await page.goto(url)
        await page.locator("header.top .feed-state:not(:empty)").wait_for()
        await page.wait_for_function("() => document.querySelector('.map-place')?.kawalMap")
        yield page
        await browser.close()


async def rows_seen_ms(page: Page, send: Callable[[str], Awaitable[int]], probes: int) -> list[float]:
    """Give the age in ms at which each probe's row was drawn; `send(name)` writes it and tells when."""
    await page.evaluate(WATCH_ROWS, PROBE)
    ages_ms = []
    for number in range(probes):
        name = f"{PROBE}-{number:03}"
        await page.locator(".search").fill(name)
        sent_ms = await send(name)
        await page.wait_for_function("(name) => window.kawalSeen[name]", arg=name, polling=50)
        ages_ms.append(await page.evaluate("(name) => window.kawalSeen[name]", name) - sent_ms)
    await page.locator(".search").fill("")
    return ages_ms


async def frames_a_second(page: Page) -> float:
    """Give how many frames a second the map draws while it is moved."""
    return float(await page.evaluate(FRAMES, PAN_S))


async def input_delay_ms(page: Page, burst: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Give the median and the worst time from a key press to its frame while a burst of alarms comes."""
    await page.evaluate(INPUT_DELAY, 5)
    pressing = asyncio.create_task(page.evaluate(INPUT_DELAY, PRESSES))
    await burst()
    taken = await pressing
    return float(np.median(taken)), max(taken)


async def memory_mb(page: Page) -> tuple[float, float]:
    """Give the page's heap after a collection, and the resident memory of its process, in MB."""
    session: CDPSession = await page.context.new_cdp_session(page)
    await session.send("HeapProfiler.collectGarbage")
    used = await session.send("Runtime.getHeapUsage")
    return used["usedSize"] / MB, _renderer_rss() / MB


def _renderer_rss() -> int:
    children = psutil.Process().children(recursive=True)
    return max((child.memory_info().rss for child in children if "--type=renderer" in child.cmdline()), default=0)
