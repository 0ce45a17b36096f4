"""Gateway and devices: what phones and trackers send, what is refused of it, and how late it comes."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.grafana.panels import Panel, Row, board, graph, number, stack
from deploy.grafana.promql import Line, quantile, rate, total

REQUESTS = "kawal_gateway_requests_total"


def devices() -> Dashboard:
    """Build the dashboard."""
    return board(
        "kawal-devices",
        "gateway and devices",
        "Phones and trackers as the gateway and the workers see them.",
        [Row("Gateway", _gateway()), Row("What devices send", _devices())],
    )


def _gateway() -> list[Panel]:
    return [
        number("Messages a second", "All protocols, whatever became of them.", "cps", Line(rate(REQUESTS), "messages")),
        number(
            "Dead letters a second",
            "What the gateway could not use or must not.",
            "cps",
            Line(rate("kawal_dead_letters_total", where='stage="gateway"'), "dead letters"),
        ),
        number(
            "Pings a second",
            "What the workers read, from gateways and from vehicles with a Kafka client.",
            "cps",
            Line(rate("kawal_pings_received_total"), "pings"),
        ),
        number(
            "Vehicles heard",
            "Whose word is fresh.",
            "short",
            Line(total("kawal_vehicles", where='link="live"'), "live"),
        ),
        number(
            "Vehicles late",
            "Whose word is late or stale.",
            "short",
            Line(total("kawal_vehicles", where='link=~"late|stale"'), "late"),
        ),
        number(
            "Vehicles lost",
            "Not heard for so long that an alert says so.",
            "short",
            Line(total("kawal_vehicles", where='link="lost"'), "lost"),
        ),
        stack(
            "Messages by protocol",
            "How devices speak to the gateway.",
            "cps",
            [Line(rate(REQUESTS, "protocol"), "{{protocol}}")],
        ),
        stack(
            "Messages by what became of them",
            "The outcomes are in docs/operating.md.",
            "cps",
            [Line(rate(REQUESTS, "outcome"), "{{outcome}}")],
        ),
        stack(
            "Dead letters of the gateway by reason",
            "unknown-device: register it. identity-mismatch: a device speaks for a vehicle not its own; find out "
            "why at once.",
            "cps",
            [Line(rate("kawal_dead_letters_total", "code", 'stage="gateway"'), "{{code}}")],
        ),
    ]


def _devices() -> list[Panel]:
    refused = 'result!="accepted"'
    return [
        stack(
            "Pings that moved nothing",
            "Duplicates and older ones are harmless: devices send again what may be lost. Conflicting, held and "
            "throttled ones are not.",
            "cps",
            [Line(rate("kawal_pings_received_total", "result", refused), "{{result}}")],
        ),
        graph(
            "From the fix to the broker, by role",
            "Half of the positions are younger than p50 when they arrive.",
            "s",
            [
                Line(quantile(0.5, "kawal_ping_receive_delay_seconds", "role"), "{{role}} p50"),
                Line(quantile(0.95, "kawal_ping_receive_delay_seconds", "role"), "{{role}} p95"),
            ],
        ),
        stack(
            "Vehicles by link",
            "How fresh a vehicle's word is.",
            "short",
            [Line(total("kawal_vehicles", "link"), "{{link}}")],
        ),
    ]
