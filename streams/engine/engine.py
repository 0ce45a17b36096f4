"""The public face of the numeric core: rows in, fixes in, transitions out."""

import math

import numpy as np
from numpy.typing import NDArray

from streams.engine.dtypes import (
    CHECKPOINT,
    CONVOY,
    DURATION_MS_MAX,
    EPISODE,
    EPISODES,
    FILL,
    FOREVER,
    MEMBER,
    MOMENT,
    NEVER,
    OLDER,
    PING,
    SCHEDULE,
    STOP,
    STRETCH,
    TRANSITION,
    VEHICLE,
    VERTEX,
    Out,
    Plans,
    Records,
    Row,
    records,
    scratch,
)
from streams.engine.gaps import (
    Fixes,
    Gap,
    Replay,
    at_one_place,
    begin_gap,
    entries_ms,
    in_order,
    is_on_route,
    learn,
    seen_live,
    shadow_of,
)
from streams.engine.step import KEPT_MAX, TRANSITIONS_A_PING_MAX, TRANSITIONS_A_SWEEP_MAX, run
from streams.engine.trail import SPACING

_FIRST_ROWS = 64
_NOTHING = records(0, TRANSITION)


def no_plans() -> Plans:
    """Give tables without any convoy."""
    return Plans(*(records(0, dtype) for dtype in (CONVOY, VERTEX, STOP, STRETCH, CHECKPOINT, SCHEDULE, MEMBER)))


def blank_row() -> Records:
    """Give one row that remembers nothing: unknown instants are NEVER, unknown numbers NaN."""
    row = records(1, VEHICLE)
    for name in VEHICLE.names or ():
        kind = row.dtype[name].base
        if name.endswith("_ms") and kind == np.int64:
            row[name] = NEVER
        elif kind.kind == "f":
            row[name] = np.nan
    row.convoy = -1
    row.stop = -1
    row.checkpoint = -1
    row.fast_ms = -1
    row.lag_ms = DURATION_MS_MAX
    row.pace_mps = 0.0
    row.reject_gap_ms = DURATION_MS_MAX
    return row


