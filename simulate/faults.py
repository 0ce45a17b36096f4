"""What may go wrong in a simulated operation, and which alerts it must bring."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from models.plan import ConvoyPlan
from simulate.track import Track


@dataclass(frozen=True, slots=True, kw_only=True)
class Detour:
    """The whole convoy drives beside its route, `offset_m` to the left (negative: right), and comes back."""

    convoy_id: str
    from_m: float
    length_m: float
    offset_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """The convoy stands `duration_s` where its first vehicle has driven `at_m` metres."""

    convoy_id: str
    at_m: float
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropout:
    """Nothing that a vehicle sends between two event times arrives; seconds from the operation's begin."""

    convoy_id: str
    vehicle_id: str
    from_s: float
    duration_s: float


Fault = Detour | Halt | Dropout


class Expected(NamedTuple):
    """One episode that the alerts must tell from its `raised` to its `cleared`."""

    convoy_id: str
    vehicle_id: str
    kind: str


def expected(plans: Iterable[ConvoyPlan], faults: Sequence[Fault]) -> set[Expected]:
    """The episodes that `faults` must bring, one a vehicle concerned; what a plan authorises brings none."""
    return {
        Expected(plan.convoy_id, vehicle_id, kind)
        for plan in plans
        for fault in faults
        if fault.convoy_id == plan.convoy_id
        for vehicle_id, kind in _episodes(plan, fault)
    }


def _episodes(plan: ConvoyPlan, fault: Fault) -> Iterator[tuple[str, str]]:
    if isinstance(fault, Dropout):
        yield fault.vehicle_id, "signal-lost"
    elif isinstance(fault, Detour):
        yield from ((vehicle.vehicle_id, "deviation") for vehicle in plan.vehicles)
    elif not _authorised(plan, fault):
        yield from ((vehicle.vehicle_id, "stall") for vehicle in plan.vehicles)


def _authorised(plan: ConvoyPlan, halt: Halt) -> bool:
    """Whether the convoy's place, and its time there, are those of a planned stop."""
    track = Track.of(plan.route)
    place = track.at(np.array([halt.at_m]))
    for stop in plan.stops:
        stop_m = Track.of([plan.route[0], (stop.lon, stop.lat)]).points_m[1]
        if abs(place[0] - stop_m) <= stop.radius_m and halt.duration_s <= stop.max_dwell_s:
            return True
    return False
