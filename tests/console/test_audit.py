"""The audit: nothing lost or repeated between pages, who was first, and as far back as the topics reach."""

import time
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from console.room import Room
from deploy.kafka.embedded import EmbeddedKafka
from models.alert import Alert
from models.alert_action import AlertAction
from models.instants import format_instant
from models.topics import TopicSet
from tests.conftest import Outgoing, Produce
from tests.console.alarms import MIN_MS, T_MS, action, alert
from tests.console.conftest import serve

DAY_MS = 86_400_000
TOLD = alert()
KEY = b"BTG-01"


def keep(room: Room, told: Alert, *actions: AlertAction) -> None:
    """Take in an alert and what was done, as from the topics."""
    room.book.take_alert(told.to_json(), told.at_ms)
    for it in actions:
        room.book.take_action(it)
        room.trail.add(it)
    room.book.refold(list(room.book.entries), T_MS + 60 * MIN_MS)


async def pages(client: httpx.AsyncClient, limit: int) -> list[list[dict[str, Any]]]:
    """All pages, the newest first, each asked for where the one before left off."""
    found, before = [], {}
    while True:
        answer = (await client.get("/api/audit", params={"limit": limit, **before})).json()
        found.append(answer["entries"])
        if answer["older"] is None:
            return found
        before = {"before": answer["older"]}


async def test_pages_tell_actions_and_sign_ins_in_one_order(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        keep(served.desk.room, TOLD, *(action(n, name, n) for n, name in enumerate(("acknowledge", "note", "assign"))))
        served.now_s = T_MS / 1000 + 90  # between the second and the third
        async with served.signed_in("supervisor") as client:
            served.now_s += 600
            found = await pages(client, 2)
    assert [[it.get("action") or it["event"] for it in page] for page in found] == [
        ["assign", "signed-in"],
        ["note", "acknowledge"],
    ]
    assert found[0][1]["at"] == format_instant(T_MS + 90_000)


async def test_what_has_one_instant_is_on_one_page_each_and_nothing_is_lost_or_told_twice(tmp_path: Path) -> None:
    """Three hundred alarms acknowledged at once, while five people signed in."""
    async with serve(tmp_path) as served:
        keep(served.desk.room, TOLD, *(action(n, "acknowledge", 1) for n in range(300)))
        served.now_s = T_MS / 1000 + 60
        async with served.signed_in("supervisor") as client:
            for number in range(4):
                served.desk.journal.note(T_MS + MIN_MS, "signed-in", f"user-{number}", "Posko 1", "here")
            for limit in (7, 100, 200, 305):
                found = [it for page in await pages(client, limit) for it in page]
                names = [it.get("action_id") or it["user"] for it in found]
                assert (len(names), len(set(names))) == (305, 305), limit


async def test_what_comes_between_two_pages_moves_nothing(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        keep(served.desk.room, TOLD, *(action(n, "note", 1) for n in range(4)))
        async with served.signed_in("supervisor") as client:
            first = (await client.get("/api/audit?limit=3")).json()
            keep(served.desk.room, TOLD, action(9, "note", 2))
            second = (await client.get("/api/audit", params={"limit": 10, "before": first["older"]})).json()
    ids = [it["action_id"] for it in first["entries"] + second["entries"] if "action_id" in it]
    assert sorted(ids) == [str(UUID(int=n)) for n in range(4)]


async def test_of_two_who_acknowledge_the_audit_says_who_was_first(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        keep(served.desk.room, TOLD, action(1, "acknowledge", 1, "budi"), action(2, "acknowledge", 1.001, "citra"))
        async with served.signed_in("supervisor") as client:
            second, first, signed = (await client.get("/api/audit")).json()["entries"]
    assert (first["actor"], first.get("refused"), signed.get("refused")) == ("budi", None, None)
    assert second["refused"]["error"] == "already-acknowledged"
    assert second["refused"]["winner"] == {"actor": "budi", "at": format_instant(T_MS + MIN_MS)}
    assert first["about"] == {"convoy_id": "BTG-01", "kind": "stall", "vehicle_id": "KT-1"}


async def test_the_audit_reaches_back_as_far_as_the_topics_and_reads_them_only_for_what_is_old(
    kafka: EmbeddedKafka, topics: TopicSet, produce: Produce, tmp_path: Path
) -> None:
    """An alarm each 20 days; somebody acknowledges it and a second person is too late."""
    now_ms = round(time.time() * 1000)
    alerts, actions = [], []
    for number, days in enumerate((80, 60, 40, 20, 1)):
        at_ms = now_ms - days * DAY_MS
        told = alert((at_ms - T_MS) / MIN_MS, onset_ms=at_ms)
        alerts.append(Outgoing(KEY, told.to_json(), at_ms))
        for n, actor in enumerate(("budi", "citra")):
            done = action(2 * number + n, "acknowledge", (at_ms - T_MS) / MIN_MS + 1, actor, alert_id=told.alert_id)
            actions.append(Outgoing(told.alert_id.encode(), done.to_json(), at_ms + MIN_MS))
    await produce(topics.alerts, alerts)
    await produce(topics.alert_actions, actions)
    async with serve(tmp_path, kafka.bootstrap, topics) as served, served.signed_in("supervisor") as client:
        broker, served.desk.broker = served.desk.broker, "127.0.0.1:1"
        newest = (await client.get("/api/audit?limit=3")).json()
        assert [it.get("action_id") for it in newest["entries"]] == [None, str(UUID(int=9)), str(UUID(int=8))]
        assert (await client.get("/api/audit", params={"before": newest["older"]})).status_code == 503
        served.desk.broker = broker
        found = await pages(client, 3)
    told = [it for page in found for it in page if "action_id" in it]
    assert [UUID(it["action_id"]).int for it in told] == list(reversed(range(10)))
    assert [it["actor"] for it in told if "refused" in it] == ["citra"] * 5
    assert all(it["about"]["convoy_id"] == "BTG-01" for it in told)


async def test_a_page_that_begins_nowhere_is_refused(tmp_path: Path) -> None:
    async with serve(tmp_path) as served, served.signed_in("supervisor") as client:
        for before in ("", "yesterday", "/x", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z/x"):
            answer = await client.get("/api/audit", params={"before": before})
            assert (answer.status_code, answer.json()["field"]) == (422, "before"), before
