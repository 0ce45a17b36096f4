"""A worker of one's own: `kawal worker` as a child process, for the demo."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import urllib.request

from cli.child_process import POLL_S, ChildProcess
from models.topics import TopicSet

METRICS_URL = re.compile(r"http://127\.0\.0\.1:\d+/metrics")
OWNED = re.compile(r"^kawal_partitions_owned (\d+)", re.MULTILINE)


COMPILE = "from streams.watch import Watch; from streams.worker import compile_engine; compile_engine(Watch())"


def compile_engine() -> None:
    """Compile the engine into its cache: half a minute the first time, some seconds later.

    If that fails, the worker tries again, and says what is wrong.
    """
    quiet = subprocess.DEVNULL
    subprocess.run([sys.executable, "-P", "-c", COMPILE], stdin=quiet, stdout=quiet, stderr=quiet, check=False)


class WorkerProcess(ChildProcess):
    """`kawal worker` for one topic set."""

    def __init__(self, broker: str, topics: TopicSet) -> None:
        super().__init__("worker", topic_environment(broker, topics) | {"KAWAL_METRICS_PORT": "0"})
        self._topics = topics

    async def ready(self) -> None:
        """Wait until the worker owns every partition of the set, by its own metrics."""
        while not await asyncio.to_thread(self._owns_all):  # noqa: ASYNC110 (another process tells no event)
            await asyncio.sleep(POLL_S)

    def _owns_all(self) -> bool:
        url = METRICS_URL.search(self.log())
        if url is None:
            return False
        with urllib.request.urlopen(url[0], timeout=5) as answer:  # noqa: S310 (loopback, by the pattern above)
            owned = OWNED.search(answer.read().decode())
        return owned is not None and int(owned[1]) == self._topics.partitions


def topic_environment(broker: str, topics: TopicSet) -> dict[str, str]:
    """The settings that name a topic set."""
    return {
        "KAWAL_BROKER": broker,
        "KAWAL_TOPIC_PREFIX": topics.prefix,
        "KAWAL_PARTITIONS": str(topics.partitions),
    }
