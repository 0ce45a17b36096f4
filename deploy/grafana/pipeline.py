"""From a ping to an alert: how much flows, how fast, what is refused, and what the workers use for it."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.grafana.convoys import HEARTBEAT
from deploy.grafana.panels import Limits, Panel, Row, board, graph, number, stack
from deploy.grafana.promql import Line, age, chosen, quantiles, rate, total

ALERT_S_MAX = 5
"""The promise: 99 of 100 alerts are out within this at rated load."""

HEARTBEAT_LIMITS = Limits(20, 45)


def pipeline() -> Dashboard:
    """Build the dashboard."""
    return board(
        "kawal-pipeline",
        "pipeline",
        "The way of a ping through the workers, from the broker's append to the committed alert.",
        [Row("Now", _now()), Row("Flow", _flow()), Row("Time", _time()), Row("Workers", _workers())],
    )


def _now() -> list[Panel]:
    pings = "kawal_pings_received_total"
    return [
        number("Pings a second", "Read by the workers, whatever became of them.", "cps", Line(rate(pings), "pings")),
        number(
            "Behind by", "Records not yet processed.", "short", Line(total("kawal_consumer_lag_records"), "records")
        ),
        number(
            "Age of the heartbeat",
            "Since the newest committed tick of the slowest partition.",
            "s",
            Line(age(HEARTBEAT, where='stage="committed"'), "age"),
            HEARTBEAT_LIMITS,
        ),
        number(
            "Since the last progress",
            "Since the slowest worker last processed any record; ticks count, so it stays near a second.",
            "s",
            Line(age("kawal_last_progress_timestamp_seconds"), "age"),
            HEARTBEAT_LIMITS,
        ),
        number(
            "Dead letters a second",
            "Records that could not be used.",
            "cps",
            Line(rate("kawal_dead_letters_total"), "dead letters"),
            Limits(0.1, 1),
        ),
        number(
            "Unusable plan records",
            "Plan records that a worker ignores; of the worker with most.",
            "short",
            Line(f"max({chosen('kawal_plan_records_bad')})", "records"),
            Limits(None, 1),
        ),
    ]


def _flow() -> list[Panel]:
    pings = "kawal_pings_received_total"
    return [
        stack(
            "Pings by what became of them",
            "The results are in docs/operating.md.",
            "cps",
            [Line(rate(pings, "result"), "{{result}}")],
        ),
        stack("Pings by topic", "Of cargo and of escorts.", "cps", [Line(rate(pings, "topic"), "{{topic}}")]),
        graph(
            "Records not yet processed",
            "By topic, over all partitions. A hill after an outage is the catch-up; what does not fall is not read.",
            "short",
            [Line(total("kawal_consumer_lag_records", "topic"), "{{topic}}")],
        ),
        stack(
            "Dead letters by reason",
            "Workers and gateway; the codes are in docs/operating.md.",
            "cps",
            [Line(rate("kawal_dead_letters_total", "stage, code"), "{{stage}} {{code}}")],
        ),
    ]


def _time() -> list[Panel]:
    return [
        graph(
            "From ping to alert",
            "From the broker's append of a ping to the commit of its alert; the line is the promise for p99.",
            "s",
            quantiles("kawal_ping_to_alert_seconds", 0.5, 0.99, rare=True),
            Limits(None, ALERT_S_MAX),
        ),
        graph(
            "Age of the heartbeat by stage",
            "The newest tick that was written (ticked), judged (engine), committed, and seen by the console: the first "
            "that lags is where it hangs.",
            "s",
            [Line(age(HEARTBEAT, "stage"), "{{stage}}")],
            HEARTBEAT_LIMITS,
        ),
        graph(
            "Time to write a checkpoint",
            "Alerts, status, state and offsets in one Kafka transaction.",
            "s",
            quantiles("kawal_checkpoint_seconds", 0.5, 0.99),
        ),
        graph(
            "Records at once",
            "How many records are judged in one go: more under load, which makes each cheaper.",
            "short",
            quantiles("kawal_batch_records", 0.5, 0.95),
        ),
    ]


def _workers() -> list[Panel]:
    return [
        graph(
            "Processor time",
            "Cores in use, by process.",
            "short",
            [Line(rate("process_cpu_seconds_total", "job, instance"), "{{job}} {{instance}}")],
        ),
        graph(
            "Memory",
            "Resident, by process.",
            "bytes",
            [Line(total("process_resident_memory_bytes", "job, instance"), "{{job}} {{instance}}")],
        ),
        graph(
            "Delay of the event loop",
            "How long what is due waits for its turn; a worker that computes without pause answers nobody.",
            "s",
            quantiles("kawal_event_loop_lag_seconds", 0.5, 0.99),
        ),
        stack(
            "Log lines by level",
            "Warnings and errors that come in numbers want reading.",
            "cps",
            [Line(rate("kawal_log_lines_total", "level"), "{{level}}")],
        ),
    ]
