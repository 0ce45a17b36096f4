"""Sends the live traffic of the latency benchmark as vehicles would: each ping by itself, when its time has come."""

import argparse
import asyncio
import time

from aiokafka import AIOKafkaProducer

from bench.live.weaving import weaving
from bus.connection import connection
from models.topics import TopicSet

STEP_MS = 10
ROUTES_PREPARED_MS = 2_000


async def send(broker: str, topics: TopicSet, vehicles: int, seconds: int) -> None:
    """Send `vehicles` pings a second for so long."""
    load = weaving(vehicles, seconds, round(time.time() * 1000) + ROUTES_PREPARED_MS)
    keys = [convoy_id.encode() for convoy_id in load.convoy_ids]
    names = [topics.escort_pings if escort else topics.convoy_pings for escort in load.is_escort.tolist()]
    async with AIOKafkaProducer(**connection(broker), linger_ms=0) as producer:
        for part in load.slices():
            for vehicle, time_ms, value in zip(part.vehicle.tolist(), part.time_ms.tolist(), part.values, strict=True):
                ahead_ms = time_ms - time.time() * 1000
                if ahead_ms > STEP_MS:
                    await asyncio.sleep(ahead_ms / 1000)
                await producer.send(names[vehicle], value, keys[vehicle])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broker", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--partitions", required=True, type=int)
    parser.add_argument("--vehicles", required=True, type=int)
    parser.add_argument("--seconds", required=True, type=int)
    asked = parser.parse_args()
    asyncio.run(send(asked.broker, TopicSet(asked.prefix, asked.partitions), asked.vehicles, asked.seconds))


if __name__ == "__main__":
    main()
