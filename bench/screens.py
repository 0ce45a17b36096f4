"""Pictures of every page of a running console, in both languages, dark and light, wide and on a phone: to be looked at.

LINK is what `kawal demo` prints, which signs in as the first supervisor, or the address of a console for which --user
names somebody; then the password is asked for. Nothing of the console is changed.
"""

from __future__ import annotations

import getpass
import secrets
import sys
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, BrowserContext, Error, Page, StorageState, sync_playwright

from bench import cli
from bench.browser import FLAGS, chromium

SIZES = {"wide": (1366, 768), "phone": (390, 844)}
NO_WEBGL = "HTMLCanvasElement.prototype.getContext = (get => function (kind, ...more) { return kind.startsWith('webgl') ? null : get.call(this, kind, ...more); })(HTMLCanvasElement.prototype.getContext);"  # noqa: E501
HOUR_BACK = "input => { const at = new Date(Date.parse(input.value) - %d * 60000 - new Date().getTimezoneOffset() * 60000); input.value = at.toISOString().slice(0, 16); }"  # noqa: E501


class Look(NamedTuple):
    """How pictures are taken."""

    lang: str
    theme: str
    size: str


def _part(page: Page, name: str) -> None:
    """Bring a part of the room to the front, where only one is shown."""
    if page.locator(".part-tabs").is_visible():
        page.locator(f".part-tabs [data-part={name}]").click()


def _list(page: Page) -> None:
    _part(page, "list")
    page.locator(".row").first.click()
    page.wait_for_timeout(2_500)  # the map and the convoy's history draw at their own pace


def _form(page: Page) -> None:
    _part(page, "list")
    page.locator(".row").nth(1).click()
    page.locator(".dock-actions button").nth(3).click()


def _map(page: Page) -> None:
    _list(page)
    _part(page, "map")
    page.wait_for_timeout(2_500)


def _table(page: Page) -> None:
    _part(page, "map")
    page.locator(".map-tools button").last.click()


def _room_convoy(page: Page) -> None:
    _list(page)
    _part(page, "convoy")


def _convoy(page: Page) -> None:
    _list(page)
    page.keyboard.press("o")
    page.locator(".convoy-chart svg").wait_for()
    page.wait_for_timeout(1_500)


def _playback(page: Page) -> None:
    page.locator("input[name=from]").evaluate(HOUR_BACK % 0)
    page.locator(".page-form .primary").click()
    page.locator(".player .primary:enabled").wait_for()
    page.locator(".player input[type=range]").evaluate(
        "slider => { slider.value = slider.max * 0.6; slider.dispatchEvent(new Event('input')); }"
    )
    page.wait_for_timeout(2_500)


def _report(page: Page) -> None:
    address = page.evaluate("""async () => {
      const { reportAddress } = await import('/static/js/api.js');
      const now = Date.now();
      return reportAddress('html', new Date(now - 8 * 3600000).toISOString(), new Date(now).toISOString(), document.documentElement.lang);
    }""")  # noqa: E501
    page.goto(f"{page.url.partition('#')[0].rstrip('/')}{address}")


def _settle(page: Page) -> None:
    page.wait_for_timeout(1_000)


def _help(page: Page) -> None:
    page.keyboard.press("?")


PICTURES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "room": ("", _list),
    "room-form": ("", _form),
    "room-map": ("", _map),
    "room-table": ("", _table),
    "room-convoy": ("", _room_convoy),
    "help": ("", _help),
    "convoy": ("", _convoy),
    "playback": ("playback", _playback),
    "quality": ("quality", _settle),
    "report-form": ("report", _settle),
    "audit": ("audit", _settle),
    "report": ("report", _report),  # the last: it is a document of its own
}
WITHOUT_WEBGL = ("room-map", "playback")


def _context(browser: Browser, look: Look, session: StorageState | None, webgl: bool = True) -> BrowserContext:
    width, height = SIZES[look.size]
    context = browser.new_context(viewport={"width": width, "height": height}, storage_state=session)
    chosen = f"JSON.stringify({{lang: '{look.lang}', theme: '{look.theme}'}})"
    context.add_init_script(f"if (location.protocol.startsWith('http')) localStorage.kawal = {chosen}")
    if not webgl:
        context.add_init_script(NO_WEBGL)
    return context


def _sign_in(browser: Browser, link: str, user: str | None) -> StorageState:
    page = _context(browser, Look("en", "dark", "wide"), None).new_page()
    page.goto(link)
    password = secrets.token_urlsafe(12) if user is None else getpass.getpass(f"Password of {user}: ")
    for name, value in {"user": user or "pictures", "password": password, "post": "Posko Bontang"}.items():
        page.locator(f"input[name={name}]").fill(value)
    page.keyboard.press("Enter")
    page.locator("header.top").wait_for()
    return page.context.storage_state()


def _takes(pages: set[str]) -> Iterator[tuple[str, str, Callable[[Page], None], bool]]:
    for name, (address, prepare) in PICTURES.items():
        if pages and name not in pages:
            continue
        yield name, address, prepare, True
        if name in WITHOUT_WEBGL:
            yield f"{name}-plain", address, prepare, False


def take(browser: Browser, url: str, session: StorageState, look: Look, pages: set[str], folder: Path) -> None:
    """Take the pictures of one look; what cannot be taken is told and left out."""
    suffix = f"{look.lang}-{look.theme}-{look.size}.png"
    for webgl in (True, False):
        page = _context(browser, look, session, webgl).new_page()
        page.goto(f"{url}#/quality")
        page.locator("header.top .feed-state:not(:empty)").wait_for()
        for name, address, prepare, wants_webgl in _takes(pages):
            if wants_webgl == webgl:
                _turn_to(page, address)
                _picture(page, prepare, folder / f"{name}-{suffix}")
        page.context.close()
    if not pages or "sign-in" in pages:
        page = _context(browser, look, None).new_page()
        page.goto(url)
        _picture(page, _settle, folder / f"sign-in-{suffix}")
        page.context.close()


def _turn_to(page: Page, address: str) -> None:
    """Go to a page as if it were new: each is made anew when its address comes up."""
    page.keyboard.press("Escape")
    for part in ("help-is-no-page", address):
        page.evaluate("(hash) => { location.hash = hash; }", f"#/{part}")
        page.locator("main").wait_for()


def _picture(page: Page, prepare: Callable[[Page], None], path: Path) -> None:
    try:
        prepare(page)
        page.wait_for_timeout(300)
    except Error as fault:
        print(f"{path.name}: {fault.message.splitlines()[0]}", file=sys.stderr)
    page.screenshot(path=path)


def main() -> None:
    options = cli.parser("screens", __doc__)
    options.add_argument("link", metavar="LINK", help="the link that the demo prints, or a console's address")
    options.add_argument("folder", type=Path, metavar="FOLDER", help="where the pictures go")
    options.add_argument("--user", help="somebody who may sign in, a supervisor to see all")
    options.add_argument("--page", action="append", default=[], choices=[*PICTURES, "sign-in"], help="only this one")
    options.add_argument("--lang", action="append", choices=["id", "en"])
    options.add_argument("--theme", action="append", choices=["dark", "light"])
    options.add_argument("--size", action="append", choices=SIZES)
    asked = options.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        session = _sign_in(browser, asked.link, asked.user)
        for look in map(
            Look._make, product(asked.lang or ["id", "en"], asked.theme or ["dark", "light"], asked.size or SIZES)
        ):
            take(browser, asked.link.partition("#")[0], session, look, set(asked.page), asked.folder)
        browser.close()


if __name__ == "__main__":
    main()
