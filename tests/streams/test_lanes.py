"""A partition's input: what is held back, what is committed, and what is done when records go missing."""

from collections.abc import Sequence

import pytest
from aiokafka import ConsumerRecord

from streams.handover import Chunk, Ends, Handover, LogEnd, TopicPartition
from streams.lanes import WAITING_MAX, Lanes, LostRecordsError

CONVOY, ESCORT, TICKS = (TopicPartition(topic, 0) for topic in ("convoy", "escort", "ticks"))


class Logs:
    """A consumer whose fetches the test writes down: where each topic ends, where it stands, which are held."""

    def __init__(self) -> None:
        self.ends_by_topic: dict[TopicPartition, LogEnd] = {}
        self.positions: dict[TopicPartition, int] = {}
        self.held: set[TopicPartition] = set()
        self.is_flowing = True

    def position(self, tp: TopicPartition) -> int | None:
        return self.positions.get(tp)

    def end(self, tp: TopicPartition) -> LogEnd | None:
        return self.ends_by_topic.get(tp)

    def ends(self) -> Ends:
        return dict(self.ends_by_topic)

    def flows(self) -> bool:
        return self.is_flowing

    def hold(self, tp: TopicPartition) -> None:
        self.held.add(tp)

    def let(self, tp: TopicPartition) -> None:
        self.held.discard(tp)


class Input:
    """The lanes under test, fed as Faust feeds them."""

    def __init__(self, committed: dict[TopicPartition, int] | None = None, replay: bool = False) -> None:
        self.logs = Logs()
        self.handover = Handover(self.logs)
        self.lanes = Lanes((CONVOY, ESCORT, TICKS), committed or {}, self.handover, self.logs, replay)

    def response(self, polled_ms: int, **highwaters: int) -> None:
        for topic, highwater in highwaters.items():
            self.logs.ends_by_topic[TopicPartition(topic, 0)] = LogEnd(polled_ms, highwater)

    def fetch(self, tp: TopicPartition, records: Sequence[ConsumerRecord]) -> None:
        self.lanes.add(tp.topic, self.chunk(tp, records))

    def chunk(self, tp: TopicPartition, records: Sequence[ConsumerRecord]) -> Chunk:
        [(_, chunk)] = self.taken({tp: records})
        return chunk

    def taken(self, records: dict[TopicPartition, Sequence[ConsumerRecord]]) -> list[tuple[TopicPartition, Chunk]]:
        """Take records of several topics from the fetcher at once."""
        self.logs.positions |= {tp: batch[-1].offset + 1 for tp, batch in records.items()}
        return [(tp, message.value) for tp, message in self.handover.iterate(records)]

    def stand(self, **positions: int) -> None:
        """Let the fetcher stand at these offsets, as after a `getmany` that brought nothing."""
        self.logs.positions |= {TopicPartition(topic, 0): offset for topic, offset in positions.items()}
        list(self.handover.iterate({}))

    def released(self) -> list[tuple[int, int]]:
        merged = self.lanes.release()
        return [(int(rank), record.offset) for rank, record in zip(merged.rank, merged.records, strict=True)]


def pings(offsets: range, timestamp_ms: int = 1000) -> list[ConsumerRecord]:
    return [ConsumerRecord("", 0, offset, timestamp_ms + offset, 1, b"", b"", None, 0, 0, ()) for offset in offsets]


def test_records_wait_for_a_topic_that_is_not_at_its_end() -> None:
    source = Input()
    source.response(1, convoy=2, escort=5, ticks=0)
    source.stand(convoy=0, escort=0, ticks=0)
    source.fetch(CONVOY, pings(range(2)))
    assert source.released() == []
    assert source.lanes.waits()
    assert source.lanes.offsets() == {CONVOY: 0, ESCORT: 0, TICKS: 0}


def test_records_do_not_wait_for_a_topic_that_is_at_its_end() -> None:
    source = Input()
    source.response(1, convoy=2, escort=0, ticks=0)
    source.stand(convoy=0, escort=0, ticks=0)
    source.fetch(CONVOY, pings(range(2)))
    assert source.released() == [(0, 0), (0, 1)]
    assert source.lanes.offsets()[CONVOY] == 2


def test_an_end_seen_before_the_records_came_is_not_news_enough() -> None:
    now_ms = 1_000_000
    source = Input()
    source.response(now_ms, convoy=0, escort=0, ticks=0)
    source.stand(convoy=0, escort=0, ticks=0)
    source.response(now_ms + 50, convoy=1)
    source.fetch(CONVOY, pings(range(1), timestamp_ms=now_ms))
    assert source.released() == []
    source.response(now_ms + 60, escort=0, ticks=0)
    assert source.released() == [(0, 0)]


