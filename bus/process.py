"""What a long-running process does first: wait for its broker, check the topics."""

import asyncio
import logging
import time

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

from bus.topic_admin import check
from models.topics import TopicSet

BROKER_WAIT_S = 30.0
BROKER_RETRY_S = 1.0

log = logging.getLogger(__name__)


class TopicsError(RuntimeError):
    """The topics are not as they must be; one line a fault."""


async def check_patiently(broker: str, topics: TopicSet) -> list[str]:
    """Check the topics; a broker that is just starting gets some time. Raises KafkaConnectionError after that."""
    end_s = time.monotonic() + BROKER_WAIT_S
    while True:
        try:
            return await check(broker, topics)
        except KafkaConnectionError:
            if time.monotonic() > end_s:
                raise
            log.warning("no broker answers at %s yet; trying for %.0f s more", broker, end_s - time.monotonic())
            await asyncio.sleep(BROKER_RETRY_S)


async def start_producer(producer: AIOKafkaProducer) -> None:
    """Start a producer; one that cannot be started is stopped, else it goes on trying. Raises KafkaConnectionError."""
    try:
        await producer.start()
    except BaseException:
        await producer.stop()
        raise
