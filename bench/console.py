"""The console: how soon it is ready, what a client costs, and how soon an alert is on the screen.

`ready`: a topic of alerts, each raised and cleared, is read and folded as at a start. `stream`: a console of its own
process, with its streams read by so many clients, follows the convoys: each second a tenth of the vehicles have moved.
Beside that an alert is written five times a second, and one of the clients notes when it has it. What the server uses
of one core is user and system time of its process. `page`: a browser shows the same operation; see
bench/console_page.py. The worker plays no part: this is what lies behind the topics.
"""

import asyncio
import itertools
import json
import os
import re
import sys
import time
import urllib.request
import zlib
from argparse import Namespace
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import psutil
from aiokafka import AIOKafkaProducer
from playwright.async_api import Page
from rich.progress import Progress
from rich.table import Table

from bench import cli
from bench.console_alerts import beat, fill_alerts, told
from bench.console_map import Probe, frames_in_turns, marks_seen_ms
from bench.console_operation import plan_of, status_of
from bench.console_page import memory_of, open_room, presses_amid, rows_seen_ms
from bench.measure import load_average
from bus.connection import connection
from bus.follow import following
from bus.topic_admin import ensure
from console.people import People
from console.reading import load, read_topics
from console.room import Room
from console.stream import Stream
from models.topics import TopicSet

PARTITIONS = 12
PING_S = 10
ALERT_S = 0.2
PASSWORD = "only for this run"
PARTS = ("ready", "stream", "page")
PROBES = 40
BURST = 500
URL = re.compile(rb"Console at (http://\S+)/")


@dataclass(slots=True)
class Found:
    """What the run found, by name."""

    figures: dict[str, float] = field(default_factory=dict)

    def fields(self) -> dict[str, float]:
        """The figures, and how busy the machine was."""
        return self.figures | {"load_average": load_average()}

    def table(self) -> Table:
        """The same for people."""
        table = Table("figure", "value", title="The console")
        table.columns[1].justify = "right"
        for name, value in self.fields().items():
            table.add_row(name, f"{value:,.4g}")
        return table


async def _ready_s(broker: str, alerts: int, bars: Progress) -> tuple[float, float]:
    """Fill a set with alerts, two transitions each, and give how long a console reads it, and its CPU time."""
    topics, now_ms = TopicSet(f"bench-{time.time_ns()}", PARTITIONS), round(time.time() * 1000)
    await fill_alerts(broker, topics, alerts, now_ms, bars)
    begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
    room = Room(topics, Stream("bench"))
    async with following(broker, read_topics(topics), from_beginning=True) as follower:
        await load(follower, room, now_ms)
    taken_s, cpu_s = time.perf_counter() - begin_s, time.process_time() - begin_cpu_s
    assert len(room.book.entries) == alerts
    return taken_s, cpu_s


class _Served(NamedTuple):
    """A console that serves an operation, and the cookie of who looks at it."""

    producer: AIOKafkaProducer
    topics: TopicSet
    process: psutil.Process
    url: str
    cookie: str


@asynccontextmanager
async def _console(broker: str, topics: TopicSet, folder: Path) -> AsyncIterator[tuple[psutil.Process, str]]:
    """A console in a process of its own; gives it and its address."""
    environment = {
        **os.environ,
        "KAWAL_BROKER": broker,
        "KAWAL_TOPIC_PREFIX": topics.prefix,
        "KAWAL_PARTITIONS": str(topics.partitions),
        "KAWAL_CONSOLE_DIR": str(folder),
        "KAWAL_CONSOLE_PORT": "0",
        "KAWAL_CONSOLE_METRICS_PORT": "0",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "console"), env=environment, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr
    try:
        while (found := URL.search(await process.stderr.readline())) is None:
            pass
        yield psutil.Process(process.pid), found[1].decode()
    finally:
        process.terminate()
        await process.communicate()


def _sign_in(url: str) -> str:
    """Give the cookie of a session."""
    body = json.dumps({"user": "bench", "password": PASSWORD, "post": "bench"}).encode()
    request = urllib.request.Request(f"{url}/api/login", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return str(answer.headers["Set-Cookie"]).partition(";")[0]


class _Reader:
    """One open stream: how many bytes came over the wire and unpacked, and how large its snapshot was."""

    def __init__(self) -> None:
        self.size = 0
        self.unpacked = 0
        self.snapshot = 0
        self.begun = asyncio.Event()

    async def run(self, url: str, cookie: str, ages_ms: list[float] | None = None) -> None:
        """Read for ever; `ages_ms` gathers how old each alert was."""
        host, _, port = url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=64 * 1024 * 1024)
        head = (
            "GET /api/stream HTTP/1.1",
            f"Host: {host}:{port}",
            f"Cookie: {cookie}",
            "Accept-Encoding: gzip",
            "",
            "",
        )
        writer.write("\r\n".join(head).encode())
        await reader.readuntil(b"\r\n\r\n")
        gzip, rest = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS), b""
        while length := int(await reader.readline(), 16):
            text = gzip.decompress((await reader.readexactly(length + 2))[:-2])
            self.size += length
            self.unpacked += len(text)
            if not self.begun.is_set():
                self.begun.set() if b"event: heartbeat" in text else None
                self.snapshot = self.size
            elif ages_ms is not None:
                *lines, rest = (rest + text).split(b"\n")
                ages_ms += [time.time() * 1000 - at_ms for at_ms in _raised(lines)]


