"""A simulated operation, driven through Kafka and a worker, and watched: what `kawal demo` runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from cli.live_view import OperationView
from cli.outcome import Outcome
from cli.worker_process import WorkerProcess
from models.alert import Alert
from models.convoy_status import ConvoyStatus
from models.plan import ConvoyPlan
from models.topics import TopicSet
from streams.follow import Follower, following
from streams.plan_writer import write_plans
from streams.publish import Published, Publisher
from streams.recording import Arrival
from streams.topic_admin import ensure

WORKER_WAIT_S = 20.0
"""Vehicles do not wait for a worker that still compiles: it catches up, and the first alert comes no later for it."""

QUIET_S = 1.5
"""The operation is over when nothing came for this long after its last ping: the worker checkpoints each second."""

QUIET_MAX_S = 10.0


@dataclass(slots=True)
class Operation:
    """One run: what is published where, and what was read back. Times are of the monotonic clock."""

    broker: str
    topics: TopicSet
    plans: Sequence[ConvoyPlan]
    arrivals: Sequence[Arrival]
    speed: float
    view: OperationView
    ready_s: float = field(default_factory=time.monotonic)
    outcome: Outcome = field(default_factory=Outcome)
    pings: int = 0
    first_alert_s: float | None = None
    _heard_s: float = 0.0

    async def run(self, for_s: float | None) -> None:
        """Create the topics, import the plans, start a worker, and drive until all is over or `for_s` have passed.

        `for_s` counts from the first ping. Raises WorkerEnded if the worker ends by itself, KafkaError where the
        broker fails.
        """
        await ensure(self.broker, self.topics)
        await write_plans(self.broker, self.topics, {plan.convoy_id: plan.to_json() for plan in self.plans})
        async with WorkerProcess(self.broker, self.topics) as worker:
            await first_of(self._watch(worker, for_s), worker.ended())

    async def _watch(self, worker: WorkerProcess, for_s: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(WORKER_WAIT_S):
                await worker.ready()
        outputs = [self.topics.alerts, self.topics.convoys]
        async with (
            following(self.broker, outputs, from_beginning=True) as follower,
            Publisher(self.broker, self.topics) as publisher,
        ):
            with self.view:
                await first_of(self._read(follower), self._drive(publisher, for_s))

    async def _drive(self, publisher: Publisher, for_s: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                await publisher.publish(self.arrivals, self.speed, self._published)
        await self._quiet()

    async def _quiet(self) -> None:
        over_s = time.monotonic()
        while time.monotonic() < over_s + QUIET_MAX_S:
            silent_s = time.monotonic() - max(self._heard_s, over_s)
            if silent_s >= QUIET_S:
                return
            await asyncio.sleep(QUIET_S - silent_s)

    def _published(self, published: Published) -> None:
        self.pings = published.pings
        self.view.show_published(published)

    async def _read(self, follower: Follower) -> None:
        async for record in follower.follow():
            self._heard_s = time.monotonic()
            if record.value is None:
                continue
            if record.topic == self.topics.convoys:
                self.view.show_status(ConvoyStatus.from_json(record.value))
            else:
                self._alert(Alert.from_json(record.value))

    def _alert(self, alert: Alert) -> None:
        if self.first_alert_s is None:
            self.first_alert_s = time.monotonic() - self.ready_s
        self.outcome.add(alert)
        self.view.show_alert(alert)


async def first_of(*coroutines: Coroutine[Any, Any, Any]) -> None:
    """Run all until the first ends, then cancel the others; an error of the first is raised."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
