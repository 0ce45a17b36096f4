"""What many tests share: one real Kafka for the whole run, and topics of their own for each test."""

import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import NamedTuple

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from hypothesis import HealthCheck, settings

from bench.running_gateway import Gateway, running
from bus import topic_admin
from deploy.kafka.embedded import EmbeddedKafka
from deploy.kafka.quick_start import archive
from models.topics import TopicSet
from tests.gateway.posts import post

PARTITIONS = 4

# No test asserts a time: an example that a busy machine takes long for is no failure.
settings.register_profile("unhurried", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def hurry_java() -> None:
    """Let brokers do without Java's second compiler, in processes that tests start too.

    It takes two fifths of the CPU of a broker that lives for a minute. The archive that makes starts quick is made
    before: it serves brokers that live longer, and holds what that compiler wants to know.
    """
    os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")


if archive().exists():
    hurry_java()


class Outgoing(NamedTuple):
    """A record to produce; without a partition its key decides, without a timestamp the broker or the clock."""

    key: bytes | None
    value: bytes | None
    timestamp_ms: int | None = None
    partition: int | None = None


ReadAll = Callable[[str], Awaitable[list[ConsumerRecord]]]
Produce = Callable[[str, Iterable[Outgoing]], Awaitable[None]]


@pytest.fixture(scope="session")
def kafka() -> Iterator[EmbeddedKafka]:
    """One running broker for all tests; a test that kills a broker starts its own."""
    if not archive().exists():
        with EmbeddedKafka():  # its end makes the many starts to come quick
            pass
    hurry_java()
    # Tests that kill a worker need not wait out the six seconds that Kafka wants a session to last.
    with EmbeddedKafka(settings={"group.min.session.timeout.ms": "1000"}) as broker:
        yield broker


async def fresh_topics(kafka: EmbeddedKafka, replay: bool) -> TopicSet:
    topics = TopicSet(prefix=f"t{uuid.uuid4().hex[:12]}", partitions=PARTITIONS, replay=replay)
    await topic_admin.ensure(kafka.bootstrap, topics)
    return topics


@pytest.fixture
async def topics(kafka: EmbeddedKafka) -> TopicSet:
    """A live set of topics that no other test uses."""
    return await fresh_topics(kafka, replay=False)


@pytest.fixture
async def replay_topics(kafka: EmbeddedKafka) -> TopicSet:
    """A replay set of topics that no other test uses."""
    return await fresh_topics(kafka, replay=True)


@pytest.fixture(scope="session")
def gateway(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One running gateway for all tests, with a convoy and registered devices."""
    with running(post(kafka.bootstrap, TopicSet("tgateway", PARTITIONS), tmp_path_factory.mktemp("gateway"))) as made:
        yield made


@pytest.fixture
def produce(kafka: EmbeddedKafka) -> Produce:
    """`await produce(topic, records)`: write the records in order and wait until the broker has them all."""

    async def run(topic: str, records: Iterable[Outgoing]) -> None:
        async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, max_request_size=8 * 1024 * 1024) as producer:
            sent = [
                await producer.send(topic, it.value, it.key, it.partition, timestamp_ms=it.timestamp_ms)
                for it in records
            ]
            for delivery in sent:
                await delivery

    return run


@pytest.fixture
def read_all(kafka: EmbeddedKafka) -> ReadAll:
    """`await read_all(topic)`: every committed record up to the present end, partition after partition."""

    async def run(topic: str) -> list[ConsumerRecord]:
        ends = await _ends(kafka.bootstrap, topic)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=kafka.bootstrap, isolation_level="read_committed", auto_offset_reset="earliest"
        )
        async with consumer:
            return [record async for record in _records(consumer, ends)]

    return run


async def _ends(bootstrap: str, topic: str) -> dict[TopicPartition, int]:
    """The end of every partition, what no marker has committed yet included.

    The broker answers a commit before it has written the markers: whoever takes the end of what is committed at that
    instant misses the transaction. The reader waits for the markers up to this end instead.
    """
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        # Asking for the partitions of a topic that the client does not know yet fetches them.
        await consumer._client.force_metadata_update()
        parts = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        return dict(await consumer.end_offsets(parts))


async def _records(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> AsyncIterator[ConsumerRecord]:
    for part, end in ends.items():
        consumer.assign([part])
        await consumer.seek_to_beginning(part)
        while await consumer.position(part) < end:
            for record in (await consumer.getmany(part, timeout_ms=200)).get(part, []):
                if record.offset < end:
                    yield record
