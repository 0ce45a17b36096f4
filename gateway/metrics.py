"""What the gateway tells Prometheus; every metric is declared here, and none has a label per device or vehicle."""

import platform
from importlib.metadata import version
from itertools import product
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, PlatformCollector, ProcessCollector

from gateway.protocols import FORMATS
from gateway.tally import Spread, Tally
from models.dead_letter import Code

STAGE = "gateway"

RESTART_CAUSES = ("stuck", "unreachable")
"""Why a new reader of plans and devices takes the former one's place: it stood still, or Kafka was away."""

Status = Literal["accepted", "duplicate", "ignored", "dead-letter"]
"""What becomes of a message."""


class Metrics:
    """The gateway's metrics in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self.requests = Tally(
            "kawal_gateway_requests",
            "Messages of trackers and refused requests.",
            ["protocol", "outcome"],
            product(FORMATS, get_args(Status)),
            registry,
        )
        self.dead_letters = Counter(
            "kawal_dead_letters", "Records that could not be used.", ["topic", "stage", "code"], registry=registry
        )
        self.repairs = Counter(
            "kawal_gateway_repairs", "What had to be mended to read a message.", ["repair"], registry=registry
        )
        self.ack_seconds = Spread(
            "kawal_gateway_ack_seconds",
            "From a message to Kafka's acknowledgement.",
            (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry,
        )
        self.connections = Gauge("kawal_gateway_connections", "Open HTTP connections.", registry=registry)
        self.mqtt_connected = Gauge(
            "kawal_gateway_mqtt_connected", "1 while subscribed at the MQTT broker.", registry=registry
        )
        self.waiting_bytes = Gauge("kawal_gateway_waiting_bytes", "What waits for Kafka.", registry=registry)
        self.devices = Gauge("kawal_gateway_devices", "Registered devices that are not revoked.", registry=registry)
        self.restarts = Counter(
            "kawal_consumer_restarts",
            "Readers of plans and devices that a new one replaced.",
            ["cause"],
            registry=registry,
        )
        for cause in RESTART_CAUSES:
            self.restarts.labels(cause)
        build = Gauge("kawal_build_info", "Always 1.", ["version", "python"], registry=registry)
        build.labels(version("kawal"), platform.python_version()).set(1)

    def count(self, protocol: str, outcome: str, messages: int = 1) -> None:
        """Count messages of a way in; the sets of both labels are closed."""
        self.requests.add((protocol, outcome), messages)

    def begin_at_zero(self, source_topic: str) -> None:
        """Show every counter from the start: Prometheus sees no rise in a series whose first value is 1."""
        for code in get_args(Code):
            self.dead_letters.labels(source_topic, STAGE, code)

    def dead_letter(self, topic: str, code: Code) -> None:
        """Count a dead letter."""
        self.dead_letters.labels(topic, STAGE, code).inc()
