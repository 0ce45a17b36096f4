"""What a browser makes of the console: how soon an alarm is in the list, how large the page is, how quick are its keys.

The page is the control room in a headless Chromium that renders in software, signed in. For each probe the search is
set to its name: a list of thousands shows only what is in sight, so without it a new row would not be drawn.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import numpy as np
import psutil
from playwright.async_api import CDPSession, Page, async_playwright

from bench import browser

FLAGS = [*browser.FLAGS, "--enable-blink-features=ForceEagerMeasureMemory"]  # or the memory is told at some later time
PROBE = "PROBE"
PRESSES = 100
PRESS_S = 0.02
MB = 1_000_000

WATCH_ROWS = """(prefix) => {
  window.kawalSeen = {};
  const note = () => requestAnimationFrame(() => {
    for (const row of document.querySelectorAll('.row-vehicle')) {
      const name = row.textContent.match(new RegExp(`${prefix}-\\\\d+`))?.[0];
      if (name) window.kawalSeen[name] ??= Date.now();
    }
  });
  new MutationObserver(note).observe(document.querySelector('.rows'), { childList: true, subtree: true, characterData: true });
}"""  # noqa: E501

# The browser's own account of each key press: how long it waited for the page, and how long until its frame was there.
WATCH_KEYS = """() => {
  window.kawalKeys = [];
  new PerformanceObserver((list) => window.kawalKeys.push(...list.getEntries()
    .filter(({ name }) => name === 'keydown').map((key) => [key.processingStart - key.startTime, key.duration])))
    .observe({ type: 'event', durationThreshold: 16 });
  window.kawalTasks = [];
  new PerformanceObserver((list) => window.kawalTasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'longtask' });
}"""
KEYS_TOLD = """() => new Promise((done) =>
  requestAnimationFrame(() => setTimeout(() => done([window.kawalKeys, window.kawalTasks]), 100)))"""


class Memory(NamedTuple):
    """Of a page, in MB: its own scripts' heap, all that its scripts, workers and elements hold as the browser reckons
    it, and of its process what is its alone and what is resident, the browser's shared code included.
    """

    heap: float
    page: float
    private: float
    resident: float


class Presses(NamedTuple):
    """Key presses while a burst of alarms comes, in ms: until the page takes one, and until its frame is shown."""

    delay_max: float
    frame_p50: float
    frame_max: float
    task_max: float


@asynccontextmanager
async def open_room(url: str, cookie: str) -> AsyncIterator[tuple[Page, float]]:
    """The control room in a browser of its own, and the private memory in MB of that browser's empty page.

    Raises BenchError where there is no Chromium.
    """
    name, _, value = cookie.partition("=")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=browser.chromium(), args=FLAGS)
        context = await launched.new_context(viewport={"width": 1366, "height": 768})
        await context.add_cookies([{"name": name, "value": value, "url": url}])
        page = await context.new_page()
        empty_mb, _ = _renderer_mb()
        await page.goto(url)
        await page.locator("header.top .feed-state:not(:empty)").wait_for()
        await page.wait_for_function("() => document.querySelector('.map-place')?.kawalMap")
        yield page, empty_mb
        await launched.close()


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


async def presses_amid(page: Page, burst: Callable[[], Coroutine[Any, Any, None]]) -> Presses:
    """Press keys while a burst of alarms comes, and until it is taken in."""
    await page.evaluate(WATCH_KEYS)
    coming = asyncio.create_task(burst())
    for number in range(PRESSES):
        await page.keyboard.press("jk"[number % 2])
        await asyncio.sleep(PRESS_S)
    await coming
    keys, tasks = await page.evaluate(KEYS_TOLD)
    # what was shown sooner than 16 ms after its press is not told
    frames = np.array([key[1] for key in keys] + [16.0] * max(0, PRESSES - len(keys)))
    return Presses(
        max((key[0] for key in keys), default=0.0),
        float(np.median(frames)),
        float(frames.max()),
        max(tasks, default=0.0),
    )


async def memory_of(page: Page) -> Memory:
    """Give what the page takes after a collection."""
    session: CDPSession = await page.context.new_cdp_session(page)
    await session.send("HeapProfiler.collectGarbage")
    used = await session.send("Runtime.getHeapUsage")
    told = await page.evaluate("async () => (await performance.measureUserAgentSpecificMemory()).bytes")
    return Memory(used["usedSize"] / MB, told / MB, *_renderer_mb())


def _renderer_mb() -> tuple[float, float]:
    """Private and resident memory of the largest page's process."""
    children = psutil.Process().children(recursive=True)
    pages = [child.memory_full_info() for child in children if "--type=renderer" in child.cmdline()]
    return max(((one.uss / MB, one.rss / MB) for one in pages), default=(0.0, 0.0))
