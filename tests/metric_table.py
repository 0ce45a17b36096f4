"""The one table of metrics: every metric that a process of ours declares, with its labels."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from prometheus_client.metrics import MetricWrapperBase

MODULES = ("streams.metrics", "gateway.metrics", "console.metrics")
"""Where processes declare theirs, each in a class `Metrics` with a `registry`."""

BY_PROMETHEUS = frozenset({"job", "instance"})
"""Labels that every series gets when it is read."""

SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}


def declared() -> dict[str, frozenset[str]]:
    """Labels by the name of the series, as Prometheus stores them."""
    table = {"up": BY_PROMETHEUS}
    for module in MODULES:
        if find_spec(module):
            for collector in import_module(module).Metrics().registry._collector_to_names:
                table |= of_collector(collector)
    return table


def of_collector(collector: Any) -> dict[str, frozenset[str]]:
    if isinstance(collector, MetricWrapperBase):
        # The client tells the labels of a metric without series only here.
        labels = frozenset(collector._labelnames) | BY_PROMETHEUS
        names = [f"{collector._name}{suffix}" for suffix in SUFFIXES.get(collector._type, ("",))]
    else:
        samples = [sample for family in collector.collect() for sample in family.samples]
        return {sample.name: frozenset(sample.labels) | BY_PROMETHEUS for sample in samples}
    return {name: labels | {"le"} if name.endswith("_bucket") else labels for name in names}