class Engine:
    """All vehicles of one partition, and the stream time up to which silence has been judged."""

    def __init__(self) -> None:
        self.vehicles = records(_FIRST_ROWS, VEHICLE)
        self.episodes = records((_FIRST_ROWS, EPISODES), EPISODE)
        self.changed: NDArray[np.uint8] = np.zeros(_FIRST_ROWS, np.uint8)
        self.due_ms: NDArray[np.int64] = np.full(_FIRST_ROWS, NEVER, np.int64)
        self.used = 0
        self.plans = self._alone = no_plans()
        self.gap_ms: NDArray[np.int64] = np.full(_FIRST_ROWS, NEVER, np.int64)
        self.gap_left: NDArray[np.int32] = np.zeros(_FIRST_ROWS, np.int32)
        self.gaps: dict[int, Gap] = {}
        self.clock: NDArray[np.int64] = np.array([NEVER, FOREVER])
        self._blank = blank_row()
        self._free: list[int] = []
        self._scratch = scratch()
        self._moment = records(1, MOMENT)
        self._filled: NDArray[np.int64] = np.zeros(1, np.int64)
        self._transitions = records(0, TRANSITION)

    def use_plans(self, plans: Plans) -> None:
        """Judge by these tables from the next record on; every row is looked at in the next sweep."""
        self.plans = plans
        self._alone = plans._replace(members=plans.members.copy())
        self._alone.members.row = -1
        self.due_ms[:] = NEVER

    def enrol(self, row: int, convoy: int, member: int) -> None:
        """A vehicle's row belongs to this convoy of the plans in use, and there to this member."""
        self.vehicles[row].convoy = convoy
        self.vehicles[row].cargo = member < self.plans.convoys.cargo_count[convoy]
        self.plans.members.row[self.plans.convoys.member_from[convoy] + member] = row

    def take_row(self) -> int:
        """Give the number of a blank row."""
        if self._free:
            row = self._free.pop()
        else:
            row = self.used
            self.used += 1
            if row == len(self.vehicles):
                self._grow()
        self.vehicles[row] = self._blank[0]
        self.due_ms[row] = NEVER
        return row

    def free_row(self, row: int) -> None:
        """Forget a vehicle: its row is blank and may be taken again."""
        self.vehicles[row] = self._blank[0]
        self.changed[row] = 0
        self.gap_ms[row] = NEVER
        self.gaps.pop(row, None)
        self._free.append(row)

    def copy_rows(self, rows: list[int]) -> tuple[NDArray[np.void], NDArray[np.void]]:
        """Copy vehicles' rows and their episodes as plain arrays: each look into a record array costs microseconds."""
        return _take(self.vehicles, rows), _take(self.episodes, rows)

    def _grow(self) -> None:
        more = records(len(self.vehicles), VEHICLE)
        self.vehicles = np.concatenate([self.vehicles, more]).view(np.recarray)
        more_episodes = records(self.episodes.shape, EPISODE)
        self.episodes = np.concatenate([self.episodes, more_episodes]).view(np.recarray)
        self.changed = np.concatenate([self.changed, np.zeros(len(more), np.uint8)])
        self.due_ms = np.concatenate([self.due_ms, np.full(len(more), NEVER, np.int64)])
        self.gap_ms = np.concatenate([self.gap_ms, np.full(len(more), NEVER, np.int64)])
        self.gap_left = np.concatenate([self.gap_left, np.zeros(len(more), np.int32)])

    def advance(self, fixes: Records) -> tuple[Records, NDArray[np.int8]]:
        """Judge a batch of FIX rows in their order; gives the TRANSITION rows and what became of each record.

        How the records are cut into batches changes nothing.
        """
        results = np.zeros(len(fixes), np.int8)
        room, rows = self._room(), (self.vehicles, self.episodes, self.changed, self.due_ms, self.gap_ms, self.gap_left)
        out = Out(room, self._filled, *rows, self._moment)
        # In live traffic a batch is one ping, and each look into a record array costs microseconds.
        plain, transitions = fixes.view(np.ndarray), room.view(np.ndarray)
        told: list[NDArray[np.void]] = []
        done = 0
        while done < len(fixes):
            self._filled[0] = 0
            begin = done
            done = run(fixes, results, begin, self.vehicles, self.used, self.plans, self.clock, out, self._scratch)
            told.append(transitions[: self._filled[0]].copy())
            self._keep_fixes(plain[begin:done], results[begin:done], told[-1])
            if done < len(fixes) and plain["received_ms"][done] >= self.clock[1]:
                told += self._judge_gaps(int(plain["received_ms"][done]))
        whole = told[0] if len(told) == 1 else np.concatenate([_NOTHING, *told])
        return whole.view(np.recarray), results

    def restore_gap(self, row: int, gap: Gap) -> None:
        """Keep the fixes of a vehicle with a gap, from here on or further."""
        self.gaps[row] = gap
        self.gap_ms[row] = gap.fixes["fix_ms"][0]
        self.gap_left[row] = KEPT_MAX - len(gap.fixes)
        self.clock[1] = min(self.clock[1], gap.due_ms)

    def _keep_fixes(self, fixes: NDArray[np.void], results: NDArray[np.int8], told: NDArray[np.void]) -> None:
        """Keep the fixes of vehicles with a gap, and note what the live run tells of them; the last may begin one."""
        for row, kind in told[["row", "kind"]].tolist() if self.gaps else ():
            if row in self.gaps:
                self.gaps[row].known.add(kind)
        kept = np.flatnonzero(fixes["kind"] == FILL)
        if not len(kept):
            return
        of_gaps = fixes[kept]
        of_gaps["kind"] = np.where(results[kept] == OLDER, FILL, PING)
        fixes["kind"][kept] = PING
        for row in np.unique(of_gaps["row"]).tolist():
            if row not in self.gaps:
                vehicle, begun_ms = self.vehicles[row], int(of_gaps["received_ms"][-1])
                self.restore_gap(row, begin_gap(vehicle, self.plans.convoys[vehicle.convoy], begun_ms))
                self.gap_left[row] -= 1
            self.gaps[row].keep(of_gaps[of_gaps["row"] == row])

    def _judge_gaps(self, now_ms: int) -> list[Records]:
        """Judge the gaps that are due; gives what is to be told of them."""
        due = [row for row, gap in self.gaps.items() if gap.due_ms <= now_ms]
        told = [self._judge_gap(row, self.gaps.pop(row), now_ms) for row in due]
        self.gap_ms[due] = NEVER
        self.changed[due] = 1
        self.clock[1] = min((gap.due_ms for gap in self.gaps.values()), default=FOREVER)
        return told

    def _judge_gap(self, row: int, gap: Gap, now_ms: int) -> Records:
        """Judge what was kept of a vehicle on a row of its own, without any other vehicle."""
        vehicle = self.vehicles[row]
        fixes, since_ms = in_order(gap, 1000.0 * SPACING * vehicle.ping_interval_s)
        if vehicle.convoy < 0 or vehicle.dropped or since_ms == FOREVER:
            return _NOTHING
        fixes["row"] = 0
        fixes["received_ms"] = now_ms
        filled = self._replay(vehicle, gap, fixes)
        alike = at_one_place(vehicle, filled.row) and not len(filled.told)
        seen = filled if alike else self._replay(vehicle, gap, seen_live(fixes))
        span_ms = int(fixes["fix_ms"][0]), since_ms, int(fixes["fix_ms"][-1])
        found = learn(vehicle, self.episodes[row], self.plans.convoys[vehicle.convoy], gap, (filled, seen), span_ms)
        found.row = row
        return found

    def _replay(self, vehicle: Row, gap: Gap, fixes: Fixes) -> Replay:
        """Judge fixes on a row of which nobody knows, that stands where the vehicle was when the gap began."""
        shadow, episodes = self._blank.copy(), records((1, EPISODES), EPISODE)
        shadow_of(vehicle, gap, self._alone, shadow[0])
        told: list[Records] = []
        along_m: list[float] = []
        # in pieces, to look at it at each entry of the vehicle's trail
        ends = np.searchsorted(fixes["fix_ms"], entries_ms(vehicle), side="right").tolist()
        for begin, end in zip([0, *ends], [*ends, len(fixes)], strict=True):
            told.append(self._judge_alone(fixes[begin:end].view(np.recarray), shadow, episodes))
            along_m.append(float(shadow.progress_m[0]) if is_on_route(shadow[0]) else math.nan)
        return Replay(shadow[0], episodes[0], np.concatenate(told).view(np.recarray), along_m[:-1])

    def _judge_alone(self, fixes: Records, shadow: Records, episodes: Records) -> Records:
        """Judge fixes on a row of which nobody knows."""
        filled, never, flag = np.zeros(1, np.int64), np.full(1, NEVER), np.zeros(1, np.uint8)
        rows = (shadow, episodes, flag, never, never.copy(), np.zeros(1, np.int32))
        out = Out(self._room(), filled, *rows, records(1, MOMENT))
        results, clock = np.zeros(len(fixes), np.int8), np.array([NEVER, FOREVER])
        told: list[Records] = [_NOTHING]
        done = 0
        while done < len(fixes):
            filled[0] = 0
            done = run(fixes, results, done, shadow, 1, self._alone, clock, out, self._scratch)
            told.append(out.transitions[: filled[0]].copy())
        return np.concatenate(told).view(np.recarray)

    def _room(self) -> Records:
        """Give room for what one ping or one sweep may bring; what more a batch brings is told in further rounds."""
        needed = TRANSITIONS_A_PING_MAX + TRANSITIONS_A_SWEEP_MAX * self.used
        if len(self._transitions) < needed:
            self._transitions = records(needed, TRANSITION)
        return self._transitions


def _take(table: Records, rows: list[int]) -> NDArray[np.void]:
    """Copy rows as bytes: numpy would copy each field of each by itself, which takes four times as long."""
    as_bytes = np.dtype((np.void, table.dtype.itemsize))
    return table.view(as_bytes, np.ndarray)[rows].view(table.dtype)
