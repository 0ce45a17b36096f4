"""The worker process: checks what it needs, runs the app, and ends in order."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bus.follow import following
from bus.garbage import collect_rarely
from bus.metrics_server import metrics_server
from bus.plan_reader import Plans, follow_plans
from bus.process import TopicsError, check_patiently
from bus.tasks import Tasks, stop_on_signals, until
from models.settings import Settings
from models.topics import TopicSet
from streams.app import FaustLogs, Membership, connect, create_app, run_app, stop_app
from streams.decode import decode
from streams.health import Health, beat, probe
from streams.metrics import Metrics
from streams.owned import Owned
from streams.recording import CARGO, Arrival
from streams.report import Report
from streams.ticks import Ticker
from streams.watch import Watch

# Together less than the ten seconds after which SIGTERM must be done.
CHECKPOINT_WAIT_S = 6.0
LEAVE_WAIT_S = 2.0

log = logging.getLogger(__name__)


class LastCheckpointError(RuntimeError):
    """The worker was told to end and could not write its last checkpoint in time; the next one resumes before it."""


async def run_worker(
    broker: str, settings: Settings, member: Membership | None = None, make_watch: Callable[[], Watch] = Watch
) -> None:
    """Watch the convoys until SIGTERM or SIGINT.

    Raises ListenError, TopicsError, KafkaConnectionError when the broker cannot be reached in time, and whatever ended
    the worker.
    """
    stop = stop_on_signals()
    asyncio.get_running_loop().set_exception_handler(_log_forgotten)
    topics = await _find_topics(broker, settings)
    compile_engine(make_watch())
    collect_rarely()
    tasks, plans, metrics, logs = Tasks(), Plans(), Metrics(), FaustLogs()
    health = Health(topics.replay)
    report = Report(metrics, topics, plans, health)
    logging.getLogger().addHandler(metrics.count_log_lines())
    if settings.data_dir is not None:
        metrics.watch_disk(settings.data_dir)
    owned = Owned(topics, logs, plans.by_convoy, report, tasks, make_watch)
    address = settings.metrics_bind, settings.metrics_port
    with (
        metrics_server(address, "KAWAL_METRICS_PORT", metrics.registry, health.judgements),
        TemporaryDirectory(prefix="kawal-worker-") as folder,
    ):
        async with following(broker, [topics.plans], from_beginning=True) as follower:
            await plans.load(follower, topics)
            member = member or Membership.of(settings.worker_name)
            logs.app = create_app(broker, topics.worker_group, member, Path(folder))
            connect(logs.app, broker, logs, owned, tasks)
            tasks.start(follow_plans(follower, plans, owned.put_plan))
            tasks.start(owned.look_again())
            tasks.start(owned.look_around())
            tasks.start(beat(health, metrics))
            tasks.start(probe(broker, health))
            if not topics.replay:
                tasks.start(Ticker(broker, topics.ticks, owned.numbers, report.ticked).run())
            tasks.start(run_app(logs.app))
            try:
                await until(stop, tasks)
                await _last_checkpoint(owned)
            finally:
                await _within(LEAVE_WAIT_S, stop_app(logs.app))
                await _within(LEAVE_WAIT_S, tasks.stop())
    log.info("ended in order")


SOME_PING = b'{"vehicle_id":"x","convoy_id":"x","time":"1970-01-01T00:00:00Z"}'


def compile_engine(watch: Watch) -> None:
    """Let the engine compile before a partition waits for it: half a minute the first time, then a second."""
    begin_s = time.monotonic()
    log.info("loading the engine; the first time on a machine it is compiled")
    columns, _ = decode([Arrival(0, b"x", SOME_PING, CARGO)], np.zeros(1, np.int8), np.zeros(1, np.int64))
    watch.advance(columns)
    log.info("engine ready after %.1f s", time.monotonic() - begin_s)


def _log_forgotten(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Tell in one line of an exception that nobody took: aiokafka leaves one behind for each that it has raised."""
    log.warning("%s error=%r", context["message"], context.get("exception"))


async def _find_topics(broker: str, settings: Settings) -> TopicSet:
    """Return the set, live or replay as its topics are. Raises TopicsError."""
    live, replay = (TopicSet(settings.topic_prefix, settings.partitions, kind) for kind in (False, True))
    live_faults = await check_patiently(broker, live)
    if not live_faults:
        return live
    replay_faults = await check_patiently(broker, replay)
    if not replay_faults:
        return replay
    raise TopicsError("\n".join(replay_faults if len(replay_faults) < len(live_faults) else live_faults))


async def _last_checkpoint(owned: Owned) -> None:
    try:
        async with asyncio.timeout(CHECKPOINT_WAIT_S):
            await owned.revoke()
    except TimeoutError as error:
        raise LastCheckpointError(
            "the last checkpoint could not be written in time; the next worker resumes"
        ) from error


async def _within(limit_s: float, ending: Coroutine[Any, Any, None]) -> None:
    """Give something that ends a limited time; what it still holds ends with the process."""
    with suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            await ending