def test_in_a_replay_the_end_must_come_from_a_later_response() -> None:
    source = Input(replay=True)
    source.response(1_000_000, convoy=1, escort=0, ticks=0)
    source.stand(convoy=0, escort=0, ticks=0)
    source.fetch(CONVOY, pings(range(1)))
    assert source.released() == []
    source.response(1_000_001, convoy=1, escort=0, ticks=0)
    assert source.released() == [(0, 0)]


def test_an_end_of_a_transaction_behind_the_last_record_holds_nothing_back() -> None:
    source = Input()
    source.response(1, convoy=1, escort=2, ticks=0)
    source.stand(convoy=0, ticks=0)
    source.fetch(ESCORT, pings(range(1), timestamp_ms=500))
    source.fetch(CONVOY, pings(range(1)))
    assert source.released() == [(1, 0)]
    # Offset 1 of the escorts is a control record: the fetcher passes it and delivers nothing.
    source.stand(escort=2)
    assert source.released() == [(0, 0)]
    assert source.lanes.offsets() == {CONVOY: 1, ESCORT: 2, TICKS: 0}


def test_records_of_one_fetch_are_released_together_though_the_next_has_come() -> None:
    source = Input()
    source.response(1, convoy=1, escort=1, ticks=0)
    source.stand(convoy=0, escort=0, ticks=0)
    chunks = source.taken({CONVOY: pings(range(1)), ESCORT: pings(range(1), timestamp_ms=500)})
    assert [(tp, chunk.more) for tp, chunk in chunks] == [(CONVOY, True), (ESCORT, False)]
    source.response(2, convoy=3, escort=4, ticks=1)
    for tp, chunk in chunks:
        source.lanes.add(tp.topic, chunk)
    assert source.released() == [(1, 0), (0, 0)]


def test_chunks_of_one_partition_number_come_one_after_the_other() -> None:
    source = Input()
    others = [TopicPartition(tp.topic, 1) for tp in (CONVOY, ESCORT)]
    chunks = source.taken({tp: pings(range(1)) for tp in (CONVOY, others[0], ESCORT, TICKS, others[1])})
    assert [(tp, chunk.more) for tp, chunk in chunks] == [
        (CONVOY, True),
        (ESCORT, True),
        (TICKS, False),
        (others[0], True),
        (others[1], False),
    ]


def test_a_chunk_under_way_keeps_its_topic_from_looking_finished() -> None:
    source = Input()
    source.response(1, convoy=1, escort=1, ticks=0)
    source.stand(convoy=0, escort=0, ticks=0)
    under_way = source.chunk(ESCORT, pings(range(1), timestamp_ms=500))
    source.fetch(CONVOY, pings(range(1)))
    assert source.released() == []
    source.lanes.add(ESCORT.topic, under_way)
    assert source.released() == [(1, 0), (0, 0)]


def test_what_was_committed_before_the_takeover_is_not_counted_again() -> None:
    source = Input(committed={CONVOY: 3, ESCORT: 0, TICKS: 0})
    source.response(1, convoy=5, escort=0, ticks=0)
    source.fetch(CONVOY, pings(range(1, 5)))
    source.stand(escort=0, ticks=0)
    assert source.released() == [(0, 3), (0, 4)]


def test_what_a_rebalance_drops_is_not_missing_when_it_comes_again() -> None:
    source = Input()
    source.response(1, convoy=2, escort=0, ticks=0)
    source.stand(convoy=0, escort=0, ticks=0)
    source.logs.is_flowing = False
    assert source.taken({CONVOY: pings(range(2))}) == []
    source.logs.is_flowing = True
    source.fetch(CONVOY, pings(range(2)))
    assert source.released() == [(0, 0), (0, 1)]


def test_a_chunk_that_went_missing_ends_the_worker() -> None:
    source = Input()
    source.chunk(CONVOY, pings(range(2)))
    with pytest.raises(LostRecordsError, match="convoy/0"):
        source.fetch(CONVOY, pings(range(2, 4)))


def test_a_topic_that_runs_ahead_is_held_until_the_other_catches_up() -> None:
    source = Input()
    source.response(1, convoy=WAITING_MAX + 1, escort=1, ticks=0)
    source.stand(escort=0, ticks=0)
    source.fetch(CONVOY, pings(range(WAITING_MAX + 1)))
    assert source.released() == []
    assert source.logs.held == {CONVOY}
    source.fetch(ESCORT, pings(range(1), timestamp_ms=10**9))
    assert len(source.released()) == WAITING_MAX + 2
    assert source.logs.held == set()


def test_lag_is_what_was_not_processed() -> None:
    source = Input()
    source.response(1, convoy=7, escort=3, ticks=0)
    source.stand(convoy=0, escort=0, ticks=0)
    source.fetch(CONVOY, pings(range(5)))
    assert source.released() == []
    assert source.lanes.lag() == {"convoy": 7, "escort": 3, "ticks": 0}
    source.fetch(ESCORT, pings(range(3), timestamp_ms=10**9))
    source.released()
    assert source.lanes.lag() == {"convoy": 2, "escort": 3, "ticks": 0}
