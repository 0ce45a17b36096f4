"""Topics as the contract says them, on a real broker."""

import asyncio
import itertools

import pytest
from aiokafka.admin import NewTopic
from aiokafka.errors import KafkaConnectionError, KafkaError

from bus.topic_admin import admin_client, check, ensure, find_topics
from deploy.kafka.embedded import EmbeddedKafka
from deploy.kafka.ports import free_port
from models.topics import TopicSet
from tests.conftest import Outgoing, Produce, ReadAll


async def create(kafka: EmbeddedKafka, name: str, partitions: int, config: dict[str, str]) -> None:
    async with admin_client(kafka.bootstrap) as admin:
        await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=config)])


async def test_a_new_set_is_as_the_contract_says(
    kafka: EmbeddedKafka, topics: TopicSet, replay_topics: TopicSet
) -> None:
    assert await check(kafka.bootstrap, topics) == []
    assert await check(kafka.bootstrap, replay_topics) == []


async def test_ensure_again_creates_nothing(kafka: EmbeddedKafka, topics: TopicSet) -> None:
    assert await ensure(kafka.bootstrap, topics) == []


async def test_ensure_creates_what_is_missing_and_names_it(kafka: EmbeddedKafka, topics: TopicSet) -> None:
    async with admin_client(kafka.bootstrap) as admin:
        await admin.delete_topics([topics.alerts])
        while topics.alerts in await admin.list_topics():  # noqa: ASYNC110 - Kafka has no event for it
            await asyncio.sleep(0.02)
    assert await ensure(kafka.bootstrap, topics) == [topics.alerts]


async def test_two_ensures_at_once_create_each_topic_once(kafka: EmbeddedKafka, topics: TopicSet) -> None:
    wanted = TopicSet(prefix=f"{topics.prefix}x", partitions=1)
    created = await asyncio.gather(*(ensure(kafka.bootstrap, wanted) for _ in range(4)))
    assert sorted(itertools.chain(*created)) == sorted(spec.name for spec in wanted.specs())
    assert await check(kafka.bootstrap, wanted) == []


async def test_a_new_set_can_be_written_and_read_at_once(topics: TopicSet, produce: Produce, read_all: ReadAll) -> None:
    await produce(topics.convoys, [Outgoing(b"%d" % number, b"x") for number in range(50)])
    assert len(await read_all(topics.convoys)) == 50


async def test_live_pings_carry_the_brokers_clock_and_replayed_ones_their_own(
    topics: TopicSet, replay_topics: TopicSet, produce: Produce, read_all: ReadAll
) -> None:
    for name in (topics.convoy_pings, replay_topics.convoy_pings):
        await produce(name, [Outgoing(b"BTG-07", b"{}", timestamp_ms=1_000)])
    assert (await read_all(topics.convoy_pings))[0].timestamp > 1_600_000_000_000
    assert (await read_all(replay_topics.convoy_pings))[0].timestamp == 1_000


async def test_check_names_the_missing_topics_and_the_command(kafka: EmbeddedKafka) -> None:
    (fault,) = await check(kafka.bootstrap, TopicSet(prefix="nowhere", partitions=3, replay=True))
    assert "nowhere.convoy-pings" in fault
    assert "nowhere.state" in fault
    assert "kawal topics ensure --replay --prefix nowhere --partitions 3" in fault


async def test_check_reports_another_number_of_partitions(kafka: EmbeddedKafka, topics: TopicSet) -> None:
    (fault,) = await check(kafka.bootstrap, TopicSet(prefix=topics.prefix, partitions=12))
    assert fault.startswith(f"partitions is 4, not 12: {topics.convoy_pings}, ")
    assert "KAWAL_PARTITIONS" in fault


async def test_check_tells_a_live_set_from_a_replay_set(kafka: EmbeddedKafka, topics: TopicSet) -> None:
    faults = await check(kafka.bootstrap, TopicSet(prefix=topics.prefix, partitions=4, replay=True))
    assert any("live set" in fault and topics.ticks in fault for fault in faults)


async def test_check_reports_wrong_settings_but_not_a_wider_limit(kafka: EmbeddedKafka, topics: TopicSet) -> None:
    wanted = TopicSet(prefix=f"{topics.prefix}y", partitions=2)
    right = {spec.name: spec.config for spec in wanted.specs()}
    await create(kafka, wanted.state, 2, {"cleanup.policy": "delete"})
    await create(kafka, wanted.alerts, 2, {"retention.ms": "1000"})
    await create(kafka, wanted.convoy_pings, 2, right[wanted.convoy_pings] | {"max.message.bytes": "1000"})
    await create(kafka, wanted.escort_pings, 2, right[wanted.escort_pings] | {"max.message.bytes": "9000000"})
    assert await ensure(kafka.bootstrap, wanted)
    faults = await check(kafka.bootstrap, wanted)
    assert sorted(fault.split(". ")[0] for fault in faults) == [
        f"cleanup.policy is delete, not compact: {wanted.state}",
        f"max.message.bytes is 1000, not {right[wanted.convoy_pings]['max.message.bytes']}: {wanted.convoy_pings}",
        f"retention.ms is 1000, not {right[wanted.alerts]['retention.ms']}: {wanted.alerts}",
    ]
    assert any("--add-config cleanup.policy=compact" in fault for fault in faults)


async def test_topics_that_do_not_exist_are_not_found(kafka: EmbeddedKafka) -> None:
    async with admin_client(kafka.bootstrap) as admin:
        assert await find_topics(admin, ["nobody.knows"]) == {}


async def test_a_name_that_kafka_refuses_is_an_error(kafka: EmbeddedKafka) -> None:
    with pytest.raises(KafkaError, match="not allowed"):
        await ensure(kafka.bootstrap, TopicSet(prefix="not allowed", partitions=1))


async def test_a_missing_broker_is_a_connection_error() -> None:
    with pytest.raises(KafkaConnectionError):
        await check(f"127.0.0.1:{free_port()}", TopicSet())


async def test_a_server_that_never_answers_is_a_connection_error_within_ten_seconds() -> None:
    callers: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: callers.append(writer), "127.0.0.1", 0)
    async with silent, asyncio.timeout(10):
        with pytest.raises(KafkaConnectionError, match="no answer"):
            await check(f"127.0.0.1:{silent.sockets[0].getsockname()[1]}", TopicSet())
        for caller in callers:
            caller.close()
            await caller.wait_closed()
