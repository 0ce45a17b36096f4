"""The watch over the convoys of one partition: plans and pings in, alerts out, state to save and to load."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.alert import Alert
from models.convoy_status import ConvoyStatus
from models.plan import VEHICLES_MAX, Checkpoint, ConvoyPlan, Vehicle
from streams.alerts import alert_of, plain
from streams.compile_plan import Compiled, compile_plan, join, overspeed_mps
from streams.decode import Columns
from streams.engine.dtypes import (
    HOLE,
    NEVER,
    PING,
    PLAN_CHANGED,
    PLAN_WITHDRAWN,
    RESULTS,
    SEVERITIES,
    UNKNOWN_VEHICLE,
    Row,
)
from streams.engine.engine import Engine
from streams.roster import NOBODY, Roster
from streams.state import Head, dump_state, load_state
from streams.status import convoy_status, seen

__all__ = ["RESULTS", "Advance", "Watch"]

FORGET_MS = 86_400_000
"""Whoever is in no plan is forgotten a day after the last word: state does not grow with history."""

TIDY_PERIOD_MS = 3_600_000
SECOND_MS = 1000

NEW_AT_ONCE = 200
"""Of a batch's unknown pings so many are admitted by name before the rest is looked up again: most are of the same few
vehicles, and a batch after a long outage has thousands.
"""

UNPLANNED_MAX = 20_000
"""Vehicles without a plan that are remembered a partition: their plan may come, but a flood of made-up names must not
fill the memory.
"""


@dataclass(slots=True)
class Advance:
    """What a batch brought: alerts in the order decided, and what became of each record (an index into RESULTS)."""

    alerts: list[Alert]
    results: NDArray[np.int8]


class Copy(NamedTuple):
    """The rows of a convoy's vehicles, in the order of `members`, and their episodes."""

    convoy_id: str
    members: Mapping[str, int]
    rows: NDArray[np.void]
    episodes: NDArray[np.void]


