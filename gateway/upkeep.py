"""Keeps the directory up to date: follows plans and devices, and notices when the reader of them hangs.

A reader can hang after a broker's restart without a word (aiokafka #1154). It shows in nothing but that it stands still
while its topics grow; then a new one takes its place.
"""

from __future__ import annotations

import asyncio
import logging
from typing import NoReturn

from aiokafka.errors import KafkaConnectionError, KafkaError

from bus.follow import Follower, Place, ends_of, following
from gateway.directory import Directory
from gateway.metrics import Metrics
from models.topics import TopicSet

LOOK_S = 15.0
"""A reader that stood still from one look to the next, with something to read, is given up."""

log = logging.getLogger(__name__)


class Upkeep:
    """Follows the topics of a directory; `loaded` is set once it has read them for the first time."""

    def __init__(
        self, directory: Directory, broker: str, topics: TopicSet, metrics: Metrics, look_s: float = LOOK_S
    ) -> None:
        self._directory = directory
        self._broker = broker
        self._topics = topics
        self._names = [topics.plans, topics.devices]
        self._metrics = metrics
        self._look_s = look_s
        self.loaded = asyncio.Event()
        self.faults: list[str] = []
        """Why it is not known to be up to date; empty when all is well."""

    async def run(self) -> NoReturn:
        """Read and follow for ever. Raises aiokafka's KafkaError; no connection only before it is loaded."""
        while True:
            try:
                async with following(self._broker, self._names, from_beginning=True) as follower:
                    await self._directory.load(follower, self._topics)
                    self.loaded.set()
                    self.faults = []
                    await self._follow_until_stuck(follower)
                self.faults = ["plans and devices are not up to date"]
                log.warning("the reader of plans and devices stood still; a new one takes its place")
                self._metrics.restarts.labels("stuck").inc()
            except KafkaConnectionError:
                if not self.loaded.is_set():
                    raise
                self._metrics.restarts.labels("unreachable").inc()
                await asyncio.sleep(self._look_s)

    async def _follow_until_stuck(self, follower: Follower) -> None:
        reading = asyncio.create_task(self._directory.follow(follower, self._topics))
        behind: dict[Place, int] = {}
        try:
            while True:
                done, _ = await asyncio.wait([reading], timeout=self._look_s)
                if done:
                    reading.result()
                before, behind = behind, await self._look(follower)
                if before.items() & behind.items():
                    return
        finally:
            reading.cancel()
            await asyncio.wait([reading])

    async def _look(self, follower: Follower) -> dict[Place, int]:
        """Where the reader stands in the partitions that reach further; a client of its own asks how far they do."""
        try:
            async with asyncio.timeout(self._look_s):
                behind = await follower.behind(await ends_of(self._broker, self._names))
        except (KafkaError, OSError):  # a TimeoutError is one
            self.faults = ["Kafka does not answer"]
            return {}
        self.faults = []
        return behind
