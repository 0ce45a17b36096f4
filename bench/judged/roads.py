"""Operations for the accuracy benchmark: roads as hard as real ones, laid by a seed, and the convoys on them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from models.instants import EPOCH, ONE_MS
from models.plan import Checkpoint, ConvoyPlan, NoSignal, Stop, Vehicle
from simulate.track import METRES_PER_DEGREE, Track

BEGIN_MS = 1_732_658_400_000
"""When every operation begins; departures come a quarter of an hour later, so that one may leave early."""

DEPART_S = 960
STEP_M = 50.0
PLANNED_MPS = 9.0
"""Timetables are made for a loaded truck with halts, not for the speed of the road."""

Line = NDArray[np.complex128]


def wandering(length_m: float, rng: np.random.Generator) -> Line:
    """A road that bends over kilometres, never far from one direction."""
    steps = int(length_m / STEP_M)
    knots = rng.normal(0.0, 0.7, steps // 8 + 2)
    course = np.interp(np.arange(steps), np.arange(len(knots)) * 8, knots) + rng.uniform(0, 2 * np.pi)
    return np.concatenate(([0.0], np.cumsum(STEP_M * np.exp(1j * course))))


def there_and_back(length_m: float, rng: np.random.Generator) -> Line:
    """A road to a village and back on exactly the same line."""
    there = wandering(length_m / 2, rng)
    return np.concatenate((there, there[-2::-1]))


def crossing(length_m: float, rng: np.random.Generator) -> Line:
    """A road that crosses itself: a figure of eight between two straight ends."""
    eight_m = length_m / 2
    turn = np.linspace(-np.pi / 2, 3 * np.pi / 2, int(eight_m / STEP_M))
    loop = eight_m / 6.1 * (np.cos(turn) + 1j * np.sin(2 * turn) / 2)
    entry = np.arange(length_m / 4, 0.0, -STEP_M)
    path = np.concatenate((-1j * eight_m / 40 + loop[0] - entry, loop, loop[-1] + entry[::-1]))
    return np.asarray(path * np.exp(1j * rng.uniform(0, 2 * np.pi)))


def beside_itself(length_m: float, rng: np.random.Generator) -> Line:
    """A road that comes back on the other carriageway or a parallel street, 60 to 180 m away."""
    there = wandering(length_m / 2, rng)
    side_m = rng.uniform(60.0, 180.0) * np.exp(1j * (np.angle(there[-1]) + np.pi / 2))
    return np.concatenate((there, there[::-1] + side_m))


ROADS: tuple[Callable[[float, np.random.Generator], Line], ...] = (wandering, there_and_back, crossing, beside_itself)


def operation(seed: int) -> list[ConvoyPlan]:
    """Four convoys of four vehicles, one on each kind of road."""
    return [_convoy(seed, number) for number in range(len(ROADS))]


def _convoy(seed: int, number: int) -> ConvoyPlan:
    rng = np.random.default_rng([seed, number])
    line = ROADS[number](rng.uniform(14_000, 22_000), rng)
    origin = (float(rng.uniform(100, 140)), float(rng.uniform(-9, 5)))
    lat = origin[1] + line.imag / METRES_PER_DEGREE
    lon = origin[0] + line.real / METRES_PER_DEGREE / np.cos(np.radians(origin[1]))
    route = [(round(x, 6), round(y, 6)) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]
    length_m = Track.of(route).length_m
    depart = EPOCH + BEGIN_MS * ONE_MS + timedelta(seconds=DEPART_S)
    name = f"S{seed:03}-{number}"
    return ConvoyPlan(
        operation="Accuracy",
        timezone="Asia/Makassar",
        convoy_id=name,
        name=f"Convoy {name}",
        depart_at=depart,
        arrive_by=depart + timedelta(seconds=length_m / PLANNED_MPS),
        route=route,
        vehicles=_vehicles(name, rng),
        checkpoints=[
            Checkpoint(name=f"Checkpoint {share}", lat=_at(route, share)[1], lon=_at(route, share)[0])
            for share in (0.3, 0.6)
        ],
        stops=[Stop(name="Rest", lat=_at(route, 0.72)[1], lon=_at(route, 0.72)[0], max_dwell_s=900)],
        no_signal=[NoSignal(from_m=0.82 * length_m, to_m=0.9 * length_m)] if number == 0 else [],
    )


def _vehicles(name: str, rng: np.random.Generator) -> list[Vehicle]:
    interval_s = float(rng.choice([5.0, 10.0, 10.0, 15.0]))
    roles = (("escort", "car"), ("cargo", "truck"), ("cargo", "truck"), ("escort", "car"))
    return [
        Vehicle.model_validate({"vehicle_id": f"{name}-{i}", "role": role, "mode": mode, "ping_interval_s": interval_s})
        for i, (role, mode) in enumerate(roles)
    ]


def _at(route: list[tuple[float, float]], share: float) -> tuple[float, float]:
    """The route's point after a share of its points."""
    return route[int(share * (len(route) - 1))]
