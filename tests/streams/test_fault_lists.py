"""Any list of pings, kills and rebalances: what comes of it is what `kawal detect` finds in the same pings."""

import asyncio
import signal
from collections.abc import Sequence
from itertools import count
from typing import Literal

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bench.faults import counts
from bench.nemesis import until
from bus.plan_writer import write_plans
from deploy.kafka.embedded import EmbeddedKafka
from models.plan import ConvoyPlan
from models.topics import TopicSet
from streams.detect import detect
from streams.publish import Publisher
from streams.recording import CARGO, ESCORT, Arrival
from tests.conftest import ReadAll
from tests.streams.conftest import StartWorker, read_through
from tests.streams.convoys import ping, plan_of

Event = Literal["ping", "crash", "rebalance"]
EVENTS: tuple[Event, ...] = ("crash", "rebalance", "ping")

FAULTY = st.lists(st.sampled_from(EVENTS), min_size=2, max_size=2).filter(lambda drawn: set(drawn) != {"ping"})
LISTS = FAULTY.map(lambda drawn: ["ping", *drawn, "ping"])
"""The second stretch of pings leaves the route: every list brings alerts."""

CONVOYS = 5
LISTS_MAX = 60
"""Each list has convoys of its own, so that it can be tried again, shorter; their plans are there before any worker."""

LIST_S = 3600.0
STRETCH_S, INTERVAL_S = 50.0, 10.0
ASIDE_M = 300.0


def plans_of(number: int) -> list[ConvoyPlan]:
    """The convoys of a list: a cargo vehicle and an escort each."""
    ids = [f"L{number}-{convoy}" for convoy in range(CONVOYS)]
    return [
        plan_of(
            convoy_id,
            [
                {"vehicle_id": f"{convoy_id}-{role}", "role": role, "ping_interval_s": 10}
                for role in ("cargo", "escort")
            ],
        )
        for convoy_id in ids
    ]


def stretch(plans: Sequence[ConvoyPlan], begin_s: float, since_s: float) -> list[Arrival]:
    """What all vehicles send in one stretch of their way, each ping twice: every other stretch is off the route."""
    aside_m = ASIDE_M if since_s // STRETCH_S % 2 else 0.0
    sent = []
    for k in range(int(STRETCH_S / INTERVAL_S)):
        into_s = since_s + k * INTERVAL_S
        for plan in plans:
            for rank, vehicle in zip((CARGO, ESCORT), plan.vehicles, strict=True):
                names = {"convoy_id": plan.convoy_id, "vehicle_id": vehicle.vehicle_id}
                sent += [replace(ping(begin_s + into_s, 1000 + 10 * into_s, aside_m, **names), rank=rank)] * 2
    return sorted(sent, key=lambda arrival: (arrival.received_ms, arrival.rank))


class Crew:
    """One worker, sometimes two, that meet with accidents; one that is killed gets a successor."""

    def __init__(self, kafka: EmbeddedKafka, topics: TopicSet, start: StartWorker) -> None:
        self._kafka, self._topics, self._start = kafka, topics, start
        self._workers = [start(topics)]

    async def strike(self, event: Event) -> None:
        """Kill a worker, or let one join or leave, once those that are there have shared the partitions out."""
        await until(lambda: self._owned() == self._topics.partitions, "the workers to own all partitions")
        if event == "crash":
            self._workers[0].send(signal.SIGKILL)
            await self._workers.pop(0).end()
            self._workers.append(self._start(self._topics))
        elif len(self._workers) == 1:
            self._workers.append(self._start(self._topics))
            await self._workers[1].until("kawal_partitions_owned", 1)
        else:
            await self._leave()

    async def rest(self) -> None:
        """Wait until everything is committed; one worker stays."""
        await read_through(self._kafka, self._topics, *self._workers)
        while len(self._workers) > 1:
            await self._leave()

    async def _leave(self) -> None:
        self._workers[0].send(signal.SIGTERM)
        leaver = self._workers.pop(0)
        assert await leaver.end() == 0, leaver.log()

    def _owned(self) -> float:
        return sum(worker.metric("kawal_partitions_owned") for worker in self._workers)


async def play(
    events: Sequence[Event], number: int, crew: Crew, kafka: EmbeddedKafka, topics: TopicSet
) -> list[Arrival]:
    """Let the events of a list happen one after the other; gives the pings that were sent."""
    plans, begin_s, sent = plans_of(number), LIST_S * number, []
    async with Publisher(kafka.bootstrap, topics) as publisher:
        for event in events:
            if event == "ping":
                pings = stretch(plans, begin_s, STRETCH_S * (len(sent) // len(stretch(plans, 0, 0))))
                await publisher.publish(pings, speed=0)
                sent += pings
            else:
                await crew.strike(event)
    await crew.rest()
    return sent


def test_crashes_and_rebalances_between_pings_change_no_alert_and_no_count(
    kafka: EmbeddedKafka, replay_topics: TopicSet, start_worker: StartWorker, read_all: ReadAll
) -> None:
    numbers = count()
    with asyncio.Runner() as runner:
        every = {plan.convoy_id: plan.to_json() for number in range(LISTS_MAX) for plan in plans_of(number)}
        runner.run(write_plans(kafka.bootstrap, replay_topics, every))
        crew = Crew(kafka, replay_topics, start_worker)

        @settings(max_examples=2, derandomize=True, deadline=None, database=None)
        @given(LISTS)
        @example(["ping", "crash", "ping", "rebalance"])
        def holds(events: list[Event]) -> None:
            number = next(numbers)
            sent = runner.run(play(events, number, crew, kafka, replay_topics))
            plans = plans_of(number)
            expected = [alert for judged in detect(plans, sent) for alert in judged.alerts]
            found = runner.run(read_all(replay_topics.alerts))
            received = runner.run(counts(kafka.bootstrap, replay_topics))
            for plan in plans:
                mine = [alert.to_json() for alert in expected if alert.convoy_id == plan.convoy_id]
                assert [record.value for record in found if record.key == plan.convoy_id.encode()] == mine
                for vehicle in plan.vehicles:
                    pings = sum(vehicle.vehicle_id.encode() in arrival.value for arrival in sent)
                    assert received[vehicle.vehicle_id] == pings
            assert expected

        holds()
