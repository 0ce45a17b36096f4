"""The public face of the numeric core: rows in, fixes in, transitions out."""

import numpy as np
from numpy.typing import NDArray

from streams.engine.dtypes import (
    CHECKPOINT,
    CONVOY,
    DURATION_MS_MAX,
    EPISODE,
    EPISODES,
    MEMBER,
    MOMENT,
    NEVER,
    SCHEDULE,
    STOP,
    STRETCH,
    TRANSITION,
    VEHICLE,
    VERTEX,
    Out,
    Plans,
    Records,
    records,
    scratch,
)
from streams.engine.step import TRANSITIONS_A_PING_MAX, TRANSITIONS_A_SWEEP_MAX, run

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
        self.plans = no_plans()
        self.clock: NDArray[np.int64] = np.full(1, NEVER, np.int64)
        self._blank = blank_row()
        self._free: list[int] = []
        self._scratch = scratch()
        self._moment = records(1, MOMENT)
        self._filled: NDArray[np.int64] = np.zeros(1, np.int64)
        self._transitions = records(0, TRANSITION)

    def use_plans(self, plans: Plans) -> None:
        """Judge by these tables from the next record on; every row is looked at in the next sweep."""
        self.plans = plans
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
        self._free.append(row)

    def copy_rows(self, rows: list[int]) -> tuple[NDArray[np.void], NDArray[np.void]]:
        """Copy vehicles' rows and their episodes as plain arrays: each look into a record array costs microseconds."""
        return self.vehicles.view(np.ndarray)[rows], self.episodes.view(np.ndarray)[rows]

    def _grow(self) -> None:
        more = records(len(self.vehicles), VEHICLE)
        self.vehicles = np.concatenate([self.vehicles, more]).view(np.recarray)
        more_episodes = records(self.episodes.shape, EPISODE)
        self.episodes = np.concatenate([self.episodes, more_episodes]).view(np.recarray)
        self.changed = np.concatenate([self.changed, np.zeros(len(more), np.uint8)])
        self.due_ms = np.concatenate([self.due_ms, np.full(len(more), NEVER, np.int64)])

    def advance(self, fixes: Records) -> tuple[Records, NDArray[np.int8]]:
        """Judge a batch of FIX rows in their order; gives the TRANSITION rows and what became of each record.

        How the records are cut into batches changes nothing.
        """
        results = np.zeros(len(fixes), np.int8)
        out = Out(self._room(), self._filled, self.vehicles, self.episodes, self.changed, self.due_ms, self._moment)
        told: list[Records] = []
        done = 0
        while done < len(fixes):
            self._filled[0] = 0
            done = run(fixes, results, done, self.vehicles, self.used, self.plans, self.clock, out, self._scratch)
            if self._filled[0]:
                told.append(out.transitions[: self._filled[0]].copy())
        return (np.concatenate(told) if told else _NOTHING).view(np.recarray), results

    def _room(self) -> Records:
        """Give room for what one ping or one sweep may bring; what more a batch brings is told in further rounds."""
        needed = TRANSITIONS_A_PING_MAX + TRANSITIONS_A_SWEEP_MAX * self.used
        if len(self._transitions) < needed:
            self._transitions = records(needed, TRANSITION)
        return self._transitions
