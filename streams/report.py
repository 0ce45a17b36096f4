"""Turns what the worker does into its metrics."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from prometheus_client import Gauge

from bus.plan_reader import Plans
from models.alert import Kind, Transition
from models.convoy_status import ConvoyStatus, Link, State
from models.dead_letter import Code
from models.plan import Risk
from models.topics import TopicSet
from streams.engine.dtypes import RESULTS, TICKED
from streams.health import Health
from streams.merge import Merged
from streams.metrics import ROLES, Metrics
from streams.outbox import Snapshot

TICK_RANK = 2

STAGE = "decode"
OUTCOMES = ("committed", "aborted", "fenced")

SEVERITIES = ("critical", "high", "medium", "low")


class Fleet:
    """How many convoys and vehicles are in each state, by the newest status told."""

    def __init__(self) -> None:
        # None is a number too: what has no series cannot be told from a worker that is silent.
        self.convoys: Counter[tuple[str, str]] = Counter(dict.fromkeys(product(get_args(State), get_args(Risk)), 0))
        self.vehicles: Counter[tuple[str, str]] = Counter(dict.fromkeys(product(ROLES, get_args(Link)), 0))
        self._counted: dict[str, tuple[tuple[str, str], Counter[tuple[str, str]]]] = {}

    def put(self, status: ConvoyStatus, risk: str) -> None:
        """Count a convoy by its new status instead of its old one."""
        self.drop(status.convoy_id)
        vehicles = Counter[tuple[str, str]]((vehicle.role, vehicle.link) for vehicle in status.vehicles)
        self._counted[status.convoy_id] = (status.state, risk), vehicles
        self.convoys[status.state, risk] += 1
        self.vehicles.update(vehicles)

    def drop(self, convoy_id: str) -> None:
        """Count a convoy no longer."""
        counted = self._counted.pop(convoy_id, None)
        if counted is not None:
            self.convoys[counted[0]] -= 1
            self.vehicles.subtract(counted[1])

    def clear(self) -> None:
        """Count nothing: the partitions are gone."""
        for convoy_id in list(self._counted):
            self.drop(convoy_id)


class Report:
    """Keeps the metrics up to date."""

    def __init__(self, metrics: Metrics, topics: TopicSet, plans: Plans, health: Health) -> None:
        self.metrics = metrics
        self.health = health
        self._topics = topics
        self._plans = plans
        self._fleet = Fleet()
        self._batches: list[tuple[NDArray[Any], ...]] = []
        self._lateral_m: list[NDArray[np.float64]] = []
        self._lost_s: float | None = None
        self._progress_s = 0.0
        self._seen_s: dict[str, dict[int, float]] = {"ticked": {}, "engine": {}, "committed": {}}
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """Show every counter from the start: Prometheus sees no rise in a series whose first value is 1."""
        ping_topics = (self._topics.convoy_pings, self._topics.escort_pings)
        for topic, result in product(ping_topics, RESULTS[:TICKED]):
            self.metrics.pings.labels(topic, result)
        for topic, code in product(ping_topics, get_args(Code)):
            self.metrics.dead_letters.labels(topic, STAGE, code)
        for words in product(get_args(Kind), SEVERITIES, get_args(Transition)):
            self.metrics.alerts.labels(*words)
        for outcome in OUTCOMES:
            self.metrics.transactions.labels(outcome)

    def ticked(self, partition: int) -> None:
        """Hear that the broker has taken a tick."""
        self._seen_s["ticked"][partition] = time.time()

    def processed(self, partition: int, merged: Merged, fix_ms: NDArray[np.int64], results: NDArray[np.int8]) -> None:
        """Count a batch; its records, what became of them and how old its fixes were are told at the next look."""
        self.metrics.batch_records.observe(len(merged.records))
        self.metrics.last_progress.set_to_current_time()
        # Live batches are a few pings each: told one by one they cost an eighth of the time to process them.
        self._batches.append((merged.rank, merged.received_ms, fix_ms, results))
        if merged.rank[-1] == TICK_RANK or (merged.rank == TICK_RANK).any():
            self._seen_s["engine"][partition] = time.time()

    def moved(self, lateral_m: NDArray[np.float64]) -> None:
        """Hear how far from their routes vehicles are that moved."""
        self._lateral_m.append(lateral_m)

    def _tell_batches(self) -> None:
        if not self._batches:
            return
        rank, received_ms, fix_ms, results = map(np.concatenate, zip(*self._batches, strict=True))
        self._batches.clear()
        for number, topic in enumerate((self._topics.convoy_pings, self._topics.escort_pings)):
            mine = rank == number
            self.metrics.observe_results(topic, results[mine])
            known = mine & (fix_ms > 0)
            # A device whose clock is ahead gives less than nothing.
            self.metrics.receive_delay.observe(ROLES[number], np.maximum(received_ms[known] - fix_ms[known], 0) / 1000)
        self.metrics.deviation.observe("", np.concatenate(self._lateral_m))
        self._lateral_m.clear()

    def dead_letter(self, topic: str, code: str) -> None:
        """Count a record that could not be used."""
        self.metrics.dead_letters.labels(topic, STAGE, code).inc()

    def committed(self, snapshot: Snapshot, duration_s: float) -> None:
        """Count a checkpoint and what it told."""
        self.metrics.checkpoint_seconds.observe(duration_s)
        self.metrics.transactions.labels("committed").inc()
        for alert in snapshot.alerts:
            self.metrics.alerts.labels(alert.kind, alert.severity, alert.transition).inc()
            if not self._topics.replay:
                self.metrics.ping_to_alert.observe(time.time() - alert.detected_at_ms / 1000)
        for status in snapshot.statuses:
            plan = self._plans.by_convoy.get(status.convoy_id)
            self._fleet.put(status, plan.risk if plan else "unknown")
        for convoy_id in snapshot.gone:
            self._fleet.drop(convoy_id)
        if snapshot.ticks:
            self._seen_s["committed"][snapshot.checkpoint.partition] = time.time()

    def failed(self, outcome: str) -> None:
        """Count a checkpoint that was not written."""
        self.metrics.transactions.labels(outcome).inc()

    def taken_over(self, partitions: int, duration_s: float) -> None:
        """Count a takeover of so many partitions, their state loaded."""
        self.health.progressed(partitions)
        self.metrics.recovery_seconds.observe(duration_s)
        if self._lost_s is not None:
            self.metrics.rebalance_seconds.observe(time.monotonic() - self._lost_s)

    def lost(self) -> None:
        """Forget what was told of partitions that are owned no more."""
        self._lost_s = time.monotonic()
        self.health.lost()
        self._fleet.clear()
        for seen_s in self._seen_s.values():
            seen_s.clear()

    def look(self, lag: Mapping[str, int], open_alerts: Mapping[str, int], partitions: int) -> None:
        """Bring the metrics up to date, once a second."""
        self._tell_batches()
        self.metrics.partitions.set(partitions)
        self.metrics.plans_bad.set(self._plans.bad)
        _set_all(self.metrics.lag, [((topic,), count) for topic, count in lag.items()])
        # Who has taken an alarm is known to the consoles alone, which count theirs under the same name.
        by_severity = [((severity, "unknown"), open_alerts.get(severity, 0)) for severity in SEVERITIES]
        _set_all(self.metrics.alerts_open, by_severity)
        slowest_s = [((stage,), min(seen_s.values())) for stage, seen_s in self._seen_s.items() if seen_s]
        _set_all(self.metrics.heartbeat, slowest_s)
        self._judge_progress(partitions)
        _set_all(self.metrics.convoys, self._fleet.convoys.items())
        _set_all(self.metrics.vehicles, self._fleet.vehicles.items())

    def _judge_progress(self, partitions: int) -> None:
        """Tell the health of a new commit of the slowest partition, once each has one."""
        seen_s = self._seen_s["committed"]
        committed_s = min(seen_s.values(), default=0.0) if len(seen_s) >= partitions else 0.0
        if committed_s > self._progress_s:
            self._progress_s = committed_s
            self.health.progressed()


def _set_all(gauge: Gauge, values: Iterable[tuple[tuple[str, ...], float]]) -> None:
    """Make a gauge have exactly these series."""
    gauge.clear()
    for labels, value in values:
        gauge.labels(*labels).set(value)
