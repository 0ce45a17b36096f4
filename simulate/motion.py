"""How a column of vehicles moves along its route: speed, halts, and the gaps between vehicles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from simulate.faults import Halt
from simulate.track import Floats, Track

CRUISE_MPS = (13.0, 15.5)
"""A convoy picks its own cruising speed: 47 to 56 km/h."""

ACCELERATE_MPS2 = 0.7
BRAKE_MPS2 = 0.9
SLOWEST_MPS = 1.0
"""Floor of the mean speed of one grid step: from a standstill no step would ever end without it."""

STANDING_GAP_M = 11.0
HEADWAY_S = 1.6
"""Newell's car following: the next vehicle repeats the track of the one before, so much later and further back."""


@dataclass(frozen=True, slots=True)
class Journey:
    """Metres along the route over seconds since the operation's begin, for the first vehicle of a column."""

    time_s: Floats
    along_m: Floats

    def along(self, time_s: Floats, place: int) -> Floats:
        """Metres driven at `time_s` by the vehicle in `place` of the column (0 leads), never before the start."""
        leader_m = np.interp(time_s - place * HEADWAY_S, self.time_s, self.along_m)
        return np.asarray(np.maximum(leader_m - place * STANDING_GAP_M, 0.0))

    @property
    def arrival_s(self) -> float:
        """When the first vehicle reaches the end of the route."""
        return float(self.time_s[-1])


def drive(track: Track, vehicles: int, halts: Sequence[Halt], depart_s: float, rng: np.random.Generator) -> Journey:
    """The leader's journey: it waits with its column at the start, leaves at `depart_s`, stops where `halts` say."""
    grid_m = track.grid_m()
    stops = {int(np.searchsorted(grid_m, halt.at_m)): halt.duration_s for halt in halts}
    first = int(np.searchsorted(grid_m, (vehicles - 1) * STANDING_GAP_M))
    speed_mps = _speeds(track, grid_m, [first, *stops, len(grid_m) - 1], rng)
    step_mps = np.maximum((speed_mps[:-1] + speed_mps[1:]) / 2, SLOWEST_MPS)
    time_s = np.concatenate(([0.0], np.cumsum(np.diff(grid_m) / step_mps)))
    time_s += depart_s - time_s[first]
    time_s, along_m = time_s[first:], grid_m[first:]
    for index, duration_s in sorted(stops.items()):
        place = int(np.searchsorted(along_m, grid_m[index]))
        time_s = np.concatenate((time_s[: place + 1], time_s[place:] + duration_s))
        along_m = np.concatenate((along_m[: place + 1], along_m[place:]))
    return Journey(time_s, along_m)


def _speeds(track: Track, grid_m: Floats, standing: Sequence[int], rng: np.random.Generator) -> Floats:
    """The fastest speeds that keep to the cruise, the curves, the standstills, and what brakes and engine allow."""
    cruise_mps = rng.uniform(*CRUISE_MPS) * _mood(grid_m, rng)
    square = np.minimum(cruise_mps, track.curve_speed_mps(grid_m)) ** 2
    square[list(standing)] = 0.0
    gained = 2 * ACCELERATE_MPS2 * grid_m
    square = np.minimum.accumulate(square - gained) + gained
    shed = 2 * BRAKE_MPS2 * grid_m
    square = np.minimum.accumulate((square + shed)[::-1])[::-1] - shed
    return np.asarray(np.sqrt(np.maximum(square, 0.0)))


def _mood(grid_m: Floats, rng: np.random.Generator) -> Floats:
    """Traffic and hills: a factor around 1 that drifts over some hundred metres."""
    knots_m = np.arange(0.0, grid_m[-1] + 400.0, 200.0)
    drift = list(accumulate(rng.normal(0.0, 0.035, len(knots_m)), lambda last, new: 0.8 * last + float(new)))
    return np.asarray(np.interp(grid_m, knots_m, np.clip(1.0 + np.array(drift), 0.85, 1.1)))
