"""The operation at a glance: convoys, vehicles, open alerts, and whether anybody watches them at all."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.grafana.panels import Limits, Panel, Row, board, graph, number, stack
from deploy.grafana.promql import Line, age, quantile, quantiles, rise, total

HEARTBEAT = "kawal_heartbeat_last_seen_timestamp_seconds"


def convoys() -> Dashboard:
    """Build the dashboard."""
    return board(
        "kawal-convoys",
        "convoys",
        "How the operation stands. Where this page and the control room differ, believe the control room.",
        [Row("Now", _now()), Row("Convoys and vehicles", _fleet()), Row("Alerts", _alerts())],
    )


def _now() -> list[Panel]:
    return [
        number(
            "Age of the heartbeat",
            "Since the newest tick that went through Kafka and a worker and was committed, of the slowest partition. "
            "Over 45 s nothing is watched, whatever the other panels show.",
            "s",
            Line(age(HEARTBEAT, where='stage="committed"'), "age"),
            Limits(20, 45),
        ),
        number(
            "Workers",
            "Workers that Prometheus can read.",
            "short",
            Line('sum(up{job=~"$job"} and on (job, instance) kawal_partitions_owned{job=~"$job"})', "workers"),
        ),
        number(
            "Convoys",
            "Convoys with a plan in force that have been heard of.",
            "short",
            Line(total("kawal_convoys"), "convoys"),
        ),
        number("Vehicles", "Vehicles of those convoys.", "short", Line(total("kawal_vehicles"), "vehicles")),
        number(
            "Open critical alerts",
            "Episodes of severity critical that are open now.",
            "short",
            Line(total("kawal_alerts_open", where='ack="unknown", severity="critical"'), "critical"),
            Limits(None, 1),
        ),
        number(
            "Open alerts",
            "Episodes of any severity that are open now.",
            "short",
            Line(total("kawal_alerts_open", where='ack="unknown"'), "open"),
        ),
    ]


def _fleet() -> list[Panel]:
    return [
        stack(
            "Convoys by state",
            "planned, under way, halted, arrived, or silent: no vehicle of it is heard.",
            "short",
            [Line(total("kawal_convoys", "state"), "{{state}}")],
        ),
        stack(
            "Convoys by risk",
            "The level of risk that the plan gives.",
            "short",
            [Line(total("kawal_convoys", "risk"), "{{risk}}")],
        ),
        stack(
            "Vehicles by link",
            "How fresh a vehicle's word is. Many that become stale at once: a network, not the vehicles.",
            "short",
            [Line(total("kawal_vehicles", "link"), "{{link}}")],
        ),
        graph(
            "From the fix to the broker",
            "95 of 100 positions are younger than this when they arrive. High after an outage: devices send what "
            "they kept.",
            "s",
            [Line(quantile(0.95, "kawal_ping_receive_delay_seconds", "role"), "{{role}} p95")],
        ),
        graph(
            "Distance from the route",
            "Of the vehicles under way, at each of their positions.",
            "lengthm",
            quantiles("kawal_route_deviation_meters", 0.5, 0.95),
        ),
        stack(
            "Vehicles by role",
            "Cargo and escorts that are heard of.",
            "short",
            [Line(total("kawal_vehicles", "role"), "{{role}}")],
        ),
    ]


def _alerts() -> list[Panel]:
    return [
        stack(
            "Open alerts by severity",
            "Episodes that are open.",
            "short",
            [Line(total("kawal_alerts_open", "severity", 'ack="unknown"'), "{{severity}}")],
        ),
        stack(
            "Raised in ten minutes, by kind",
            "Alerts raised in the ten minutes before each point.",
            "short",
            [Line(rise("kawal_alerts_total", "10m", "kind", 'transition="raised"'), "{{kind}}")],
        ),
    ]
