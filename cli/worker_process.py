"""A worker of one's own: `kawal worker` as a child process, for the demo."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

from models.topics import TopicSet

STOP_S = 15.0
"""A worker ends within 10 s of SIGTERM, its last checkpoint included; one that does not is killed."""

POLL_S = 0.2
LOG_LINES_SHOWN = 15
METRICS_URL = re.compile(r"http://127\.0\.0\.1:\d+/metrics")
OWNED = re.compile(r"^kawal_partitions_owned (\d+)", re.MULTILINE)


COMPILE = "from streams.watch import Watch; from streams.worker import compile_engine; compile_engine(Watch())"


def compile_engine() -> None:
    """Compile the engine into its cache: half a minute the first time, some seconds later.

    If that fails, the worker tries again, and says what is wrong.
    """
    quiet = subprocess.DEVNULL
    subprocess.run([sys.executable, "-P", "-c", COMPILE], stdin=quiet, stdout=quiet, stderr=quiet, check=False)


class WorkerEnded(RuntimeError):
    """The worker ended though nobody asked it to."""


class WorkerProcess:
    """`kawal worker` for one topic set, its log in a temporary file; use it as `async with`."""

    def __init__(self, broker: str, topics: TopicSet) -> None:
        self._topics = topics
        self._environment = {
            "KAWAL_BROKER": broker,
            "KAWAL_TOPIC_PREFIX": topics.prefix,
            "KAWAL_PARTITIONS": str(topics.partitions),
            "KAWAL_METRICS_PORT": "0",
        }
        self._folder = TemporaryDirectory(prefix="kawal-worker-")
        self._log = Path(self._folder.name) / "worker.log"
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> WorkerProcess:
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "cli", "worker"),  # -P: whatever is in the folder we are in
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=log,
                env={**os.environ, **self._environment},
                start_new_session=True,  # Ctrl-C is for the demo, which then stops the worker in order
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._folder.cleanup()

    async def ready(self) -> None:
        """Wait until the worker owns every partition of the set, by its own metrics."""
        while not await asyncio.to_thread(self._owns_all):  # noqa: ASYNC110 (another process tells no event)
            await asyncio.sleep(POLL_S)

    def _owns_all(self) -> bool:
        url = METRICS_URL.search(self._log.read_text(errors="replace"))
        if url is None:
            return False
        with urllib.request.urlopen(url[0], timeout=5) as answer:  # noqa: S310 (loopback, by the pattern above)
            owned = OWNED.search(answer.read().decode())
        return owned is not None and int(owned[1]) == self._topics.partitions

    async def ended(self) -> None:
        """Wait for the worker's end, and raise WorkerEnded with the last lines of its log."""
        assert self._process is not None
        code = await self._process.wait()
        last = self._log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        raise WorkerEnded("\n".join([f"The worker ended with exit code {code}. Its last words:", *last]))
