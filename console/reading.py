"""What the console reads from Kafka: four topics to their end and on, and how far the worker's group has come."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from bus.connection import connection
from bus.follow import Follower, Record
from console.feed import Feed, Offsets
from console.recall import KEPT_MS
from console.records import alert_id_of
from console.room import Room
from models.alert_action import AlertAction
from models.topics import TopicSet

POLL_S = 1.0
POLL_WAIT_S = 3.0

log = logging.getLogger(__name__)


def read_topics(topics: TopicSet) -> list[str]:
    """The topics that the console follows."""
    return [topics.plans, topics.convoys, topics.alerts, topics.alert_actions]


async def load(follower: Follower, room: Room, now_ms: int) -> None:
    """Read the topics to their present end; of alerts and actions the last days, and all of what is old and open."""
    topics, since_ms = room.topics, now_ms - KEPT_MS
    gc.disable()  # everything read is kept: looking for what could be dropped again and again takes a third of the time
    try:
        begin_ms = {topics.plans: None, topics.convoys: None, topics.alerts: since_ms, topics.alert_actions: since_ms}
        async for batch in follower.all_to_end(begin_ms):
            for record in batch:
                room.take(record)
        if old := room.open_but_unknown():
            await _load_old(follower, room, old, since_ms)
        oldest_ms = await follower.oldest_ms(topics.alert_actions)
        room.trail.is_whole = oldest_ms is None or oldest_ms >= since_ms
        room.begin(now_ms)
    finally:
        gc.enable()
        gc.freeze()


async def _load_old(follower: Follower, room: Room, old: AbstractSet[str], since_ms: int) -> None:
    """Read alerts that are older than what was read, and what was done to them."""
    topics, places = room.topics, dict[UUID, int]()
    async for batch in follower.all_to_end({topics.alerts: None, topics.alert_actions: None}):
        for record in batch:
            is_alert = record.topic == topics.alerts
            alert_id = alert_id_of(record.value) if is_alert else (record.key or b"").decode(errors="replace")
            # what has come meanwhile too: this reading goes past it
            if record.timestamp >= since_ms or alert_id in old:
                taken = room.take(record)
                if isinstance(taken, AlertAction):
                    places.setdefault(taken.action_id, len(places))
    for alert_id in old & room.book.entries.keys():
        # the last days' were taken before these: the topic's order says who was first
        entry = room.book.entries[alert_id]
        entry.actions = tuple(sorted(entry.actions, key=lambda action: places.get(action.action_id, -1)))


class ReadBack:
    """Lets whoever wrote a record wait until it has been read and taken in."""

    def __init__(self) -> None:
        self._offsets: dict[tuple[str, int], int] = {}
        self._moved = asyncio.Condition()

    async def took(self, record: Record) -> None:
        """Note a record that was taken in."""
        async with self._moved:
            self._offsets[record.topic, record.partition] = record.offset
            self._moved.notify_all()

    async def wait_for(self, topic: str, partition: int, offset: int) -> None:
        """Wait until the record at an offset was taken in."""
        async with self._moved:
            await self._moved.wait_for(lambda: self._offsets.get((topic, partition), -1) >= offset)


async def follow(follower: Follower, room: Room, read_back: ReadBack, clock_ms: Callable[[], int]) -> None:
    """Take in every further record; never returns."""
    async for record in follower.follow():
        room.apply(record, clock_ms())
        if record.topic == room.topics.alert_actions:
            await read_back.took(record)


async def watch_group(broker: str, topics: TopicSet, feed: Feed) -> None:
    """Ask the broker again and again how far the worker has come; never returns.

    A broker that does not answer is no error here: that nothing is heard is what the feed judges by.
    """
    while True:
        with suppress(KafkaError, TimeoutError, OSError):
            await _watch_group(broker, topics, feed)
        await asyncio.sleep(POLL_S)


async def _watch_group(broker: str, topics: TopicSet, feed: Feed) -> None:
    admin = AIOKafkaAdminClient(**connection(broker), request_timeout_ms=round(POLL_WAIT_S * 1000))
    consumer = AIOKafkaConsumer(**connection(broker), request_timeout_ms=round(POLL_WAIT_S * 1000))
    names = (topics.ticks, topics.convoy_pings, topics.escort_pings)
    tps = [TopicPartition(name, number) for name in names for number in range(topics.partitions)]
    try:
        await admin.start()
        await consumer.start()
        while True:
            begin_s = time.monotonic()
            async with asyncio.timeout(POLL_WAIT_S):
                committed = await admin.list_consumer_group_offsets(topics.worker_group)
                ends = await consumer.end_offsets(tps)
            offsets = {tp: Offsets(_known(committed, tp), ends[tp]) for tp in tps}
            ticks = {tp.partition: found for tp, found in offsets.items() if tp.topic == topics.ticks}
            feed.polled(time.monotonic(), ticks, {tp: it for tp, it in offsets.items() if tp.topic != topics.ticks})
            await asyncio.sleep(max(0.0, begin_s + POLL_S - time.monotonic()))
    finally:
        await consumer.stop()
        await admin.close()


def _known(committed: Mapping[TopicPartition, OffsetAndMetadata], tp: TopicPartition) -> int | None:
    found = committed.get(tp)
    return None if found is None or found.offset < 0 else found.offset
