"""The ceiling of the client: aiokafka reads the topics with `getmany` and does nothing with the records."""

import argparse
import asyncio
import time

from aiokafka import AIOKafkaConsumer

from bench.measure import Clock, Reading


async def read(broker: str, topics: list[str], records: int) -> Reading:
    """Read so many records from the beginning, in a group of its own; the clock starts with the first."""
    reader = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=broker,
        group_id=f"bare-{time.time_ns()}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    async with reader:
        await reader.getone()
        seen = 1
        clock = Clock(seen)
        while seen < records:
            seen += sum(map(len, (await reader.getmany(timeout_ms=1_000)).values()))
        return clock.stop(seen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broker", required=True)
    parser.add_argument("--topics", required=True, nargs="+")
    parser.add_argument("--records", required=True, type=int)
    asked = parser.parse_args()
    print(asyncio.run(read(asked.broker, asked.topics, asked.records)).to_json(), flush=True)


if __name__ == "__main__":
    main()
