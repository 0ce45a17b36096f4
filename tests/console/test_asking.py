"""What is asked of the past: the audit page by page, and the figures of a span."""

from pathlib import Path

from console.book import Book
from console.recall import open_within
from console.records import read_alert
from models.instants import format_instant
from tests.console.alarms import MIN_MS, T_MS, action, alert
from tests.console.conftest import serve


async def test_the_audit_tells_actions_and_sign_ins_in_one_order_page_by_page(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        book = served.desk.room.book
        told = alert()
        book.take_alert(told.to_json(), told.at_ms)
        for number, name in enumerate(("acknowledge", "note", "assign"), 1):
            book.take_action(action(number, name, number))  # a minute after each other
        book.refold(list(book.entries), T_MS + 600_000)
        served.now_s = T_MS / 1000 + 150  # between the second and the third
        async with served.signed_in("supervisor") as client:
            served.now_s += 600
            newest = (await client.get("/api/audit?limit=2")).json()["entries"]
            older = (await client.get("/api/audit", params={"limit": 2, "before": newest[-1]["at"]})).json()["entries"]
    names = [entry.get("action") or entry["event"] for entry in newest + older]
    assert names == ["assign", "signed-in", "note", "acknowledge"]
    assert newest[1]["at"] == format_instant(T_MS + 150_000)


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
