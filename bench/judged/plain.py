"""Two rules as they are usually written, on the same pings: a corridor without hold, and a timer on the speed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.judged.episodes import Episode
from models.instants import parse_instant
from models.plan import ConvoyPlan
from simulate.track import Floats, Track
from simulate.traffic import SimulatedPing, Simulation

CORRIDOR_M = 25.0
SLOW_MPS = 0.5
SLOW_S = 300.0


class VehiclePings(NamedTuple):
    """One vehicle's pings under way, in the order of arrival."""

    plan: ConvoyPlan
    vehicle_id: str
    fix_ms: NDArray[np.int64]
    received_ms: NDArray[np.int64]
    points: NDArray[np.float64]
    speed_mps: Floats


def vehicle_pings(driven: Simulation) -> Iterator[VehiclePings]:
    """The pings between departure and arrival, vehicle by vehicle: to neither rule the wait before counts."""
    by_vehicle: dict[str, list[SimulatedPing]] = defaultdict(list)
    for ping in driven.pings:
        by_vehicle[ping.vehicle_id].append(ping)
    for log in driven.logs:
        pings = by_vehicle[log.ride.vehicle.vehicle_id]
        first_ms, last_ms = (driven.begin_ms + at_s * 1000 for at_s in (log.ride.depart_s, log.ride.journey.arrival_s))
        kept = [ping for ping in pings if first_ms <= ping.received_ms <= last_ms]
        if kept:
            yield _table(log.ride.plan, kept)


def _table(plan: ConvoyPlan, pings: list[SimulatedPing]) -> VehiclePings:
    return VehiclePings(
        plan,
        pings[0].vehicle_id,
        np.array([parse_instant(str(ping.fields["time"])) for ping in pings]),
        np.array([ping.received_ms for ping in pings]),
        np.array([(ping.fields["lon"], ping.fields["lat"]) for ping in pings], dtype=np.float64),
        np.array([ping.fields["speed_mps"] for ping in pings], dtype=np.float64),
    )


def near_rule(pings: VehiclePings) -> list[Episode]:
    """`deviation` at every ping more than CORRIDOR_M from the whole route, until one is within."""
    off = distances_m(pings.plan, pings.points) > CORRIDOR_M
    return _runs(pings, "deviation", off, off)


def speed_rule(pings: VehiclePings) -> list[Episode]:
    """`stall` once every ping for SLOW_S was slower than SLOW_MPS, until one is not."""
    slow = pings.speed_mps < SLOW_MPS
    starts = np.flatnonzero(np.diff(slow.astype(np.int8), prepend=0) == 1)
    since = np.maximum.accumulate(np.where(np.isin(np.arange(len(slow)), starts), np.arange(len(slow)), 0))
    long = slow & (pings.fix_ms - pings.fix_ms[since] >= SLOW_S * 1000)
    return _runs(pings, "stall", slow, long)


def distances_m(plan: ConvoyPlan, points: NDArray[np.float64]) -> Floats:
    """Distance of each [lon, lat] from the nearest segment of the route."""
    places = Track.of([plan.route[0], *map(tuple, points.tolist())]).points_m[1:]
    corners = Track.of(plan.route).points_m
    a, d = corners[:-1], np.diff(corners)
    a, d = a[np.abs(d) > 0], d[np.abs(d) > 0]
    off = places[:, None] - a[None, :]
    share = np.clip((off * d.conj()[None, :]).real / (np.abs(d) ** 2)[None, :], 0.0, 1.0)
    return np.asarray(np.abs(off - share * d[None, :]).min(axis=1))


def _runs(pings: VehiclePings, kind: str, holds: NDArray[np.bool_], raises: NDArray[np.bool_]) -> list[Episode]:
    """An episode for each unbroken run of `holds` that reaches `raises`."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], holds.astype(np.int8), [0]))))
    episodes = []
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        raised = first + np.flatnonzero(raises[first:end])[:1]
        if len(raised):
            onset_ms, raised_ms = int(pings.fix_ms[first]), int(pings.received_ms[raised[0]])
            episodes.append(Episode(pings.plan.convoy_id, pings.vehicle_id, kind, onset_ms, raised_ms, raised_ms))
    return episodes
