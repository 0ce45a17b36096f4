"""Workers as processes that are killed and frozen, and the replay set that flows past them meanwhile."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from models.topics import TopicSet

KAWAL_WORKER = (str(Path(sys.executable).with_name("kawal")), "worker")

WAIT_S = 120.0
POLL_S = 0.05

_METRICS_URL = re.compile(r"http://127\.0\.0\.1:(\d+)/metrics")


class MortalWorker:
    """A worker process: its log, its metrics, and the signals that may hit it."""

    def __init__(
        self,
        broker: str,
        topics: TopicSet,
        log: Path,
        command: Sequence[str] = KAWAL_WORKER,
        name: str = "",
        more: Mapping[str, str] | None = None,
    ) -> None:
        self._log = log
        environment = {name: text for name, text in os.environ.items() if not name.startswith("KAWAL_")}
        environment |= {
            "KAWAL_BROKER": broker,
            "KAWAL_TOPIC_PREFIX": topics.prefix,
            "KAWAL_PARTITIONS": str(topics.partitions),
            "KAWAL_METRICS_PORT": "0",
            "KAWAL_WORKER_NAME": name,
            **(more or {}),
        }
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(command, env=environment, stderr=stderr)

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    async def end(self) -> int:
        """Wait for its end and return the exit code."""
        return await asyncio.to_thread(self.process.wait, WAIT_S)

    @property
    def alive(self) -> bool:
        """Whether the process still runs, frozen or not."""
        return self.process.poll() is None

    def log(self) -> str:
        """Return what it has written on stderr."""
        return self._log.read_text(errors="replace")

    def port(self) -> int | None:
        """Return its metrics port, None before it has one."""
        found = _METRICS_URL.search(self.log())
        return int(found[1]) if found else None

    def exposition(self) -> str:
        """Return all its metrics as Prometheus reads them, nothing while it does not answer."""
        port = self.port()
        if port is None:
            return ""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                text: str = answer.read().decode()
                return text
        except OSError:
            return ""

    def metric(self, name: str) -> float:
        """Return the sum of a metric's series, 0 while there is none. `name` may be a regular expression."""
        text = self.exposition()
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE))

    async def until(self, name: str, least: float) -> None:
        """Wait until a metric has reached a value. Raises AssertionError when the process ends before."""

        def reached() -> bool:
            assert self.alive, f"the worker has ended:\n{self.log()}"
            return self.metric(name) >= least

        await until(reached, f"{name} to reach {least}\n{self.log()}")


async def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds. Raises AssertionError when it takes too long."""
    end_s = time.monotonic() + WAIT_S
    while not await asyncio.to_thread(holds):
        assert time.monotonic() < end_s, f"waited in vain for {what}"
        await asyncio.sleep(POLL_S)


class Crew:
    """Two workers of one group; one that is killed, or ends because it was replaced meanwhile, gets a successor.

    None outlives the `with` block.
    """

    def __init__(self, start: Callable[[], MortalWorker]) -> None:
        self._start = start
        self._workers = [start(), start()]
        self._turn = 0
        self.exit_codes: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.kill()
            worker.process.wait()

    async def whole(self, partitions: int) -> None:
        """Wait until the two own all partitions between them."""
        await until(lambda: self._owned() == partitions, "the workers to own all partitions")

    def kill(self) -> None:
        """End one without warning, in turn."""
        place = self._next()
        self._workers[place].send(signal.SIGKILL)
        self._workers[place].process.wait()
        self._workers[place] = self._start()

    async def freeze(self, duration_s: float) -> None:
        """Stop one for longer than its session lasts, then let it find out that others have taken its work over."""
        worker = self._workers[self._next()]
        worker.send(signal.SIGSTOP)
        await asyncio.sleep(duration_s)
        worker.send(signal.SIGCONT)

    async def stop(self) -> None:
        """End all in order, one that is just starting too."""
        await until(lambda: all(worker.port() for worker in self._workers), "the workers to have started")
        for worker in self._workers:
            worker.send(signal.SIGTERM)
        self.exit_codes += [await worker.end() for worker in self._workers]

    def _next(self) -> int:
        self._turn += 1
        return self._turn % 2

    def _owned(self) -> int:
        for place, worker in enumerate(self._workers):
            if not worker.alive:
                self.exit_codes.append(worker.process.returncode)
                self._workers[place] = self._start()
        return int(sum(worker.metric("kawal_partitions_owned") for worker in self._workers))
