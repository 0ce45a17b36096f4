"""The directory notices that the reader of plans and devices hangs, and takes another one."""

import asyncio
import logging

import pytest

from bus.follow import Follower
from deploy.kafka.embedded import EmbeddedKafka
from gateway.devices import open_devices
from gateway.directory import Directory
from gateway.metrics import Metrics
from gateway.upkeep import Upkeep
from models.topics import TopicSet

WAIT_S = 60


class Hanging(Directory):
    """A directory whose first reader gets nothing more once it has loaded, as one that hangs."""

    loads = 0

    async def load(self, follower: Follower, topics: TopicSet) -> None:
        await super().load(follower, topics)
        self.loads += 1
        if self.loads == 1:
            follower._consumer.pause(*follower._consumer.assignment())


async def test_a_reader_that_hangs_is_replaced(
    kafka: EmbeddedKafka, topics: TopicSet, caplog: pytest.LogCaptureFixture
) -> None:
    directory = Hanging()
    caplog.set_level(logging.WARNING)
    metrics = Metrics()
    upkeep = Upkeep(directory, kafka.bootstrap, topics, metrics, look_s=1.0)
    task = asyncio.create_task(upkeep.run())
    try:
        async with asyncio.timeout(WAIT_S):
            await upkeep.loaded.wait()
            token = await (await open_devices(kafka.bootstrap, topics)).add("late")
            while directory.authenticate(token) is None:  # noqa: ASYNC110 - the directory tells nobody of its changes
                await asyncio.sleep(0.05)
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert upkeep.faults == []
    assert directory.loads == 2
    assert "stood still" in caplog.text
    assert metrics.registry.get_sample_value("kawal_consumer_restarts_total", {"cause": "stuck"}) == 1
