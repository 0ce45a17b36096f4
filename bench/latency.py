"""Milliseconds from a ping's append by the broker to its alert in the hands of a read_committed reader.

A live set (the broker's clock is the only clock) gets 2,000 pings a second, each sent by itself: 2,000 vehicles with
a ping a second, of which 500 keep leaving their route and coming back, so that some twelve alerts come each second.
An alert carries the broker's timestamp of the ping that decided it (`detected_at`); the reader takes its own clock when
it has the alert, on the same machine. In between lie fetching, merging, judging, and the checkpoint's transaction.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from rich.progress import Progress
from rich.table import Table

from bench import cli
from bench.fill import publish_plans
from bench.live.weaving import CYCLE_S, SETTLE_S, weaving
from bench.measure import Clock, Reading, load_average
from bench.worker import Worker
from bus.connection import connection
from bus.topic_admin import ensure
from models.alert import Alert
from models.topics import TopicSet

PARTITIONS = 12
VEHICLES = 2_000
WARM_UP_S = round(SETTLE_S + CYCLE_S / 2)  # by then alerts are raised all the time


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles of append to readable alert."""

    read: Reading
    latencies_ms: list[float]
    load_average: float

    def fields(self) -> dict[str, float]:
        """Percentiles in milliseconds, how many alerts they are of, and the load."""
        p50_ms, p95_ms, p99_ms, max_ms = np.percentile(self.latencies_ms, [50, 95, 99, 100]).tolist()
        return {
            "p50_ms": p50_ms,
            "p95_ms": p95_ms,
            "p99_ms": p99_ms,
            "max_ms": max_ms,
            "count": len(self.latencies_ms),
            "pings_per_s": self.read.per_s,
            "cpu_us_per_ping": self.read.cpu_us,
            "seconds": self.read.seconds,
            "load_average": self.load_average,
        }

    def table(self) -> Table:
        """The same for people."""
        fields = self.fields()
        table = Table(title=f"Ping appended to alert readable; load average {self.load_average}")
        for heading in ("pings/s", "CPU us a ping", "alerts", "p50 ms", "p95 ms", "p99 ms", "worst ms"):
            table.add_column(heading, justify="right")
        times = (f"{fields[name]:.0f}" for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms"))
        table.add_row(f"{self.read.per_s:,.0f}", f"{self.read.cpu_us:.0f}", f"{len(self.latencies_ms):,}", *times)
        return table


async def measure(broker: str, seconds: int, bars: Progress) -> Latency:
    """Send for the warm-up and `seconds` more, and time the alerts that come in the latter."""
    topics = TopicSet(f"bench-{time.time_ns()}", PARTITIONS)
    await ensure(broker, topics)
    async with AIOKafkaProducer(**connection(broker)) as producer:
        await publish_plans(producer, topics, weaving(VEHICLES, WARM_UP_S + seconds, 0))
    with Worker(broker, topics) as worker:
        await worker.until(worker.partitions, PARTITIONS)
        async with _sending(broker, topics, WARM_UP_S + seconds):
            with cli.bar(bars, "warming up", WARM_UP_S) as advance:
                await _alerts(broker, topics, WARM_UP_S, advance)
            clock = Clock(worker.pings(), worker.cpu_s())
            with cli.bar(bars, "measuring, in seconds", seconds) as advance:
                latencies_ms = await _alerts(broker, topics, seconds, advance)
            read = clock.stop(worker.pings(), worker.cpu_s())
    return Latency(read, latencies_ms, load_average())


@asynccontextmanager
async def _sending(broker: str, topics: TopicSet, seconds: int) -> AsyncIterator[None]:
    """The sender in a process of its own: it must not delay the reader."""
    options = {
        "broker": broker,
        "prefix": topics.prefix,
        "partitions": topics.partitions,
        "vehicles": VEHICLES,
        "seconds": seconds,
    }
    words = [word for option, value in options.items() for word in (f"--{option}", str(value))]
    sender = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.live.sender", *words)
    try:
        yield
    finally:
        if sender.returncode is None:
            sender.kill()
        await sender.wait()


async def _alerts(broker: str, topics: TopicSet, seconds: int, advance: cli.Advance) -> list[float]:
    """How old each alert is when a reader has it, for so long from now on."""
    reader = AIOKafkaConsumer(topics.alerts, **connection(broker), isolation_level="read_committed")
    ages_ms: list[float] = []
    async with reader:
        for _ in range(seconds):
            end_s = time.monotonic() + 1
            while (left_s := end_s - time.monotonic()) > 0:
                batches = await reader.getmany(timeout_ms=round(left_s * 1000))
                now_ms = time.time() * 1000
                alerts = [
                    Alert.from_json(record.value) for batch in batches.values() for record in batch if record.value
                ]
                ages_ms += [now_ms - alert.detected_at_ms for alert in alerts]
            advance(1)
    return ages_ms


def main() -> None:
    options = cli.parser("latency", __doc__)
    cli.add_broker(options)
    options.add_argument("--seconds", type=int, default=60, help=f"how long to measure, after {WARM_UP_S} s (60)")
    asked = options.parse_args()
    with cli.bars() as bars, cli.kafka(asked.broker) as broker:
        found = asyncio.run(measure(broker, asked.seconds, bars))
    cli.emit(found, asked.json)


if __name__ == "__main__":
    main()
