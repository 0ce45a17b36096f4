"""One vehicle's ground truth: where it is at any moment, with what it does on purpose or by fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.plan import ConvoyPlan, Vehicle
from simulate.faults import Behind, Detour
from simulate.motion import HEADWAY_S, Journey, lag_s
from simulate.track import Floats, Track

RAMP_M = 900.0
"""A detour leaves and returns over this length, so that 400 m aside is driven, not jumped."""

NEAR_M = 2_500.0
"""How far along the route, both ways, the nearest point of it is looked for."""

SAMPLE_M = 10.0


@dataclass(frozen=True, slots=True)
class Ride:
    """One vehicle on its way."""

    plan: ConvoyPlan
    vehicle: Vehicle
    place: int
    track: Track
    journey: Journey
    depart_s: float
    detours: Sequence[Detour]
    behind: Sequence[Behind]

    @property
    def arrival_s(self) -> float:
        """When it is at the end of the route, if nothing holds it up that does not hold up its column."""
        return self.journey.arrival_s + self.place * HEADWAY_S

    def along(self, time_s: Floats) -> Floats:
        """Metres driven along the route at each time, detours counted as the route they leave out."""
        late_s = sum((lag_s(fault, time_s) for fault in self.behind), np.zeros(len(time_s)))
        return self.journey.along(time_s - late_s, self.place)

    def position(self, time_s: Floats) -> NDArray[np.complex128]:
        """Where it is, in metres of the track's frame."""
        along_m = self.along(time_s)
        points_m = self.track.at(along_m)
        for detour in self.detours:
            points_m = points_m + aside(self.track, detour, along_m)
        return points_m

    def speed_mps(self, time_s: Floats) -> Floats:
        """How fast it drives, over the second around each time."""
        return np.asarray(np.abs(self.velocity(time_s)))

    def velocity(self, time_s: Floats) -> NDArray[np.complex128]:
        """Metres a second east + 1j * north, over the second around each time."""
        return self.position(time_s + 0.5) - self.position(time_s - 0.5)

    def lateral_m(self, time_s: Floats) -> Floats:
        """Distance from the route near its place along it; 0 where it follows the route."""
        along_m = self.along(time_s)
        off_m = self.position(time_s) - self.track.at(along_m)
        lateral_m = np.zeros(len(time_s))
        steps_m = np.arange(-NEAR_M, NEAR_M, SAMPLE_M)
        for i in np.flatnonzero(np.abs(off_m) > SAMPLE_M).tolist():
            near = self.track.at(np.clip(along_m[i] + steps_m, 0.0, self.track.length_m))
            lateral_m[i] = np.abs(near - self.track.at(along_m[i : i + 1]) - off_m[i]).min()
        return lateral_m


def aside(track: Track, detour: Detour, along_m: Floats) -> NDArray[np.complex128]:
    """How far beside the route a detour leads, square to the line from its first to its last point."""
    ends_m = track.at(np.array([detour.from_m, detour.from_m + detour.length_m]))
    chord_m = ends_m[1] - ends_m[0]
    # a detour around a whole loop ends where it begins: any direction is as good
    left = 1j * chord_m / abs(chord_m) if chord_m else 1.0
    since_m = along_m - detour.from_m
    ramp_m = min(RAMP_M, detour.length_m / 2)
    share = np.clip(np.minimum(since_m, detour.length_m - since_m) / ramp_m, 0.0, 1.0)
    return np.asarray(detour.offset_m * share * share * (3 - 2 * share) * left)
