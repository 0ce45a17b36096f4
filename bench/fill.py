"""Puts a workload into Kafka as a replay set: plans, pings stamped with their own time, a tick each second."""

import asyncio
from collections import deque
from collections.abc import Iterable

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from bench.cli import Advance
from bench.workload import CONVOY_SIZE, START_MS, Slice, Workload
from bus.connection import connection
from bus.topic_admin import ensure
from models.limits import Limits
from models.plan import ConvoyPlan, Vehicle
from models.topics import TopicSet, partition_of

Place = tuple[str, int]

BATCH_BYTES_MAX = 16_384  # the default of Kafka's producers, so that batches are what a consumer usually meets
UNSENT_BATCHES_MAX = 256  # bounds the memory of the filler


def plans(load: Workload) -> list[ConvoyPlan]:
    """The plan of each convoy of the workload."""
    return [_plan(load, convoy) for convoy in range(load.convoys)]


def _plan(load: Workload, convoy: int) -> ConvoyPlan:
    members = range(convoy * CONVOY_SIZE, (convoy + 1) * CONVOY_SIZE)
    return ConvoyPlan(
        operation="Benchmark",
        timezone="Asia/Makassar",
        convoy_id=load.convoy_ids[members[0]],
        name=f"Benchmark convoy {convoy}",
        stage="ppk-to-kpu",
        risk="medium",
        depart_at=None,
        arrive_by=None,
        route=load.routes.line(convoy),
        vehicles=[
            Vehicle(
                vehicle_id=load.vehicle_ids[vehicle],
                role="escort" if load.is_escort[vehicle] else "cargo",
                ping_interval_s=load.interval_s,
            )
            for vehicle in members
        ],
        checkpoints=[],
        stops=[],
        no_signal=[],
        limits=Limits(),
    )


class Batches:
    """Hand-built record batches, one a topic and partition: several times faster than single sends, order kept."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._open: dict[Place, BatchBuilder] = {}
        self._sent: deque[asyncio.Future[object]] = deque()

    async def add(self, place: Place, records: Iterable[tuple[int, bytes | None, bytes]]) -> None:
        """Append (timestamp in ms, key, value) records; full batches go out as they fill."""
        batch = self._open.get(place) or self._producer.create_batch()
        for timestamp_ms, key, value in records:
            if batch.append(timestamp=timestamp_ms, key=key, value=value) is None:
                await self._send(place, batch)
                batch = self._producer.create_batch()
                batch.append(timestamp=timestamp_ms, key=key, value=value)
        self._open[place] = batch

    async def flush(self) -> None:
        """Send what is left and wait until the broker has acknowledged everything; raises what a send raised."""
        for place, batch in self._open.items():
            await self._send(place, batch)
        self._open.clear()
        await asyncio.gather(*self._sent)
        self._sent.clear()

    async def _send(self, place: Place, batch: BatchBuilder) -> None:
        topic, partition = place
        self._sent.append(await self._producer.send_batch(batch, topic, partition=partition))
        while len(self._sent) > UNSENT_BATCHES_MAX:
            await self._sent.popleft()


class Filler:
    """Where each vehicle's pings go, and how a slice of the workload gets there."""

    def __init__(self, load: Workload, topics: TopicSet, batches: Batches) -> None:
        self._batches = batches
        self._ticks = [(topics.ticks, partition) for partition in range(topics.partitions)]
        self._keys = [convoy_id.encode() for convoy_id in load.convoy_ids]
        self._places = [
            (topics.escort_pings if escort else topics.convoy_pings, partition_of(key, topics.partitions))
            for key, escort in zip(self._keys, load.is_escort.tolist(), strict=True)
        ]

    async def pings(self, part: Slice) -> None:
        """Append the pings of a slice to their topics and partitions."""
        by_place: dict[Place, list[tuple[int, bytes | None, bytes]]] = {}
        for vehicle, time_ms, value in zip(part.vehicle.tolist(), part.time_ms.tolist(), part.values, strict=True):
            by_place.setdefault(self._places[vehicle], []).append((time_ms, self._keys[vehicle], value))
        for place, records in by_place.items():
            await self._batches.add(place, records)

    async def ticks(self, seconds: range) -> None:
        """Append a tick for each of these seconds since the epoch to every partition."""
        for place in self._ticks:
            await self._batches.add(place, [(second * 1000, None, b"") for second in seconds])


async def fill(broker: str, topics: TopicSet, load: Workload, advance: Advance) -> None:
    """Create the topics and publish plans, pings and ticks; `advance` is told how many pings were added."""
    await ensure(broker, topics)
    producer = AIOKafkaProducer(**connection(broker), max_batch_size=BATCH_BYTES_MAX, enable_idempotence=True)
    async with producer:
        await publish_plans(producer, topics, load)
        batches = Batches(producer)
        filler = Filler(load, topics, batches)
        ticked_s = START_MS // 1000
        for part in load.slices():
            await filler.pings(part)
            reached_s = int(part.time_ms[-1]) // 1000 + 1
            await filler.ticks(range(ticked_s, reached_s))
            ticked_s = reached_s
            advance(len(part.values))
        await batches.flush()


async def publish_plans(producer: AIOKafkaProducer, topics: TopicSet, load: Workload) -> None:
    """Publish the plan of each convoy and wait for the broker's acknowledgement."""
    sends = [await producer.send(topics.plans, plan.to_json(), plan.convoy_id.encode()) for plan in plans(load)]
    await asyncio.gather(*sends)
