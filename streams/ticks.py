"""The clock is a topic: the owner of a partition writes one empty record a second to its ticks.

In a live set the broker stamps them, so stream time goes on where no ping comes, and a tick that comes back proves
the whole path alive. In a replay set the replaying tool writes them, and nothing here runs.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from bus.connection import connection

PERIOD_S = 1.0

log = logging.getLogger(__name__)


class Ticker:
    """Writes the ticks of the partitions that `owned` names and reports each one taken; use it as a task."""

    def __init__(
        self, broker: str, topic: str, owned: Callable[[], Iterable[int]], ticked: Callable[[int], None]
    ) -> None:
        self._broker = broker
        self._topic = topic
        self._owned = owned
        self._ticked = ticked

    async def run(self) -> None:
        """Tick until cancelled. A broker that does not answer delays the ticks; it does not end them."""
        producer = AIOKafkaProducer(**connection(self._broker), enable_idempotence=True, acks="all")
        await producer.start()
        try:
            while True:
                begin_s = time.monotonic()
                await asyncio.gather(*(self._tick(producer, partition) for partition in list(self._owned())))
                await asyncio.sleep(max(0.0, begin_s + PERIOD_S - time.monotonic()))
        finally:
            await producer.stop()

    async def _tick(self, producer: AIOKafkaProducer, partition: int) -> None:
        try:
            await producer.send_and_wait(self._topic, b"", partition=partition)
        except KafkaError as error:
            log.warning("a tick was not written partition=%d error=%r", partition, error)
        else:
            self._ticked(partition)
