"""The Faust app: group membership, fetching, rebalancing, and nothing else of Faust."""

from collections.abc import Coroutine, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import faust
from aiokafka import conn
from aiokafka.consumer import fetcher
from faust.types import TP

from bus.faust_settings import FOREVER_S, faust_settings
from bus.tasks import Tasks
from streams.agents import RawSchema, add_agent
from streams.handover import Ends, LogEnd, TopicPartition
from streams.owned import Owned

# Faust keeps this many chunks, of up to a fetch each, before it stops fetching: some ten megabytes.
CHUNKS_QUEUED = 8

# A third of a second of work at full speed; twelve partitions of three topics keep 36 of these in the fetcher.
FETCH_BYTES_MAX = 1024 * 1024

# A fetch waits at the broker for so long when none of its partitions has news, and aiokafka sends no other meanwhile.
# In a catch-up the partitions that are at their end would make those that are not wait: at Faust's 1,500 ms a worker
# stood still two thirds of the time.
FETCH_WAIT_MS = 50

# aiokafka stops listening at twice its limit of 64 KiB, sixteen times within each fetch.
READ_BYTES_MAX = 4 * FETCH_BYTES_MAX

_PartitionRecords: Any = fetcher.PartitionRecords

NEVER_S = 1e6


class FaustLogs:
    """What Faust's consumer knows of the partitions it is assigned (see `TopicLogs`)."""

    def __init__(self) -> None:
        self.app: faust.App | None = None
        self._ends: Ends = {}

    def position(self, tp: TopicPartition) -> int | None:
        """Return the next offset that `getmany` would return."""
        state = self._state(tp)
        return state.position if state is not None and state.has_valid_position else None

    def end(self, tp: TopicPartition) -> LogEnd | None:
        """Return what the newest fetch response said."""
        state = self._state(tp)
        if state is None:
            return None
        # The consumer's thread writes the highwater first: read in the other order it is never older than its time.
        polled_ms, highwater = state.timestamp, state.highwater
        return None if polled_ms is None or highwater is None else LogEnd(polled_ms, highwater)

    def ends(self) -> Ends:
        """Return what the fetches had said when records were last taken."""
        return self._ends

    def flows(self) -> bool:
        """Return whether Faust delivers: it asks the same right after the scheduler."""
        return bool(self._consumer().flow_active)

    def note_ends(self) -> None:
        """Keep what the fetches have said so far: in the consumer's thread, as records are taken."""
        assignment = self._assignment()
        tps = () if assignment is None else assignment.tps
        self._ends = {tp: end for tp in tps if (end := self.end(tp)) is not None}

    def hold(self, tp: TopicPartition) -> None:
        """Take no more; Faust's pausing would lose what it has already taken, so this is its brake for full queues."""
        self._consumer().on_buffer_full(TP(*tp))

    def let(self, tp: TopicPartition) -> None:
        """Take again."""
        self._consumer().on_buffer_drop(TP(*tp))

    def _consumer(self) -> Any:
        assert self.app is not None
        return self.app.consumer

    def _assignment(self) -> Any:
        subscription = self._consumer()._thread._consumer._subscription.subscription
        return None if subscription is None else subscription.assignment

    def _state(self, tp: TopicPartition) -> Any:
        assignment = self._assignment()
        if assignment is None or tp not in assignment.tps:
            return None
        return assignment.state_value(tp)


# A container is back within this; a machine that burnt is found dead after it.
NAMED_SESSION_S = 30.0


@dataclass(frozen=True, slots=True)
class Membership:
    """How soon the group believes a silent worker dead, and how long it waits for one; seconds.

    With a `name` the worker is a static member: while it is away for less than `session_s`, nothing is moved.
    """

    session_s: float = 10.0
    heartbeat_s: float = 3.0
    rebalance_s: float = 30.0
    request_s: float = 40.0
    name: str | None = None

    @classmethod
    def of(cls, name: str | None) -> Self:
        """Return the membership of a worker; who has a name gets the time to be started again by what watches it."""
        return cls(name=name) if name is None else cls(session_s=NAMED_SESSION_S, name=name)


