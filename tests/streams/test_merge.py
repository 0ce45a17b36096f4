"""The merge gives one order, whatever the fetches, and releases nothing that an unseen record could precede."""

import heapq
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.merge import Merge, Merged

LANES = 3


class Plain(NamedTuple):
    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None = None
    value: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


def lane_of(rank: int, timestamps: Sequence[int]) -> list[Plain]:
    return [Plain(str(rank), 0, offset, timestamp) for offset, timestamp in enumerate(timestamps)]


def keys_of(rank: int, records: Sequence[Plain]) -> list[tuple[int, int, int]]:
    """The sort key of each record: running maximum of the timestamps, rank, offset."""
    times_ms = np.maximum.accumulate([record.timestamp for record in records]) if records else []
    return [(int(time_ms), rank, record.offset) for time_ms, record in zip(times_ms, records, strict=True)]


def naive(lanes: Sequence[Sequence[Plain]]) -> list[tuple[int, int, int]]:
    return list(heapq.merge(*(keys_of(rank, records) for rank, records in enumerate(lanes))))


def released_keys(merged: Merged) -> list[tuple[int, int, int]]:
    return [
        (int(time_ms), int(rank), record.offset)
        for time_ms, rank, record in zip(merged.received_ms, merged.rank, merged.records, strict=True)
    ]


lanes_of_records = st.lists(st.lists(st.integers(0, 12), max_size=30), min_size=LANES, max_size=LANES).map(
    lambda lanes: [lane_of(rank, timestamps) for rank, timestamps in enumerate(lanes)]
)

fetches = st.lists(st.tuples(st.integers(0, LANES - 1), st.integers(1, 7), st.booleans()), max_size=80)


@given(lanes_of_records, fetches)
def test_any_cut_into_fetches_gives_the_order_of_a_naive_merge(
    lanes: list[list[Plain]], cuts: list[tuple[int, int, bool]]
) -> None:
    merge, released, seen = Merge(LANES), [], [0] * LANES
    for rank, count, releases in cuts:
        merge.add(rank, lanes[rank][seen[rank] : seen[rank] + count])
        seen[rank] = min(len(lanes[rank]), seen[rank] + count)
        if releases:
            at_end = [seen[number] == len(lanes[number]) for number in range(LANES)]
            released += released_keys(merge.release(at_end))
    for rank in range(LANES):
        merge.add(rank, lanes[rank][seen[rank] :])
    released += released_keys(merge.release([True] * LANES))
    assert released == naive(lanes)


@given(lanes_of_records, st.lists(st.integers(0, 30), min_size=LANES, max_size=LANES))
def test_all_that_is_safe_is_released_and_nothing_else(lanes: list[list[Plain]], cuts: list[int]) -> None:
    seen = [records[:cut] for records, cut in zip(lanes, cuts, strict=True)]
    at_end = [cut >= len(records) for records, cut in zip(lanes, cuts, strict=True)]
    merge = Merge(LANES)
    for rank, records in enumerate(seen):
        merge.add(rank, records)
    # An unseen record of a lane sorts at the earliest right behind the lane's newest.
    bounds = [
        (max((key[0] for key in keys_of(rank, records)), default=-1), rank)
        for rank, records in enumerate(seen)
        if not at_end[rank]
    ]
    safe = [key for key in naive(seen) if all(key[:2] <= bound or key[1] == bound[1] for bound in bounds)]
    released = released_keys(merge.release(at_end))
    assert released == safe
    for rank in range(LANES):
        assert merge.waiting(rank) == len(seen[rank]) - sum(key[1] == rank for key in released)


def test_a_lane_that_lags_holds_the_others_back() -> None:
    merge = Merge(LANES)
    merge.add(0, lane_of(0, [10, 20]))
    assert merge.release([False, False, True]).records == []
    merge.add(1, lane_of(1, [15]))
    assert released_keys(merge.release([False, False, True])) == [(10, 0, 0), (15, 1, 0)]
    assert merge.first_waiting(0) == Plain("0", 0, 1, 20)


def test_at_one_timestamp_the_lower_rank_comes_first_and_the_higher_waits_for_it() -> None:
    merge = Merge(LANES)
    merge.add(1, lane_of(1, [10]))
    merge.add(0, lane_of(0, [10]))
    assert released_keys(merge.release([False, False, True])) == [(10, 0, 0)]
    assert released_keys(merge.release([True, False, True])) == [(10, 1, 0)]


def test_a_timestamp_that_goes_back_counts_as_the_newest_before_it() -> None:
    merge = Merge(LANES)
    merge.add(0, lane_of(0, [50, 40]))
    merge.add(0, [Plain("0", 0, 2, 30)])
    assert released_keys(merge.release([True, True, True])) == [(50, 0, 0), (50, 0, 1), (50, 0, 2)]
