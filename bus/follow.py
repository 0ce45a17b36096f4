"""Reads a set's output topics as they grow: what transactions committed, from all partitions, without a group."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import UnknownTopicOrPartitionError

from bus.connection import connection

Record = ConsumerRecord[bytes | None, bytes | None]
Place = tuple[str, int]
"""A partition of a topic."""


class Follower:
    """A `read_committed` reader of whole topics; make it with `following`."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def read_to_end(self, topic: str) -> list[Record]:
        """The records of `topic` from its beginning to its present end; `follow` goes on behind them."""
        return [record async for record in self.to_end(topic)]

    async def to_end(self, topic: str, begin_ms: int | None = None) -> AsyncIterator[Record]:
        """The same, one by one; with `begin_ms` only those whose timestamps are at or after an instant."""
        async for batch in self.all_to_end({topic: begin_ms}):
            for record in batch:
                yield record

    async def all_to_end(self, begin_ms: Mapping[str, int | None]) -> AsyncIterator[list[Record]]:
        """The records of several topics at once, each from its instant (None: the beginning) to its present end.

        At once, because going from one topic to the next waits each time for what the broker holds back. In batches, as
        they were fetched: awaited one by one, each record takes 0.2 us longer.
        """
        mine = [tp for tp in self._consumer.assignment() if tp.topic in begin_ms]
        await self._consumer.seek_to_beginning(*mine)
        wanted = {tp: at_ms for tp in mine if (at_ms := begin_ms[tp.topic]) is not None}
        first = await self._consumer.offsets_for_times(wanted) if wanted else {}
        if behind := [tp for tp, found in first.items() if found is None]:
            await self._consumer.seek_to_end(*behind)
        for tp, found in first.items():
            if found is not None:
                self._consumer.seek(tp, found.offset)
        async for batch in self._read(mine):
            yield batch

    async def since(self, topic: str, partition: int, begin_ms: int) -> AsyncIterator[Record]:
        """The records of one partition whose timestamps are at or after an instant, to its present end."""
        tp = TopicPartition(topic, partition)
        first = (await self._consumer.offsets_for_times({tp: begin_ms}))[tp]
        if first is not None:
            self._consumer.seek(tp, first.offset)
            async for batch in self._read([tp]):
                for record in batch:
                    yield record

    async def between(self, topic: str, partition: int, begin_ms: int, end_ms: int) -> AsyncIterator[Record]:
        """The same to the first record whose timestamp is at or after `end_ms`."""
        async for record in self.since(topic, partition, begin_ms):
            if record.timestamp >= end_ms:
                return
            yield record

    async def oldest_ms(self, topic: str) -> int | None:
        """The timestamp of a topic's oldest record; None where it has none."""
        mine = [tp for tp in self._consumer.assignment() if tp.topic == topic]
        first = await self._consumer.offsets_for_times(dict.fromkeys(mine, 0))
        return min((found.timestamp for found in first.values() if found is not None), default=None)

    async def _read(self, mine: Sequence[TopicPartition]) -> AsyncIterator[list[Record]]:
        others = self._consumer.assignment() - set(mine)
        self._consumer.pause(*others)
        self._consumer.resume(*mine)  # who left off early has not resumed them
        ends = await self._consumer.end_offsets(mine)
        while any([await self._consumer.position(tp) < end for tp, end in ends.items()]):
            batches = await self._consumer.getmany(*mine, timeout_ms=200)
            for batch in batches.values():
                yield batch
        self._consumer.resume(*others)

    async def behind(self, ends: Mapping[Place, int]) -> dict[Place, int]:
        """Where it stands in each partition that reaches further, by what `ends` of another reader said."""
        stands = {place: await self._consumer.position(TopicPartition(*place)) for place in ends}
        return {place: offset for place, offset in stands.items() if offset < ends[place]}

    async def ends(self) -> dict[Place, int]:
        """The offset behind the last record of each (topic, partition) that has any."""
        ends = await self._consumer.end_offsets(self._consumer.assignment())
        return {(tp.topic, tp.partition): end for tp, end in ends.items() if end}

    async def count(self) -> int:
        """How many records all topics have at most: compaction and aborted transactions leave fewer."""
        parts = list(self._consumer.assignment())
        begins, ends = await self._consumer.beginning_offsets(parts), await self._consumer.end_offsets(parts)
        return sum(ends[part] - begins[part] for part in parts)

    async def follow(self) -> AsyncIterator[Record]:
        """Every further record of all topics, for ever."""
        async for record in self._consumer:
            yield record


@asynccontextmanager
async def following(broker: str, topics: Sequence[str], from_beginning: bool) -> AsyncIterator[Follower]:
    """Open a reader of `topics`, at their beginning or their end.

    Raises KafkaConnectionError if the broker is not reachable, UnknownTopicOrPartitionError if a topic is missing.
    """
    await _require(broker, topics)
    consumer = AIOKafkaConsumer(
        *topics,
        **connection(broker),
        isolation_level="read_committed",
        enable_auto_commit=False,
        # Where it begins by itself too: that reset may be under way while it is told where to go, and come last.
        auto_offset_reset="earliest" if from_beginning else "latest",
    )
    try:
        await consumer.start()
        await (consumer.seek_to_beginning() if from_beginning else consumer.seek_to_end())
        yield Follower(consumer)
    finally:
        await _stop(consumer)


async def _stop(consumer: AIOKafkaConsumer) -> None:
    """Stop a consumer, and leave what ended its use the last word.

    While the broker is away aiokafka lets the cancellation of its own fetch through, as if this task were cancelled.
    """
    try:
        await consumer.stop()
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise


async def ends_of(broker: str, topics: Sequence[str]) -> dict[Place, int]:
    """The offset behind the last record of each (topic, partition) of `topics` that has any."""
    async with following(broker, topics, from_beginning=False) as follower:
        return await follower.ends()


async def _require(broker: str, topics: Sequence[str]) -> None:
    """Find out first whether the topics exist: a consumer would look for a missing one in vain for a long time."""
    consumer = AIOKafkaConsumer(**connection(broker))
    try:
        await consumer.start()
        for topic in sorted(set(topics) - await consumer.topics()):
            raise UnknownTopicOrPartitionError(topic)
    finally:
        await consumer.stop()
