"""Whether alarms help the people who hear them: how many, how urgent, how long they wait, which ones only disturb."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.grafana.panels import Limits, Panel, Row, board, graph, number, stack
from deploy.grafana.promql import Line, chosen, quantiles, rate, rise, total

ANNUNCIATED = "kawal_alerts_annunciated_total"
SOUNDED_LIMITS = Limits(1, 10)
"""Alarms that sound in ten minutes: one is what an operator can well follow, more than ten is a flood."""


def alarm_quality() -> Dashboard:
    """Build the dashboard."""
    return board(
        "kawal-alarm-quality",
        "alarm quality",
        "Alarms as the control room hears them, to tune limits by: kawal tune tries others on a recording.",
        [
            Row("Now", _now()),
            Row("How many", _how_many()),
            Row("How they are met", _met()),
            Row("The control room's screens", _screens()),
        ],
    )


def _now() -> list[Panel]:
    return [
        number(
            "Sounded in ten minutes",
            "Alarms that sounded in the last ten minutes.",
            "short",
            Line(rise(ANNUNCIATED, "10m"), "alarms"),
            SOUNDED_LIMITS,
        ),
        number(
            "Flood",
            "1 while more alarms come than anybody can follow.",
            "short",
            Line(f"max({chosen('kawal_alarm_flood')})", "flood"),
            Limits(None, 1),
        ),
        number(
            "Stale alarms",
            "Open for so long that nobody looks at them any more.",
            "short",
            Line(f"max({chosen('kawal_alarm_stale')})", "stale"),
            Limits(None, 5),
        ),
        number(
            "Open alerts",
            "Not closed, whether they sounded or not.",
            "short",
            Line(total("kawal_alerts_open", where='ack!="unknown"'), "open"),
        ),
        number(
            "Raised in a day",
            "Alerts raised in the last 24 hours.",
            "short",
            Line(rise("kawal_alerts_total", "1d", where='transition="raised"'), "raised"),
        ),
        number(
            "Cleared in a day",
            "Alerts cleared in the last 24 hours.",
            "short",
            Line(rise("kawal_alerts_total", "1d", where='transition="cleared"'), "cleared"),
        ),
    ]


def _how_many() -> list[Panel]:
    return [
        stack(
            "Sounded in ten minutes, by kind",
            "In the ten minutes before each point. More than ten in all is a flood.",
            "short",
            [Line(rise(ANNUNCIATED, "10m", "kind"), "{{kind}}")],
        ),
        stack(
            "Sounded in ten minutes, by severity",
            "Few should be critical: where most are, none is.",
            "short",
            [Line(rise(ANNUNCIATED, "10m", "severity"), "{{severity}}")],
        ),
        stack(
            "Transitions in ten minutes",
            "Alerts raised, updated and cleared. Many updates of few alerts: look at the limits of that rule.",
            "short",
            [Line(rise("kawal_alerts_total", "10m", "transition"), "{{transition}}")],
        ),
        stack(
            "Raised in ten minutes, by severity",
            "As the workers raised them, before the control room groups them.",
            "short",
            [Line(rise("kawal_alerts_total", "10m", "severity", 'transition="raised"'), "{{severity}}")],
        ),
    ]


def _met() -> list[Panel]:
    return [
        graph(
            "From the sound to the acknowledgement",
            "How long alarms wait for somebody.",
            "s",
            quantiles("kawal_alert_time_to_ack_seconds", 0.5, 0.95, rare=True),
        ),
        graph(
            "Share of the time in flood",
            "Of the minutes before each point; under one hundredth in a good month.",
            "percentunit",
            [Line(rate("kawal_alarm_flood_seconds_total"), "in flood")],
        ),
        stack(
            "Chatter in an hour",
            "Alarms that came again soon after they had cleared, in the hour before each point.",
            "short",
            [Line(rise("kawal_alarm_chatter_total", "1h"), "chatter")],
        ),
        stack(
            "Open alerts by severity",
            "Alarms that nobody has closed.",
            "short",
            [Line(total("kawal_alerts_open", "severity", 'ack!="unknown"'), "{{severity}}")],
        ),
    ]


def _screens() -> list[Panel]:
    return [
        graph(
            "Screens connected",
            "Browsers that follow the control room's stream.",
            "short",
            [Line(total("kawal_sse_clients"), "screens")],
        ),
        graph(
            "Screens cut off",
            "Browsers that did not keep up and had to load anew.",
            "cps",
            [Line(rate("kawal_sse_dropped_total", "cause"), "{{cause}}")],
        ),
    ]
