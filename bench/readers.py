"""The readers whose throughput is compared, each run as a process and a consumer group of its own."""

import time
from pathlib import Path
from typing import NamedTuple

from bench import peers
from bench.cli import Advance
from bench.measure import Reading
from bench.verdict import Verdict, committed, judge, of_alert, of_plain
from bench.worker import drain, forget
from bench.workload import Workload
from models.topics import TopicSet


class FilledSet(NamedTuple):
    """A replay set with a workload in it."""

    broker: str
    topics: TopicSet
    load: Workload


async def read_bare(source: FilledSet) -> Reading:
    """Read ticks and pings, as Kawal does, and do nothing with them; only pings count."""
    topics, load = source.topics, source.load
    names = [topics.convoy_pings, topics.escort_pings, topics.ticks]
    records = load.total + load.duration_s * topics.partitions
    read = await peers.run("bare", broker=source.broker, topics=names, records=records)
    return Reading(round(read.records * load.total / records), read.seconds, read.cpu_s)


async def read_plain_faust(source: FilledSet, plans: Path) -> tuple[Reading, Verdict]:
    """Run the plain agent over the pings; `plans` is a file with a JSON plan a line."""
    topics, load = source.topics, source.load
    group = f"plain-faust-{time.time_ns()}"
    read = await peers.run(
        "plain_faust",
        broker=source.broker,
        topics=[topics.convoy_pings, topics.escort_pings],
        alerts=f"{group}-alerts",
        records=load.total,
        partitions=topics.partitions,
        plans=plans,
        group=group,
    )
    alerts = await committed(source.broker, f"{group}-alerts")
    return read, judge(map(of_plain, alerts), load.episodes())


async def read_kawal(source: FilledSet, advance: Advance) -> tuple[Reading, Verdict]:
    """Run the worker until everything is committed, then undo what it did."""
    drained = await drain(source.broker, source.topics, source.load.total, advance)
    alerts = await committed(source.broker, source.topics.alerts)
    await forget(source.broker, source.topics)
    return drained.read, judge(map(of_alert, alerts), source.load.episodes())
