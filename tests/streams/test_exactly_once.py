"""Workers are killed and frozen in the middle of the work: every ping counts once, every right alert comes once."""

import signal
from pathlib import Path

from bench.faults import Trial, run
from bench.nemesis import MortalWorker, until
from bench.workload import Workload
from deploy.kafka.embedded import EmbeddedKafka
from models.topics import TopicSet
from streams.rounds import TICK_PERIOD_S
from tests.streams.conftest import SHORT_SESSION_WORKER, StartWorker

ATTEMPTS = 3
"""That it had something to commit is known a moment before it is frozen: seldom it has committed by then."""


async def test_two_kills_and_a_freeze_lose_nothing_and_repeat_nothing(
    engine: None, kafka: EmbeddedKafka, replay_topics: TopicSet, tmp_path: Path
) -> None:
    trial = Trial(Workload(24_000), kills=2, freezes=1, freeze_s=5, slice_s=0.05, command=SHORT_SESSION_WORKER)
    outcome = await run(kafka.bootstrap, replay_topics, trial, tmp_path, lambda pings: None)
    assert (outcome.lost, outcome.extra) == (0, 0)
    assert outcome.verdict.right, outcome.verdict
    assert outcome.exit_codes[-2:] == [0, 0]


async def test_a_worker_that_was_replaced_while_it_was_frozen_leaves_with_one_clear_line(
    topics: TopicSet, start_worker: StartWorker
) -> None:
    frozen = start_worker(topics)
    for _ in range(ATTEMPTS):
        successor = await _replace_while_frozen(frozen, topics, start_worker)
        if not frozen.alive:
            break
        # it had committed just before, and nothing could be refused: it has joined the group again and goes on
        successor.process.kill()
        await frozen.until("kawal_partitions_owned", topics.partitions)
    assert frozen.process.returncode == 1
    assert "another worker has taken over partition" in frozen.log()
    assert "Traceback" not in frozen.log()


async def _replace_while_frozen(frozen: MortalWorker, topics: TopicSet, start_worker: StartWorker) -> MortalWorker:
    """Freeze a worker until another has all its partitions, and wait until it has left or committed once more."""
    await until(lambda: _has_work_to_commit(frozen), "ticks that are not committed yet")
    committed_s = _last_seen_s(frozen, "committed")
    frozen.send(signal.SIGSTOP)
    successor = start_worker(topics)
    await successor.until("kawal_partitions_owned", topics.partitions)
    frozen.send(signal.SIGCONT)
    await until(
        lambda: not frozen.alive or _last_seen_s(frozen, "committed") > committed_s,
        "the frozen worker to leave, or to commit once more",
    )
    return successor


def _last_seen_s(worker: MortalWorker, stage: str) -> float:
    """When the tick was written that a stage saw last, 0 where the worker answers nothing."""
    return worker.metric(f'kawal_heartbeat_last_seen_timestamp_seconds{{stage="{stage}"}}')


def _has_work_to_commit(worker: MortalWorker) -> bool:
    """Whether a partition has taken ticks since its last checkpoint and does not write the next one already. Without
    any, a worker that was replaced has nothing that could be refused: it joins the group again and goes on."""
    engine_s, committed_s = _last_seen_s(worker, "engine"), _last_seen_s(worker, "committed")
    return committed_s > 0 and 1.5 < engine_s - committed_s < TICK_PERIOD_S - 0.5
