"""What a vehicle's device reports at each moment: measured, not true."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from simulate.faults import ClockError, Duress, Fault, Frozen, Spike
from simulate.motion import Road
from simulate.noise import accuracy_m, gauss_markov, multipath
from simulate.ride import Ride
from simulate.track import Floats

STANDING_MPS = 0.5
"""A device that stands knows no heading."""

Columns = dict[str, list[float | bool | None]]


def measure(ride: Ride, faults: Iterable[Fault], time_s: Floats, road: Road) -> Columns:
    """The columns of a vehicle's pings by field, a value for each time."""
    rngs = road.rng.spawn(5)  # one a column, so that a longer drive only appends to each
    excursion_m = multipath(time_s, road.conditions.multipath_per_h, rngs[4])
    noise_m = gauss_markov(len(time_s), ride.vehicle.ping_interval_s, rngs[0]) + excursion_m
    points_m = _spoilt(ride.position(time_s) + noise_m, faults, time_s)
    lat, lon = ride.track.degrees(points_m)
    velocity_mps = ride.velocity(time_s)
    speed_mps = np.maximum(np.abs(velocity_mps) + rngs[1].normal(0.0, 0.2, len(time_s)), 0.0)
    heading_deg = (90.0 - np.degrees(np.angle(velocity_mps))).round(1) % 360
    battery_pct = np.maximum(np.floor(rngs[3].uniform(60.0, 100.0) - time_s / 600), 1.0)
    courses = zip(heading_deg.tolist(), np.abs(velocity_mps) > STANDING_MPS, strict=True)
    columns: Columns = {
        "lat": lat.round(6).tolist(),
        "lon": lon.round(6).tolist(),
        "speed_mps": speed_mps.round(1).tolist(),
        "heading_deg": [course if moves else None for course, moves in courses],
        "accuracy_m": [*accuracy_m(excursion_m, rngs[2])],
        "battery_pct": battery_pct.tolist(),
    }
    if any(pressed := _pressed(faults, time_s).tolist()):
        columns["sos"] = pressed
    return columns


def clock_offset_s(faults: Iterable[Fault]) -> float:
    """How far the device's clock is behind."""
    return sum(fault.offset_s for fault in faults if isinstance(fault, ClockError))


def within(fault: Duress | Frozen, time_s: Floats) -> NDArray[np.bool_]:
    """Which times lie in the fault's."""
    return (time_s >= fault.from_s) & (time_s < fault.from_s + fault.duration_s)


def _pressed(faults: Iterable[Fault], time_s: Floats) -> NDArray[np.bool_]:
    pressed = np.zeros(len(time_s), dtype=np.bool_)
    for fault in faults:
        if isinstance(fault, Duress):
            pressed |= within(fault, time_s)
    return pressed


def _spoilt(points_m: NDArray[np.complex128], faults: Iterable[Fault], time_s: Floats) -> NDArray[np.complex128]:
    """The measured positions with spikes and frozen stretches put in."""
    points_m = points_m.copy()
    for fault in faults:
        if isinstance(fault, Frozen):
            frozen = np.flatnonzero(within(fault, time_s))
            points_m[frozen] = points_m[frozen[:1]]
        elif isinstance(fault, Spike):
            hit = np.flatnonzero(time_s >= fault.at_s)[:1]
            points_m[hit] += fault.distance_m * np.exp(1j * fault.at_s)
    return points_m
