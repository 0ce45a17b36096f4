"""One owned partition number: records in, decisions collected, checkpoints out."""

from dataclasses import dataclass

import numpy as np

from models.plan import ConvoyPlan
from models.topics import TopicSet
from streams.checkpoint import Checkpoint, Output
from streams.dead_letters import dead_letter
from streams.decode import decode
from streams.engine.dtypes import ACCEPTED
from streams.handover import Chunk
from streams.lanes import Lanes
from streams.merge import Merged
from streams.outbox import Outbox, Snapshot
from streams.report import TICK_RANK, Report
from streams.watch import Watch

# A worker is behind when more waits for it than ten seconds bring, and more than a short burst.
BEHIND_S = 10
BEHIND_RECORDS_MIN = 2_000


@dataclass(slots=True)
class Pending:
    """What was processed since the last snapshot."""

    pings: int = 0
    ticks: int = 0


class Partition:
    """The watch over the convoys of one partition number."""

    def __init__(self, number: int, topics: TopicSet, lanes: Lanes, watch: Watch, report: Report) -> None:
        self.number = number
        self.lanes = lanes
        self.watch = watch
        self.outbox = Outbox(topics)
        self.pending = Pending()
        self.behind = False
        self._topics = topics
        self._report = report
        self._highwater: int | None = None

    def put_plan(self, convoy_id: str, plan: ConvoyPlan | None) -> None:
        """Watch a convoy by this plan from the next record on, or no longer where it is None."""
        if plan is None:
            self.watch.withdraw_plan(convoy_id)
        else:
            self.watch.put_plan(plan)

    def take(self, topic: str, chunk: Chunk) -> None:
        """Take in a chunk; decide what can be decided once its fetch has brought no more."""
        self.lanes.add(topic, chunk)
        if not chunk.more:
            self.advance()

    def advance(self) -> None:
        """Process every record that is in its final order."""
        merged = self.lanes.release()
        if not merged.records:
            return
        columns, rejected = decode(merged.records, merged.rank, merged.received_ms)
        advance = self.watch.advance(columns)
        self.outbox.alerts += advance.alerts
        for reason in rejected:
            source = self.lanes.source(merged.rank[reason.index])
            self.outbox.add_dead_letter(source.topic, dead_letter(source, merged.records[reason.index], reason))
            self._report.dead_letter(source.topic, reason.code)
        self._count(merged)
        self._report.processed(self.number, merged, columns.fix_ms, advance.results)
        self._report.moved(self.watch.lateral_m(columns.fixes.row[advance.results == ACCEPTED]))
        # Not only each second: the last pings of a catch-up should not wait for it.
        self.behind = self.behind and self._lag() > 0

    def snapshot(self, now_s: float) -> Snapshot:
        """Take what has been decided since the last snapshot; processing may go on while it is written."""
        snapshot = Snapshot(Checkpoint(self.number, offsets=self.lanes.offsets()), self.pending.ticks)
        self.outbox.empty_into(snapshot)
        changed = self.watch.take_changed()
        self.outbox.tell_status(changed)
        self.outbox.add_statuses(snapshot, self.watch.statuses(self.outbox.status_due(now_s)))
        states = self.watch.dumps(changed)
        snapshot.checkpoint.add(self._topics.state, [Output(name.encode(), state) for name, state in states.items()])
        forgotten = [convoy_id for convoy_id, state in states.items() if state is None]
        self.outbox.add_gone(snapshot, [name for name in forgotten if self.watch.status(name) is None])
        self.pending = Pending()
        return snapshot

    def look_behind(self) -> None:
        """Judge once a second whether the worker is behind."""
        highwater = self.lanes.highwater()
        brought = 0 if self._highwater is None else highwater - self._highwater
        self._highwater = highwater
        self.behind = self._lag() > max(BEHIND_RECORDS_MIN, BEHIND_S * brought)

    def _lag(self) -> int:
        return sum(self.lanes.lag().values())

    def _count(self, merged: Merged) -> None:
        ticks = int(np.count_nonzero(merged.rank == TICK_RANK))
        self.pending.ticks += ticks
        self.pending.pings += len(merged.records) - ticks
