"""How a column of vehicles moves along its route: speed, halts, and the gaps between vehicles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from simulate.conditions import Conditions
from simulate.faults import Behind, Driving, Halt, Return, Sprint
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

CLOSE_UP = 10.0
"""At the end of the route a gap closes over ten times its length: the last vehicle arrives as well."""

RED_S = (10.0, 70.0)
JAM_M = (150.0, 500.0)
JAM_MPS = (1.5, 4.0)
QUIET_ENDS_M = 400.0
"""Lights, jams and halts keep away from start and end, where other rules hold."""

APART_M = 250.0
"""Two lights within a stall's radius would make one halt of two."""

RETURN_MPS = 7.0
TURN_S = 15.0
CATCH_UP = 0.25
"""A vehicle that fell behind drives a quarter faster than the column until it is back in its place."""


Pause = list[tuple[float, float]]
"""What interrupts a journey: seconds since its begin, metres off its place. It ends where it began."""


class Road(NamedTuple):
    """What a journey meets by chance, and the source of that chance."""

    conditions: Conditions
    rng: np.random.Generator


@dataclass(frozen=True, slots=True)
class Journey:
    """Metres along the route over seconds since the operation's begin, for the first vehicle of a column."""

    time_s: Floats
    along_m: Floats

    def along(self, time_s: Floats, place: int) -> Floats:
        """Metres driven at `time_s` by the vehicle in `place` of the column (0 leads), never before the start."""
        leader_m = np.interp(time_s - place * HEADWAY_S, self.time_s, self.along_m)
        gap_m = place * STANDING_GAP_M
        left_m = self.along_m[-1] - leader_m
        closing = np.clip(left_m / max(CLOSE_UP * gap_m, 1.0), 0.0, 1.0)
        return np.asarray(np.maximum(leader_m - gap_m * closing, 0.0))

    @property
    def arrival_s(self) -> float:
        """When the first vehicle reaches the end of the route."""
        return float(self.time_s[-1])


def drive(track: Track, vehicles: int, faults: Iterable[Driving], depart_s: float, road: Road) -> Journey:
    """The leader's journey: it waits with its column at the start, leaves at `depart_s`, does what `faults` say."""
    grid_m = track.grid_m()
    ordered = list(faults)
    cruise_mps = road.rng.uniform(*CRUISE_MPS) * _mood(grid_m, road.rng)
    everyday = road.rng.spawn(1)[0]
    pauses = {**_everyday(grid_m, road.conditions, everyday), **_ordered(grid_m, ordered)}
    # the column stands within the first half of the route, however short that is
    first = _index(grid_m, min((vehicles - 1) * STANDING_GAP_M, track.length_m / 2))
    cap_mps = np.minimum(
        np.minimum(cruise_mps, track.curve_speed_mps(grid_m)), _jams(grid_m, road.conditions, everyday)
    )
    for fault in ordered:
        if isinstance(fault, Sprint):
            cap_mps[(grid_m >= fault.from_m) & (grid_m <= fault.from_m + fault.length_m)] = fault.speed_mps
    speed_mps = _speeds(grid_m, cap_mps, [first, *pauses, len(grid_m) - 1])
    step_mps = np.maximum((speed_mps[:-1] + speed_mps[1:]) / 2, SLOWEST_MPS)
    time_s = np.concatenate(([0.0], np.cumsum(np.diff(grid_m) / step_mps)))
    journey = Journey(time_s[first:] + depart_s - time_s[first], grid_m[first:])
    for index in sorted(pauses, reverse=True):
        if index >= first:
            journey = _paused(journey, index - first, pauses[index])
    return journey


def _index(grid_m: Floats, at_m: float) -> int:
    """The place in the grid at or after `at_m`, its last but one at most: behind the end nothing happens."""
    return min(int(np.searchsorted(grid_m, at_m)), len(grid_m) - 2)


def _paused(journey: Journey, index: int, pause: Pause) -> Journey:
    """The journey with `pause` put in where it is at `index`; all that comes later shifts."""
    since_s, off_m = (np.array(column) for column in zip(*pause, strict=True))
    time_s, along_m = journey.time_s, journey.along_m
    return Journey(
        np.concatenate((time_s[: index + 1], time_s[index] + since_s, time_s[index + 1 :] + since_s[-1])),
        np.concatenate((along_m[: index + 1], along_m[index] + off_m, along_m[index + 1 :])),
    )


def _ordered(grid_m: Floats, faults: Iterable[Driving]) -> dict[int, Pause]:
    """Halts and turns by their place in the grid; of two in one place the later counts."""
    pauses: dict[int, Pause] = {}
    for fault in faults:
        if isinstance(fault, Halt):
            pauses[_index(grid_m, fault.at_m)] = [(fault.duration_s, 0.0)]
        elif isinstance(fault, Return):
            pauses[_index(grid_m, fault.at_m)] = _turning(min(fault.back_m, fault.at_m))
    return pauses


def _turning(back_m: float) -> Pause:
    """Turn, drive back, turn, and return to where it began."""
    drive_s = back_m / RETURN_MPS
    legs = ((TURN_S, 0.0), (drive_s, -back_m), (TURN_S, -back_m), (drive_s, 0.0))
    return [(sum(leg_s for leg_s, _ in legs[: n + 1]), off_m) for n, (_, off_m) in enumerate(legs)]


def _everyday(grid_m: Floats, conditions: Conditions, rng: np.random.Generator) -> dict[int, Pause]:
    """Red lights, some way from each other."""
    lights = [(at_m, rng.uniform(*RED_S)) for at_m in _scattered(grid_m, conditions.lights_per_km, rng)]
    pauses: dict[int, Pause] = {}
    last_m = 0.0
    for at_m, duration_s in sorted(lights):
        if at_m - last_m >= APART_M:
            pauses[_index(grid_m, at_m)] = [(duration_s, 0.0)]
            last_m = at_m
    return pauses


def _scattered(grid_m: Floats, rate_per_km: float, rng: np.random.Generator) -> list[float]:
    """Places along the route, as many a kilometre, away from its ends."""
    length_m = max(float(grid_m[-1]) - 2 * QUIET_ENDS_M, 0.0)
    return list(rng.uniform(QUIET_ENDS_M, QUIET_ENDS_M + length_m, rng.poisson(rate_per_km * length_m / 1000.0)))


def _jams(grid_m: Floats, conditions: Conditions, rng: np.random.Generator) -> Floats:
    """The speed that traffic allows at each point of the grid, infinite on a free road."""
    cap_mps = np.full(len(grid_m), np.inf)
    for at_m in _scattered(grid_m, conditions.jams_per_km, rng):
        cap_mps[(grid_m >= at_m) & (grid_m <= at_m + rng.uniform(*JAM_M))] = rng.uniform(*JAM_MPS)
    return cap_mps


def _speeds(grid_m: Floats, cap_mps: Floats, standing: Sequence[int]) -> Floats:
    """The fastest speeds that keep to the cap, the standstills, and what brakes and engine allow."""
    square = cap_mps**2
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


def lag_s(behind: Behind, time_s: Floats) -> Floats:
    """By how much a vehicle that fell behind is later than its column: as long as it stood, then less and less."""
    stood_s = behind.from_s + behind.duration_s
    caught_up_s = stood_s + behind.duration_s / CATCH_UP
    return np.interp(time_s, [behind.from_s, stood_s, caught_up_s], [0.0, behind.duration_s, 0.0])
