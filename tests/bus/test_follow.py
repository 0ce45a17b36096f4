"""What is left when a reader of topics is stopped."""

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaConnectionError

from bus.follow import following
from deploy.kafka.embedded import EmbeddedKafka
from models.topics import TopicSet


@pytest.fixture
def cancelled_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Consumers stop as they do when a broker goes away in the middle of a fetch, which cannot be brought about."""
    stop = AIOKafkaConsumer.stop

    async def stop_and_let_through(self: Any) -> None:
        await stop(self)
        raise asyncio.CancelledError

    monkeypatch.setattr(AIOKafkaConsumer, "stop", stop_and_let_through)


@pytest.fixture
def reads(kafka: EmbeddedKafka, topics: TopicSet) -> tuple[str, list[str]]:
    return kafka.bootstrap, [topics.plans]


async def test_what_ended_the_use_of_a_reader_is_not_replaced_by_its_stop(
    reads: tuple[str, list[str]], cancelled_stop: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bus.follow._require", _nothing)
    with pytest.raises(KafkaConnectionError):
        async with following(*reads, from_beginning=True):
            raise KafkaConnectionError


async def test_a_task_that_is_cancelled_stays_cancelled(
    reads: tuple[str, list[str]], cancelled_stop: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bus.follow._require", _nothing)
    reading = asyncio.Event()

    async def read() -> None:
        async with following(*reads, from_beginning=True):
            reading.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(read())
    await reading.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def _nothing(*_: object) -> None:
    """The topics are there."""
