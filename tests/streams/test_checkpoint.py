"""A checkpoint on Apache Kafka: all of it or nothing."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import ProducerFenced

from deploy.kafka.embedded import EmbeddedKafka
from models.topics import TopicSet
from streams.checkpoint import Checkpoint, CheckpointError, FencedError, Output, write
from streams.handover import TopicPartition
from streams.takeover import committed_offsets, fence, read_states
from tests.conftest import ReadAll

PARTITION = 1


@pytest.fixture
async def producer(kafka: EmbeddedKafka, topics: TopicSet) -> AsyncIterator[AIOKafkaProducer]:
    producers = await fence(kafka.bootstrap, topics, [PARTITION])
    yield producers[PARTITION]
    await producers[PARTITION].stop()


def checkpoint(topics: TopicSet, offset: int = 5, **outputs: list[Output]) -> Checkpoint:
    made = Checkpoint(PARTITION, offsets={TopicPartition(topics.ticks, PARTITION): offset})
    for topic, records in outputs.items():
        made.add(getattr(topics, topic), records)
    return made


async def test_records_and_offsets_are_committed_together(
    kafka: EmbeddedKafka, topics: TopicSet, producer: AIOKafkaProducer, read_all: ReadAll
) -> None:
    states = [Output(f"BTG-{number}".encode(), bytes(1600)) for number in range(2_000)]
    letter = Output(b"BTG-1", b"x", [("kawal.error.code", b"bad-json")])
    await write(producer, checkpoint(topics, alerts=[letter], state=states), topics.worker_group)
    [alert] = await read_all(topics.alerts)
    assert (alert.partition, alert.key, alert.value, alert.headers) == (
        PARTITION,
        b"BTG-1",
        b"x",
        (("kawal.error.code", b"bad-json"),),
    )
    stored = await read_states(kafka.bootstrap, topics.state, [0, PARTITION])
    assert stored == {0: {}, PARTITION: {output.key: output.value for output in states}}
    assert await committed_offsets(kafka.bootstrap, topics) == {TopicPartition(topics.ticks, PARTITION): 5}


async def test_a_null_record_forgets_a_state(
    kafka: EmbeddedKafka, topics: TopicSet, producer: AIOKafkaProducer
) -> None:
    await write(
        producer, checkpoint(topics, state=[Output(b"BTG-1", b"1"), Output(b"BTG-2", b"2")]), topics.worker_group
    )
    await write(producer, checkpoint(topics, state=[Output(b"BTG-1", None)]), topics.worker_group)
    assert await read_states(kafka.bootstrap, topics.state, [PARTITION]) == {PARTITION: {b"BTG-2": b"2"}}


@pytest.mark.parametrize(
    ("topic", "refused"),
    [
        ("state", Output(None, b"a compacted topic takes no record without a key")),
        ("alerts", Output(b"", bytes(2**21))),
    ],
    ids=["no key", "too large"],
)
async def test_one_refused_record_aborts_the_whole_checkpoint(
    kafka: EmbeddedKafka,
    topics: TopicSet,
    producer: AIOKafkaProducer,
    read_all: ReadAll,
    topic: str,
    refused: Output,
) -> None:
    await write(producer, checkpoint(topics, offset=5, convoys=[Output(b"BTG-1", b"before")]), topics.worker_group)
    outputs = {"convoys": [Output(b"BTG-1", b"after")], topic: [Output(b"BTG-1", b"good"), refused]}
    with pytest.raises(CheckpointError, match=getattr(topics, topic)):
        await write(producer, checkpoint(topics, offset=9, **outputs), topics.worker_group)
    assert [record.value for record in await read_all(topics.convoys)] == [b"before"]
    assert await read_all(getattr(topics, topic)) == []
    assert await committed_offsets(kafka.bootstrap, topics) == {TopicPartition(topics.ticks, PARTITION): 5}


async def test_a_new_owner_fences_the_old_one_and_ends_its_transaction(
    kafka: EmbeddedKafka, topics: TopicSet, producer: AIOKafkaProducer, read_all: ReadAll
) -> None:
    await producer.begin_transaction()
    await (await producer.send(topics.alerts, b"never committed", b"BTG-1", PARTITION))
    async with asyncio.timeout(10):
        successors = await fence(kafka.bootstrap, topics, [PARTITION])
        await write(
            successors[PARTITION], checkpoint(topics, offset=7, alerts=[Output(b"BTG-1", b"new")]), topics.worker_group
        )
    await successors[PARTITION].stop()
    assert [record.value for record in await read_all(topics.alerts)] == [b"new"]
    with pytest.raises(ProducerFenced):
        await producer.commit_transaction()


async def test_a_fenced_owner_cannot_write_a_checkpoint(
    kafka: EmbeddedKafka, topics: TopicSet, producer: AIOKafkaProducer, read_all: ReadAll
) -> None:
    [successor] = (await fence(kafka.bootstrap, topics, [PARTITION])).values()
    await successor.stop()
    with pytest.raises(FencedError, match="partition 1"):
        await write(producer, checkpoint(topics, alerts=[Output(b"BTG-1", b"too late")]), topics.worker_group)
    assert await read_all(topics.alerts) == []
    assert await committed_offsets(kafka.bootstrap, topics) == {}
