"""Counts that one thread makes in plain numbers, shown when Prometheus reads: without a lock a tenth of the work."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

Labels = tuple[str, ...]


class Tally(Collector):
    """A counter with labels; Prometheus sees no rise in a series whose first value is 1, so some begin with 0."""

    def __init__(
        self, name: str, text: str, labels: Sequence[str], begin: Iterable[Labels], registry: CollectorRegistry
    ) -> None:
        self._said = name, text, labels
        self.counts = dict.fromkeys(begin, 0)
        registry.register(self)

    def add(self, labels: Labels, count: int = 1) -> None:
        """Count."""
        self.counts[labels] = self.counts.get(labels, 0) + count

    def collect(self) -> Iterator[CounterMetricFamily]:
        """What Prometheus reads, in a thread of its own."""
        name, text, names = self._said
        family = CounterMetricFamily(name, text, labels=names)
        for labels, count in self.counts.copy().items():
            family.add_metric(labels, count)
        yield family


class Spread(Collector):
    """A histogram without labels."""

    def __init__(self, name: str, text: str, bounds: Sequence[float], registry: CollectorRegistry) -> None:
        self._said = name, text
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        registry.register(self)

    def observe(self, value: float) -> None:
        """Take in a value; a bound belongs to what is below it."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """What Prometheus reads, in a thread of its own."""
        bounds = [*map(floatToGoString, self._bounds), "+Inf"]
        yield HistogramMetricFamily(*self._said, list(zip(bounds, accumulate(self._counts), strict=True)), self._sum)
