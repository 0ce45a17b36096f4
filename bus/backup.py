"""What people decided and what was told of it, saved from the topics into a file and put back.

Saved are devices, plans, alerts and what was done with them. Not saved is what comes again by itself: pings and ticks
are kept for days only, convoy status and the worker's state follow from them.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import UnknownTopicOrPartitionError

from bus.backup_file import BackupFile, BackupFileError, SavedRecord, writing
from bus.connection import connection
from bus.follow import Follower, following
from bus.topic_admin import admin_client, find_topics
from models.topics import TopicSet, partition_of

_COMPACTED = frozenset({"devices", "plans"})
"""Of these the newest record of a key counts, so an old one must never come behind it."""

# Records that wait for the broker at once: more would take memory and be no quicker.
_BATCH = 500

# As large as the broker takes by default, with room for what goes around a record.
_REQUEST_BYTES_MAX = 2 * 1024 * 1024

# A restore that was killed keeps the topics' readers waiting for so long, or until it is run again.
_TRANSACTION_MS = 600_000

Tell = Callable[[int, int], None]
"""Is told how many records are done, and of how many; of a backup the latter is the most that there can be."""


class NotEmptyError(ValueError):
    """Topics that a backup would be put into hold something already; says which."""


class Restored(NamedTuple):
    """How many records of a topic were written, and how many were there already."""

    written: int
    there: int


async def backup(broker: str, topics: TopicSet, path: Path, tell: Tell) -> dict[str, int]:
    """Save the topics into a new file and return how many records of each; nobody who uses them is disturbed.

    Raises FileExistsError, OSError and aiokafka's KafkaError.
    """
    names = _names(topics)
    partitions = await _partitions(broker, names.values())
    async with following(broker, list(partitions), from_beginning=True) as follower:
        progress = _Progress(tell, await follower.count())
        with writing(path, topics.prefix, round(time.time() * 1000)) as writer:
            # What was done before what it was done to: then no action is saved without its alert.
            return {
                name: await writer.add(name, partitions[topic], _saved(follower, topic, progress))
                for name, topic in reversed(names.items())
            }


async def restore(broker: str, topics: TopicSet, file: BackupFile, add: bool, tell: Tell) -> dict[str, Restored]:
    """Put a backup's records on the topics, in one transaction: all or none; bytes, headers and times are kept.

    A record goes to the partition it came from, or to its key's where the topic has another number of them. With `add`
    only what is not there yet is written; what a device or plan has already stays. Raises NotEmptyError without `add`
    where something is there, BackupFileError for a topic that is not known, and aiokafka's KafkaError.
    """
    saved, names = file.manifest.topics, _names(topics)
    if unknown := sorted(saved.keys() - names.keys()):
        raise BackupFileError(f"it has topics that this Kawal does not know: {', '.join(unknown)}")
    partitions = await _partitions(broker, names.values())
    there = await _there(broker, {name: names[name] for name in names if name in saved}, add)
    progress = _Progress(tell, sum(topic.records for topic in saved.values()))
    async with _transaction(broker, topics) as producer:
        written = {}
        for name, known in there.items():
            target = _Target(names[name], partitions[names[name]], saved[name].partitions)
            written[name] = await _write(producer, target, _lacking(file, name, known, progress))
    return {name: Restored(count, saved[name].records - count) for name, count in written.items()}


class _Progress:
    def __init__(self, tell: Tell, total: int) -> None:
        self._tell = tell
        self._total = total
        self._done = 0

    def step(self) -> None:
        self._done += 1
        self._tell(self._done, self._total)


def _names(topics: TopicSet) -> dict[str, str]:
    """The topics of a backup by their names in the file, in the order in which they are put back."""
    return {
        "devices": topics.devices,
        "plans": topics.plans,
        "alerts": topics.alerts,
        "alert-actions": topics.alert_actions,
    }


async def _partitions(broker: str, names: Iterable[str]) -> dict[str, int]:
    """How many partitions each topic has. Raises UnknownTopicOrPartitionError if one is missing."""
    async with admin_client(broker) as admin:
        found = await find_topics(admin, list(names))
    for name in names:
        if name not in found:
            raise UnknownTopicOrPartitionError(name)
    return {name: topic.partitions for name, topic in found.items()}


async def _saved(follower: Follower, topic: str, progress: _Progress) -> AsyncIterator[SavedRecord]:
    async for it in follower.to_end(topic):
        yield SavedRecord(it.partition, it.offset, it.timestamp, it.key, it.value, list(it.headers))
        progress.step()


async def _there(broker: str, names: Mapping[str, str], add: bool) -> dict[str, Collection[bytes | None]]:
    """By topic what needs no restoring. Raises NotEmptyError where there is something and nothing is to be added."""
    async with following(broker, list(names.values()), from_beginning=True) as follower:
        if not add:
            if held := [topic for topic in names.values() if await _is_held(follower, topic)]:
                raise NotEmptyError(", ".join(held))
            return dict.fromkeys(names, ())
        unseen = _Progress(lambda *_: None, 0)
        return {
            name: {_identity(name, record) async for record in _saved(follower, topic, unseen)}
            for name, topic in names.items()
        }


async def _is_held(follower: Follower, topic: str) -> bool:
    async for _ in follower.to_end(topic):
        return True
    return False


def _identity(name: str, record: SavedRecord) -> bytes | None:
    """By what a record is known to be there: its key where only the newest counts, else all of it but its place."""
    if name in _COMPACTED:
        return record.key
    whole = (record.timestamp_ms, record.key, record.value, record.headers)
    return hashlib.sha256(msgspec.json.encode(whole)).digest()


def _lacking(
    file: BackupFile, name: str, known: Collection[bytes | None], progress: _Progress
) -> Iterator[SavedRecord]:
    for record in file.records(name):
        if _identity(name, record) not in known:
            yield record
        progress.step()


class _Target(NamedTuple):
    topic: str
    partitions: int
    partitions_saved: int

    def partition(self, record: SavedRecord) -> int:
        if self.partitions == self.partitions_saved:
            return record.partition
        return partition_of(record.key or b"", self.partitions)


@asynccontextmanager
async def _transaction(broker: str, topics: TopicSet) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        **connection(broker),
        # A second restore at the same time takes over this id, and the first one's transaction fails.
        transactional_id=f"{topics.prefix}-restore",
        transaction_timeout_ms=_TRANSACTION_MS,
        acks="all",
        max_request_size=_REQUEST_BYTES_MAX,
    )
    try:
        await producer.start()
        async with producer.transaction():
            yield producer
    finally:
        await producer.stop()


async def _write(producer: AIOKafkaProducer, target: _Target, lacking: Iterator[SavedRecord]) -> int:
    """Write records and return how many, once the broker has them all."""
    count = 0
    while batch := list(islice(lacking, _BATCH)):
        sent = [
            await producer.send(
                target.topic,
                record.value,
                record.key,
                target.partition(record),
                record.timestamp_ms,
                headers=record.headers,
            )
            for record in batch
        ]
        await asyncio.gather(*sent)
        count += len(batch)
    return count
