"""The partitions this worker owns, from assignment to revocation.

Assigned: the former owner is fenced, what it committed is read back, and only then is a record processed.
Revoked: a last checkpoint, then everything in memory is dropped.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from bus.tasks import Tasks
from models.plan import ConvoyPlan
from models.topics import TopicSet, partition_of
from streams.handover import Chunk, Handover, TopicLogs, TopicPartition
from streams.lanes import Lanes
from streams.partition import Partition
from streams.report import Report
from streams.rounds import Rounds
from streams.state import StateVersionError
from streams.takeover import committed_offsets, fence, read_states
from streams.watch import Watch

# What waits for the end of another topic is looked at this often: a fetch that brings nothing wakes nobody.
LOOK_AGAIN_S = 0.05
LOOK_BEHIND_S = 1.0


class AssignmentError(RuntimeError):
    """The worker was given other partition numbers of one topic than of another: convoys would be torn apart."""


class Owned:
    """All that is kept for the partitions owned."""

    def __init__(
        self,
        topics: TopicSet,
        logs: TopicLogs,
        plans: Mapping[str, ConvoyPlan],
        report: Report,
        tasks: Tasks,
        make_watch: Callable[[], Watch] = Watch,
    ) -> None:
        self.handover = Handover(logs)
        self.inputs = (topics.convoy_pings, topics.escort_pings, topics.ticks)
        self._topics = topics
        self._logs = logs
        self._plans = plans
        self._report = report
        self._tasks = tasks
        self._make_watch = make_watch
        self._partitions: dict[int, Partition] = {}
        self._rounds: dict[int, Rounds] = {}
        self._running: list[asyncio.Task[None]] = []
        self._ready = asyncio.Event()

    def numbers(self) -> Collection[int]:
        """Return the partition numbers whose state is loaded."""
        return self._partitions.keys() if self._ready.is_set() else ()

    async def assign(self, broker: str, assigned: Iterable[TopicPartition]) -> None:
        """Take over the partitions of an assignment. Raises AssignmentError."""
        numbers = self._numbers_of(assigned)
        begin_s = time.monotonic()
        producers = await fence(broker, self._topics, numbers)
        committed = await committed_offsets(broker, self._topics)
        states = await read_states(broker, self._topics.state, numbers)
        for number in numbers:
            tps = [TopicPartition(topic, number) for topic in self.inputs]
            lanes = Lanes(tps, committed, self.handover, self._logs, self._topics.replay)
            watch = self._load(number, states[number])
            partition = Partition(number, self._topics, lanes, watch, self._report)
            self._partitions[number] = partition
            rounds = Rounds(partition, producers[number], self._topics.worker_group, self._report)
            self._rounds[number] = rounds
            self._running.append(self._tasks.start(rounds.run()))
        self._report.taken_over(len(numbers), time.monotonic() - begin_s)
        self._ready.set()

    async def take(self, tp: TopicPartition, chunk: Chunk) -> None:
        """Process a chunk, once the state it belongs to is loaded; one of an assignment that is over is dropped."""
        await self._ready.wait()
        if chunk.epoch != self.handover.epoch:
            return
        self._partitions[tp.partition].take(tp.topic, chunk)
        rounds = self._rounds[tp.partition]
        rounds.processed()
        await rounds.make_room()

    async def revoke(self) -> None:
        """Write a last checkpoint of each partition and drop them all. Raises CheckpointError."""
        self._ready.clear()
        self.handover.begin_epoch()
        await asyncio.gather(*(rounds.finish() for rounds in self._rounds.values()))
        for task in self._running:
            task.cancel()
        self._running.clear()
        self._partitions.clear()
        self._rounds.clear()
        self._report.lost()

    def put_plan(self, convoy_id: str, plan: ConvoyPlan | None) -> None:
        """Hear of a plan that is new, changed or withdrawn (None)."""
        partition = self._partitions.get(partition_of(convoy_id.encode(), self._topics.partitions))
        if partition is not None:
            partition.put_plan(convoy_id, plan)

    async def look_again(self) -> None:
        """Process what waited for the end of another topic, again and again; for use as a task."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_S)
            for number in self.numbers():
                if self._partitions[number].lanes.waits():
                    self._partitions[number].advance()
                    self._rounds[number].processed()

    async def look_around(self) -> None:
        """Judge the lag and bring the gauges up to date once a second; for use as a task."""
        while True:
            await asyncio.sleep(LOOK_BEHIND_S)
            lag: Counter[str] = Counter(dict.fromkeys(self.inputs, 0))
            open_alerts: Counter[str] = Counter()
            for number in self.numbers():
                partition = self._partitions[number]
                partition.look_behind()
                # A worker that is no longer behind has a checkpoint due much sooner.
                self._rounds[number].processed()
                lag.update(partition.lanes.lag())
                open_alerts.update(partition.watch.open_alerts())
            self._report.look(lag, open_alerts, len(self.numbers()))

    def _numbers_of(self, assigned: Iterable[TopicPartition]) -> list[int]:
        by_topic: dict[str, set[int]] = {topic: set() for topic in self.inputs}
        for tp in assigned:
            by_topic[tp.topic].add(tp.partition)
        numbers = {frozenset(numbers) for numbers in by_topic.values()}
        if len(numbers) != 1:
            found = ", ".join(f"{topic}: {sorted(numbers)}" for topic, numbers in by_topic.items())
            raise AssignmentError(f"the topics were assigned with different partition numbers ({found})")
        return sorted(numbers.pop())

    def _load(self, number: int, states: Mapping[bytes, bytes]) -> Watch:
        watch = self._make_watch()
        for convoy_id, plan in self._plans.items():
            if partition_of(convoy_id.encode(), self._topics.partitions) == number:
                watch.put_plan(plan)
        for key, value in states.items():
            try:
                watch.load(key.decode(), value)
            except StateVersionError as error:
                raise StateVersionError(f"{key.decode()} in {self._topics.state}: {error}") from error
            if key.decode() not in self._plans:
                watch.withdraw_plan(key.decode())
        return watch
