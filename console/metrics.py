"""What the console tells Prometheus; no metric has a label for a vehicle, a convoy or a person."""

from __future__ import annotations

import platform
from importlib.metadata import version
from itertools import product
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector

from models.alert import Kind, Severity


class Metrics:
    """The console's metrics in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self.annunciated = Counter(
            "kawal_alerts_annunciated", "Alarms that called for an operator.", ["kind", "severity"], registry=registry
        )
        self.open = Gauge("kawal_alerts_open", "Alarms not closed.", ["severity", "ack"], registry=registry)
        self.flood = Gauge("kawal_alarm_flood", "1 while more alarms come than a person can take.", registry=registry)
        self.flood_seconds = Counter("kawal_alarm_flood_seconds", "Time spent in floods.", registry=registry)
        self.time_to_ack = Histogram(
            "kawal_alert_time_to_ack_seconds",
            "From an alarm to its first acknowledgement.",
            ["severity"],
            buckets=(5, 15, 30, 60, 120, 300, 600, 1800, 3600),
            registry=registry,
        )
        self.stale = Gauge("kawal_alarm_stale", "Alarms active for more than a day.", registry=registry)
        self.chatter = Counter(
            "kawal_alarm_chatter", "Alarms that came a third time or more within a minute.", registry=registry
        )
        self.clients = Gauge("kawal_sse_clients", "Open event streams.", registry=registry)
        self.dropped = Counter("kawal_sse_dropped", "Event streams that were cut.", ["cause"], registry=registry)
        self.heartbeat = Gauge(
            "kawal_heartbeat_last_seen_timestamp_seconds",
            "When the slowest partition's committed tick last moved, as the console sees it.",
            ["stage"],
            registry=registry,
        )
        self.loop_lag = Histogram(
            "kawal_event_loop_lag_seconds",
            "How late a second of the console begins.",
            buckets=(0.001, 0.01, 0.05, 0.1, 0.5, 1, 5),
            registry=registry,
        )
        self.notifications = Counter(
            "kawal_notifications", "Messages to webhooks by what became of them.", ["outcome"], registry=registry
        )
        self.bad_records = Gauge("kawal_console_records_bad", "Records that were passed over.", registry=registry)
        build = Gauge("kawal_build_info", "Always 1.", ["version", "python"], registry=registry)
        build.labels(version("kawal"), platform.python_version()).set(1)
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """Show every counter from the start: Prometheus sees no rise in a series whose first value is 1."""
        for kind, severity in product(get_args(Kind), get_args(Severity)):
            self.annunciated.labels(kind, severity)
        for severity in get_args(Severity):
            self.time_to_ack.labels(severity)
        for outcome in ("delivered", "failed"):
            self.notifications.labels(outcome)
        self.dropped.labels("slow")
