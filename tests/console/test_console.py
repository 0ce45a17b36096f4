"""The console over real sockets and a real Kafka: what is on the topics is what every client has."""

import asyncio
import time
from pathlib import Path
from uuid import UUID

from bus.plan_writer import write_plans
from console.room import Room
from deploy.kafka.embedded import EmbeddedKafka
from models.alert_action import AlertAction
from models.convoy_status import ConvoyStatus
from models.plan_file import load_plan
from models.topics import TopicSet
from simulate.bontang import PLAN
from tests.conftest import Outgoing, Produce, ReadAll
from tests.console.alarms import T_MS, action, alert
from tests.console.conftest import events, serve

RAISED = alert()
KEY = b"BTG-01"
DAY_MS = 86_400_000

STATUS = ConvoyStatus.model_validate(
    {
        "convoy_id": "BTG-01",
        "at_ms": T_MS,
        "state": "under-way",
        "progress_m": 5230.4,
        "route_length_m": 16_236.0,
        "vehicles": [
            {"vehicle_id": "KT-1", "role": "cargo", "link": "live", "lat": -0.1234567, "lon": 117.4, "time": T_MS},
            {"vehicle_id": "POL-1", "role": "escort", "link": "live"},
        ],
    }
)


async def test_what_the_topics_hold_is_in_the_snapshot_and_what_comes_follows(
    kafka: EmbeddedKafka, topics: TopicSet, produce: Produce, tmp_path: Path
) -> None:
    plan = load_plan(PLAN)[0]
    await write_plans(kafka.bootstrap, topics, {plan.convoy_id: plan.to_json()})
    await produce(topics.alerts, [Outgoing(KEY, RAISED.to_json()), Outgoing(KEY, b"no alert")])
    await produce(topics.convoys, [Outgoing(KEY, STATUS.to_json()), Outgoing(KEY, b"{}")])
    async with serve(tmp_path, kafka.bootstrap, topics) as served, served.signed_in() as client:
        async with events(client) as stream:
            snapshot = await stream.next("snapshot")
            assert [alarm["alert_id"] for alarm in snapshot["alarms"]] == [RAISED.alert_id]
            assert snapshot["alarms"][0]["alert"]["lat"] == RAISED.lat
            assert [held["convoy_id"] for held in snapshot["plans"]] == [plan.convoy_id]
            assert snapshot["convoys"][0]["vehicles"][0]["lat"] == -0.12346
            assert snapshot["heartbeat"]["counts"]["high"] == {"unacked": 1, "all": 1}
            await produce(topics.alerts, [Outgoing(KEY, alert(5, "cleared").to_json())])
            assert (await stream.next("alert"))["state"] == "gone-unack"
            moved = STATUS.vehicles[0].model_copy(update={"lat": -0.2})
            status = STATUS.model_copy(update={"at_ms": T_MS + 1000, "vehicles": [moved, STATUS.vehicles[1]]})
            await produce(topics.convoys, [Outgoing(KEY, status.to_json())])
            await produce(topics.alerts, [Outgoing(KEY, alert(onset_ms=T_MS + 1).to_json())])
            await stream.next("alert")
            await _taken(served.desk.room)
            served.desk.second()
            delta = await stream.next("convoy")
            assert delta["convoys"] == [{"convoy_id": "BTG-01", "vehicles": [{"vehicle_id": "KT-1", "lat": -0.2}]}]
            left_off = stream.last_id
        await produce(topics.alerts, [Outgoing(KEY, alert(6, "cleared", onset_ms=T_MS + 1).to_json())])
        async with events(client, left_off) as stream:
            assert (await stream.next("snapshot", "alert"))["state"] == "gone-unack"
        async with events(client, "another-boot-7") as stream:
            assert len((await stream.next("snapshot"))["alarms"]) == 2


async def test_an_alarm_that_is_open_for_longer_than_what_is_kept_is_listed(
    kafka: EmbeddedKafka, topics: TopicSet, produce: Produce, tmp_path: Path
) -> None:
    old_ms = round(time.time() * 1000) - 8 * DAY_MS
    forgotten = alert(onset_ms=T_MS + 1)
    status = STATUS.model_copy(update={"open_alerts": [RAISED.alert_id]})
    await produce(topics.alerts, [Outgoing(KEY, it.to_json(), old_ms) for it in (RAISED, forgotten)])
    await produce(topics.convoys, [Outgoing(KEY, status.to_json())])
    async with serve(tmp_path, kafka.bootstrap, topics) as served:
        assert list(served.desk.room.book.entries) == [RAISED.alert_id]