def create_app(broker: str, group: str, member: Membership, datadir: Path) -> faust.App:
    """Return a Faust app that commits nothing, declares no topic and opens no port."""
    return faust.App(
        group,
        **faust_settings(broker),
        datadir=datadir,
        consumer_max_fetch_size=FETCH_BYTES_MAX,
        stream_buffer_maxsize=CHUNKS_QUEUED,
        broker_commit_every=int(FOREVER_S),
        broker_commit_interval=NEVER_S,
        consumer_group_instance_id=member.name,
        broker_session_timeout=member.session_s,
        broker_heartbeat_interval=member.heartbeat_s,
        broker_rebalance_timeout=member.rebalance_s,
        broker_request_timeout=member.request_s,
        # Without tables it is idle, but at 0 Faust lets aiokafka assign, and that tears a convoy's topics apart.
        table_standby_replicas=1,
    )


def connect(app: faust.App, broker: str, logs: FaustLogs, owned: Owned, tasks: Tasks) -> None:
    """Let the app's fetches, partitions and records come to `owned`."""
    conn.READER_LIMIT = READ_BYTES_MAX
    _leave_records_as_they_are(set(owned.inputs))
    app.conf.ConsumerScheduler = lambda: owned.handover  # type: ignore[assignment]
    topic = app.topic(*owned.inputs, schema=RawSchema(), acks=False)
    add_agent(app, topic, owned, tasks)

    async def on_assigned(_: faust.App, assigned: Iterable[TP], **__: Any) -> None:
        _tune_fetcher(app, logs)
        await _guard(tasks, owned.assign(broker, {TopicPartition(*tp) for tp in assigned}))

    async def on_revoked(_: faust.App, revoked: Iterable[TP], **__: Any) -> None:
        await _guard(tasks, owned.revoke())

    app.on_partitions_assigned.connect(on_assigned, weak=False)  # type: ignore[arg-type]
    app.on_partitions_revoked.connect(on_revoked, weak=False)  # type: ignore[arg-type]


def _leave_records_as_they_are(topics: set[str]) -> None:
    """Let aiokafka wrap no record of these topics: the wrapper costs as much as all that Kawal does with a ping."""

    class PartitionRecords(_PartitionRecords):  # type: ignore[misc]
        def __init__(self, tp: TopicPartition, *rest: Any) -> None:
            super().__init__(tp, *rest)
            if tp.topic in topics:
                self._consumer_record = _as_it_is

        def __iter__(self) -> Iterator[Any]:
            # the records themselves, without a call for each that does nothing but ask for the next
            records: Iterator[Any] = self._records_iterator
            return records

    fetcher.PartitionRecords = PartitionRecords  # type: ignore[misc]


def _as_it_is(_: TopicPartition, record: Any) -> Any:
    return record


def _tune_fetcher(app: faust.App, logs: FaustLogs) -> None:
    """Let no fetch wait longer than FETCH_WAIT_MS, for which Faust has no setting, and note what is known of the logs
    at each taking of records.
    """
    consumer: Any = app.consumer
    fetcher = consumer._thread._consumer._fetcher
    fetcher._fetch_max_wait_ms = FETCH_WAIT_MS

    async def fetched_records(*how: Any, **more: Any) -> Any:
        records = await type(fetcher).fetched_records(fetcher, *how, **more)
        logs.note_ends()
        return records

    fetcher.fetched_records = fetched_records


async def _guard(tasks: Tasks, change: Coroutine[Any, Any, None]) -> None:
    """Change what is owned; when that fails the worker ends, and takes over nothing more."""
    if tasks.failed:
        change.close()
        return
    try:
        await change
    except Exception as error:
        tasks.fail(error)


class AppEndedError(RuntimeError):
    """Faust ended by itself."""


async def run_app(app: faust.App) -> None:
    """Run the app until it ends. Raises AppEndedError when nobody stopped it."""
    await app.start()
    await app.wait_until_stopped()
    raise AppEndedError(f"the stream app ended: {app.crash_reason!r}")


async def stop_app(app: faust.App) -> None:
    """Leave the group and close the connections."""
    await app.stop()
