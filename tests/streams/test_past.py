"""What the topics hold of an alert explains it as a recording does."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from bus.follow import following
from bus.plan_writer import write_plans
from deploy.kafka.embedded import EmbeddedKafka
from models.alert import Alert
from models.topics import TopicSet
from streams.episodes import NoSuchAlertError
from streams.explain import explain
from streams.past import NoPlanError, read_past
from streams.recording import CARGO, ESCORT, Arrival
from tests.cli import command
from tests.conftest import Outgoing, Produce
from tests.streams.convoys import at_ms, ping, plan_of
from tests.streams.test_explain import PLAN, away_and_back, episode

OTHER = plan_of("BTG-08")


def escort() -> list[Arrival]:
    pings = [ping(s, 1000.0 + 8.0 * s, vehicle_id="POL-1") for s in range(0, 1001, 10)]
    return [replace(one, rank=ESCORT) for one in pings]


async def publish(kafka: EmbeddedKafka, topics: TopicSet, produce: Produce, alerts: list[Alert]) -> None:
    await write_plans(kafka.bootstrap, topics, {plan.convoy_id: plan.to_json() for plan in (PLAN, OTHER)})
    foreign = [ping(s, convoy_id="BTG-08") for s in range(0, 1000, 10)]
    for topic, arrivals in (
        (topics.convoy_pings, [*away_and_back(), *foreign]),
        (topics.escort_pings, escort()),
    ):
        await produce(topic, [Outgoing(one.key, one.value, one.received_ms) for one in arrivals])
    await produce(topics.alerts, [Outgoing(b"BTG-07", b"no alert"), *_outgoing(alerts)])


def _outgoing(alerts: list[Alert]) -> list[Outgoing]:
    return [Outgoing(alert.convoy_id.encode(), alert.to_json()) for alert in alerts]


def recorded() -> list[Arrival]:
    return sorted([*away_and_back(), *escort()], key=lambda arrival: (arrival.received_ms, arrival.rank))


async def test_the_topics_tell_the_story_that_the_recording_tells(
    kafka: EmbeddedKafka, replay_topics: TopicSet, produce: Produce
) -> None:
    alerts = episode(PLAN, recorded(), "deviation")
    await publish(kafka, replay_topics, produce, alerts)
    past = await read_past(kafka.bootstrap, replay_topics, alerts[0].alert_id[:8])
    assert (past.plan, past.alerts) == (PLAN, alerts)
    assert {arrival.key for arrival in past.arrivals} == {b"BTG-07"}
    assert {arrival.rank for arrival in past.arrivals} == {CARGO, ESCORT}
    assert past.arrivals[-1].received_ms <= alerts[-1].detected_at_ms + 120_000
    told = explain(past.plan, past.alerts, past.arrivals)
    assert told.same
    assert told == explain(PLAN, alerts, recorded())


async def test_an_open_episode_is_read_to_the_end_and_an_old_departure_is_followed(
    kafka: EmbeddedKafka, replay_topics: TopicSet, produce: Produce
) -> None:
    plan = plan_of(depart_at="2024-11-27T20:00:00Z", limits=PLAN.limits)
    early = ping(-4 * 3600.0, 500.0)
    arrivals = [early, *away_and_back()[:50]]
    alerts = episode(plan, arrivals, "deviation")
    await write_plans(kafka.bootstrap, replay_topics, {plan.convoy_id: plan.to_json()})
    await produce(replay_topics.convoy_pings, [Outgoing(one.key, one.value, one.received_ms) for one in arrivals])
    await produce(replay_topics.alerts, _outgoing(alerts))
    past = await read_past(kafka.bootstrap, replay_topics, alerts[0].alert_id)
    assert past.arrivals[0].received_ms == early.received_ms
    assert past.arrivals[-1].received_ms == at_ms(490)


async def test_what_is_not_there_is_said(kafka: EmbeddedKafka, replay_topics: TopicSet, produce: Produce) -> None:
    (raised, *_) = alerts = episode(PLAN, recorded(), "deviation")
    with pytest.raises(NoSuchAlertError, match="None of 0 alerts"):
        await read_past(kafka.bootstrap, replay_topics, raised.alert_id)
    await produce(replay_topics.alerts, _outgoing(alerts))
    with pytest.raises(NoPlanError, match="BTG-07 is not in force"):
        await read_past(kafka.bootstrap, replay_topics, raised.alert_id)
    await write_plans(kafka.bootstrap, replay_topics, {"BTG-07": PLAN.to_json()})
    past = await read_past(kafka.bootstrap, replay_topics, raised.alert_id)
    assert past.arrivals == []
    assert not explain(past.plan, past.alerts, past.arrivals).same


async def test_a_reader_that_leaves_a_partition_early_reads_the_others_to_their_ends(
    kafka: EmbeddedKafka, replay_topics: TopicSet, produce: Produce
) -> None:
    records = [Outgoing(b"BTG-07", str(number).encode(), at_ms(number), partition=1) for number in range(20)]
    inputs = [replay_topics.convoy_pings, replay_topics.escort_pings]
    for topic in inputs:
        await produce(topic, records)
    async with following(kafka.bootstrap, inputs, from_beginning=False) as follower:
        async for record in follower.since(inputs[0], 1, at_ms(5)):
            assert record.value == b"5"
            break
        later = [record.value async for record in follower.since(inputs[1], 1, at_ms(15))]
        assert later == [b"15", b"16", b"17", b"18", b"19"]
        assert [record async for record in follower.since(inputs[0], 1, at_ms(20))] == []
        assert len(await follower.read_to_end(inputs[0])) == 20


def kawal(kafka: EmbeddedKafka, topics: TopicSet, *arguments: str) -> subprocess.CompletedProcess[str]:
    settings = {"KAWAL_BROKER": kafka.bootstrap, "KAWAL_TOPIC_PREFIX": topics.prefix}
    return command.kawal(*arguments, environment=settings)


async def test_the_command_reads_the_topics_of_its_settings(
    kafka: EmbeddedKafka, replay_topics: TopicSet, produce: Produce, tmp_path: Path
) -> None:
    alerts = episode(PLAN, recorded(), "deviation")
    await publish(kafka, replay_topics, produce, alerts)
    picture = tmp_path / "alert.svg"
    command = ["explain", alerts[0].alert_id, "--json", "--svg", str(picture)]
    done = await asyncio.to_thread(kawal, kafka, replay_topics, *command)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["same"]
    assert picture.exists()
    done = await asyncio.to_thread(kawal, kafka, replay_topics, "explain", "00000000")
    assert done.returncode == 1
    assert "kawal alerts tail" in done.stderr


async def test_the_command_says_what_else_is_missing(
    kafka: EmbeddedKafka, replay_topics: TopicSet, produce: Produce
) -> None:
    alerts = episode(PLAN, recorded(), "deviation")
    await produce(replay_topics.alerts, _outgoing(alerts))
    done = await asyncio.to_thread(kawal, kafka, replay_topics, "explain", alerts[0].alert_id)
    assert done.returncode == 1
    assert "kawal explain ID PINGS.jsonl --plan FILE" in done.stderr
    done = await asyncio.to_thread(kawal, kafka, TopicSet("never-created"), "explain", alerts[0].alert_id)
    assert done.returncode == 5
    assert "Traceback" not in done.stderr
