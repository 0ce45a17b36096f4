# ruff: noqa: E501 (sentences in two languages, and scripts, read better whole)
"""Each page in each language and theme: nothing that keeps somebody out, nothing wider than a phone."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.console.browser.conftest import SignIn
from tests.console.browser.stage import ConsoleProcess

PAGES = ["", "convoy/BTG-02", "playback", "quality", "report", "audit"]
RUN_AXE = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ['violations'] });
  return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`)]);
}"""


def test_every_page_opens_by_its_address(sign_in: SignIn, console: ConsoleProcess) -> None:
    page = sign_in("sari")
    for name in PAGES:
        page.goto(f"{console.url}#/{name}")
        page.reload()
        expect(page.locator("main :is(h1, h2)").first).to_be_visible()
        assert page.locator("[value*=NaN]").count() == 0


def findings(page: Page, axe: str) -> list[Any]:
    """What axe finds serious or critical on the page as it is."""
    page.evaluate(axe)
    found: list[Any] = page.evaluate(RUN_AXE)
    return found


@pytest.mark.parametrize(("lang", "theme"), [("id", "dark"), ("en", "light")])
def test_no_page_keeps_anybody_out(
    sign_in: SignIn,
    open_context: Callable[..., BrowserContext],
    console: ConsoleProcess,
    axe: str,
    lang: str,
    theme: str,
) -> None:
    outside = open_context(lang=lang, theme=theme).new_page()
    outside.goto(console.url)
    expect(outside.locator("form.signin")).to_be_visible()
    found = {"signin": findings(outside, axe)}
    page = sign_in("sari", lang=lang, theme=theme)
    for name in PAGES:
        page.evaluate("(address) => { location.hash = address; }", f"#/{name}")
        expect(page.locator("main")).to_be_visible()
        if name == "":
            page.locator(".row").first.click()
            page.keyboard.press("n")
        found[name] = findings(page, axe)
    page.keyboard.press("?")
    found["help"] = findings(page, axe)
    page.goto(f"{console.url}api/report?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&lang={lang}")
    expect(page.locator("h1")).to_be_visible()
    found["report"] = findings(page, axe)
    assert {name: what for name, what in found.items() if what} == {}


def test_a_phone_shows_one_part_at_a_time_and_nothing_to_the_side(sign_in: SignIn) -> None:
    page = sign_in("budi", width=390, height=844)
    for part in ("Alarms", "Map", "Convoy"):
        page.get_by_role("toolbar", name="Parts").get_by_role("button", name=part).click()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Alarms").click()
    page.locator(".row").first.click()
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
