"""Whether a worker lives and is ready, judged by its progress alone: a hung client shows in nothing else.

Told by the event loop, asked from the metrics server's threads; no lock, since each field is set in one step.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from aiokafka.errors import KafkaError

from bus.metrics_server import Check, Judgements
from bus.topic_admin import admin_client
from streams.metrics import Metrics

LOOP_LAG_S_MAX = 5.0
HEARTBEAT_S_MAX = 30.0

STUCK_S = 120.0
"""Without progress for so long though the broker answers, a worker does not come back by itself: aiokafka can hang
after a broker's restart without a word.
"""

BEAT_S = 0.5
PROBE_S = 10.0

Clock = Callable[[], float]


class StuckError(RuntimeError):
    """The worker makes no progress though it could."""


class Health:
    """What is known of a worker's progress; all times are of `clock`, which never goes back."""

    def __init__(self, is_replay: bool, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._is_replay = is_replay
        self._beat_s = self._progress_s = clock()
        self._answers_since_s: float | None = clock()
        self._partitions: int | None = None
        self._was_ready = False

    @property
    def judgements(self) -> Judgements:
        """What may be asked of it, by path."""
        return {"/livez": self.live, "/readyz": self.ready, "/startupz": self.started}

    def beat(self) -> None:
        """Hear that the event loop runs."""
        self._beat_s = self._clock()

    def progressed(self, partitions: int | None = None) -> None:
        """Hear that the slowest partition has committed a tick, or of a takeover and how many are owned now."""
        self._progress_s = self._clock()
        if partitions is not None:
            self._partitions = partitions

    def lost(self) -> None:
        """Hear that partitions were taken away and none are assigned yet."""
        self.progressed()
        self._partitions = None

    def broker_answers(self, does: bool) -> None:
        """Hear whether the broker answered a moment ago."""
        if not does:
            self._answers_since_s = None
        elif self._answers_since_s is None:
            self._answers_since_s = self._clock()

    def live(self) -> list[Check]:
        """What decides whether the process must be started again; a broker that is away is no reason."""
        lag_s, still_s = self._age(self._beat_s), self._age(self._progress_s)
        is_stuck = self.is_stuck()
        how = "no progress though the broker answers" if is_stuck else "as it should be"
        return [
            Check("event-loop", lag_s < LOOP_LAG_S_MAX, "the time since it last ran", lag_s),
            Check("progress", not is_stuck, how, still_s),
        ]

    def ready(self) -> list[Check]:
        """What decides whether the worker does its work now."""
        is_assigned = self._partitions is not None
        checks = [Check("partitions", is_assigned, self._owned(), None)]
        if is_assigned and self._is_judged():
            age_s = self._age(self._progress_s)
            checks.append(Check("heartbeat", age_s < HEARTBEAT_S_MAX, "the slowest partition's last commit", age_s))
        self._was_ready = self._was_ready or all(check.ok for check in checks)
        return checks

    def started(self) -> list[Check]:
        """Whether the worker was ever ready: a long recovery is no failure."""
        checks = self.ready()
        return [Check("started", True, "was ready", None)] if self._was_ready else checks

    def is_stuck(self) -> bool:
        """Whether nothing went on for STUCK_S though the broker answered all the time."""
        if self._answers_since_s is None or not self._is_judged():
            return False
        return min(self._age(self._progress_s), self._age(self._answers_since_s)) > STUCK_S

    def _is_judged(self) -> bool:
        # A spare worker owns nothing and waits; a replay set has ticks only while somebody replays.
        return self._partitions != 0 and not self._is_replay

    def _owned(self) -> str:
        return "none assigned yet" if self._partitions is None else f"{self._partitions} owned"

    def _age(self, since_s: float) -> float:
        return self._clock() - since_s


async def beat(health: Health, metrics: Metrics) -> None:
    """Let the event loop show that it runs, and measure how late it is; for use as a task."""
    while True:
        due_s = time.monotonic() + BEAT_S
        await asyncio.sleep(BEAT_S)
        health.beat()
        metrics.loop_lag.observe(max(0.0, time.monotonic() - due_s))


async def probe(broker: str, health: Health) -> None:
    """Ask the broker now and then; for use as a task. Raises StuckError once nothing but a new process helps."""
    while True:
        try:
            async with admin_client(broker):
                health.broker_answers(True)
        except (KafkaError, OSError):
            health.broker_answers(False)
        if health.is_stuck():
            raise StuckError(f"no progress for {STUCK_S:.0f} s though the broker answers")
        await asyncio.sleep(PROBE_S)
