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
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from msgspec import Struct

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


class Outgoing(Struct, frozen=True, array_like=True):
    """A record to write."""

    topic: str
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()


_Result = TypeVar("_Result")

Done = Callable[["Unavailable | None"], None]
"""Hears once what became of an order: None when Kafka has acknowledged all of it."""


class Order:
    """What one request writes; over when all of it is acknowledged, a record failed, or nobody waits any more."""

    __slots__ = ("bytes", "done", "left", "since_s")

    def __init__(self, size: int, left: int, since_s: float, done: Done) -> None:
        self.bytes = size
        self.left = left
        self.since_s = since_s
        self.done: Done | None = done

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is to be written any more."""
        return self.done is None


_Waiting = tuple[Outgoing, Order]


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
        return self._stalled_at(time.monotonic())

    @property
    def is_away(self) -> bool:
        """Whether Kafka leaves a batch without an answer, or has not taken the last one."""
        return self.is_stalled or time.monotonic() - self._failed_s < AWAY_S

    def _stalled_at(self, now_s: float) -> bool:
        return now_s - next(iter(self._sent_s.values()), math.inf) > STALLED_S

    async def write(self, records: Sequence[Outgoing]) -> None:
        """Write some records and return when Kafka has acknowledged all. Raises Unavailable."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        order = self.put(records, partial(settle, written))
        try:
            await written
        finally:
            self.withdraw(order)

    def put(self, records: Sequence[Outgoing], done: Done) -> Order:
        """Write some records; `done` hears when Kafka has acknowledged all, or why it has not. It may hear at once."""
        now_s = time.monotonic()
        size = sum([len(record.value) + RECORD_OVERHEAD_BYTES for record in records])
        order = Order(size, len(records), now_s, done)
        self.waiting_bytes += size
        if not records:
            self._finish(order, None)
        elif refusal := self._refusal(now_s):
            self._finish(order, refusal)
        else:
            for record in records:
                self._lane(record).waiting.append((record, order))
            self._set_timers()
        return order

    def withdraw(self, order: Order) -> None:
        """Nobody waits for it any more: what has not been sent yet is not to be."""
        if not order.is_over:
            order.done = None
            self.waiting_bytes -= order.bytes

    def _finish(self, order: Order, error: Unavailable | None) -> None:
        done = order.done
        if done is None:
            return
        self.withdraw(order)
        try:
            done(error)
        except Exception:
            log.exception("what became of a request could not be told")  # the others of its batch hear theirs

    def _refusal(self, now_s: float) -> Unavailable | None:
        if self._stalled_at(now_s):
            return Unavailable("Kafka does not answer")
        if self.waiting_bytes > WAITING_BYTES_MAX:
            return Unavailable("too much waits for Kafka", 1)
        return None

    def _lane(self, record: Outgoing) -> _Lane:
        place = record.topic, partition_of(record.key, self._partitions)
        self._due.add(place)
        lane = self._lanes.get(place)
        if lane is None:
            lane = self._lanes[place] = _Lane(*place)
        return lane

    def _set_timers(self) -> None:
        if self._gathering is None:
            self._gathering = asyncio.get_running_loop().call_later(GATHER_S, self._send_due)
        if self._looking is None:
            self._looking = asyncio.get_running_loop().call_later(LOOK_S, self._give_up)

    def _give_up(self) -> None:
        """Take back what has waited too long; whether the broker takes its batch all the same is not known."""
        oldest_s = time.monotonic() - BUDGET_S
        waiting = [order for lane in self._lanes.values() for _, order in (*lane.under_way, *lane.waiting)]
        self._looking = asyncio.get_running_loop().call_later(LOOK_S, self._give_up) if waiting else None
        for order in waiting:
            if order.since_s <= oldest_s:
                self._finish(order, Unavailable("Kafka does not answer"))

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
        error: Unavailable | None = Unavailable("the gateway ends")
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
            if lane.waiting:
                self._due.add((lane.topic, lane.partition))
                self._set_timers()
            sent, lane.under_way = lane.under_way, []
            for _, order in sent:
                order.left -= 1
                if error is not None or order.left == 0:
                    self._finish(order, error)

    def _batch(self, waiting: list[_Waiting]) -> tuple[object, list[_Waiting], list[_Waiting]]:
        """Fill a batch; returns it, what is in it, and what has no room."""
        batch = self._producer.create_batch()
        taken: list[_Waiting] = []
        for index, (record, order) in enumerate(waiting):
            if order.is_over:
                continue
            headers = list(record.headers)
            if batch.append(key=record.key, value=record.value, timestamp=None, headers=headers) is None:
                return batch, taken, waiting[index:]
            taken.append(waiting[index])
        return batch, taken, []


def settle(heard: asyncio.Future[_Result], result: _Result | Exception) -> None:
    """Give a future what became of an order."""
    if heard.done():  # nobody waits, and the order is about to be withdrawn
        return
    if isinstance(result, Exception):
        heard.set_exception(result)
    else:
        heard.set_result(result)
