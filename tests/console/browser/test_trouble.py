"""What the pages show when things go wrong. It comes last, for it leaves a flood of alarms behind."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from models.alert import Alert
from tests.console.browser.conftest import SignIn
from tests.console.browser.stage import ConsoleProcess, Stage, alert, instant_ms

MANY = 500
HEIGHT = "bar => bar.offsetHeight"
SLICE_MAX = 40  # of slices.js

# How long the page takes from a key press to the next frame it draws, the worst of `n` presses.
INPUT_DELAY = """async (n) => {
  let worst = 0;
  for (let i = 0; i < n; i += 1) {
    const began = performance.now();
    document.dispatchEvent(new KeyboardEvent('keydown', { key: i % 2 ? 'k' : 'j', bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    worst = Math.max(worst, performance.now() - began);
  }
  return worst;
}"""


# Presses keys as long as slices of events come, and tells what came of both.
PRESS_AMID = """(events) => new Promise((done) => {
  const [slices, presses] = [[], []];
  new PerformanceObserver((marks) => slices.push(...marks.getEntriesByName('kawal-slice').map(({ detail }) => detail)))
    .observe({ type: 'mark' });
  const press = () => {
    document.dispatchEvent(new KeyboardEvent('keydown', { key: presses.length % 2 ? 'k' : 'j', bubbles: true }));
    presses.push(slices.reduce((sum, n) => sum + n, 0));
    if (presses.at(-1) >= events) done({ slices, presses });
    else setTimeout(press);
  };
  press();
})"""


def gone(alerts: list[Alert]) -> list[Alert]:
    """The same alerts, over."""
    return [
        it.model_copy(update={"transition": "cleared", "at_ms": instant_ms(), "detected_at_ms": instant_ms()})
        for it in alerts
    ]


def test_a_dead_worker_shows_a_banner_with_its_cause(sign_in: SignIn, stage: Stage) -> None:
    page = sign_in("tamu")
    stage.is_beating.clear()
    banner = page.get_by_role("alert").filter(has_text="The worker does not move.")
    expect(banner).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-feed", re.compile("old"))
    stage.is_beating.set()
    expect(banner).to_be_hidden()


def test_tabs_share_one_stream_and_the_next_one_takes_over(
    sign_in: SignIn, open_context: Callable[..., BrowserContext], stage: Stage
) -> None:
    context = open_context()
    streams: list[str] = []
    context.on("request", lambda request: streams.append(request.url) if "/api/stream" in request.url else None)
    first = sign_in("sari", context=context)
    second = sign_in("sari", context=context)
    leader = "() => document.querySelector('.leader').textContent"
    assert (first.evaluate(leader), second.evaluate(leader)) == ("in this tab", "in another tab")
    assert len(streams) == 1

    def seen_by(page: Page, vehicle: str) -> None:
        page.locator(".search").fill(vehicle)
        expect(page.locator(".row").filter(has_text=vehicle)).to_be_visible()

    stage.alerts(alert(stage, "sos", "KT-8202-SX", 5, severity="critical", reason="duress"))
    seen_by(first, "KT-8202-SX: sos")
    seen_by(second, "KT-8202-SX: sos")
    first.close()
    expect(second.locator(".leader")).to_have_text("in this tab")
    stage.alerts(alert(stage, "sos", "KT-8401-SX", 5, severity="critical", reason="duress"))
    seen_by(second, "KT-8401-SX: sos")
    assert len(streams) == 2


def test_a_lost_server_shows_a_banner_and_no_alert_is_missed(
    sign_in: SignIn, stage: Stage, console: ConsoleProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    page = sign_in("budi")
    height = page.locator("header.top").evaluate(HEIGHT)
    page.locator(".row").filter(has_text="MKY-03").first.click()
    page.keyboard.press("n")
    page.keyboard.type("asked by radio")
    console.__exit__()
    expect(page.get_by_role("alert").filter(has_text="The control room's server does not answer.")).to_be_visible()
    many = [alert(stage, "stall", "KT-8101-SX", 60, convoy_id=f"C-{n:03}", reason="standing") for n in range(MANY)]
    stage.alerts(*many)
    console.__enter__()
    expect(page.get_by_role("alert")).to_be_hidden(timeout=30_000)
    # a flood: all stalls are one row, and it opens into the rows of the convoys
    flood = page.locator(".row").filter(has_text=f"{MANY + 3} alarms")
    expect(flood).to_be_visible()
    expect(page.locator(".flood-flag")).to_be_visible()
    # in which an alarm stands in another row; what is being typed about it stays
    expect(page.locator("[name=note]")).to_have_value("asked by radio")
    expect(page.locator("[name=note]")).to_be_focused()
    page.keyboard.press("Escape")
    assert page.locator("header.top").evaluate(HEIGHT) == height  # or the rows would have moved under the pointer
    flood.click()
    page.keyboard.press("x")
    expect(flood).to_have_attribute("aria-setsize", re.compile(r"5\d\d"))
    assert page.locator(".row").count() < 60  # windowed: what is not seen is not in the page
    worst_ms = page.evaluate(INPUT_DELAY, 20)
    with capsys.disabled():
        print(f"\n{MANY} alarms: worst of 20 key presses drawn after {worst_ms:.0f} ms")
    page.keyboard.press("x")
    page.keyboard.press("a")
    expect(page.locator(".action-form [name=note]")).to_have_attribute("required", "")
    page.keyboard.type("exercise of the whole post")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_have_text(f"{MANY + 3} alarms acknowledged.")
    stage.alerts(*gone(many))


def test_a_burst_of_alarms_is_taken_in_slices_and_keys_are_heard_between_them(sign_in: SignIn, stage: Stage) -> None:
    page = sign_in("budi")
    page.evaluate(f"() => {{ window.pressed = ({PRESS_AMID})({MANY}); }}")  # not awaited: it begins
    many = [alert(stage, "separation", "KT-8101-SX", 60, convoy_id=f"B-{n:03}", reason="apart") for n in range(MANY)]
    stage.alerts(*many)
    amid = page.evaluate("window.pressed")
    assert max(amid["slices"]) <= SLICE_MAX
    taken = sorted(set(amid["presses"]))
    assert len(taken) > 3, "no key was heard while the alarms came"
    expect(page.locator(".flood-flag")).to_be_visible()
    # The keys have put the focus into the list, so that its order is held: the new row waits behind a bar.
    row = page.locator(".row").filter(has_text=re.compile(r"Separated.*50\d alarms"))
    expect(row.or_(page.get_by_role("button", name="1 new")).first).to_be_visible()
    page.keyboard.press("r")
    expect(row).to_be_visible()
    stage.alerts(*gone(many))
