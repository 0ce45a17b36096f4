"""A simulated operation, driven through Kafka and a worker, and watched: what `kawal demo` runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiokafka.errors import GroupCoordinatorNotAvailableError

from bus.follow import Follower, ends_of, following
from bus.plan_writer import write_plans
from bus.topic_admin import ensure
from cli.console_process import ConsoleProcess
from cli.extras import is_installed
from cli.live_view import OperationView
from cli.outcome import Outcome
from cli.worker_process import WorkerProcess
from models.alert import Alert
from models.convoy_status import ConvoyStatus
from models.plan import ConvoyPlan
from models.topics import TopicSet
from streams.handover import TopicPartition
from streams.publish import Published, Publisher
from streams.recording import Arrival
from streams.takeover import committed_offsets

WORKER_WAIT_S = 20.0
"""Vehicles do not wait longer for a worker that is slow to start: it catches up, and no alert comes later for it."""

SETTLE_MAX_S = 120.0
"""At the end of the drive a worker that is behind gets this long to catch up: what it still finds counts."""

SETTLED_POLL_S = 0.2
QUIET_S = 1.0
"""What is committed is read at once; when nothing came for this long, all of it was."""


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
    _worker_ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, for_s: float | None) -> None:
        """Create the topics, import the plans, start a worker, and drive until all is over or `for_s` have passed.

        `for_s` counts from the first ping. Raises ChildEnded if worker or console end by themselves, KafkaError
        where the broker fails.
        """
        await ensure(self.broker, self.topics)
        await write_plans(self.broker, self.topics, {plan.convoy_id: plan.to_json() for plan in self.plans})
        outputs = [self.topics.alerts, self.topics.convoys]
        async with (
            following(self.broker, outputs, from_beginning=True) as follower,
            Publisher(self.broker, self.topics) as publisher,
        ):
            with self.view:
                await first_of(self._work(), self._serve(), self._read(follower), self._drive(publisher, for_s))

    async def _work(self) -> None:
        async with WorkerProcess(self.broker, self.topics) as worker:
            await asyncio.gather(worker.ended(), self._note_ready(worker))

    async def _serve(self) -> None:
        """Serve the control room beside it, where its packages are installed."""
        if not is_installed("console"):
            self.view.show_link("pip install 'kawal[console]'")
            await asyncio.Event().wait()
        async with ConsoleProcess(self.broker, self.topics) as console:
            await asyncio.gather(console.ended(), self._show_link(console))

    async def _show_link(self, console: ConsoleProcess) -> None:
        self.view.show_link(await console.link())

    async def _note_ready(self, worker: WorkerProcess) -> None:
        await worker.ready()
        self._worker_ready.set()

    async def _drive(self, publisher: Publisher, for_s: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(WORKER_WAIT_S):
                await self._worker_ready.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                await publisher.publish(self.arrivals, self.speed, self._published)
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_MAX_S):
                await self._settle()

    async def _settle(self) -> None:
        """Wait until the worker has committed all that was published, and what it told of it was read."""
        ends = await ends_of(self.broker, [self.topics.convoy_pings, self.topics.escort_pings, self.topics.ticks])
        while not await self._all_committed(ends):  # noqa: ASYNC110 (no event)
            await asyncio.sleep(SETTLED_POLL_S)
        over_s = time.monotonic()
        while (silent_s := time.monotonic() - max(self._heard_s, over_s)) < QUIET_S:  # noqa: ASYNC110 (no event)
            await asyncio.sleep(QUIET_S - silent_s)

    async def _all_committed(self, ends: Mapping[tuple[str, int], int]) -> bool:
        try:
            committed = await committed_offsets(self.broker, self.topics)
        except GroupCoordinatorNotAvailableError:
            return False  # no worker of this group has ever joined
        return all(committed.get(TopicPartition(*tp), 0) >= end for tp, end in ends.items())

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
