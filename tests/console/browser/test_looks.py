# ruff: noqa: E501 (sentences in two languages, and scripts, read better whole)
"""Each page in each language and theme: nothing that keeps somebody out, nothing wider than a phone."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.console.browser.conftest import SignIn
from tests.console.browser.stage import ConsoleProcess

# Rows of every kind in every state, each about three vehicles and with the longest words; what of them has no room.
CUT_OFF = """async () => {
  const { createRowView } = await import('/static/js/list-row.js');
  const words = await (await fetch('/static/lang/en.json')).json();
  const kinds = Object.keys(words).filter((key) => key.startsWith('kind.')).map((key) => key.slice(5));
  const box = document.querySelector('.rows');
  const states = [{ state: 'active-unack' }, { state: 'active-unack', returned: true }, { state: 'gone-unack' }, { state: 'gone-ack' },
    { state: 'active-ack', ack: { actor: 'sari' } }, { state: 'active-unack', notification: true }];
  const found = [];
  for (const kind of kinds) for (const state of states) {
    const alarm = (vehicle_id) => ({ alert: { vehicle_id, message: { id: vehicle_id.repeat(20), en: vehicle_id.repeat(20) } }, ...state, assignee: 'Patroli 3 Polres Bontang Utara' });
    const members = ['KT-8201-SX', 'KT-8202-SX', 'KT-8203-SX'].map(alarm);
    const { element, show } = createRowView('x', () => {});
    const now = Date.now();
    show({ key: 'x', kind, severity: 'high', standing: 0, members, lead: members[0], convoys: ['BTG-02'], children: null, oldest: new Date(now - 59 * 60000).toISOString() }, 0, 1, new Date(now).toISOString());
    box.append(element);
    const at = (name) => element.querySelector(name);
    for (const name of ['.row-kind', '.row-vehicle', '.row-more', '.row-place', '.row-age', '.row-state']) {
      if (at(name).textContent === '' || at(name).scrollWidth > at(name).clientWidth && at(name).clientWidth > 0) found.push(`${at(name).textContent} (${kind})`);
      const mine = at(name).getBoundingClientRect(), its = element.getBoundingClientRect();
      if (mine.width === 0 || mine.right > its.right || mine.bottom > its.bottom || mine.top < its.top) found.push(`${name} of ${kind}`);
    }
    if (at('.row-more').getBoundingClientRect().right > at('.row-age').getBoundingClientRect().left) found.push(`+2 of ${kind}`);
    if (at('.row-message').getBoundingClientRect().right > at('.row-side').getBoundingClientRect().left) found.push(`message of ${kind}`);
    element.remove();
  }
  return found;
}"""
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


@pytest.mark.parametrize("lang", ["id", "en"])
def test_a_row_always_shows_which_vehicle_and_how_many_more(sign_in: SignIn, lang: str) -> None:
    assert sign_in("tamu", lang=lang).evaluate(CUT_OFF) == []


# 1366 x 768 and 1280 x 720 at 200 %, at 150 % and as they are.
@pytest.mark.parametrize(("width", "height"), [(683, 384), (640, 360), (911, 512), (853, 480), (1280, 720)])
def test_who_zooms_sees_what_to_do_and_the_whole_form(sign_in: SignIn, width: int, height: int) -> None:
    page = sign_in("budi", lang="id", width=width, height=height)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator(".row").filter(has_text="Terpisah").first.click()
    expect(page.get_by_role("button", name="Catat")).to_be_in_viewport(ratio=1)
    for key, field in (("s", "minutes"), ("n", "note"), ("g", "assignee")):
        page.keyboard.press(key)
        expect(page.locator(f".action-form [name={field}]")).to_be_focused()
        for part in (f".action-form [name={field}]", ".form-buttons", ".dock-todo"):
            expect(page.locator(part)).to_be_in_viewport(ratio=1)
        page.keyboard.press("Escape")
        expect(page.locator(".row[aria-selected=true]")).to_be_focused()
        expect(page.locator(".row[aria-selected=true]")).to_be_in_viewport(ratio=1)
