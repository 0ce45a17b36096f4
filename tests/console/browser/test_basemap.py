"""The map on a PMTiles archive of the user's, on a console of its own: it is drawn, or it is told why it is not."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.browser.archive import archive
from tests.console.browser.conftest import choose, fill_sign_in
from tests.console.browser.stage import ConsoleProcess, Stage

NOTICE = "The map archive (KAWAL_CONSOLE_BASEMAP) cannot be read"
DRAWN = """async (wanted) => {
  const map = document.querySelector('.map-place').kawalMap;
  const names = () => map.getStyle().layers.filter(({ id }) => map.queryRenderedFeatures({ layers: [id] }).length > 0).map(({ id }) => id);
  while (!wanted.every((name) => names().includes(name))) await new Promise((done) => setTimeout(done, 100));
  return true;
}"""  # noqa: E501


@pytest.fixture
def map_of(stage: Stage, console: ConsoleProcess, chromium: Browser, tmp_path: Path) -> Iterator[Callable[[], Page]]:
    """`map_of()`: the room of a console whose archive is `map.pmtiles`."""
    file = tmp_path / "map.pmtiles"
    file.write_bytes(archive())
    own = ConsoleProcess(stage)
    own.environment["KAWAL_CONSOLE_BASEMAP"] = os.fspath(file)
    with own, chromium.new_context(viewport={"width": 1366, "height": 768}) as context:
        choose(context, "en", "dark")

        def open_it() -> Page:
            page = context.new_page()
            page.goto(own.url)
            fill_sign_in(page, "budi")
            expect(page.locator(".map")).to_have_attribute("data-kind", "gl")
            return page

        yield open_it


def test_the_archives_land_and_sea_are_drawn_and_the_routes_above_them(map_of: Callable[[], Page]) -> None:
    page = map_of()
    assert page.evaluate(DRAWN, ["earth", "route"])
    expect(page.locator(".map-notice")).to_be_hidden()


def test_an_archive_that_is_none_any_more_gives_way_to_the_coast_and_says_so(
    map_of: Callable[[], Page], tmp_path: Path
) -> None:
    (tmp_path / "map.pmtiles").write_bytes(b"no archive" * 2000)
    page = map_of()
    expect(page.locator(".map-notice")).to_contain_text(NOTICE)
    assert page.evaluate(DRAWN, ["land", "route"])


def test_an_archive_that_breaks_while_it_is_looked_at_gives_way_to_the_coast(
    map_of: Callable[[], Page], tmp_path: Path
) -> None:
    whole = archive()
    (tmp_path / "map.pmtiles").write_bytes(whole[: whole.index(b"earth") - 8])  # the tile is not there
    page = map_of()
    expect(page.locator(".map-notice")).to_contain_text(NOTICE)
    assert page.evaluate(DRAWN, ["land", "route"])