async def test_what_was_done_to_an_alarm_that_is_open_for_long_is_known_after_a_restart(
    kafka: EmbeddedKafka, topics: TopicSet, produce: Produce, tmp_path: Path
) -> None:
    """Raised and assigned eight days ago; budi acknowledged it yesterday, and citra a moment too late."""
    now_ms = round(time.time() * 1000)
    old_ms, new_ms = now_ms - 8 * DAY_MS, now_ms - 120_000
    done = [
        (action(1, "assign", 0, at_ms=old_ms, alert_id=RAISED.alert_id), old_ms),
        (action(2, "note", 0, at_ms=old_ms, note="tow truck is on its way", alert_id=RAISED.alert_id), old_ms),
        (action(3, "acknowledge", 0, "budi", at_ms=new_ms), new_ms),
        (action(4, "acknowledge", 0, "citra", at_ms=new_ms), new_ms),
    ]
    await produce(topics.alerts, [Outgoing(KEY, RAISED.to_json(), old_ms)])
    await produce(topics.alert_actions, [Outgoing(it.alert_id.encode(), it.to_json(), at_ms) for it, at_ms in done])
    status = STATUS.model_copy(update={"open_alerts": [RAISED.alert_id]})
    await produce(topics.convoys, [Outgoing(KEY, status.to_json())])
    async with serve(tmp_path, kafka.bootstrap, topics) as served:
        entry = served.desk.room.book.entries[RAISED.alert_id]
        assert [it.action_id.int for it in entry.actions] == [1, 2, 3, 4]
        assert (entry.now.assignee, entry.now.state) == ("Patwal 2", "active-ack")
        assert [UUID(it).int for it in entry.now.refused] == [4]


async def _taken(room: Room) -> None:
    async with asyncio.timeout(20):
        while not room._pending:  # noqa: ASYNC110 (a status makes no event before the second has passed)
            await asyncio.sleep(0.01)


async def test_of_two_people_at_two_consoles_one_wins_the_other_is_told_and_both_are_on_the_topic(
    kafka: EmbeddedKafka, topics: TopicSet, produce: Produce, read_all: ReadAll, tmp_path: Path
) -> None:
    await produce(topics.alerts, [Outgoing(KEY, RAISED.to_json())])
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    asked = {"action": "acknowledge", "alert_ids": [RAISED.alert_id]}
    async with (
        serve(folders[0], kafka.bootstrap, topics) as one,
        serve(folders[1], kafka.bootstrap, topics) as two,
        one.signed_in(name="ani") as ani,
        two.signed_in(name="budi") as budi,
    ):
        answers = await asyncio.gather(*(client.post("/api/actions", json=asked) for client in (ani, budi)))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        loser = next(answer for answer in answers if answer.status_code == 409).json()["results"][0]
        written = [AlertAction.from_json(record.value or b"") for record in await read_all(topics.alert_actions)]
        assert {action.actor for action in written} == {"ani", "budi"}
        assert (loser["error"], loser["winner"]["actor"]) == ("already-acknowledged", written[0].actor)
        again = await ani.post("/api/actions", json=asked)
        assert again.json()["results"][0]["winner"]["actor"] == written[0].actor


async def test_what_an_alarm_does_not_allow_is_said_and_not_written(
    kafka: EmbeddedKafka, topics: TopicSet, produce: Produce, read_all: ReadAll, tmp_path: Path
) -> None:
    critical = alert(kind="sos", severity="critical")
    await produce(topics.alerts, [Outgoing(KEY, it.to_json()) for it in (RAISED, critical)])
    async with serve(tmp_path, kafka.bootstrap, topics) as served, served.signed_in() as client:
        until = {"until": "2026-11-18T11:30:00Z", "reason": "known"}
        refused = [
            (
                {"action": "shelve", "alert_ids": [RAISED.alert_id], "reason": "x", "until": "2099-01-01T00:00:00Z"},
                "until",
            ),
            ({"action": "shelve", "alert_ids": [RAISED.alert_id], "until": until["until"]}, "reason"),
            ({"action": "close", "alert_ids": [RAISED.alert_id], "reason": "resolved"}, "alert_ids"),
            ({"action": "close", "alert_ids": [RAISED.alert_id], "reason": "bored"}, "reason"),
            ({"action": "note", "alert_ids": [RAISED.alert_id], "note": "bell \a"}, "note"),
            ({"action": "assign", "alert_ids": [RAISED.alert_id]}, "assignee"),
            ({"action": "acknowledge", "alert_ids": []}, "alert_ids"),
            ({"action": "acknowledge", "alert_ids": ["unknown"]}, "alert_ids"),
            ({"action": "explode", "alert_ids": [RAISED.alert_id]}, "action"),
        ]
        for asked, part in refused:
            answer = await client.post("/api/actions", json=asked)
            assert (answer.status_code, answer.json()["field"]) == (422, part), answer.text
        served.desk.wall_s = lambda: T_MS / 1000
        shelving = {"action": "shelve", "alert_ids": [RAISED.alert_id, critical.alert_id], **until}
        late = await client.post("/api/actions", json=shelving)
        assert late.status_code == 422  # a record's time is now, so that moment is past
    assert await read_all(topics.alert_actions) == []


