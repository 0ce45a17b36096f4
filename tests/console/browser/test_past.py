"""What was done, in a browser: who was first, and which reports there are."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.console.alarms import action
from tests.console.browser.conftest import SignIn
from tests.console.browser.stage import ConsoleProcess, Stage, alert, instant_ms

A4_PX = 1032
"""The width of A4 across, less its margins, at 96 dots to the inch."""


def test_of_two_who_acknowledge_the_audit_and_the_timeline_say_who_was_first(sign_in: SignIn, stage: Stage) -> None:
    # late, it does not sound: there is no flood for the tests that follow
    told = alert(stage, "unescorted", "KT-8101-SX", 30, reason="alone", late=True)
    stage.alerts(told)
    for number, actor in enumerate(("budi", "citra")):
        at_ms = instant_ms(20 - number)
        done = action(9000 + number, "acknowledge", 0, actor, post="P", at_ms=at_ms, alert_id=told.alert_id)
        stage.send(stage.topics.alert_actions, [(told.alert_id, done.to_json())])
    page = sign_in("sari", lang="id")
    page.evaluate("location.hash = '#/audit'")
    refused = page.locator(".audit tr.refused").filter(has_text="citra")
    expect(refused).to_contain_text("ditolak: budi lebih dahulu")
    expect(refused.locator("s")).to_have_count(1)
    expect(page.locator(".audit tr:not(.refused)").filter(has_text="BTG-01 · Tanpa pengawal KT-8101-SX")).to_have_count(
        1
    )
    page.evaluate("(id) => { location.hash = `#/convoy/${id}`; }", told.convoy_id)
    line = page.locator(".convoy-timeline li.refused")
    expect(line).to_contain_text("ditolak: budi lebih dahulu")
    over = {"transition": "cleared", "at_ms": instant_ms(), "detected_at_ms": instant_ms()}
    stage.alerts(told.model_copy(update=over))


def test_hours_of_which_there_is_no_report_are_refused_in_words_before_a_tab_opens(sign_in: SignIn) -> None:
    page = sign_in("sari")
    page.evaluate("location.hash = '#/report'")
    opened = []
    page.context.on("page", lambda tab: opened.append(tab.url))
    begin, end = (page.locator("input[type=datetime-local]").nth(number) for number in (0, 1))
    for first, last, words in (
        ("2026-01-01T00:00", "2026-02-02T00:00", "A report covers 31 days at most"),
        ("", "2026-02-02T00:00", "Fill in both the start and the end."),
        ("2026-02-02T00:00", "2026-01-01T00:00", "The end must be after the start."),
        ("0001-01-01T00:00", "2026-01-01T00:00", "The year must lie between 1970 and 2999."),
    ):
        begin.fill(first)
        end.fill(last)
        for button in ("Printable report", "CSV"):
            page.get_by_role("button", name=button).click()
            expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()
    assert opened == []
    begin.fill("2026-01-01T00:00")
    end.fill("2026-01-20T00:00")
    with page.context.expect_page() as made:
        page.get_by_role("button", name="Printable report").click()
    expect(made.value.locator("h1")).to_have_text("Shift report")


def test_an_alarm_whose_acknowledgement_was_refused_is_open_in_playback(sign_in: SignIn) -> None:
    told = sign_in("tamu").evaluate(
        """async () => {
        const { alarmsAfter } = await import('/static/js/playback-frames.js');
        const raised = { alert: { alert_id: 'A', kind: 'stall', transition: 'raised', severity: 'high' } };
        const refused = { action: { alert_id: 'A', action: 'acknowledge', refused: { error: 'severity-rose', winner: null } } };
        return alarmsAfter([raised, refused], []).get('A').state;
        }"""  # noqa: E501
    )
    assert told == "active-unack"


BROKEN = """() => {
    const found = [], walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) for (const word of walk.currentNode.data.matchAll(/[\\p{L}\\d]+/gu)) {
        const range = document.createRange();
        range.setStart(walk.currentNode, word.index);
        range.setEnd(walk.currentNode, word.index + word[0].length);
        if (word[0].length < 20 && new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) found.push(word[0]);
    }
    return found;
}"""  # noqa: E501


@pytest.mark.parametrize("lang", ["id", "en"])
def test_the_report_breaks_no_word_on_the_screen_or_on_paper(
    sign_in: SignIn, console: ConsoleProcess, lang: str
) -> None:
    page = sign_in("sari")
    now = datetime.now(UTC)
    span = urlencode({"from": (now - timedelta(hours=1)).isoformat(), "to": now.isoformat(), "lang": lang})
    page.goto(f"{console.url}api/report?{span}")
    expect(page.locator("table.alarms tbody tr")).not_to_have_count(0)
    for media, width in (("screen", 1280), ("screen", 400), ("print", A4_PX)):
        page.emulate_media(media=media)
        page.set_viewport_size({"width": width, "height": 720})
        assert page.evaluate(BROKEN) == [], (media, width)
        wider = "[...document.querySelectorAll('td, th')].filter((cell) => cell.scrollWidth > cell.clientWidth).length"
        assert page.evaluate(wider) == 0, (media, width)
