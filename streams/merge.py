"""One order out of several topics: the records of one partition number, merged by their Kafka timestamp.

A topic of the partition number is a lane. A lane's records come in offset order and get the running maximum of
their timestamps, so each lane is sorted; the merged order is (timestamp, rank of the lane, offset). A record is
released when no record that has not been seen yet could sort before it: every other lane has either delivered
something later or is at the end of its log. The order therefore does not depend on how the fetches were cut.
"""

from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

_timestamp_of = attrgetter("timestamp")


class Record(Protocol):
    """What the worker needs of a consumed record: aiokafka has it before and after it wraps one."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class Merged:
    """Records in their final order, with the rank of their lane and their receive time, both one a record."""

    __slots__ = ("rank", "received_ms", "records")

    def __init__(self, records: list[Record], rank: NDArray[np.int8], received_ms: NDArray[np.int64]) -> None:
        self.records = records
        self.rank = rank
        self.received_ms = received_ms


class _Lane:
    """What one topic has delivered and what has not been released yet."""

    __slots__ = ("newest_ms", "received_ms", "records")

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.received_ms: NDArray[np.int64] = np.empty(0, np.int64)
        self.newest_ms = -1

    def add(self, records: Sequence[Record]) -> None:
        times_ms = np.fromiter(map(_timestamp_of, records), np.int64, len(records))
        times_ms[0] = max(times_ms[0], self.newest_ms)
        np.maximum.accumulate(times_ms, out=times_ms)
        self.newest_ms = int(times_ms[-1])
        self.records.extend(records)
        self.received_ms = np.concatenate((self.received_ms, times_ms)) if len(self.received_ms) else times_ms

    def take(self, count: int) -> tuple[list[Record], NDArray[np.int64]]:
        records, times_ms = self.records[:count], self.received_ms[:count]
        del self.records[:count]
        self.received_ms = self.received_ms[count:]
        return records, times_ms


class Merge:
    """The lanes of one partition number; their index is their rank."""

    def __init__(self, lanes: int = 3) -> None:
        self._lanes = [_Lane() for _ in range(lanes)]

    def add(self, rank: int, records: Sequence[Record]) -> None:
        """Append what a topic delivered next, in offset order."""
        if records:
            self._lanes[rank].add(records)

    def waiting(self, rank: int) -> int:
        """Return how many records of a lane have not been released."""
        return len(self._lanes[rank].records)

    def first_waiting(self, rank: int) -> Record | None:
        """Return the lane's next record to be released."""
        records = self._lanes[rank].records
        return records[0] if records else None

    def release(self, at_end: Sequence[bool]) -> Merged:
        """Take out every record that nothing unseen can sort before.

        `at_end` says for each lane that its topic has nothing more than what was added.
        """
        counts = [self._releasable(rank, at_end) for rank in range(len(self._lanes))]
        parts = [(rank, *lane.take(counts[rank])) for rank, lane in enumerate(self._lanes) if counts[rank]]
        if len(parts) == 1:
            rank, records, times_ms = parts[0]
            return Merged(records, np.full(len(records), rank, np.int8), times_ms)
        return _interleave(parts)

    def _releasable(self, rank: int, at_end: Sequence[bool]) -> int:
        lane = self._lanes[rank]
        count = len(lane.records)
        for other_rank, other in enumerate(self._lanes):
            if other_rank == rank or at_end[other_rank]:
                continue
            # At the same timestamp the lower rank comes first.
            side = "right" if rank < other_rank else "left"
            count = min(count, int(np.searchsorted(lane.received_ms, other.newest_ms, side)))  # type: ignore[call-overload]
        return count


def _interleave(parts: Sequence[tuple[int, list[Record], NDArray[np.int64]]]) -> Merged:
    """Merge sorted runs, given in rank order: a stable sort by time keeps rank, then offset."""
    if not parts:
        return Merged([], np.empty(0, np.int8), np.empty(0, np.int64))
    times_ms = np.concatenate([times for _, _, times in parts])
    order = np.argsort(times_ms, kind="stable")
    rank = np.concatenate([np.full(len(records), number, np.int8) for number, records, _ in parts])
    together = np.fromiter(chain.from_iterable(records for _, records, _ in parts), object, len(times_ms))
    return Merged(together[order].tolist(), rank[order], times_ms[order])