async def test_the_report_desk_sees_no_position_anywhere(
    kafka: EmbeddedKafka, topics: TopicSet, produce: Produce, tmp_path: Path
) -> None:
    plan = load_plan(PLAN)[0]
    await write_plans(kafka.bootstrap, topics, {plan.convoy_id: plan.to_json()})
    await produce(topics.alerts, [Outgoing(KEY, RAISED.to_json())])
    await produce(topics.convoys, [Outgoing(KEY, STATUS.to_json())])
    async with serve(tmp_path, kafka.bootstrap, topics) as served, served.signed_in("report-desk") as client:
        async with events(client) as stream:
            told = [await stream.next("snapshot")]
            assert (told[0]["convoys"], told[0]["plans"]) == ([], [])
            await produce(topics.convoys, [Outgoing(KEY, STATUS.model_copy(update={"state": "halted"}).to_json())])
            await produce(topics.alerts, [Outgoing(KEY, alert(5, "cleared").to_json())])
            told.append(await stream.next("alert", "convoy", "plan"))
            assert told[1]["state"] == "gone-unack"
            served.desk.second()
            told.append(await stream.next("heartbeat", "convoy"))
        report = await client.get("/api/report.csv?from=2026-11-18T00:00:00Z&to=2026-11-19T00:00:00Z")
    text = str(told) + report.text
    assert "KT-1" in text
    assert [word for word in ("lat'", "lon'", "progress_m", "117.4") if word in text] == []


async def test_a_convoys_trail_and_the_hour_are_read_from_the_pings(
    kafka: EmbeddedKafka, replay_topics: TopicSet, produce: Produce, tmp_path: Path
) -> None:
    plan = load_plan(PLAN)[0]
    lon, lat = plan.route[0]
    await write_plans(kafka.bootstrap, replay_topics, {plan.convoy_id: plan.to_json()})
    key = plan.convoy_id.encode()
    pings = [
        Outgoing(
            key,
            f'{{"vehicle_id":"KT-1","convoy_id":"{plan.convoy_id}","time":"2026-11-18T11:06:{second:02}Z",'
            f'"lat":{lat},"lon":{lon}}}'.encode(),
            T_MS + (second - 38) * 1000,
        )
        for second in (40, 45, 50)
    ]
    await produce(replay_topics.convoy_pings, [*pings, Outgoing(key, b"no ping", T_MS)])
    span = "from=2026-11-18T11:06:00Z&to=2026-11-18T12:00:00Z"
    async with serve(tmp_path, kafka.bootstrap, replay_topics) as served, served.signed_in("viewer") as client:
        history = (await client.get(f"/api/convoys/{plan.convoy_id}/history?{span}")).json()
        assert [(it["vehicle_id"], it["progress_m"], it["role"]) for it in history["points"]] == [
            ("KT-1", 0, "cargo")
        ] * 3
        assert history["complete"] is True
        assert (await client.get(f"/api/convoys/nowhere/history?{span}")).json()["points"] == []
        past = (await client.get(f"/api/playback?{span}")).json()
        assert [len(vehicle["points"]) for vehicle in past["frames"]["vehicles"]] == [3]
        assert past["frames"]["vehicles"][0]["points"][0] == [42.0, round(lat, 5), round(lon, 5), 2.0]
        assert (await client.get("/api/playback?from=2026-11-18T11:06:00Z&to=2026-11-18T13:00:00Z")).status_code == 422
