"""How fetched records reach the agent: everything one fetch brought of a topic's partition is one message.

Faust hands an agent one record at a time and manages some thousands a second. Its `ConsumerScheduler` setting is the
public place to group them: it sees what `getmany` returned and says what is passed on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

from aiokafka.structs import ConsumerRecord

from streams.merge import Record


class TopicPartition(NamedTuple):
    """A partition of a topic; equal to what Faust and aiokafka call so."""

    topic: str
    partition: int


class LogEnd(NamedTuple):
    """What the newest fetch response said of a partition: when it came, and the offset behind its last record."""

    polled_ms: int
    highwater: int


Ends = Mapping[TopicPartition, LogEnd]


class TopicLogs(Protocol):
    """What the consumer knows of the partitions it is assigned, and the brake on fetching them."""

    def position(self, tp: TopicPartition) -> int | None:
        """Return the next offset that will be taken from the fetcher, None while it is not known."""

    def end(self, tp: TopicPartition) -> LogEnd | None:
        """Return what the newest fetch said, None before the first; its records may not have been taken yet."""

    def ends(self) -> Ends:
        """Return what the fetches had said of every partition when records were last taken from the fetcher."""

    def flows(self) -> bool:
        """Return whether what is taken now is delivered: in a rebalance it is dropped, and sought again later."""

    def hold(self, tp: TopicPartition) -> None:
        """Take no more from this partition; what was taken is still delivered."""

    def let(self, tp: TopicPartition) -> None:
        """Take from this partition again."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive records of one topic's partition.

    `start` is the end of the chunk before, None for the first of an assignment; `end` is the offset behind the last
    record and whatever control records follow it. `epoch` counts assignments. `polled_ms` is when the newest fetch
    response that may hold these records came, `ends` what was known of all partitions when they were taken. `more`
    says that another topic's chunk of this partition number was taken with it and comes next: judge them together.
    """

    epoch: int
    start: int | None
    end: int
    polled_ms: int
    ends: Ends
    records: Sequence[Record]
    more: bool


_partition_of = attrgetter("partition")


class Handover:
    """Makes the chunks, and keeps what must be known to tell a finished topic from one with records under way."""

    def __init__(self, logs: TopicLogs) -> None:
        self.epoch = 0
        self._logs = logs
        self._handed: dict[TopicPartition, int] = {}
        self._positions: dict[TopicPartition, int] = {}

    def begin_epoch(self) -> None:
        """Forget everything: the assignment ends, and what is still under way belongs to nobody."""
        self.epoch += 1
        self._handed.clear()
        self._positions.clear()

    def handed(self, tp: TopicPartition) -> int | None:
        """Return the end of the newest chunk, None before the first of this epoch."""
        return self._handed.get(tp)

    def idle_position(self, tp: TopicPartition) -> int | None:
        """Return where the fetcher stood after the newest chunk.

        It passes `handed` where only control records (ends of transactions) followed.
        """
        return self._positions.get(tp)

    def iterate(
        self, records: Mapping[TopicPartition, Sequence[Record]]
    ) -> Iterator[tuple[TopicPartition, ConsumerRecord[Any, Any]]]:
        """Turn the result of one `getmany` into one message a partition; Faust calls this between two of them."""
        if not self._logs.flows():
            return iter(())
        ends = self._logs.ends()
        tps = sorted((tp for tp, batch in records.items() if batch), key=_partition_of)
        more = [tp.partition == following.partition for tp, following in pairwise(tps)]
        messages = [
            (tp, self._message(tp, records[tp], ends, followed))
            for tp, followed in zip(tps, [*more, False], strict=False)
        ]
        # Positions move in `getmany` only, so here, and only here, they agree with what was handed over.
        for tp in set(self._positions) | set(records):
            position = self._logs.position(tp)
            if position is not None:
                self._positions[tp] = position
        return iter(messages)

    def watch(self, tp: TopicPartition) -> None:
        """Follow the position of an assigned partition from now on, records or not."""
        self._positions.setdefault(tp, -1)

    def _message(self, tp: TopicPartition, batch: Sequence[Record], ends: Ends, more: bool) -> ConsumerRecord[Any, Any]:
        log_end, position = ends.get(tp), self._logs.position(tp)
        end = batch[-1].offset + 1 if position is None else max(position, batch[-1].offset + 1)
        polled_ms = 0 if log_end is None else log_end.polled_ms
        chunk = Chunk(self.epoch, self._handed.get(tp), end, polled_ms, ends, batch, more)
        self._handed[tp] = end
        last = batch[-1]
        return ConsumerRecord(*tp, last.offset, last.timestamp, 0, last.key, chunk, None, -1, -1, last.headers)
