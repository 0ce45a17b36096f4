"""What the console's bench writes in the worker's place: an alert, a topic full of them, and its heartbeat."""

import asyncio
from collections.abc import Iterator
from functools import reduce

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from rich.progress import Progress

from bench import cli
from bench.console_operation import place_of
from bench.fill import BATCH_BYTES_MAX, Batches
from bus.connection import connection
from bus.topic_admin import ensure
from models.alert import Alert, alert_id
from models.topics import TopicSet, partition_of


def _names(number: int) -> tuple[str, str]:
    """Convoy and vehicle of an alert: one of a thousand."""
    return f"C-{number % 1000:04}", f"KT-{number % 1000:04}-A"


def told(number: int, transition: str, at_ms: int, vehicle_id: str | None = None, severity: str = "high") -> Alert:
    """A transition of a stall of one of a thousand convoys."""
    convoy_id, own_id = _names(number)
    vehicle_id = vehicle_id or own_id
    lat, lon = place_of(number)
    return Alert.model_validate(
        {
            "alert_id": alert_id(convoy_id, vehicle_id, "stall", at_ms - at_ms % 10_000_000 + number),
            "transition": transition,
            "kind": "stall",
            "severity": severity,
            "convoy_id": convoy_id,
            "vehicle_id": vehicle_id,
            "onset_ms": at_ms,
            "at_ms": at_ms,
            "detected_at_ms": at_ms,
            "lat": lat,
            "lon": lon,
            "progress_m": 1234.5,
            "lateral_m": 3.4,
            "value": 480.0,
            "threshold": 480.0,
            "unit": "s",
            "peak": 480.0,
            "reason": "standing",
            "message": {"en": f"{vehicle_id} has stood still.", "id": f"{vehicle_id} berhenti."},
        }
    )


async def beat(broker: str, producer: AIOKafkaProducer, topics: TopicSet) -> None:
    """Write and commit a tick of each partition each second, so that the picture is fresh; for ever."""
    parts = [TopicPartition(topics.ticks, number) for number in range(topics.partitions)]
    group = topics.worker_group
    async with AIOKafkaConsumer(**connection(broker), group_id=group, enable_auto_commit=False) as worker:
        worker.assign(parts)
        while True:
            sent = [await producer.send(part.topic, b"", partition=part.partition) for part in parts]
            written = await asyncio.gather(*sent)
            await worker.commit({part: it.offset + 1 for part, it in zip(parts, written, strict=True)})
            await asyncio.sleep(1)


def _transitions(alerts: int, at_ms: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield key and value of two transitions an alert; the models tell the first alert, the others are its copies."""
    raised, cleared = (told(0, transition, at_ms) for transition in ("raised", "cleared"))
    values = raised.to_json().decode(), cleared.to_json().decode()
    for number in range(alerts):
        convoy_id, vehicle_id = _names(number)
        names = {
            raised.alert_id: alert_id(convoy_id, vehicle_id, "stall", at_ms + number),
            str(raised.vehicle_id): vehicle_id,
            raised.convoy_id: convoy_id,
        }
        for value in values:
            yield convoy_id.encode(), reduce(lambda text, name: text.replace(*name), names.items(), value).encode()


async def fill_alerts(broker: str, topics: TopicSet, alerts: int, at_ms: int, bars: Progress) -> None:
    """Write so many alerts, in batches built by hand: single sends would take longer than all that is measured."""
    await ensure(broker, topics)
    async with AIOKafkaProducer(**connection(broker), max_batch_size=BATCH_BYTES_MAX) as producer:
        batches = Batches(producer)
        with cli.bar(bars, "writing transitions", 2 * alerts) as advance:
            for key, value in _transitions(alerts, at_ms):
                await batches.add((topics.alerts, partition_of(key, topics.partitions)), [(at_ms, key, value)])
                advance(1)
            await batches.flush()
