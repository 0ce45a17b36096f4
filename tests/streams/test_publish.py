"""What `kawal replay` and the demo publish, and in which order."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from models.topics import partition_of
from streams.publish import TICK_RANK, Outgoing, in_order

PARTITIONS = 4
BASE_MS = 1_732_665_600_000


class Arrival(NamedTuple):
    received_ms: int
    key: bytes
    value: bytes
    rank: int


gaps_ms = st.lists(st.integers(0, 5_000), min_size=1, max_size=30)
spans_ms = st.sampled_from([1, 50, 700, 1000, 2500, 60_000])


def arrivals(gaps: list[int]) -> list[Arrival]:
    """Pings of two convoys, escorts and cargo by turns, so many milliseconds apart."""
    received_ms, made = BASE_MS, []
    for number, gap_ms in enumerate(gaps):
        received_ms += gap_ms
        made.append(Arrival(received_ms, b"C%d" % (number % 3 % 2), b"%d" % number, number % 2))
    return made


def published(gaps: list[int], span_ms: int) -> list[Outgoing]:
    return [record for span in in_order(arrivals(gaps), PARTITIONS, span_ms) for record in span]


@given(gaps_ms, spans_ms)
def test_records_leave_in_the_order_in_which_a_worker_merges_them(gaps: list[int], span_ms: int) -> None:
    keys = [(record.timestamp_ms, record.rank) for record in published(gaps, span_ms)]
    assert keys == sorted(keys)


@given(gaps_ms, spans_ms)
def test_every_ping_leaves_once_for_the_partition_of_its_convoy(gaps: list[int], span_ms: int) -> None:
    pings = [record for record in published(gaps, span_ms) if record.rank != TICK_RANK]
    assert sorted(int(record.value or b"") for record in pings) == list(range(len(gaps)))
    assert all(record.partition == partition_of(record.key or b"", PARTITIONS) for record in pings)


@given(gaps_ms, spans_ms)
def test_each_partition_gets_one_tick_for_every_whole_second(gaps: list[int], span_ms: int) -> None:
    pings = arrivals(gaps)
    seconds = range(-(-pings[0].received_ms // 1000), pings[-1].received_ms // 1000 + 1)
    ticks = [(r.timestamp_ms, r.partition) for r in published(gaps, span_ms) if r.rank == TICK_RANK]
    assert ticks == [(second * 1000, partition) for second in seconds for partition in range(PARTITIONS)]


@given(gaps_ms, spans_ms)
def test_no_span_is_longer_than_asked(gaps: list[int], span_ms: int) -> None:
    spans = list(in_order(arrivals(gaps), PARTITIONS, span_ms))
    assert all(span and span[-1].timestamp_ms - span[0].timestamp_ms < span_ms for span in spans)


def test_a_recording_without_pings_publishes_nothing() -> None:
    assert list(in_order([], PARTITIONS, 1000)) == []