def _raised(lines: Iterable[bytes]) -> Iterator[float]:
    """When each alert was raised of which the lines of events tell."""
    for line in lines:
        if line.startswith(b"data: ") and b'"raised_at"' in line:
            yield _ms(json.loads(line[6:])["alert"]["at"])


def _ms(instant: str) -> float:
    return float(np.datetime64(instant.removesuffix("Z"), "ms").astype(np.int64))


async def _traffic(producer: AIOKafkaProducer, topics: TopicSet, convoys: int, seconds: Iterable[int]) -> None:
    """Write what a worker would: the status of a tenth of the convoys a second, and alerts."""
    for second in seconds:
        end_s = time.monotonic() + 1
        for number in range(second % PING_S, convoys, PING_S):
            await producer.send(topics.convoys, status_of(number, second), key=f"C-{number:04}".encode())
        for turn in range(round(1 / ALERT_S)):
            sent = told(second * 10 + turn, "raised", round(time.time() * 1000))
            await producer.send(topics.alerts, sent.to_json(), key=sent.convoy_id.encode())
            await asyncio.sleep(ALERT_S if turn < 1 / ALERT_S - 1 else max(0.0, end_s - time.monotonic()))


@asynccontextmanager
async def _beside(*runs: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let these run beside what follows, and end them then; one that failed is told."""
    tasks = list(map(asyncio.create_task, runs))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for end in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(end, Exception):
                raise end


@asynccontextmanager
async def _serving(broker: str, convoys: int) -> AsyncIterator[_Served]:
    """A console over an operation of so many convoys, and somebody who is signed in."""
    topics = TopicSet(f"bench-{time.time_ns()}", PARTITIONS)
    await ensure(broker, topics)
    with TemporaryDirectory() as folder:
        People(Path(folder)).add("bench", "viewer", PASSWORD)
        async with (
            AIOKafkaProducer(**connection(broker), linger_ms=0) as producer,
            _console(broker, topics, Path(folder)) as (process, url),
        ):
            for number in range(convoys):
                key = f"C-{number:04}".encode()
                await producer.send(topics.plans, plan_of(number).to_json(), key=key)
                await producer.send(topics.convoys, status_of(number, 0), key=key)
            await producer.flush()
            async with _beside(beat(broker, producer, topics)):
                yield _Served(producer, topics, process, url, await asyncio.to_thread(_sign_in, url))


async def measure_stream(broker: str, clients: int, convoys: int, seconds: int, bars: Progress) -> dict[str, float]:
    """Serve the clients for so long, and give what was found."""
    async with _serving(broker, convoys) as served:
        readers, ages_ms = [_Reader() for _ in range(clients)], list[float]()
        runs = [
            reader.run(served.url, served.cookie, None if number else ages_ms) for number, reader in enumerate(readers)
        ]
        async with _beside(*runs):
            await asyncio.gather(*(reader.begun.wait() for reader in readers))
            begin = [(reader.size, reader.unpacked) for reader in readers]
            cpu_s = sum(served.process.cpu_times()[:2])
            with cli.bar(bars, "serving, in seconds", seconds) as advance:
                writing = asyncio.create_task(_traffic(served.producer, served.topics, convoys, range(seconds)))
                for _ in range(seconds):
                    await asyncio.sleep(1)
                    advance(1)
            core_pct = 100 * (sum(served.process.cpu_times()[:2]) - cpu_s) / seconds
            grown = [(it.size - size, it.unpacked - raw) for it, (size, raw) in zip(readers, begin, strict=True)]
            await writing
    p50_ms, p99_ms = np.percentile(ages_ms, [50, 99]).tolist()
    wire, unpacked = (max(sizes) / seconds / 1000 for sizes in zip(*grown, strict=True))
    return {
        "clients": clients,
        "snapshot_kb": readers[-1].snapshot / 1000,
        "stream_kb_per_s": wire,
        "stream_unpacked_kb_per_s": unpacked,
        "core_pct": core_pct,
        "stream_p50_ms": p50_ms,
        "stream_p99_ms": p99_ms,
        "stream_alerts": len(ages_ms),
    }


async def _raise(served: _Served, name: str) -> tuple[str, int]:
    """Write a critical alert of a vehicle `...-NUMBER`; gives its id and when."""
    at_ms = round(time.time() * 1000)
    sent = told(int(name.rpartition("-")[2]), "raised", at_ms, name, "critical")
    await served.producer.send_and_wait(served.topics.alerts, sent.to_json(), key=sent.convoy_id.encode())
    return sent.alert_id, at_ms


async def _on_map(served: _Served, page: Page) -> dict[str, float]:
    """Measure how soon alarms and vehicles are drawn on the map."""

    async def vehicle(number: int) -> tuple[str, int]:
        at_ms = round(time.time() * 1000)
        await served.producer.send_and_wait(served.topics.convoys, status_of(number, 0, "MARK", "MARK"), key=b"MARK")
        return f"MARK-{number:04}-A", at_ms

    alarm = Probe("alarm", "alert_id")
    standing = await marks_seen_ms(page, alarm, lambda number: _raise(served, f"STANDING-{number}"))
    vehicles = await marks_seen_ms(page, Probe("vehicle", "vehicle_id"), vehicle)
    moving = await marks_seen_ms(page, alarm, lambda number: _raise(served, f"MOVING-{number}"), is_moving=True)
    return {
        "map_alarm_p50_ms": float(np.median(standing)),
        "map_alarm_max_ms": max(standing),
        "moving_map_alarm_max_ms": max(moving),
        "map_vehicle_p50_ms": float(np.median(vehicles)),
        "map_vehicle_max_ms": max(vehicles),
    }


async def measure_page(broker: str, convoys: int, bars: Progress) -> dict[str, float]:
    """Show the operation in a browser, and give what was found. Raises BenchError without a browser."""
    async with _serving(broker, convoys) as served, open_room(served.url, served.cookie) as (page, empty_mb):

        async def probe(name: str) -> int:
            return (await _raise(served, name))[1]

        async def burst() -> None:
            at_ms = round(time.time() * 1000)
            for sent in [told(number, "raised", at_ms, f"KT-{number}-B") for number in range(BURST)]:
                await served.producer.send(served.topics.alerts, sent.to_json(), key=sent.convoy_id.encode())
            await served.producer.flush()

        with cli.bar(bars, "in the browser", 5) as advance:
            async with _beside(_traffic(served.producer, served.topics, convoys, itertools.count())):
                ages_ms = await rows_seen_ms(page, probe, PROBES)
                advance(1)
                frames = await frames_in_turns(page)
                advance(1)
                memory = await memory_of(page)
                advance(1)
                on_map = await _on_map(served, page)
                advance(1)
            presses = await presses_amid(page, burst)
            advance(1)
    p50_ms, p99_ms = np.percentile(ages_ms, [50, 99]).tolist()
    return {
        "screen_p50_ms": p50_ms,
        "screen_p99_ms": p99_ms,
        "map_frames_per_s": frames.map,
        "bare_map_frames_per_s": frames.bare,
        **on_map,
        "page_heap_mb": memory.heap,
        "page_mb": memory.page,
        "page_process_private_mb": memory.private,
        "page_process_resident_mb": memory.resident,
        "empty_process_private_mb": empty_mb,
        "input_delay_max_ms": presses.delay_max,
        "input_to_frame_p50_ms": presses.frame_p50,
        "input_to_frame_max_ms": presses.frame_max,
        "task_max_ms": presses.task_max,
    }


async def measure(broker: str, asked: Namespace, bars: Progress) -> Found:
    """Measure the parts that are asked for, one after the other."""
    found, parts = Found(), asked.part or PARTS
    if "ready" in parts:
        ready_s, cpu_s = await _ready_s(broker, asked.alerts, bars)
        found.figures |= {"alerts": asked.alerts, "ready_s": ready_s, "ready_cpu_s": cpu_s}
    if "stream" in parts:
        found.figures |= await measure_stream(broker, asked.clients, asked.convoys, asked.seconds, bars)
    if "page" in parts:
        found.figures |= await measure_page(broker, asked.convoys, bars)
    return found


def main() -> None:
    options = cli.parser("console", __doc__)
    cli.add_broker(options)
    options.add_argument(
        "--alerts", type=int, default=100_000, help="alerts read at the start, two records each (100000)"
    )
    options.add_argument("--clients", type=int, default=200, help="streams that are read at once (200)")
    options.add_argument("--convoys", type=int, default=1_000, help="convoys of two vehicles each (1000)")
    options.add_argument("--seconds", type=int, default=30, help="how long to serve the clients (30)")
    options.add_argument("--part", action="append", choices=PARTS, help="measure only this; may be given again")
    asked = options.parse_args()
    with cli.bars() as bars, cli.kafka(asked.broker) as broker:
        found = asyncio.run(measure(broker, asked, bars))
    cli.emit(found, asked.json)


if __name__ == "__main__":
    main()
