"""All alarms together: what holds one back, what floods, what is counted and forgotten."""

import re
from csv import DictReader
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

from console.book import LISTED_MAX, Book
from console.flood import Flood, Sound
from console.quality import chattering, flood_share_pct, quality
from console.report import Asked, report_csv
from console.report_page import report_html
from models.alert import Alert
from models.plan_file import load_plan
from simulate.bontang import PLAN
from tests.console.alarms import MIN_MS, T_MS, action, alert


def book_of(*alerts: Alert, minute: float = 0) -> Book:
    book = Book()
    take(book, *alerts, minute=minute)
    return book


def take(book: Book, *alerts: Alert, minute: float = 0) -> list[str]:
    names = [name for it in alerts if (name := book.take_alert(it.to_json(), it.at_ms))]
    return book.refold(names, T_MS + round(minute * MIN_MS))


def suppressed(book: Book) -> dict[str | None, str | None]:
    return {entry.head.vehicle_id: entry.suppressed for entry in book.entries.values()}


def lost(vehicle: str | None, minute: float = 0, transition: str = "raised", **more: Any) -> Alert:
    return alert(minute, transition, kind="signal-lost", vehicle_id=vehicle, **more)


def test_an_alarm_of_the_whole_convoy_holds_back_the_same_of_its_vehicles_until_it_ends() -> None:
    book = book_of(lost("KT-1"), lost("KT-2", severity="critical"))
    changed = take(book, lost(None))
    assert suppressed(book) == {"KT-1": "convoy-wide", "KT-2": None, None: None}
    assert lost("KT-1").alert_id in changed
    assert (book.counts["high", "unacked"], book.counts["high", "all"]) == (1, 2)
    take(book, lost(None, 1, "cleared"))
    assert set(suppressed(book).values()) == {None}
    assert book.counts["high", "unacked"] == 2


def test_lost_signals_are_held_back_while_the_feed_itself_is_late() -> None:
    book = book_of(lost("KT-1"), alert(vehicle_id="KT-2"))
    assert book.set_feed_late(True) == [lost("KT-1").alert_id]
    assert suppressed(book) == {"KT-1": "feed-late", "KT-2": None}
    assert book.set_feed_late(False) == [lost("KT-1").alert_id]


def test_an_arrival_holds_back_what_it_ends() -> None:
    book = book_of(alert(), alert(kind="deviation"), alert(kind="arrived", severity="low"))
    rules = {entry.head.kind: entry.suppressed for entry in book.entries.values()}
    assert rules == {"stall": "arrived", "deviation": None, "arrived": None}


def test_five_trucks_that_halt_together_call_once_and_one_that_joins_later_again() -> None:
    book = book_of(*(alert(0, vehicle_id=f"KT-{number}") for number in range(5)))
    assert len(book.flood.sounds) == 1
    take(book, alert(1, vehicle_id="KT-9"), minute=1)
    assert len(book.flood.sounds) == 2
    assert len(book.called) == 2


def test_a_gateway_that_is_down_holds_back_the_silence_behind_it_until_it_answers() -> None:
    book = book_of(
        alert(kind="signal-lost"),
        alert(kind="signal-lost", vehicle_id="KT-2"),
        alert(kind="signal-lost", vehicle_id="KT-3", severity="critical"),
    )
    behind = frozenset({"KT-1", "KT-3"})
    assert book.set_cut_off(behind) == [alert(kind="signal-lost").alert_id]
    assert book.set_cut_off(behind) == []
    assert suppressed(book) == {"KT-1": "gateway-down", "KT-2": None, "KT-3": None}
    assert book.counts["high", "unacked"] == 1
    book.set_cut_off(frozenset())
    assert set(suppressed(book).values()) == {None}


def test_a_flood_begins_above_ten_in_ten_minutes_and_ends_below_five() -> None:
    flood = Flood()
    for number in range(11):
        flood.add(Sound(number * 30_000, f"C-{number}|stall", "high"))
        assert (flood.since_ms is not None) == (number == 10)
    # the seventh leaves the window ten minutes after it came: four are left
    flood.advance(600_000 + 6 * 30_000 - 1)
    assert flood.since_ms == 300_000
    flood.advance(600_000 + 6 * 30_000)
    assert flood.spans[-1] == (300_000, 780_000)
    assert flood.last_10_min(780_000) == 4
    assert flood_share_pct(flood, 300_000, 1_260_000) == 50.0


