"""Reads a set's output topics as they grow: what transactions committed, from all partitions, without a group."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import UnknownTopicOrPartitionError

Record = ConsumerRecord[bytes | None, bytes | None]


class Follower:
    """A `read_committed` reader of whole topics; make it with `following`."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def read_to_end(self, topic: str) -> list[Record]:
        """The records of `topic` from its beginning to its present end; `follow` goes on behind them."""
        mine = [tp for tp in self._consumer.assignment() if tp.topic == topic]
        others = [tp for tp in self._consumer.assignment() if tp.topic != topic]
        self._consumer.pause(*others)
        await self._consumer.seek_to_beginning(*mine)
        ends = await self._consumer.end_offsets(mine)
        records: list[Record] = []
        while any([await self._consumer.position(tp) < end for tp, end in ends.items()]):
            batches = await self._consumer.getmany(*mine, timeout_ms=200)
            records += [record for batch in batches.values() for record in batch]
        self._consumer.resume(*others)
        return records

    async def follow(self) -> AsyncIterator[Record]:
        """Every further record of all topics, for ever."""
        async for record in self._consumer:
            yield record


@asynccontextmanager
async def following(broker: str, topics: Sequence[str], from_beginning: bool) -> AsyncIterator[Follower]:
    """Open a reader of `topics`, at their beginning or their end.

    Raises KafkaConnectionError if the broker is not reachable, UnknownTopicOrPartitionError if a topic is missing.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    try:
        await consumer.start()
        consumer.assign([tp for topic in topics for tp in await _partitions(consumer, topic)])
        await (consumer.seek_to_beginning() if from_beginning else consumer.seek_to_end())
        yield Follower(consumer)
    finally:
        await consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    if topic not in await consumer.topics():
        raise UnknownTopicOrPartitionError(topic)
    numbers = consumer.partitions_for_topic(topic)
    return [TopicPartition(topic, number) for number in sorted(numbers or ())]
