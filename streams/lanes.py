"""The input of one partition number: its topics' chunks in, records in their final order out, offsets to commit."""

from collections.abc import Mapping, Sequence
from itertools import dropwhile

from streams.handover import Chunk, Ends, Handover, LogEnd, TopicLogs, TopicPartition
from streams.merge import Merge, Merged, Record

# A topic that runs ahead of another by this many records is not fetched until the other catches up. With twelve
# partitions and a fetch of 1 MiB on top, what waits stays near 100 MB; without a limit a catch-up takes gigabytes.
WAITING_MAX = 3_000


class LostRecordsError(RuntimeError):
    """Records went missing between the fetcher and the agent: nothing may be committed behind the gap."""


class _Input:
    """What one topic has delivered."""

    __slots__ = ("committed", "held", "next_offset", "polled_ms", "received", "tp")

    def __init__(self, tp: TopicPartition, committed: int | None) -> None:
        self.tp = tp
        self.committed = committed
        self.received: int | None = None
        self.next_offset = committed
        self.polled_ms = 0
        self.held = False

    def accept(self, chunk: Chunk) -> Sequence[Record]:
        """Return the chunk's records without those that were committed before this assignment."""
        if chunk.start != self.received:
            raise LostRecordsError(f"{self.tp.topic}/{self.tp.partition}: expected {self.received}, got {chunk.start}")
        records, done = chunk.records, self.committed
        # Faust looks up the committed offset before the former owner is fenced, so it may start too early.
        if self.received is None and done is not None and records[0].offset < done:
            records = list(dropwhile(lambda record: record.offset < done, records))
        self.received = chunk.end
        self.next_offset = max(chunk.end, done or 0)
        self.polled_ms = chunk.polled_ms
        return records


class Lanes:
    """The topics of one partition number, in rank order."""

    def __init__(
        self,
        tps: Sequence[TopicPartition],
        committed: Mapping[TopicPartition, int],
        handover: Handover,
        logs: TopicLogs,
        replay: bool,
    ) -> None:
        self._inputs = [_Input(tp, committed.get(tp)) for tp in tps]
        self._replay = replay
        self._ranks = {tp.topic: rank for rank, tp in enumerate(tps)}
        self._merge = Merge(len(tps))
        self._ends: Ends = {}
        self._handover = handover
        self._logs = logs
        for tp in tps:
            handover.watch(tp)

    def add(self, topic: str, chunk: Chunk) -> None:
        """Take in a chunk. Raises LostRecordsError when one is missing before it."""
        rank = self._ranks[topic]
        self._ends = chunk.ends
        self._merge.add(rank, self._inputs[rank].accept(chunk))

    def release(self) -> Merged:
        """Take out what is in its final order, and brake the topics that run ahead."""
        merged = self._merge.release([self._at_end(rank) for rank in range(len(self._inputs))])
        for rank, lane in enumerate(self._inputs):
            self._brake(lane, self._merge.waiting(rank))
        return merged

    def source(self, rank: int) -> TopicPartition:
        """Return the topic's partition that a record of this rank came from."""
        return self._inputs[rank].tp

    def waits(self) -> bool:
        """Return whether records wait for another topic."""
        return any(self._merge.waiting(rank) for rank in range(len(self._inputs)))

    def offsets(self) -> dict[TopicPartition, int]:
        """Return the offsets to commit: behind the last record that was released, of topics known so far."""
        found = {}
        for rank, lane in enumerate(self._inputs):
            first = self._merge.first_waiting(rank)
            offset = lane.next_offset if first is None else first.offset
            if offset is not None:
                found[lane.tp] = offset
        return found

    def highwater(self) -> int:
        """Return how many records all topics together have ever had, as the newest fetch knew."""
        ends = [self._logs.end(lane.tp) for lane in self._inputs]
        return sum(end.highwater for end in ends if end is not None)

    def lag(self) -> dict[str, int]:
        """Return how many records of each topic are still to be processed, as the newest fetch knew."""
        ends = {lane.tp: self._logs.end(lane.tp) for lane in self._inputs}
        return {
            tp.topic: max(0, end.highwater - offset)
            for tp, offset in self.offsets().items()
            if (end := ends[tp]) is not None
        }

    def _at_end(self, rank: int) -> bool:
        """Return whether a topic had nothing more than was added when the newest chunk was taken, or has not now.

        While chunks are processed the next fetch comes in: by it alone a busy topic would never be seen at its end.
        """
        lane = self._inputs[rank]
        newest = self._logs.end(lane.tp)
        self._skip_control_records(lane)
        return any(self._ends_at(rank, end) for end in (self._ends.get(lane.tp), newest))

    def _ends_at(self, rank: int, end: LogEnd | None) -> bool:
        offset = self._inputs[rank].next_offset
        if end is None or offset is None or offset < end.highwater:
            return False
        return all(
            self._is_news(end.polled_ms, number)
            for number in range(len(self._inputs))
            if number != rank and self._merge.waiting(number)
        )

    def _is_news(self, polled_ms: int, rank: int) -> bool:
        """Return whether an end seen in the response of `polled_ms` holds for what waits in a lane.

        A broker reads the partitions of one response one after the other. In a live set that is a millisecond, which
        no rule depends on. A replay goes through hours in that time: there the end must come from a later response.
        """
        lane_ms = self._inputs[rank].polled_ms
        return polled_ms > lane_ms if self._replay else polled_ms >= lane_ms

    def _skip_control_records(self, lane: _Input) -> None:
        position = self._handover.idle_position(lane.tp)
        nothing_under_way = self._handover.handed(lane.tp) == lane.received
        if nothing_under_way and position is not None and position >= 0:
            lane.next_offset = max(position, lane.next_offset or 0)

    def _brake(self, lane: _Input, waiting: int) -> None:
        if waiting > WAITING_MAX and not lane.held:
            lane.held = True
            self._logs.hold(lane.tp)
        elif lane.held and waiting < WAITING_MAX // 2:
            lane.held = False
            self._logs.let(lane.tp)