def test_what_chatters_is_named() -> None:
    alerts = [alert(number / 3, onset_ms=T_MS + number) for number in range(3)]
    book = book_of(*alerts, alert(0, vehicle_id="KT-2"), minute=1)
    assert chattering(book.entries.values()) == [{"group": "BTG-01|stall", "count": 3}]
    assert book.chattered == 1


def test_the_list_is_bounded_and_keeps_what_waits_for_a_person_the_worst_of_it_first() -> None:
    low = [alert(1, severity="low", onset_ms=T_MS + number) for number in range(LISTED_MAX + 1)]
    book = book_of(alert(0, kind="sos", severity="critical"), *low)
    take(book, alert(2, "cleared", severity="low", onset_ms=T_MS), minute=2)
    listed, left_out = book.listed(T_MS + 2 * MIN_MS)
    assert (len(listed), left_out) == (LISTED_MAX, 2)
    # the critical one is the oldest; of the low ones, all alike, the one that is over is left out before the active
    assert alert(kind="sos").alert_id in listed
    assert low[0].alert_id not in listed


def test_what_is_over_is_forgotten_and_what_lasts_is_not() -> None:
    book = book_of(alert(), alert(1, "cleared"), alert(kind="deviation"))
    assert book.forget(T_MS + 2 * MIN_MS) == [alert().alert_id]
    assert [entry.head.kind for entry in book.entries.values()] == ["deviation"]
    assert book.counts["high", "all"] == 1


def test_a_record_that_is_no_alert_is_counted_and_passed_over() -> None:
    book = Book()
    for value in (b"", b"{}", b"[1]", b"\xff", alert().to_json().replace(b'"high"', b'"huge"')):
        assert book.take_alert(value, T_MS) is None
    assert book.bad == 5


SCRIPT = "<script>alert(1)</script>"


def reported() -> tuple[Book, Asked]:
    book = book_of(alert(), alert(9, "cleared"), alert(3, convoy_id="=1+1", vehicle_id=SCRIPT))
    book.take_action(action(1, "acknowledge", 2, note=SCRIPT))
    book.refold([alert().alert_id], T_MS + 10 * MIN_MS)
    return book, Asked(T_MS, T_MS + 3_600_000, "id", SCRIPT, "Posko 1", T_MS + 3_600_000)


def test_the_report_tells_who_did_what_and_runs_nothing_that_people_wrote() -> None:
    book, asked = reported()
    page = report_html(book, {plan.convoy_id: plan for plan in load_plan(PLAN)}, asked)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 3
    assert "19.06.40 WITA" in page
    assert "selesai, diakui" in page
    lines = report_csv(book, asked).decode("utf-8-sig").splitlines()
    assert [line.split(",")[1] for line in lines] == ["convoy", "BTG-01", "'=1+1"]
    assert ",ani,120," in lines[1]


def test_the_report_page_names_what_is_counted_in_its_language() -> None:
    book, asked = reported()
    told = alert(20, "raised", convoy_id="MKY-03", kind="sos", severity="critical")
    book.take_alert(told.to_json(), told.at_ms)
    book.refold([told.alert_id], T_MS + 30 * MIN_MS)
    pages = {lang: report_html(book, {}, replace(asked, lang=lang)) for lang in ("id", "en")}
    assert "<td>darurat</td><td>1</td><td>-</td>" in pages["id"]
    assert "<td>2 mnt 00 dtk</td>" in pages["id"]
    assert "<td>emergency</td><td>1</td><td>-</td>" in pages["en"]
    assert "<td>2 min 00 s</td>" in pages["en"]
    assert all(page.count("<rect ") == 6 for page in pages.values())