class Watch:
    """Rows, plans and stream time of one partition. Only `advance` moves it, by nothing but its records."""

    def __init__(self) -> None:
        self.stream_ms = 0
        self._engine = Engine()
        self._compiled: dict[str, Compiled] = {}
        self._numbers: dict[str, int] = {}
        self._members: dict[str, dict[str, int]] = {}
        self._roster = Roster()
        self._names: dict[int, tuple[str, str]] = {}
        self._unplanned = 0
        self._dropped: list[tuple[str, str]] = []
        self._touched: set[str] = set()
        self._plans_changed = False
        self._tidied_ms = 0

    def put_plan(self, plan: ConvoyPlan) -> None:
        """Watch a convoy by this plan from the next record on. Alerts of vehicles no longer in it are cleared."""
        self.put_compiled(compile_plan(plan))

    def put_compiled(self, compiled: Compiled) -> None:
        """Watch a convoy by a plan that is compiled already; it may be shared, the watch changes nothing in it."""
        self._compiled[compiled.plan.convoy_id] = compiled
        self._plans_changed = True
        self._touched.add(compiled.plan.convoy_id)

    def withdraw_plan(self, convoy_id: str) -> None:
        """Watch a convoy no longer from the next record on: its alerts are cleared, its state is forgotten."""
        if self._compiled.pop(convoy_id, None) is not None:
            self._plans_changed = True
            self._touched.add(convoy_id)

    def advance(self, columns: Columns) -> Advance:
        """Judge a batch of records; the only thing that moves the watch. How they are cut into batches changes
        nothing.
        """
        if self._plans_changed:
            self._use_plans()
        refused = self._find_rows(columns)
        transitions, results = self._engine.advance(columns.fixes)
        results[refused] = UNKNOWN_VEHICLE
        self.stream_ms = max(self.stream_ms, int(columns.fixes.received_ms[-1]))
        alerts = [self._alert(told) for told in plain(transitions)]
        self._forget_dropped()
        if self.stream_ms - self._tidied_ms >= TIDY_PERIOD_MS:
            self._tidy()
        return Advance(alerts, results)

    def take_changed(self) -> list[str]:
        """Give the convoys whose state or plan has changed since the last call."""
        changed = self._engine.changed[: self._engine.used]
        ids = {self._names[row][0] for row in np.flatnonzero(changed).tolist()} | self._touched
        changed[:] = 0
        self._touched.clear()
        return sorted(ids)

    def dump(self, convoy_id: str) -> bytes | None:
        """Give the convoy's state record, None when nothing is to be remembered of it."""
        return self.dumps([convoy_id])[convoy_id]

    def dumps(self, convoy_ids: Sequence[str]) -> dict[str, bytes | None]:
        """Give the state record of each of these convoys, None where nothing is to be remembered."""
        kept = self._engine.gaps
        values: dict[str, bytes | None] = {}
        for convoy_id, members, rows, episodes in self._copies(convoy_ids):
            head = Head(int(self._engine.clock[0]), list(members))
            gaps = {place: kept[row] for place, row in enumerate(members.values()) if row in kept} if kept else {}
            values[convoy_id] = dump_state(head, rows, episodes, gaps) if members else None
        return values

    def load(self, convoy_id: str, value: bytes) -> None:
        """Take a convoy's state record in. Raises StateVersionError when this version cannot read it."""
        head, rows, episodes, gaps = load_state(value)
        for place, (vehicle_id, saved, of_kinds) in enumerate(zip(head.vehicle_ids, rows, episodes, strict=True)):
            row = self._add_row(convoy_id, vehicle_id)
            self._engine.vehicles[row] = saved
            self._engine.episodes[row] = of_kinds
            if place in gaps:
                self._engine.restore_gap(row, gaps[place])
            if saved.dropped:
                self._dropped.append((convoy_id, vehicle_id))
            self._unplanned += saved.convoy < 0
        self._engine.clock[0] = max(int(self._engine.clock[0]), head.due_ms)
        self.stream_ms = max(self.stream_ms, head.due_ms - SECOND_MS)
        self._plans_changed = True

    def status(self, convoy_id: str) -> ConvoyStatus | None:
        """Tell where a convoy is at the present stream time, None when it has no plan."""
        return next(self.statuses([convoy_id]), None)

    def statuses(self, convoy_ids: Sequence[str]) -> Iterator[ConvoyStatus]:
        """Tell where those of the convoys are that have a plan."""
        planned = [convoy_id for convoy_id in convoy_ids if convoy_id in self._compiled]
        for convoy_id, members, rows, episodes in self._copies(planned if self.stream_ms else ()):
            yield convoy_status(self._compiled[convoy_id], seen(list(members), rows, episodes), self.stream_ms)

    def _copies(self, convoy_ids: Sequence[str]) -> Iterator[Copy]:
        """Copy the rows of convoys, all at once: that costs little more than one convoy's."""
        members = [self._members.get(convoy_id, {}) for convoy_id in convoy_ids]
        rows, episodes = self._engine.copy_rows([row for of_convoy in members for row in of_convoy.values()])
        end = 0
        for convoy_id, of_convoy in zip(convoy_ids, members, strict=True):
            begin, end = end, end + len(of_convoy)
            yield Copy(convoy_id, of_convoy, rows[begin:end], episodes[begin:end])

    def open_alerts(self) -> Counter[str]:
        """Count the open alerts by severity."""
        levels = self._engine.vehicles.open[: self._engine.used]
        return Counter(SEVERITIES[level - 1] for level in levels[levels > 0].tolist())

    def lateral_m(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Tell how far from their routes the vehicles in these rows are, each once; those of whom it is unknown not."""
        lateral_m = self._engine.vehicles.lateral_m[np.unique(rows)]
        known: NDArray[np.float64] = lateral_m[~np.isnan(lateral_m)]
        return known

    def received_count(self, convoy_id: str, vehicle_id: str) -> int:
        """Count the pings ever received from a vehicle, whatever became of them; 0 when it is not known."""
        row = self._roster.row_of.get((convoy_id, vehicle_id))
        return 0 if row is None else int(self._engine.vehicles[row].received_count)

    def _alert(self, told: Row) -> Alert:
        """Give a transition the names that it speaks of."""
        others = [] if told.other < 0 else [self._names[told.other][1]]
        compiled = self._compiled.get(self._names[told.row][0])
        return alert_of(
            told, *self._names[told.row], self._checkpoint(told), others, None if compiled is None else compiled.plan
        )

    def look(self, convoy_id: str, vehicle_id: str) -> Row | None:
        """Give a copy of a vehicle's row, None when it is not known."""
        row = self._roster.row_of.get((convoy_id, vehicle_id))
        return None if row is None else self._engine.vehicles[row : row + 1].copy()[0]

    def _checkpoint(self, told: Row) -> Checkpoint | None:
        """Give the checkpoint that a transition speaks of."""
        number = int(told.checkpoint)
        return None if number < 0 else self._compiled[self._names[told.row][0]].plan.checkpoints[number]

    def _find_rows(self, columns: Columns) -> NDArray[np.intp]:
        """Set each ping's row; gives the places of those that find no room, which become holes."""
        self._roster.find_rows(columns)
        fixes = columns.fixes.view(np.ndarray)  # each attribute of a record array costs microseconds
        refused: list[NDArray[np.intp]] = []
        at_once = NEW_AT_ONCE
        while len(unknown := np.flatnonzero((fixes["row"] == NOBODY) & (fixes["kind"] == PING))):
            first = unknown[:at_once]
            rows = [self._admit(*name) for name in columns.names(first)]
            fixes["row"][first] = rows
            refused.append(first[np.equal(rows, NOBODY)])
            fixes["kind"][refused[-1]] = HOLE
            if len(first) < len(unknown):
                self._roster.find_rows(columns)
                at_once *= 4
        return np.concatenate(refused) if refused else np.empty(0, np.intp)

    def _admit(self, convoy_id: str, vehicle_id: str) -> int:
        """Give the row of a vehicle, a new one where it is heard for the first time; NOBODY when it is one too many of
        those without a plan.
        """
        known = self._roster.row_of.get((convoy_id, vehicle_id))
        if known is not None:
            return known
        compiled = self._compiled.get(convoy_id)
        planned = None if compiled is None else compiled.vehicles.get(vehicle_id)
        crowded = len(self._members.get(convoy_id, ())) >= 2 * VEHICLES_MAX or self._unplanned >= UNPLANNED_MAX
        if planned is None and crowded:
            return NOBODY
        row = self._add_row(convoy_id, vehicle_id)
        if planned is None:
            self._unplanned += 1
        else:
            assert compiled is not None
            self._enrol(row, self._numbers[convoy_id], compiled, planned)
        return row

    def _add_row(self, convoy_id: str, vehicle_id: str) -> int:
        row = self._engine.take_row()
        self._roster.add(convoy_id, vehicle_id, row)
        self._names[row] = (convoy_id, vehicle_id)
        self._members.setdefault(convoy_id, {})[vehicle_id] = row
        return row

    def _use_plans(self) -> None:
        """Lay the plans out anew for the kernels; each row learns which is its own, or that it is in none any more."""
        self._plans_changed = False
        self._engine.use_plans(join(list(self._compiled.values())))
        self._numbers = {convoy_id: number for number, convoy_id in enumerate(self._compiled)}
        for convoy_id, members in self._members.items():
            compiled = self._compiled.get(convoy_id)
            for vehicle_id, row in members.items():
                planned = None if compiled is None else compiled.vehicles.get(vehicle_id)
                if compiled is not None and planned is not None:
                    self._enrol(row, self._numbers[convoy_id], compiled, planned)
                elif self._engine.vehicles[row].convoy >= 0 and not self._engine.vehicles[row].dropped:
                    self._engine.vehicles[row].dropped = PLAN_WITHDRAWN if compiled is None else PLAN_CHANGED
                    self._dropped.append((convoy_id, vehicle_id))

    def _enrol(self, row: int, number: int, compiled: Compiled, planned: Vehicle) -> None:
        vehicle = self._engine.vehicles[row]
        self._unplanned -= vehicle.convoy < 0 and vehicle.heard_ms != NEVER
        self._engine.enrol(row, number, compiled.places[planned.vehicle_id])
        vehicle.dropped = 0
        vehicle.ping_interval_s = planned.ping_interval_s
        vehicle.overspeed_mps = overspeed_mps(compiled.plan, planned)

    def _forget_dropped(self) -> None:
        """Forget the vehicles that left the plan, once a sweep has cleared their alerts."""
        if not self._dropped:
            return
        waiting = []
        for convoy_id, vehicle_id in self._dropped:
            vehicle = self._engine.vehicles[self._roster.row_of[convoy_id, vehicle_id]]
            if vehicle.dropped and vehicle.open.any():
                waiting.append((convoy_id, vehicle_id))
            elif vehicle.dropped:
                self._forget(convoy_id, vehicle_id)
        self._dropped = waiting

    def _forget(self, convoy_id: str, vehicle_id: str) -> None:
        row = self._roster.remove(convoy_id, vehicle_id)
        self._unplanned -= self._engine.vehicles[row].convoy < 0
        self._engine.free_row(row)
        del self._names[row]
        del self._members[convoy_id][vehicle_id]
        if not self._members[convoy_id]:
            del self._members[convoy_id]
        self._touched.add(convoy_id)

    def _tidy(self) -> None:
        """Forget the vehicles that are in no plan, a day after the last word of them.

        Those in a plan stay, the arrived ones too: they arrive once.
        """
        self._tidied_ms = self.stream_ms
        vehicles = self._engine.vehicles[: self._engine.used]
        old = (vehicles.convoy < 0) & (vehicles.heard_ms < self.stream_ms - FORGET_MS)
        for row in np.flatnonzero(old).tolist():
            if row in self._names:
                self._forget(*self._names[row])
