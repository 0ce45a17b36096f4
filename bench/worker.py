"""Kawal's worker as a process of its own, watched from outside: metrics, committed offsets, CPU and memory."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from bench.cli import Advance
from bench.measure import BenchError, Clock, Reading
from bus.connection import connection
from bus.topic_admin import ensure
from models.topics import TopicSet

START_S_MAX = 300  # an engine that was never compiled takes most of it on a busy machine
STALL_S_MAX = 60  # without progress for so long the worker is stuck
STOP_S_MAX = 15
LOOK_PERIOD_S = 1.0  # a look at the metrics takes the worker some milliseconds; ten a second took an eighth of its time


class WorkerError(BenchError):
    """The worker ended or stopped making progress; the message holds the end of its log."""


class Worker:
    """A running `kawal worker`; stopped with SIGTERM at the end of the block."""

    def __init__(self, broker: str, topics: TopicSet) -> None:
        self.rss_mb_max = 0.0
        self._port = _free_port()
        self._log = Path(tempfile.mkstemp(prefix="kawal-bench-worker-", suffix=".log")[1])
        settings = {
            "KAWAL_BROKER": broker,
            "KAWAL_TOPIC_PREFIX": topics.prefix,
            "KAWAL_PARTITIONS": str(topics.partitions),
            "KAWAL_METRICS_PORT": str(self._port),
        }
        with self._log.open("wb") as log:
            command = [str(Path(sys.executable).with_name("kawal")), "worker"]
            self._process = psutil.Popen(command, env=os.environ | settings, stdout=log, stderr=subprocess.STDOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S_MAX)
        except psutil.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.unlink()

    def pings(self) -> int:
        """Pings it has processed, 0 while its metrics are not there yet. Raises WorkerError when the process ended."""
        return int(self._metric("kawal_pings_received_total"))

    def partitions(self) -> int:
        """Partition numbers it owns, with the state of their convoys loaded."""
        return int(self._metric("kawal_partitions_owned"))

    def _metric(self, name: str) -> float:
        """A metric summed over its labels; each look also takes a sample of the memory."""
        if self._process.poll() is not None:
            raise WorkerError(f"the worker left with exit code {self._process.returncode}:\n{self.log_end()}")
        self.rss_mb_max = max(self.rss_mb_max, self._process.memory_info().rss / 1e6)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=10) as response:
                lines = response.read().decode().splitlines()
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return 0.0
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))

    async def until(self, count: Callable[[], int], least: int = 1) -> int:
        """Wait until one of the counts above has come to `least`; gives the count. Raises TimeoutError, WorkerError."""
        async with asyncio.timeout(START_S_MAX):
            while (reached := count()) < least:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.02)
        return reached

    def cpu_s(self) -> float:
        """User and system seconds of the process so far."""
        used = self._process.cpu_times()
        return float(used.user + used.system)

    def log_end(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Offsets:
    """What the worker's group has committed of the pings, against their end. Ticks alone are committed at leisure."""

    def __init__(self, broker: str, topics: TopicSet) -> None:
        self._admin = AIOKafkaAdminClient(**connection(broker))
        self._broker, self._group = broker, f"{topics.prefix}-worker"
        numbers = range(topics.partitions)
        self._pings = [TopicPartition(t, n) for t in (topics.convoy_pings, topics.escort_pings) for n in numbers]
        self._ticks = [TopicPartition(topics.ticks, n) for n in numbers]

    async def __aenter__(self) -> Self:
        await self._admin.start()
        async with AIOKafkaConsumer(**connection(self._broker)) as reader:
            self._ends = await reader.end_offsets(self._pings)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._admin.close()

    async def left(self) -> int:
        """Pings that are not committed yet."""
        committed = await self._admin.list_consumer_group_offsets(self._group)
        done = {partition: found.offset for partition, found in committed.items()}
        return sum(end - max(0, done.get(partition, 0)) for partition, end in self._ends.items())

    async def rewind(self) -> None:
        """Let the next worker begin at the beginning; the group must have no member."""
        # With auto-commit its end would commit the old positions again, of the partitions whose it knew by then.
        rewinding = AIOKafkaConsumer(**connection(self._broker), group_id=self._group, enable_auto_commit=False)
        async with rewinding as reader:
            reader.assign(self._pings + self._ticks)
            await reader.commit(dict.fromkeys(self._pings + self._ticks, 0))


async def forget(broker: str, topics: TopicSet) -> None:
    """Undo what a worker did to a filled set: its output, its state, its offsets. The topics stay, empty."""
    output = [spec for spec in topics.specs() if spec.name in (topics.alerts, topics.convoys, topics.state)]
    admin = AIOKafkaAdminClient(**connection(broker))
    await admin.start()
    try:
        await admin.delete_topics([spec.name for spec in output])
        while {spec.name for spec in output} & set(await admin.list_topics()):  # noqa: ASYNC110 - nothing signals it
            await asyncio.sleep(0.1)
    finally:
        await admin.close()
    await ensure(broker, topics)
    async with Offsets(broker, topics) as offsets:
        await offsets.rewind()


class Drained(NamedTuple):
    """A worker's run over a filled set; memory is the most of it that was resident, start included."""

    read: Reading
    rss_mb_max: float


async def drain(broker: str, topics: TopicSet, total: int, advance: Advance) -> Drained:
    """Run a worker until all pings are committed; the clock starts when it has processed its first ones.

    Start, compilation and loading are therefore not in the reading, the last commit is. `advance` is told of the pings
    processed since it was told before.
    """
    async with Offsets(broker, topics) as offsets:
        with Worker(broker, topics) as worker:
            seen = await worker.until(worker.pings)
            clock = Clock(seen, worker.cpu_s())
            advance(seen)
            looked_s = time.monotonic()
            async for now_s in _until_committed(offsets, worker):
                if now_s - looked_s >= LOOK_PERIOD_S:
                    before, seen, looked_s = seen, max(seen, worker.pings()), now_s
                    advance(seen - before)
            advance(total - seen)
            return Drained(clock.stop(total, worker.cpu_s()), worker.rss_mb_max)


async def _until_committed(offsets: Offsets, worker: Worker) -> AsyncIterator[float]:
    """Tell the time in seconds, ten times a second, until nothing is left to commit.

    Raises WorkerError when nothing moves for long.
    """
    left, moved_s = await offsets.left(), time.monotonic()
    while left:
        if time.monotonic() - moved_s > STALL_S_MAX:
            raise WorkerError(f"nothing committed for {STALL_S_MAX} s:\n{worker.log_end()}")
        await asyncio.sleep(0.1)
        yield time.monotonic()
        before, left = left, await offsets.left()
        if left < before:
            moved_s = time.monotonic()
