"""A browser and a console for the tests of the pages. One browser, one console, one operation for all of them."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from console.desk import VENDOR
from deploy.kafka.embedded import EmbeddedKafka
from tests.console.browser.stage import PASSWORD, ConsoleProcess, Stage, open_operation

FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader"]
NO_WEBGL = """const real = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
    return kind.startsWith('webgl') ? null : real.call(this, kind, ...more);
};"""
SignIn = Callable[..., Page]


def _missing() -> str | None:
    if not (os.environ.get("KAWAL_TEST_CHROMIUM") or shutil.which("chromium")):
        return "no chromium: install it, or name it in KAWAL_TEST_CHROMIUM"
    if not (VENDOR / "maplibre-gl.mjs").exists():
        return "console/vendor is not there: scripts/vendor dev fetches it"
    return None


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, started once. Package scope: its event loop must be gone before asynchronous tests."""
    if missing := _missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        path = os.environ.get("KAWAL_TEST_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def stage(chromium: Browser, kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Bontang's sample operation under way; starts only where there is a browser to see it."""
    made = Stage(kafka.bootstrap, f"b{uuid.uuid4().hex[:8]}", tmp_path_factory.mktemp("people"))
    open_operation(made)
    yield made
    made.close()


@pytest.fixture(scope="package")
def console(stage: Stage) -> Iterator[ConsoleProcess]:
    """The console that all tests look at."""
    process = ConsoleProcess(stage)
    process.add_people()
    with process:
        yield process


@pytest.fixture
def open_context(chromium: Browser, console: ConsoleProcess) -> Iterator[Callable[..., BrowserContext]]:
    """`open_context(lang=..., theme=...)`: a browser of its own; at the end it must have asked nobody but the console.

    Without `webgl` the plain map is drawn, which is what makes most tests quick on a machine without a GPU.
    """
    contexts: list[BrowserContext] = []
    asked: list[str] = []
    broken: list[str] = []

    def open_it(
        lang: str = "en", theme: str = "dark", width: int = 1366, height: int = 768, webgl: bool = False
    ) -> BrowserContext:
        context = chromium.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        choose(context, lang, theme)
        if not webgl:
            context.add_init_script(NO_WEBGL)
        context.on("request", lambda request: asked.append(request.url))
        context.on("weberror", lambda error: broken.append(str(error.error)))
        contexts.append(context)
        return context

    yield open_it
    for context in contexts:
        context.close()
    here = (console.url, "data:", f"blob:{console.url}")
    assert [url for url in asked if not url.startswith(here)] == []
    assert broken == []


def choose(context: BrowserContext, lang: str, theme: str) -> None:
    """Let the pages of a browser begin in a language and a theme."""
    choices = f"localStorage.kawal ??= JSON.stringify({{lang: '{lang}', theme: '{theme}'}})"
    context.add_init_script(f"if (location.protocol.startsWith('http')) {choices}")


def fill_sign_in(page: Page, user: str) -> None:
    """Sign in on the page that asks for it."""
    page.locator("input[name=user]").fill(user)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=post]").fill("Posko Bontang")
    page.keyboard.press("Enter")
    expect(page.locator("header.top")).to_be_visible()


_signed: dict[tuple[str, str], list] = {}


@pytest.fixture
def sign_in(open_context: Callable[..., BrowserContext], console: ConsoleProcess) -> SignIn:
    """`sign_in("budi", lang="id")`: the page of somebody who has signed in; `context` to open a further tab."""

    def run(user: str = "sari", context: BrowserContext | None = None, **wanted: object) -> Page:
        context = context or open_context(**wanted)
        if cookies := _signed.get((console.url, user)):
            context.add_cookies(cookies)
        page = context.new_page()
        page.goto(console.url)
        if not cookies:
            fill_sign_in(page, user)
            _signed[console.url, user] = context.cookies()
        expect(page.locator("header.top .feed-state.ok")).to_be_visible()
        return page

    return run


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's source: it is put into a page by evaluating it, for the pages' policy rightly blocks a script tag."""
    return (Path(__file__).parents[3] / "console/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
