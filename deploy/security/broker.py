"""An embedded broker that knows its accounts."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from aiokafka.errors import KafkaError

from bus.connection import connection
from deploy.security.apply import apply
from deploy.security.folder import SecurityFolder
from deploy.security.rights import ADMIN
from models.topics import TopicSet


class Security(NamedTuple):
    """How an embedded broker is secured: the folder of its keys, and the topics that the rights are for."""

    folder: SecurityFolder
    topics: TopicSet

    def is_applied(self, address: str) -> bool:
        """Bring a broker that listens for its admin at `address` to what the folder says; False if it is not ready."""
        try:
            how = connection(address, self.folder.by_certificate(ADMIN))
            with ThreadPoolExecutor(1) as apart:  # the caller may have an event loop of its own
                apart.submit(asyncio.run, apply(how, self.folder, self.topics)).result()
        except TimeoutError:
            return False
        except KafkaError as error:
            if not error.retriable:
                raise
            return False
        return True
