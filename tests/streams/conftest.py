"""Workers as processes of their own."""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest

from bench.nemesis import KAWAL_WORKER, WAIT_S, MortalWorker
from bus.follow import ends_of
from deploy.kafka.embedded import EmbeddedKafka
from models.topics import TopicSet
from streams.takeover import committed_offsets
from streams.watch import Watch
from streams.worker import compile_engine

SHORT_SESSION_WORKER = (sys.executable, str(Path(__file__).with_name("short_session_worker.py")))


class StartWorker(Protocol):
    """`start_worker(topics)`; one with a name has the session that the product gives it."""

    def __call__(self, topics: TopicSet, name: str = "") -> MortalWorker: ...


@pytest.fixture(scope="session")
def engine() -> None:
    """The engine is compiled once, not in every worker while a test waits."""
    compile_engine(Watch())


@pytest.fixture
def start_worker(engine: None, kafka: EmbeddedKafka, tmp_path: Path) -> Iterator[StartWorker]:
    """A worker on the test broker, ended with the test."""
    started: list[MortalWorker] = []

    def start(topics: TopicSet, name: str = "") -> MortalWorker:
        log = tmp_path / f"worker-{len(started)}.log"
        started.append(MortalWorker(kafka.bootstrap, topics, log, KAWAL_WORKER if name else SHORT_SESSION_WORKER, name))
        return started[-1]

    yield start
    for worker in started:
        worker.process.kill()
        worker.process.wait()


async def read_through(kafka: EmbeddedKafka, topics: TopicSet, *workers: MortalWorker) -> None:
    """Wait until the workers have committed everything that was published."""
    ends = await ends_of(kafka.bootstrap, [topics.convoy_pings, topics.escort_pings, topics.ticks])
    async with asyncio.timeout(WAIT_S):
        while not _reached(await committed_offsets(kafka.bootstrap, topics), ends):
            for worker in workers:
                assert worker.alive, worker.log()
            await asyncio.sleep(0.1)


def _reached(committed: Mapping[tuple[str, int], int], ends: Mapping[tuple[str, int], int]) -> bool:
    return all(committed.get(tp, 0) >= end for tp, end in ends.items())
