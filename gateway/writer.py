"""Writes records to Kafka for many requests at once: each request goes on when its own records are acknowledged.

What comes while a batch of a partition is under way waits and goes with the next one. So a busy gateway sends few large
batches, and each partition has one batch under way: its order is the order of the calls. What waits is bounded, and
what has waited too long is taken back: the client keeps it and sends it again; nothing old is written behind its back.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from bus.connection import connection
from bus.process import start_producer
from models.topics import PING_BYTES_MAX, TopicSet, partition_of

BUDGET_S = 8.0
"""Traccar Client and OsmAnd give up after 15 s, whatever has become of the message; they must hear before."""

ATTEMPT_S = 6.0
"""Kafka has this long for a batch before the client library gives it up; less than the budget."""

STALLED_S = 3.0
"""A batch that waits this long tells that the broker is away: who comes now hears it at once."""

AWAY_S = 30.0
"""After a batch that failed Kafka counts as away for so long, or until one is taken; by then others have looked."""

LOOK_S = 0.5
"""How exactly the budget is kept: one look at all that waits is much less work than a timer for each request."""

GATHER_S = 0.025
"""What comes within it goes out together: a phone does not notice, and a batch costs as much as several messages."""

RETRY_AFTER_S = 5
BATCH_BYTES_MAX = 512 * 1024
WAITING_BYTES_MAX = 64 * 1024 * 1024
RECORD_OVERHEAD_BYTES = 1000
"""What a waiting record costs beside its value: futures, headers, the request that waits for it."""

log = logging.getLogger(__name__)


class Unavailable(Exception):
    """The records were not written; the same ones may be later."""

    def __init__(self, reason: str, retry_after_s: int = RETRY_AFTER_S) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Outgoing(NamedTuple):
    """A record to write."""

    topic: str
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()


class _Waiting(NamedTuple):
    record: Outgoing
    done: asyncio.Future[None]
    since_s: float


@dataclass(slots=True)
class _Lane:
    """One partition of a topic: what waits, and the batch that is under way."""

    topic: str
    partition: int
    waiting: list[_Waiting] = field(default_factory=list)
    under_way: list[_Waiting] = field(default_factory=list)


class Writer:
    """Writes with acks=all; use it as `async with`. Raises KafkaConnectionError if no broker answers then."""

    def __init__(self, broker: str, topics: TopicSet) -> None:
        # Not idempotent: after a broker's restart the numbering of an idempotent producer can be refused for good, and
        # a batch of it never expires. One batch under way keeps the order; a copy is a duplicate to the worker.
        self._producer = AIOKafkaProducer(
            **connection(broker),
            acks="all",
            request_timeout_ms=int(ATTEMPT_S * 1000),
            max_batch_size=BATCH_BYTES_MAX,
            max_request_size=PING_BYTES_MAX,
        )
        self._partitions = topics.partitions
        self._lanes: dict[tuple[str, int], _Lane] = {}
        self._due: set[tuple[str, int]] = set()
        self._sent_s: dict[tuple[str, int], float] = {}  # of the batches under way, the oldest first
        self._gathering: asyncio.TimerHandle | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._failed_s = -math.inf
        self.waiting_bytes = 0

    async def __aenter__(self) -> Writer:
        await start_producer(self._producer)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        for timer in (self._gathering, self._looking):
            if timer is not None:
                timer.cancel()
        try:
            async with asyncio.timeout(ATTEMPT_S):
                await self._producer.stop()
        except TimeoutError:
            log.warning("Kafka did not take leave in time")

    @property
    def is_stalled(self) -> bool:
        """Whether Kafka leaves a batch without an answer."""
        oldest_s = next(iter(self._sent_s.values()), math.inf)
        return time.monotonic() - oldest_s > STALLED_S

    @property
    def is_away(self) -> bool:
        """Whether Kafka leaves a batch without an answer, or has not taken the last one."""
        return self.is_stalled or time.monotonic() - self._failed_s < AWAY_S

    async def write(self, records: Sequence[Outgoing]) -> None:
        """Write some records and return when Kafka has acknowledged all. Raises Unavailable."""
        if not records:
            return
        if self.is_stalled:
            raise Unavailable("Kafka does not answer")
        size = sum(len(record.value) + RECORD_OVERHEAD_BYTES for record in records)
        if self.waiting_bytes + size > WAITING_BYTES_MAX:
            raise Unavailable("too much waits for Kafka", 1)
        self.waiting_bytes += size
        now_s = time.monotonic()
        waiting = [self._put(record, now_s) for record in records]
        try:
            for done in waiting:
                await done
        finally:
            self.waiting_bytes -= size
            for done in waiting:
                done.cancel()  # what has not been sent yet is not to be any more

    def _put(self, record: Outgoing, now_s: float) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        place = record.topic, partition_of(record.key, self._partitions)
        lane = self._lanes.get(place)
        if lane is None:
            lane = self._lanes[place] = _Lane(*place)
        done: asyncio.Future[None] = loop.create_future()
        lane.waiting.append(_Waiting(record, done, now_s))
        self._due.add(place)
        if self._gathering is None:
            self._gathering = loop.call_later(GATHER_S, self._send_due)
        if self._looking is None:
            self._looking = loop.call_later(LOOK_S, self._give_up)
        return done

    def _give_up(self) -> None:
        """Take back what has waited too long; whether the broker takes its batch all the same is not known."""
        oldest_s, waits = time.monotonic() - BUDGET_S, False
        for lane in self._lanes.values():
            for waiting in (*lane.under_way, *lane.waiting):
                waits = True
                if waiting.since_s <= oldest_s:
                    _resolve(waiting.done, Unavailable("Kafka does not answer"))
        self._looking = asyncio.get_running_loop().call_later(LOOK_S, self._give_up) if waits else None

    def _send_due(self) -> None:
        """Send what waits in every lane that has no batch under way; the others go on when theirs comes back."""
        self._gathering = None
        for place in list(self._due):
            lane = self._lanes[place]
            if place not in self._sent_s:
                self._due.discard(place)
                self._sent_s[place] = time.monotonic()
                task = asyncio.create_task(self._send(lane))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)

    async def _send(self, lane: _Lane) -> None:
        batch, lane.under_way, lane.waiting = self._batch(lane.waiting)
        error: Exception | None = Unavailable("the gateway ends")
        try:
            if lane.under_way:
                await (await self._producer.send_batch(batch, lane.topic, partition=lane.partition))
                self._failed_s = -math.inf
            error = None
        except KafkaError as failure:
            log.warning("a batch was not written topic=%s error=%r", lane.topic, failure)
            error = Unavailable("Kafka refused the batch")
            self._failed_s = time.monotonic()
        finally:
            del self._sent_s[lane.topic, lane.partition]
            for waiting in lane.under_way:
                _resolve(waiting.done, error)
            lane.under_way = []
            if lane.waiting:
                self._due.add((lane.topic, lane.partition))
                if self._gathering is None:
                    self._gathering = asyncio.get_running_loop().call_later(GATHER_S, self._send_due)

    def _batch(self, waiting: list[_Waiting]) -> tuple[object, list[_Waiting], list[_Waiting]]:
        """Fill a batch; returns it, what is in it, and what has no room."""
        batch = self._producer.create_batch()
        taken: list[_Waiting] = []
        for index, (record, done, _) in enumerate(waiting):
            if done.done():
                continue
            headers = list(record.headers)
            if batch.append(key=record.key, value=record.value, timestamp=None, headers=headers) is None:
                return batch, taken, waiting[index:]
            taken.append(waiting[index])
        return batch, taken, []


def _resolve(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
        done.exception()  # whoever waited for another record of the request does not ask
