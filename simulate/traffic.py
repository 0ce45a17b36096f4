"""The pings of a simulated operation, in the order in which they would arrive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple
from zlib import crc32

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.instants import format_instant
from models.plan import ConvoyPlan, Role, Vehicle
from simulate.faults import Detour, Dropout, Fault, Halt
from simulate.motion import Journey, drive
from simulate.track import Floats, Track

NOISE_SIGMA_M = 4.0
NOISE_TAU_S = 60.0
"""GPS errors last: phones drift over about a minute. White noise would be easier on every filter than the truth."""

DELAY_S = (0.2, 2.0)
RAMP_M = 900.0
"""A detour leaves and returns over this length, so that 400 m aside is driven, not jumped."""

STANDING_MPS = 0.5
"""A device that stands knows no heading."""

SOURCE = "kawal-simulate"
AFTER_ARRIVAL_S = 60.0
OPERATION_MAX_S = 7 * 86_400.0
"""A begin years before the departures would fill the memory with pings of waiting vehicles."""

DEFAULT_DEPART_S = 30.0


class SimulatedPing(NamedTuple):
    """One ping on its way: when it arrives, whose it is, and its fields."""

    received_ms: int
    convoy_id: str
    vehicle_id: str
    role: Role
    fields: dict[str, str | int | float | None]

    def value(self) -> bytes:
        """The ping as the value of a record."""
        return msgspec.json.encode(self.fields)

    def line(self) -> bytes:
        """The ping as a line of a recording, with its `received` instant."""
        return msgspec.json.encode({**self.fields, "received": format_instant(self.received_ms)})


@dataclass(frozen=True, slots=True)
class _Ride:
    """One vehicle on its way, with the ground truth of where it is."""

    plan: ConvoyPlan
    vehicle: Vehicle
    place: int
    track: Track
    journey: Journey
    detours: Sequence[Detour]

    def along(self, time_s: Floats) -> Floats:
        return self.journey.along(time_s, self.place)

    def position(self, time_s: Floats) -> NDArray[np.complex128]:
        along_m = self.along(time_s)
        points_m = self.track.at(along_m)
        for detour in self.detours:
            points_m = points_m + _aside(self.track, detour, along_m)
        return points_m


def generate(plans: Sequence[ConvoyPlan], faults: Sequence[Fault], begin_ms: int, seed: int) -> list[SimulatedPing]:
    """All pings of an operation that begins at `begin_ms` and lasts until every convoy has arrived.

    The same arguments give the same pings, and a vehicle's pings do not depend on the other convoys but for the
    common end. A convoy leaves at its `depart_at` where that is at or after the begin, else 30 s after the begin.
    Raises ValueError if that takes longer than a week.
    """
    rides = [ride for plan in plans for ride in _rides(plan, faults, begin_ms, seed)]
    end_s = max(ride.journey.arrival_s for ride in rides) + AFTER_ARRIVAL_S
    if end_s > OPERATION_MAX_S:
        raise ValueError(f"the last convoy arrives {end_s / 3600:.0f} h after the begin: begin nearer to its depart_at")
    pings = [ping for ride in rides for ping in _pings(ride, faults, (begin_ms, end_s), seed)]
    return sorted(pings, key=_arrival)


def _arrival(ping: SimulatedPing) -> tuple[int, str]:
    return ping.received_ms, ping.vehicle_id


def _rides(plan: ConvoyPlan, faults: Sequence[Fault], begin_ms: int, seed: int) -> list[_Ride]:
    mine = [fault for fault in faults if fault.convoy_id == plan.convoy_id]
    track = Track.of(plan.route)
    journey = drive(
        track,
        len(plan.vehicles),
        [fault for fault in mine if isinstance(fault, Halt)],
        _depart_s(plan, begin_ms),
        _generator(seed, plan.convoy_id),
    )
    detours = [fault for fault in mine if isinstance(fault, Detour)]
    return [_Ride(plan, vehicle, place, track, journey, detours) for place, vehicle in enumerate(plan.vehicles)]


def _depart_s(plan: ConvoyPlan, begin_ms: int) -> float:
    if plan.depart_at is None:
        return DEFAULT_DEPART_S
    depart_s = plan.depart_at.timestamp() - begin_ms / 1000
    return depart_s if depart_s >= 0 else DEFAULT_DEPART_S


def _generator(seed: int, name: str) -> np.random.Generator:
    """A source of its own for every convoy and vehicle: adding one changes none of the others."""
    return np.random.default_rng([seed, crc32(name.encode())])


def _aside(track: Track, detour: Detour, along_m: Floats) -> NDArray[np.complex128]:
    """How far beside the route a detour leads, square to the line from its first to its last point."""
    ends_m = track.at(np.array([detour.from_m, detour.from_m + detour.length_m]))
    left = 1j * (ends_m[1] - ends_m[0]) / abs(ends_m[1] - ends_m[0])
    since_m = along_m - detour.from_m
    share = np.clip(np.minimum(since_m, detour.length_m - since_m) / RAMP_M, 0.0, 1.0)
    return np.asarray(detour.offset_m * share * share * (3 - 2 * share) * left)


def _pings(ride: _Ride, faults: Sequence[Fault], span: tuple[int, float], seed: int) -> Iterator[SimulatedPing]:
    begin_ms, end_s = span
    vehicle, rng = ride.vehicle, _generator(seed, ride.vehicle.vehicle_id)
    time_s = np.arange(rng.uniform(0.0, vehicle.ping_interval_s), end_s, vehicle.ping_interval_s).round(3)
    fix_ms = begin_ms + np.rint(time_s * 1000).astype(np.int64)
    delay_s = np.clip(rng.spawn(1)[0].lognormal(np.log(0.5), 0.5, len(time_s)), *DELAY_S)
    received_ms = np.maximum.accumulate(fix_ms + (delay_s * 1000).astype(np.int64))
    measured = _measured(ride, time_s, rng)
    for i in np.flatnonzero(_heard(ride, faults, time_s)).tolist():
        fields = {
            "vehicle_id": vehicle.vehicle_id,
            "convoy_id": ride.plan.convoy_id,
            "time": format_instant(int(fix_ms[i])),
            **{name: column[i] for name, column in measured.items()},
            "seq": i,
            "source": SOURCE,
        }
        yield SimulatedPing(int(received_ms[i]), ride.plan.convoy_id, vehicle.vehicle_id, vehicle.role, fields)


def _measured(ride: _Ride, time_s: Floats, rng: np.random.Generator) -> dict[str, list[float | None]]:
    """What the vehicle's device would report at each of `time_s`, by field of the ping."""
    rngs = rng.spawn(4)  # one a column, so that a longer drive only appends to each
    noise_m = _noise(len(time_s), ride.vehicle.ping_interval_s, rngs[0])
    lat, lon = ride.track.degrees(ride.position(time_s) + noise_m)
    velocity_mps = ride.position(time_s + 0.5) - ride.position(time_s - 0.5)
    speed_mps = np.maximum(np.abs(velocity_mps) + rngs[1].normal(0.0, 0.2, len(time_s)), 0.0)
    heading_deg = (90.0 - np.degrees(np.angle(velocity_mps))).round(1) % 360
    accuracy_m = np.clip(rngs[2].lognormal(np.log(1.3 * NOISE_SIGMA_M), 0.2, len(time_s)), 3.0, 20.0)
    battery_pct = np.maximum(np.floor(rngs[3].uniform(60.0, 100.0) - time_s / 600), 1.0)
    courses = zip(heading_deg.tolist(), np.abs(velocity_mps) > STANDING_MPS, strict=True)
    return {
        "lat": lat.round(6).tolist(),
        "lon": lon.round(6).tolist(),
        "speed_mps": speed_mps.round(1).tolist(),
        "heading_deg": [course if moves else None for course, moves in courses],
        "accuracy_m": accuracy_m.round(1).tolist(),
        "battery_pct": battery_pct.tolist(),
    }