def test_the_report_says_who_was_first_who_shelved_and_until_when_and_that_a_notification_asked_for_nothing() -> None:
    low = alert(4, kind="overspeed", severity="low")
    book = book_of(alert(), low)
    book.take_action(action(1, "acknowledge", 2, "budi"))
    book.take_action(action(2, "acknowledge", 2.01, "citra"))
    book.take_action(action(3, "shelve", 3, "budi", reason="ban bocor", until_ms=T_MS + 33 * MIN_MS))
    book.refold(list(book.entries), T_MS + 5 * MIN_MS)
    asked = Asked(T_MS, T_MS + 3_600_000, "id", "sari", "Posko 1", T_MS + 3_600_000)
    plans = {plan.convoy_id: plan for plan in load_plan(PLAN)}
    page = report_html(book, plans, asked)
    assert "<b>citra</b> <s>mengakui</s> <em>ditolak: budi lebih dahulu</em>" in page
    assert "<b>budi</b> menunda sampai 19.39.40: ban bocor" in page
    assert "<td>untuk diketahui<" in page
    english = report_html(book, plans, replace(asked, lang="en"))
    assert "<em>refused: budi was first</em>" in english
    rows = list(DictReader(StringIO(report_csv(book, replace(asked, lang="en")).decode("utf-8-sig"))))
    assert [row["acknowledged_by"] for row in rows] == ["budi", ""]
    assert rows[0]["shelved"] == "budi: 2026-11-18T11:39:40.000Z, ban bocor"
    assert rows[0]["notes"] == "citra: acknowledged (refused: budi was first)"
    assert rows[1]["state"] == "for information"


def test_the_reports_chart_has_the_hours_of_the_district_or_the_days_below_it() -> None:
    book, asked = reported()
    plans = {plan.convoy_id: plan for plan in load_plan(PLAN)}
    told = {
        days: re.findall(r'class="(?:hour|day)">([^<]+)<', report_html(book, plans, replace(asked, end_ms=end_ms)))
        for days, end_ms in ((0, T_MS + 8 * 3_600_000), (31, T_MS + 31 * 86_400_000))
    }
    assert told[0] == ["20.00", "21.00", "22.00", "23.00", "19/11", "01.00", "02.00", "03.00"]
    assert len(told[31]) in (4, 5)
    assert all("/" in words for words in told[31])


def test_what_called_is_remembered_as_long_as_a_report_reaches_back() -> None:
    week, month = Book(), Book(31 * 86_400_000)
    for book in (week, month):
        for day in (0, 10, 20):
            told = alert(day * 1440, convoy_id=f"C-{day}")
            book.take_alert(told.to_json(), told.at_ms)
        book.refold(list(book.entries), T_MS + 21 * 86_400_000)
    span = (T_MS - 1, T_MS + 21 * 86_400_000)
    assert sum(quality(week, *span)["mix"].values()) == 1
    assert sum(quality(month, *span)["mix"].values()) == 3


def test_the_figures_of_quality_are_those_of_the_span() -> None:
    book, asked = reported()
    figures = quality(book, asked.begin_ms, asked.end_ms)
    assert figures["rate_10_min"] == [2, 0, 0, 0, 0, 0]
    assert figures["mix"] == {"low": 0, "medium": 0, "high": 2, "critical": 0}
    assert figures["time_to_ack_s"] == {"median": 120.0, "p95": 120.0}
    assert figures["top5"][0]["count"] == 1
    later = quality(book, asked.end_ms, asked.end_ms + 86_400_000)
    assert later["stale"] == [alert(convoy_id="=1+1", vehicle_id=SCRIPT).alert_id]


def test_every_kind_has_words(tmp_path: Path) -> None:
    from typing import get_args

    from console.words import KINDS
    from models.alert import Kind

    assert set(KINDS) == set(get_args(Kind))


def test_a_call_for_help_calls_however_late_it_is_heard_and_nothing_else_of_the_past_does() -> None:
    late = {"detected_at_ms": T_MS + 20 * MIN_MS}
    book = book_of(alert(kind="sos", severity="critical", **late), alert(**late))
    assert {entry.head.kind: len(entry.now.sounds_ms) for entry in book.entries.values()} == {"sos": 1, "stall": 0}
