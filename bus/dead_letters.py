"""Dead letters read back from their topics, and sent again to where they came from.

Nothing is ever taken out of a dead-letter topic. A letter that was sent again gets a record behind it that says so,
and is skipped from then on. It is written once the letter itself is acknowledged: who dies in between sends the letter
a second time, and the worker counts it as a duplicate.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import UnknownTopicOrPartitionError

from bus.connection import connection
from bus.follow import Follower, Record, following
from bus.topic_admin import admin_client
from models.dead_letter import CODE, MESSAGE, PARTITION, REDRIVEN, RETRIES_MAX, RETRY_COUNT, TOPIC, without_reasons
from models.dead_letter import retry_count as retries_of
from models.topics import DEAD_LETTER_BYTES_MAX, TopicSet

BATCH_MAX = 50
"""Letters of up to 4 MiB that are on their way at once."""

Fate = Literal["sent", "too-often", "not-ours"]


class Place(NamedTuple):
    """Where a dead letter stands."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter; header values are as they stand, whoever wrote them."""

    place: Place
    time_ms: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]

    def header(self, name: str) -> str:
        """The last value of a header as text, empty where there is none."""
        return dict(self.headers).get(name, b"").decode(errors="replace")

    @property
    def code(self) -> str:
        """Why it could not be used."""
        return self.header(CODE)

    @property
    def message(self) -> str:
        """What was found."""
        return self.header(MESSAGE)

    @property
    def retries(self) -> int:
        """How often it was sent again."""
        return retries_of(self.headers)


class DeadLetters:
    """The letters of one topic set; make it with `dead_letters`."""

    def __init__(self, follower: Follower, topics: Sequence[str]) -> None:
        self.topics = topics
        self._follower = follower

    async def read(self) -> AsyncIterator[Letter]:
        """The letters that were not sent again, one by one, to the present end of each topic."""
        for topic in self.topics:
            done = {place async for place in self._redriven(topic)}
            async for record in self._follower.to_end(topic):
                letter = _letter(record)
                if letter.place not in done and _redriven_offset(record) is None:
                    yield letter

    async def at(self, place: Place) -> Letter | None:
        """The letter at a place, sent again or not; None where there is none."""
        if place.topic in self.topics:
            async for record in self._follower.to_end(place.topic):
                if (record.partition, record.offset) == place[1:] and _redriven_offset(record) is None:
                    return _letter(record)
        return None

    async def _redriven(self, topic: str) -> AsyncIterator[Place]:
        async for record in self._follower.to_end(topic):
            offset = _redriven_offset(record)
            if offset is not None:
                yield Place(topic, record.partition, offset)


@asynccontextmanager
async def dead_letters(broker: str, topics: TopicSet, of: str | None = None) -> AsyncIterator[DeadLetters]:
    """Open the dead-letter topics of a set, that of the gateway where there is one; or only that `of` an input.

    Raises KafkaConnectionError if the broker is not reachable, UnknownTopicOrPartitionError if the set is missing.
    """
    names = [topics.dlt(name) for name in ((topics.convoy_pings, topics.escort_pings) if of is None else (of,))]
    async with admin_client(broker) as admin:
        existing = set(await admin.list_topics())
    for name in names:
        if name not in existing:
            raise UnknownTopicOrPartitionError(name)
    if of is None:
        names += existing & {topics.dlt(topics.gateway)}
    async with following(broker, names, from_beginning=True) as follower:
        yield DeadLetters(follower, names)


async def redrive(
    broker: str, topics: TopicSet, letters: AsyncIterator[Letter], tell: Callable[[Letter, Fate], None]
) -> None:
    """Send letters again to the topic and partition they came from, their own headers kept and counted up.

    Tells what became of each: `too-often` was sent again three times already, `not-ours` came from no ping topic of
    the set. Raises aiokafka's KafkaError.
    """
    async with AIOKafkaProducer(
        **connection(broker), enable_idempotence=True, acks="all", max_request_size=DEAD_LETTER_BYTES_MAX
    ) as producer:
        batch: list[Letter] = []
        async for letter in letters:
            fate = fate_of(letter, topics)
            if fate == "sent":
                batch.append(letter)
                if len(batch) == BATCH_MAX:
                    await _send(producer, batch, tell)
                    batch.clear()
            else:
                tell(letter, fate)
        await _send(producer, batch, tell)


def fate_of(letter: Letter, topics: TopicSet) -> Fate:
    """Say what `redrive` would make of a letter."""
    partition = letter.header(PARTITION)
    has_source = letter.header(TOPIC) in (topics.convoy_pings, topics.escort_pings)
    if not (has_source and partition.isdecimal() and int(partition[:9]) < topics.partitions):
        return "not-ours"
    return "too-often" if letter.retries >= RETRIES_MAX else "sent"


async def mark_sent(producer: AIOKafkaProducer, letters: Sequence[Letter]) -> None:
    """Write behind letters that were sent again that they were. Raises aiokafka's KafkaError."""
    await asyncio.gather(*[await producer.send(**_mark(letter)) for letter in letters])


async def _send(producer: AIOKafkaProducer, letters: Sequence[Letter], tell: Callable[[Letter, Fate], None]) -> None:
    """Send letters, then, once the broker has them all, the records that say so."""
    await asyncio.gather(*[await producer.send(**_original(letter)) for letter in letters])
    await mark_sent(producer, letters)
    for letter in letters:
        tell(letter, "sent")


def _original(letter: Letter) -> dict[str, object]:
    count = (RETRY_COUNT, str(letter.retries + 1).encode())
    return {
        "topic": letter.header(TOPIC),
        "partition": int(letter.header(PARTITION)),
        "key": letter.key,
        "value": letter.value,
        "headers": [*without_reasons(letter.headers), count],
    }


def _mark(letter: Letter) -> dict[str, object]:
    place = letter.place
    redriven = [(REDRIVEN, str(place.offset).encode())]
    return {
        "topic": place.topic,
        "partition": place.partition,
        "key": letter.key,
        "value": None,
        "headers": redriven,
    }


def _letter(record: Record) -> Letter:
    place = Place(record.topic, record.partition, record.offset)
    return Letter(place, record.timestamp, record.key, record.value, list(record.headers))


def _redriven_offset(record: Record) -> int | None:
    text = dict(record.headers).get(REDRIVEN, b"")
    return int(text) if text.isdigit() and record.value is None else None
