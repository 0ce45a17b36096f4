"""The broker as the workers see it: partitions, rebalances, transactions, lag. Its own metrics are another matter."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.grafana.convoys import HEARTBEAT
from deploy.grafana.panels import Limits, Panel, Row, board, graph, number, stack
from deploy.grafana.pipeline import HEARTBEAT_LIMITS
from deploy.grafana.promql import Line, age, chosen, quantiles, rate, rise, total

DISK_FULL = Limits(0.8, 0.9)


def broker() -> Dashboard:
    """Build the dashboard."""
    return board(
        "kawal-broker",
        "broker as the worker sees it",
        "Kafka judged by what the workers get done with it.",
        [Row("Now", _now()), Row("Group", _group()), Row("Reading and writing", _io())],
    )


def _now() -> list[Panel]:
    return [
        number(
            "Age of the ticks",
            "Since the broker took a tick of the slowest partition: grows while it takes none.",
            "s",
            Line(age(HEARTBEAT, where='stage="ticked"'), "age"),
            HEARTBEAT_LIMITS,
        ),
        number(
            "Partitions owned",
            "Over all workers; less than the topics have means that some are not watched.",
            "short",
            Line(total("kawal_partitions_owned"), "partitions"),
        ),
        number(
            "Checkpoints a second",
            "Transactions, whatever became of them.",
            "cps",
            Line(rate("kawal_transactions_total"), "transactions"),
        ),
        number(
            "Behind by", "Records not yet processed.", "short", Line(total("kawal_consumer_lag_records"), "records")
        ),
        number(
            "Restarts in an hour",
            "How often a process was started anew, in the last hour: a worker that hangs ends by itself.",
            "short",
            Line(f"sum (changes({chosen('process_start_time_seconds')}[1h]))", "restarts"),
            Limits(1, 5),
        ),
        number(
            "Disk used",
            "Of the fullest volume of the embedded broker.",
            "percentunit",
            Line(f"max(1 - {chosen('kawal_disk_free_bytes')} / {chosen('kawal_disk_size_bytes')})", "used"),
            DISK_FULL,
        ),
    ]


def _group() -> list[Panel]:
    return [
        stack(
            "Partitions by worker",
            "Who watches how many. A step is a rebalance; a gap is a time when nobody watched them.",
            "short",
            [Line(total("kawal_partitions_owned", "instance"), "{{instance}}")],
        ),
        graph(
            "Takeovers in ten minutes",
            "How often workers lost and got partitions, in the ten minutes before each point.",
            "short",
            [Line(rise("kawal_rebalance_seconds_count", "10m", "instance"), "{{instance}}")],
        ),
        graph(
            "Time without partitions",
            "From losing partitions to having them again.",
            "s",
            quantiles("kawal_rebalance_seconds", 0.5, 0.99, rare=True),
        ),
        graph(
            "Time to load state",
            "Of the partitions that a worker took over.",
            "s",
            quantiles("kawal_recovery_seconds", 0.5, 0.99, rare=True),
        ),
    ]


def _io() -> list[Panel]:
    return [
        stack(
            "Checkpoints by outcome",
            "Fenced: another worker had taken the partition over, and rightly this one wrote nothing.",
            "cps",
            [Line(rate("kawal_transactions_total", "outcome"), "{{outcome}}")],
        ),
        graph(
            "Time to write a checkpoint",
            "One Kafka transaction.",
            "s",
            quantiles("kawal_checkpoint_seconds", 0.5, 0.99),
        ),
        graph(
            "Records not yet processed",
            "By topic, over all partitions.",
            "short",
            [Line(total("kawal_consumer_lag_records", "topic"), "{{topic}}")],
        ),
        graph(
            "Age of the heartbeat by stage",
            "Ticks written but not committed: the workers hang. Not even written: the broker does.",
            "s",
            [Line(age(HEARTBEAT, "stage"), "{{stage}}")],
            HEARTBEAT_LIMITS,
        ),
    ]
