"""Taking over partitions: the former owner is fenced, then what it committed is read back."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka import TopicPartition as Assigned
from aiokafka.admin import AIOKafkaAdminClient

from bus.connection import connection
from models.topics import TopicSet
from streams.handover import TopicPartition

# The one who could be kept waiting by a transaction left open is the reader of a partition that has no owner any
# more: nobody else writes there, and the next owner ends the transaction at once. A short limit would instead make
# the broker abort every transaction that an outage of the broker interrupts, and the worker could not go on.
TRANSACTION_TIMEOUT_MS = 600_000

BATCH_BYTES_MAX = 512 * 1024

READ_WAIT_MS = 500


async def fence(broker: str, topics: TopicSet, partitions: Iterable[int]) -> dict[int, AIOKafkaProducer]:
    """Start each partition's transactional producer.

    From then on a former owner can commit nothing, and a transaction it left open has ended.
    """
    how = connection(broker)
    producers = {
        partition: AIOKafkaProducer(
            **how,
            transactional_id=f"{topics.worker_group}-{partition}",
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            max_batch_size=BATCH_BYTES_MAX,
        )
        for partition in partitions
    }
    await asyncio.gather(*(producer.start() for producer in producers.values()))
    return producers


async def committed_offsets(broker: str, topics: TopicSet) -> dict[TopicPartition, int]:
    """Return the offsets that the group's transactions committed."""
    admin = AIOKafkaAdminClient(**connection(broker))
    await admin.start()
    try:
        found = await admin.list_consumer_group_offsets(topics.worker_group)
    finally:
        await admin.close()
    return {TopicPartition(*tp): entry.offset for tp, entry in found.items() if entry.offset >= 0}


async def read_states(broker: str, topic: str, partitions: Sequence[int]) -> dict[int, dict[bytes, bytes]]:
    """Return the committed state of each convoy, by partition number."""
    consumer: AIOKafkaConsumer = AIOKafkaConsumer(
        **connection(broker),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    await consumer.start()
    try:
        return await _read_to_end(consumer, [Assigned(topic, partition) for partition in partitions])
    finally:
        await consumer.stop()


async def _read_to_end(consumer: AIOKafkaConsumer, tps: Sequence[Assigned]) -> dict[int, dict[bytes, bytes]]:
    states: dict[int, dict[bytes, bytes]] = {tp.partition: {} for tp in tps}
    if not tps:
        return states
    consumer.assign(tps)
    await consumer.seek_to_beginning(*tps)
    ends: Mapping[Assigned, int] = await consumer.end_offsets(tps)
    while any([await consumer.position(tp) < end for tp, end in ends.items()]):
        for tp, records in (await consumer.getmany(timeout_ms=READ_WAIT_MS)).items():
            _apply(states[tp.partition], records)
    return states


def _apply(states: dict[bytes, bytes], records: Iterable[object]) -> None:
    for record in records:
        key, value = record.key, record.value  # type: ignore[attr-defined]
        if value is None:
            states.pop(key, None)
        else:
            states[key] = value
