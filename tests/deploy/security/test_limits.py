"""Who writes more than its share is slowed down by the broker, and nobody else with it."""

from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from bus.connection import connection
from bus.topic_admin import ensure
from deploy.security.rights import WRITE_BYTES_PER_S
from models.topics import TopicSet
from tests.deploy.security.conftest import VEHICLE, Secured

FLOOD = b"x" * (2 * WRITE_BYTES_PER_S["vehicle"])


async def is_slowed_down(secured: Secured, topic: str) -> bool:
    """Write at once what a vehicle may in 16 s, for Kafka averages over 10: whether the broker wants us to wait."""
    waits_ms: list[int] = [0]
    producer = AIOKafkaProducer(**connection(secured.address), max_request_size=2 * len(FLOOD))
    async with producer:
        send = producer.client.send

        async def noting(*arguments: Any, **options: Any) -> Any:
            answer = await send(*arguments, **options)
            waits_ms.append(getattr(answer, "throttle_time_ms", 0))
            return answer

        producer.client.send = noting
        for _ in range(8):
            if not any(waits_ms):
                await producer.send_and_wait(topic, FLOOD, b"BTG-07", partition=0)
    return any(waits_ms)


async def test_a_vehicle_that_floods_is_slowed_down_and_the_worker_is_not(
    secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics = TopicSet(secured.prefix, secured.topics.partitions)
    secured.become("admin", monkeypatch)
    await ensure(secured.address, topics)
    secured.become(VEHICLE, monkeypatch)
    assert await is_slowed_down(secured, topics.convoy_pings)
    secured.become("worker", monkeypatch)
    assert not await is_slowed_down(secured, topics.dlt(topics.convoy_pings))
