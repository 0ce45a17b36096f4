"""What is asked of the past: spans of time, the figures of one, and what is no span."""

import re
from pathlib import Path

import pytest

from console.asking import DAY_MS, REPORT_MS_MAX
from console.book import Book
from console.desk import STATIC
from console.recall import open_within
from console.records import read_alert
from console.views import alarm_view
from console.words import FAULTS
from tests.console.alarms import MIN_MS, T_MS, action, alert
from tests.console.conftest import serve


async def test_a_sound_test_is_in_the_audit_with_what_was_heard_by_whom_and_where(tmp_path: Path) -> None:
    async with serve(tmp_path) as served, served.signed_in("supervisor") as client:
        for heard in (False, True):
            assert (await client.post("/api/sound-test", json={"heard": heard})).status_code == 200
        for body in (b"", b"{}", b'{"heard":1}', b'{"heard":true,"more":1}', b" " * 70_000):
            assert (await client.post("/api/sound-test", content=body)).status_code == 422, body
        told = (await client.get("/api/audit")).json()["entries"]
    assert [entry["event"] for entry in told] == ["sound-heard", "sound-not-heard", "signed-in"]
    assert (told[0]["user"], told[0]["post"]) == ("ani", "Posko 1")


async def test_the_figures_are_of_the_hours_that_are_asked_for(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        book = served.desk.room.book
        for minute in (0, 300):
            told = alert(minute, convoy_id=f"C-{minute}")
            book.take_alert(told.to_json(), told.at_ms)
        served.now_s = T_MS / 1000 + 6 * 3600
        book.refold(list(book.entries), served.desk.now_ms())
        async with served.signed_in("viewer") as client:
            found = {hours: (await client.get("/api/quality", params={"hours": hours})).json() for hours in (1, 8, 168)}
            refused = await client.get("/api/quality?hours=169")
    assert {hours: sum(figures["mix"].values()) for hours, figures in found.items()} == {1: 1, 8: 2, 168: 2}
    assert {hours: len(figures["rate_10_min"]) for hours, figures in found.items()} == {1: 6, 8: 48, 168: 1008}
    assert refused.status_code == 422


def test_an_hour_tells_of_what_was_done_that_it_was_refused() -> None:
    book = Book()
    book.take_alert(alert().to_json(), T_MS)
    for number, actor in enumerate(("budi", "citra")):
        book.take_action(action(number, "acknowledge", 1, actor))
    book.refold(list(book.entries), T_MS + 5 * MIN_MS)
    _, done = open_within(book.entries.values(), T_MS, T_MS + 60 * MIN_MS)
    assert [it.get("refused", {}).get("winner", {}).get("actor") for it in done] == [None, "budi"]
    assert [it.get("refused") is None for it in alarm_view(next(iter(book.entries.values())))["actions"]] == [
        True,
        False,
    ]


def test_an_hour_tells_of_what_was_open_at_its_begin_too_and_of_nothing_after_its_end() -> None:
    """In the hour from minute 10 on C-OPEN stays open and C-ENDED ends; C-OVER and C-ONCE were over before."""
    told = [
        alert(0, convoy_id="C-OPEN"),
        alert(0, convoy_id="C-ENDED"),
        alert(20, "cleared", convoy_id="C-ENDED"),
        alert(90, "cleared", convoy_id="C-OPEN"),
        alert(0, convoy_id="C-OVER"),
        alert(5, "cleared", convoy_id="C-OVER"),
        alert(0, convoy_id="C-ONCE", kind="arrived"),
        alert(80, convoy_id="C-AFTER"),
    ]
    book = Book()
    for one in told:
        book.take_alert(one.to_json(), one.at_ms)
    found, _ = open_within(book.entries.values(), T_MS + 10 * MIN_MS, T_MS + 70 * MIN_MS)
    tales = [(it.convoy_id, it.transition) for it in map(read_alert, found)]
    assert tales == [("C-OPEN", "raised"), ("C-ENDED", "raised"), ("C-ENDED", "cleared")]


SPANS = {
    "bad-instant": ("", "2026-11-18T00:00:00Z"),
    "bad-order": ("2026-11-18T00:00:00Z", "2026-11-18T00:00:00Z"),
    "span-too-long": ("2026-11-18T00:00:00Z", "2026-12-20T00:00:00Z"),
    "instant-too-far": ("0001-01-01T00:00:00Z", "0001-01-01T00:30:00Z"),
}


@pytest.mark.parametrize("path", ["playback", "convoys/BTG-01/history", "report.csv"])
async def test_a_span_that_cannot_be_looked_up_is_refused_by_a_code(tmp_path: Path, path: str) -> None:
    async with serve(tmp_path) as served, served.signed_in("viewer") as client:
        last = {"from": "9999-12-31T23:00:00Z", "to": "9999-12-31T23:59:59Z"}
        assert (await client.get(f"/api/{path}", params=last)).json()["error"] == "instant-too-far"
        for code, (begin, end) in SPANS.items():
            answer = await client.get(f"/api/{path}", params={"from": begin, "to": end})
            assert (answer.status_code, answer.json()["error"]) == (422, code)


async def test_a_report_that_cannot_be_made_is_a_page_that_says_why_in_its_language(tmp_path: Path) -> None:
    async with serve(tmp_path) as served, served.signed_in("viewer") as client:
        for code, (begin, end) in SPANS.items():
            for number, lang in enumerate(("en", "id")):
                answer = await client.get("/api/report", params={"from": begin, "to": end, "lang": lang})
                assert (answer.status_code, answer.headers["Content-Type"][:9]) == (422, "text/html")
                assert FAULTS[code][number] in answer.text


async def test_every_year_that_can_be_asked_for_has_a_report(tmp_path: Path) -> None:
    async with serve(tmp_path) as served, served.signed_in("viewer") as client:
        served.now_s = 0.0  # all of it is in memory
        for day in ("1970-01-01", "2999-12-31"):
            span = {"from": f"{day}T00:00:00Z", "to": f"{day}T23:00:00Z"}
            for path in ("/api/report", "/api/report.csv"):
                assert (await client.get(path, params=span)).status_code == 200


def test_the_page_of_reports_knows_how_long_one_may_be() -> None:
    page = (STATIC / "js" / "report.js").read_text(encoding="utf-8")
    assert re.findall(r"DAYS_MAX = (\d+)", page) == [str(REPORT_MS_MAX // DAY_MS)]