def _noise(count: int, interval_s: float, rng: np.random.Generator) -> NDArray[np.complex128]:
    """GPS error, east + 1j * north in metres: an AR(1) process whose memory is `NOISE_TAU_S`."""
    rho = float(np.exp(-interval_s / NOISE_TAU_S))
    steps = rng.normal(0.0, NOISE_SIGMA_M, (count, 2)) * np.sqrt(1 - rho * rho)
    steps[:1] /= np.sqrt(1 - rho * rho)
    jumps = (steps[:, 0] + 1j * steps[:, 1]).tolist()
    return np.array(list(accumulate(jumps, lambda last, jump: rho * last + jump)), dtype=np.complex128)


def _heard(ride: _Ride, faults: Sequence[Fault], time_s: Floats) -> NDArray[np.bool_]:
    """Which pings get through: not those of a dropout, nor those sent inside a planned stretch without signal."""
    heard = np.ones(len(time_s), dtype=np.bool_)
    for fault in faults:
        if isinstance(fault, Dropout) and fault.vehicle_id == ride.vehicle.vehicle_id:
            heard &= (time_s < fault.from_s) | (time_s >= fault.from_s + fault.duration_s)
    along_m = ride.along(time_s)
    for stretch in ride.plan.no_signal:
        heard &= (along_m < stretch.from_m) | (along_m > stretch.to_m)
    return heard
