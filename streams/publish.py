"""Publishes pings and ticks to a replay set in an order that a worker reading along cannot mistake.

A worker merges the topics of a partition by timestamp and takes a topic as read when it is at the end of that log.
So a record may be sent only after all earlier ones of its partition are acknowledged, unless they are in the same
topic, where the idempotent producer keeps the order. Partitions do not wait for each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple, Protocol

from aiokafka import AIOKafkaProducer

from bus.connection import connection
from bus.process import start_producer
from models.topics import PING_BYTES_MAX, TopicSet, partition_of

SECOND_MS = 1000
TICK_RANK = 2
UNPACED_SPAN_MS = 60_000
"""As fast as possible, the partitions drift apart by at most this much event time: memory stays bounded."""

PACED_STEP_S = 0.05
"""Paced, what is due within this much real time goes out together: nobody sees the difference."""


class Ping(Protocol):
    """A recorded or simulated ping: when it arrived, and where it belongs (rank 0 cargo, 1 escort)."""

    @property
    def received_ms(self) -> int: ...
    @property
    def key(self) -> bytes: ...
    @property
    def value(self) -> bytes: ...
    @property
    def rank(self) -> int: ...


class Outgoing(NamedTuple):
    """One record to publish."""

    timestamp_ms: int
    rank: int
    partition: int
    key: bytes | None
    value: bytes


class Published(NamedTuple):
    """How far the publishing is: pings sent and acknowledged, and the event time they reach."""

    pings: int
    event_ms: int


def in_order(pings: Iterable[Ping], partitions: int, span_ms: int) -> Iterator[list[Outgoing]]:
    """Cut `pings` (in arrival order) into spans of `span_ms`, each sorted as a worker merges, with the ticks.

    Every partition gets one tick for each whole second from the first `received_ms` to the last. A span in which
    nothing is due is left out.
    """
    tick_ms: int | None = None
    for number, group in groupby(pings, lambda ping: ping.received_ms // span_ms):
        span = [_outgoing(ping, partitions) for ping in group]
        if tick_ms is None:
            tick_ms = -(-span[0].timestamp_ms // SECOND_MS) * SECOND_MS
        for silent in range(tick_ms // span_ms, number):
            if ticks := _ticks(tick_ms, (silent + 1) * span_ms - 1, partitions):
                yield ticks
                tick_ms = ticks[-1].timestamp_ms + SECOND_MS
        if ticks := _ticks(tick_ms, span[-1].timestamp_ms, partitions):
            tick_ms = ticks[-1].timestamp_ms + SECOND_MS
        yield sorted(span + ticks, key=attrgetter("timestamp_ms", "rank"))


def _outgoing(ping: Ping, partitions: int) -> Outgoing:
    return Outgoing(ping.received_ms, ping.rank, partition_of(ping.key, partitions), ping.key, ping.value)


def _ticks(first_ms: int, last_ms: int, partitions: int) -> list[Outgoing]:
    return [
        Outgoing(tick_ms, TICK_RANK, partition, None, b"")
        for tick_ms in range(first_ms, last_ms + 1, SECOND_MS)
        for partition in range(partitions)
    ]


class Publisher:
    """Publishes to one replay set; use it as `async with`. Errors are aiokafka's KafkaError."""

    def __init__(self, broker: str, topics: TopicSet) -> None:
        # acks=all and idempotence: what the broker has acknowledged stays, once and in order, also after a retry.
        self._producer = AIOKafkaProducer(
            **connection(broker), enable_idempotence=True, acks="all", max_request_size=PING_BYTES_MAX
        )
        self._partitions = topics.partitions
        self._names = (topics.convoy_pings, topics.escort_pings, topics.ticks)

    async def __aenter__(self) -> Publisher:
        await start_producer(self._producer)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def publish(
        self, pings: Iterable[Ping], speed: float, progress: Callable[[Published], None] = lambda _: None
    ) -> int:
        """Publish `pings` (in arrival order) with their ticks, `speed` times as fast as they came, and count them.

        Speed 0 is as fast as possible. `progress` is called after each span, when all of it is acknowledged.
        """
        loop, sent = asyncio.get_running_loop(), 0
        begin_s, begin_ms = loop.time(), 0
        span_ms = max(int(PACED_STEP_S * SECOND_MS * speed), 1) if speed else UNPACED_SPAN_MS
        for span in in_order(pings, self._partitions, span_ms):
            begin_ms = begin_ms or span[0].timestamp_ms
            if speed:
                due_s = begin_s + (span[-1].timestamp_ms - begin_ms) / SECOND_MS / speed
                await asyncio.sleep(due_s - loop.time())
            await self._send(span)
            sent += sum(record.rank != TICK_RANK for record in span)
            progress(Published(sent, span[-1].timestamp_ms))
        return sent

    async def _send(self, span: Sequence[Outgoing]) -> None:
        """Publish one span, all its partitions at once, and return when everything is acknowledged."""
        lanes: dict[int, list[Outgoing]] = {}
        for record in span:
            lanes.setdefault(record.partition, []).append(record)
        await asyncio.gather(*map(self._send_lane, lanes.values()))

    async def _send_lane(self, lane: Sequence[Outgoing]) -> None:
        """Publish the records of one partition number; where the topic changes, wait for the acknowledgements."""
        for rank, run in groupby(lane, attrgetter("rank")):
            sent = [
                await self._producer.send(
                    self._names[rank],
                    record.value,
                    key=record.key,
                    partition=record.partition,
                    timestamp_ms=record.timestamp_ms,
                )
                for record in run
            ]
            await asyncio.gather(*sent)
