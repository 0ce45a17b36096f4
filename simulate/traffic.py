"""The pings of a simulated operation, in the order in which they would arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from zlib import crc32

import msgspec
import numpy as np

from models.instants import format_instant
from models.plan import ConvoyPlan, Role
from simulate.conditions import CALM, Conditions
from simulate.delivery import Delivery, deliver
from simulate.device import clock_offset_s, measure
from simulate.faults import Behind, Detour, Driving, EarlyStart, Fault
from simulate.motion import Road, drive
from simulate.ride import Ride
from simulate.track import Floats, Track

SOURCE = "kawal-simulate"
AFTER_ARRIVAL_S = 60.0
OPERATION_MAX_S = 7 * 86_400.0
"""A begin years before the departures would fill the memory with pings of waiting vehicles."""

WAITING_S, PARKED_S = 1800.0, 1800.0
"""Devices are on for so long before the departure and after the arrival."""

PINGS_MAX = 2_000_000
"""All of them are in memory at once, to be put in the order of their arrival: about a kilobyte each."""

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


class Log(NamedTuple):
    """What one vehicle did and what came of it: its ride, its faults, when it measured, and what arrived when."""

    ride: Ride
    faults: Sequence[Fault]
    time_s: Floats
    delivery: Delivery


class Simulation(NamedTuple):
    """An operation that was driven: its pings in the order of arrival, and the truth behind them."""

    begin_ms: int
    pings: list[SimulatedPing]
    logs: list[Log]


def generate(plans: Sequence[ConvoyPlan], faults: Sequence[Fault], begin_ms: int, seed: int) -> list[SimulatedPing]:
    """All pings of an operation on free roads; see `simulate`."""
    return simulate(plans, faults, begin_ms, seed).pings


def simulate(
    plans: Sequence[ConvoyPlan],
    faults: Sequence[Fault],
    begin_ms: int,
    seed: int,
    conditions: Conditions = CALM,
    progress: Callable[[str], None] = lambda _: None,
) -> Simulation:
    """Drive an operation that begins at `begin_ms` and lasts until every convoy has arrived.

    The same arguments give the same pings, and a vehicle's pings do not depend on the other convoys but for the
    common end. A convoy leaves at its `depart_at` where that is at or after the begin, else 30 s after the begin.
    `progress` hears each vehicle that is done. Raises ValueError if the operation takes longer than a week or has
    more than PINGS_MAX pings.
    """
    rides = [
        ride
        for plan in plans
        for ride in _rides(plan, faults, begin_ms, Road(conditions, _generator(seed, plan.convoy_id)))
    ]
    end_s = max(ride.arrival_s for ride in rides) + AFTER_ARRIVAL_S
    _check_size(rides, end_s)
    pings: list[SimulatedPing] = []
    logs = []
    for ride in rides:
        rng = _generator(seed, ride.vehicle.vehicle_id)
        mine = [fault for fault in faults if _concerns(fault, ride)]
        time_s = _times(ride, end_s, rng)
        columns = measure(ride, mine, time_s, Road(conditions, rng))
        logs.append(Log(ride, mine, time_s, deliver(ride, mine, time_s, rng)))
        pings.extend(_pings(logs[-1], columns, begin_ms))
        progress(ride.vehicle.vehicle_id)
    return Simulation(begin_ms, sorted(pings, key=_arrival), logs)


def depart_s(plan: ConvoyPlan, faults: Sequence[Fault], begin_ms: int) -> float:
    """When a convoy leaves, in seconds from the begin."""
    if plan.depart_at is None:
        return DEFAULT_DEPART_S
    early_s = sum(f.by_s for f in faults if isinstance(f, EarlyStart) and f.convoy_id == plan.convoy_id)
    departs_s = plan.depart_at.timestamp() - begin_ms / 1000 - early_s
    return departs_s if departs_s >= 0 else DEFAULT_DEPART_S


def _arrival(ping: SimulatedPing) -> tuple[int, str]:
    return ping.received_ms, ping.vehicle_id


def _concerns(fault: Fault, ride: Ride) -> bool:
    """Whether a fault is of this vehicle, or of its whole convoy."""
    vehicle_id = getattr(fault, "vehicle_id", ride.vehicle.vehicle_id)
    return (fault.convoy_id, vehicle_id) == (ride.plan.convoy_id, ride.vehicle.vehicle_id)


def _rides(plan: ConvoyPlan, faults: Sequence[Fault], begin_ms: int, road: Road) -> Iterator[Ride]:
    mine = [fault for fault in faults if fault.convoy_id == plan.convoy_id]
    track = Track.of(plan.route)
    leaves_s = depart_s(plan, mine, begin_ms)
    driving = [fault for fault in mine if isinstance(fault, Driving)]
    journey = drive(track, len(plan.vehicles), driving, leaves_s, road)
    detours = [fault for fault in mine if isinstance(fault, Detour)]
    behind = [fault for fault in mine if isinstance(fault, Behind)]
    for place, vehicle in enumerate(plan.vehicles):
        late = [fault for fault in behind if fault.vehicle_id == vehicle.vehicle_id]
        yield Ride(plan, vehicle, place, track, journey, leaves_s, detours, late)


def _check_size(rides: Sequence[Ride], end_s: float) -> None:
    if end_s > OPERATION_MAX_S:
        raise ValueError(f"the last convoy arrives {end_s / 3600:.0f} h after the begin: begin nearer to its depart_at")
    count = sum(_span_s(ride, end_s) / ride.vehicle.ping_interval_s for ride in rides)
    if count > PINGS_MAX:
        raise ValueError(f"it has about {count / 1e6:.1f} million pings, {PINGS_MAX:,} are possible: divide the plan")


def _span_s(ride: Ride, end_s: float) -> float:
    last_s = min(end_s, ride.arrival_s + PARKED_S)
    return last_s - max(0.0, ride.depart_s - WAITING_S)


def _generator(seed: int, name: str) -> np.random.Generator:
    """A source of its own for every convoy and vehicle: adding one changes none of the others."""
    return np.random.default_rng([seed, crc32(name.encode())])


def _times(ride: Ride, end_s: float, rng: np.random.Generator) -> Floats:
    """When the vehicle's device measures, in seconds since the begin."""
    first_s = max(0.0, ride.depart_s - WAITING_S) + rng.uniform(0.0, ride.vehicle.ping_interval_s)
    last_s = min(end_s, ride.arrival_s + PARKED_S)
    return np.arange(first_s, last_s, ride.vehicle.ping_interval_s).round(3)


def _pings(log: Log, columns: dict[str, list[float | bool | None]], begin_ms: int) -> Iterator[SimulatedPing]:
    vehicle, convoy_id = log.ride.vehicle, log.ride.plan.convoy_id
    fix_ms = begin_ms + np.rint((log.time_s - clock_offset_s(log.faults)) * 1000).astype(np.int64)
    received_ms = begin_ms + np.rint(log.delivery.received_s * 1000).astype(np.int64)
    for i, arrives_ms in zip(log.delivery.ping.tolist(), received_ms.tolist(), strict=True):
        fields = {
            "vehicle_id": vehicle.vehicle_id,
            "convoy_id": convoy_id,
            "time": format_instant(int(fix_ms[i])),
            **{name: column[i] for name, column in columns.items()},
            "seq": i,
            "source": SOURCE,
        }
        yield SimulatedPing(arrives_ms, convoy_id, vehicle.vehicle_id, vehicle.role, fields)
