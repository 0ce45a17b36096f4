"""What the worker tells Prometheus; every metric is declared here, and none has a label per vehicle or convoy."""

import logging
import math
import platform
import shutil
from collections.abc import Iterable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.metrics_core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from streams.engine.dtypes import RESULTS

ROLES = ("cargo", "escort")


class BulkHistogram(Collector):
    """A histogram that takes a whole column at once; the client's own takes one value at a time.

    Without a name its label is none at all, and its one value is empty.
    """

    def __init__(
        self, name: str, documentation: str, label: str, values: Sequence[str], bounds: Sequence[float]
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._label = label
        self._bounds = np.asarray(bounds, np.float64)
        self._counts = {value: np.zeros(len(bounds) + 1, np.int64) for value in values}
        self._sums = dict.fromkeys(values, 0.0)

    def observe(self, value: str, column: NDArray[np.float64]) -> None:
        """Count every number of a column under a value of the label."""
        # A bucket holds what is less than or equal to its bound.
        places = np.searchsorted(self._bounds, column, side="left")
        self._counts[value] += np.bincount(places, minlength=len(self._bounds) + 1)
        self._sums[value] += float(column.sum())

    def collect(self) -> Iterable[Metric]:
        """Return the histogram as it stands."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=[self._label] if self._label else [])
        bounds = [*map(_bound, self._bounds.tolist()), "+Inf"]
        for value, counts in self._counts.items():
            buckets = list(zip(bounds, np.cumsum(counts).tolist(), strict=True))
            family.add_metric([value] if self._label else [], buckets, self._sums[value])
        yield family


class Metrics:
    """The worker's metrics in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self.pings = Counter(
            "kawal_pings_received", "Pings read from the topics.", ["topic", "result"], registry=registry
        )
        self.receive_delay = BulkHistogram(
            "kawal_ping_receive_delay_seconds",
            "From the fix to its arrival at the broker.",
            "role",
            ROLES,
            (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200),
        )
        registry.register(self.receive_delay)
        self.deviation = BulkHistogram(
            "kawal_route_deviation_meters",
            "How far from its route a vehicle was, once a batch in which it moved.",
            "",
            ("",),
            (10, 25, 50, 100, 250, 500, 1000, 5000),
        )
        registry.register(self.deviation)
        self.ping_to_alert = Histogram(
            "kawal_ping_to_alert_seconds",
            "From the broker's append of a ping to the commit of the alert it brought.",
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60),
            registry=registry,
        )
        self.batch_records = Histogram(
            "kawal_batch_records",
            "Records processed at once.",
            buckets=(1, 10, 100, 500, 1000, 2000, 5000),
            registry=registry,
        )
        self.checkpoint_seconds = Histogram(
            "kawal_checkpoint_seconds",
            "Time to write one checkpoint.",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
            registry=registry,
        )
        self.transactions = Counter(
            "kawal_transactions", "Checkpoints by what became of them.", ["outcome"], registry=registry
        )
        self._declare_state(registry)
        self._declare_process(registry)

    def _declare_state(self, registry: CollectorRegistry) -> None:
        self.lag = Gauge(
            "kawal_consumer_lag_records",
            "Records not yet processed, of the partitions owned.",
            ["topic"],
            registry=registry,
        )
        self.alerts = Counter(
            "kawal_alerts", "Alert transitions committed.", ["kind", "severity", "transition"], registry=registry
        )
        self.alerts_open = Gauge("kawal_alerts_open", "Alerts open now.", ["severity", "ack"], registry=registry)
        self.dead_letters = Counter(
            "kawal_dead_letters", "Records that could not be used.", ["topic", "stage", "code"], registry=registry
        )
        self.heartbeat = Gauge(
            "kawal_heartbeat_last_seen_timestamp_seconds",
            "The newest tick of the slowest owned partition: written, processed, committed.",
            ["stage"],
            registry=registry,
        )
        self.last_progress = Gauge(
            "kawal_last_progress_timestamp_seconds", "When records were last processed.", registry=registry
        )
        self.rebalance_seconds = _slow_histogram(
            "kawal_rebalance_seconds", "From losing partitions to having them.", registry
        )
        self.recovery_seconds = _slow_histogram(
            "kawal_recovery_seconds", "Time to load the state of new partitions.", registry
        )
        self.plans_bad = Gauge("kawal_plan_records_bad", "Plan records that were ignored.", registry=registry)
        self.convoys = Gauge("kawal_convoys", "Convoys of owned partitions.", ["state", "risk"], registry=registry)
        self.vehicles = Gauge("kawal_vehicles", "Vehicles of owned partitions.", ["role", "link"], registry=registry)

    def _declare_process(self, registry: CollectorRegistry) -> None:
        self.loop_lag = Histogram(
            "kawal_event_loop_lag_seconds",
            "How late the event loop runs what is due.",
            buckets=(0.001, 0.01, 0.05, 0.1, 0.5, 1, 5),
            registry=registry,
        )
        self.log_lines = Counter("kawal_log_lines", "Log lines, those kept back too.", ["level"], registry=registry)
        self.partitions = Gauge("kawal_partitions_owned", "Partition numbers this worker owns.", registry=registry)
        self.disk = {
            "free": Gauge("kawal_disk_free_bytes", "Free disk of a volume.", ["volume"], registry=registry),
            "total": Gauge("kawal_disk_size_bytes", "Whole disk of a volume.", ["volume"], registry=registry),
        }
        build = Gauge("kawal_build_info", "Always 1.", ["version", "python"], registry=registry)
        build.labels(version("kawal"), platform.python_version()).set(1)

    def count_log_lines(self) -> logging.Handler:
        """Return a handler that counts every log line it is given by its level."""
        return _LineCounter(self.log_lines)

    def watch_disk(self, folder: Path) -> None:
        """Tell the free and the whole size of the disk that the broker's records are on, measured at each scrape."""
        for size, gauge in self.disk.items():
            gauge.labels("broker").set_function(partial(_disk_bytes, folder, size))

    def observe_results(self, topic: str, results: NDArray[np.int8]) -> None:
        """Count what became of the pings of one topic."""
        for number, count in enumerate(np.bincount(results, minlength=len(RESULTS)).tolist()):
            if count:
                self.pings.labels(topic, RESULTS[number]).inc(count)


class _LineCounter(logging.Handler):
    def __init__(self, lines: Counter) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.labels(logging.getLevelName(record.levelno).lower()).inc()


def _disk_bytes(folder: Path, size: str) -> float:
    try:
        return float(getattr(shutil.disk_usage(folder), size))
    except OSError:
        return math.nan


def _slow_histogram(name: str, documentation: str, registry: CollectorRegistry) -> Histogram:
    return Histogram(name, documentation, buckets=(0.1, 0.5, 1, 2, 5, 10, 30, 60), registry=registry)


def _bound(number: float) -> str:
    return str(float(number))
