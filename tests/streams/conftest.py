"""Workers as processes of their own."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from bench.nemesis import KAWAL_WORKER, MortalWorker
from deploy.kafka.embedded import EmbeddedKafka
from models.topics import TopicSet
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
