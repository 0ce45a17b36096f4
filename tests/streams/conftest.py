"""Workers as processes of their own."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.nemesis import MortalWorker
from deploy.kafka.embedded import EmbeddedKafka
from models.topics import TopicSet
from streams.watch import Watch
from streams.worker import compile_engine

SHORT_SESSION_WORKER = (sys.executable, str(Path(__file__).with_name("short_session_worker.py")))

StartWorker = Callable[[TopicSet], MortalWorker]


@pytest.fixture(scope="session")
def engine() -> None:
    """The engine is compiled once, not in every worker while a test waits."""
    compile_engine(Watch())


@pytest.fixture
def start_worker(engine: None, kafka: EmbeddedKafka, tmp_path: Path) -> Iterator[StartWorker]:
    """`start_worker(topics)`: a worker on the test broker, ended with the test."""
    started: list[MortalWorker] = []

    def start(topics: TopicSet) -> MortalWorker:
        log = tmp_path / f"worker-{len(started)}.log"
        started.append(MortalWorker(kafka.bootstrap, topics, log, SHORT_SESSION_WORKER))
        return started[-1]

    yield start
    for worker in started:
        worker.process.kill()
        worker.process.wait()
