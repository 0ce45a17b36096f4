"""The workload of every benchmark: convoys of four on winding routes, some of which detour and some of which halt.

Seeded and labelled: the same shape gives the same bytes, and `episodes` says which alerts are right. Convoys detour
and halt as one, so that no rule about the distance between cargo and escort has a say in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CONVOY_SIZE = 4  # three cargo vehicles and their escort
VEHICLES_MAX = 2_000
PINGS_PER_VEHICLE_MIN = 100  # 1,000 s: the shortest that holds a whole halt and the pings that clear it
ROUTE_POINTS = 501
NOISE_M = 4.0
DETOUR_M = 300.0
DETOUR_S = 300.0
RAMP_S = 30.0  # out to the detour and back: 10 m/s sideways, far below the 70 m/s of a teleport
HALT_S = 600.0
SETTLE_S = 120.0  # every vehicle has found its place on the route before anything happens
START_MS = 1_732_665_600_000  # 2024-11-27T00:00:00Z, the day of the vote
METRES_PER_LAT_DEG = 110_574.0  # near the equator
METRES_PER_LON_DEG = 111_320.0

_PING = (
    '{"vehicle_id":"%s","convoy_id":"%s","time":"%sZ","lat":%.6f,"lon":%.6f,'
    '"speed_mps":%.1f,"heading_deg":%.1f,"accuracy_m":%.1f,"battery_pct":%d}'
)


class Episode(NamedTuple):
    """One alert that is right: raised and cleared exactly once."""

    vehicle_id: str
    kind: Literal["deviation", "stall"]
    onset_ms: int


@dataclass(frozen=True, slots=True)
class Slice:
    """The pings of one interval, one a vehicle, in order of time."""

    vehicle: Ints
    time_ms: Ints
    values: list[bytes]


@dataclass(frozen=True)
class Workload:
    """`pings` pings, one each `interval_s` of up to 2,000 vehicles; of fewer where they would not fill 1,000 s each."""

    pings: int = 1_000_000
    seed: int = 7
    interval_s: int = 10
    start_ms: int = START_MS

    def __post_init__(self) -> None:
        smallest = 2 * CONVOY_SIZE * PINGS_PER_VEHICLE_MIN
        if self.pings < smallest:
            raise ValueError(f"{self.pings} pings are too few: two convoys over 1,000 s take {smallest}")

    @property
    def convoys(self) -> int:
        return min(VEHICLES_MAX, self.pings // PINGS_PER_VEHICLE_MIN) // CONVOY_SIZE

    @property
    def vehicles(self) -> int:
        return self.convoys * CONVOY_SIZE

    @property
    def pings_per_vehicle(self) -> int:
        return self.pings // self.vehicles

    @property
    def total(self) -> int:
        """Pings that `slices` yields: `pings` rounded down to whole rounds of the fleet."""
        return self.vehicles * self.pings_per_vehicle

    @property
    def duration_s(self) -> int:
        return self.pings_per_vehicle * self.interval_s

    @cached_property
    def vehicle_ids(self) -> list[str]:
        return [f"KT-{vehicle:05d}" for vehicle in range(self.vehicles)]

    @cached_property
    def convoy_ids(self) -> list[str]:
        """The convoy of each vehicle, in the order of `vehicle_ids`."""
        return [f"BTG-{vehicle // CONVOY_SIZE:04d}" for vehicle in range(self.vehicles)]

    @cached_property
    def is_escort(self) -> NDArray[np.bool_]:
        escort: NDArray[np.bool_] = np.arange(self.vehicles) % CONVOY_SIZE == CONVOY_SIZE - 1
        return escort

    @cached_property
    def phase_ms(self) -> Ints:
        """When in its interval each vehicle reports."""
        return np.random.default_rng([self.seed, 0]).integers(0, self.interval_s * 1000, self.vehicles)

    @cached_property
    def routes(self) -> "Routes":
        return Routes.draw(self)

    @cached_property
    def events(self) -> "Events":
        """What happens to whom, and when."""
        return Events.draw(self)

    def episodes(self) -> list[Episode]:
        """Every alert of kind deviation or stall that a correct watch raises and clears on these pings."""
        return [
            Episode(self.vehicle_ids[vehicle], kind, self.start_ms + round(start_s * 1000))
            for kind, starts_s in self.events.by_kind()
            for vehicle, start_s in enumerate(starts_s)
            if np.isfinite(start_s)
        ]

    def slices(self) -> Iterator[Slice]:
        """All pings, an interval at a time, in order of time."""
        rng = np.random.default_rng([self.seed, 1])
        vehicle = np.argsort(self.phase_ms)
        for round_no in range(self.pings_per_vehicle):
            elapsed_ms = self.phase_ms[vehicle] + round_no * self.interval_s * 1000
            yield Slice(vehicle, self.start_ms + elapsed_ms, self._encode(vehicle, elapsed_ms, rng))

    def _encode(self, vehicle: Ints, elapsed_ms: Ints, rng: np.random.Generator) -> list[bytes]:
        lat, lon, speed_mps, heading_deg = self._fixes(vehicle, elapsed_ms / 1000, rng)
        times = np.datetime_as_string((self.start_ms + elapsed_ms).astype("datetime64[ms]")).tolist()
        accuracy_m = rng.uniform(3, 8, len(vehicle)).tolist()
        battery_pct = (100 - elapsed_ms // 900_000 % 90).tolist()
        columns = (times, lat.tolist(), lon.tolist(), speed_mps.tolist(), heading_deg.tolist(), accuracy_m, battery_pct)
        ids, convoys = self.vehicle_ids, self.convoy_ids
        return [
            (_PING % (ids[v], convoys[v], *rest)).encode() for v, *rest in zip(vehicle.tolist(), *columns, strict=True)
        ]

    def _fixes(self, vehicle: Ints, elapsed_s: Floats, rng: np.random.Generator) -> tuple[Floats, ...]:
        """Latitude, longitude, speed and heading of each vehicle, with noise."""
        events, routes = self.events, self.routes
        halted_s = np.nan_to_num(np.clip(elapsed_s - events.halt_s[vehicle], 0, HALT_S))
        progress_m = routes.start_m[vehicle] + routes.speed_mps[vehicle] * (elapsed_s - halted_s)
        x_m, y_m, heading_rad = routes.place(vehicle // CONVOY_SIZE, progress_m, events.lateral_m(vehicle, elapsed_s))
        x_m += rng.normal(0, NOISE_M, len(vehicle))
        y_m += rng.normal(0, NOISE_M, len(vehicle))
        lat, lon = routes.to_degrees(vehicle // CONVOY_SIZE, x_m, y_m)
        moving = (halted_s == 0) | (halted_s == HALT_S)
        return lat, lon, routes.speed_mps[vehicle] * moving, np.degrees(heading_rad) % 360


@dataclass(frozen=True, slots=True)
class Routes:
    """A winding route of equal legs a convoy, in metres east and north of its start, and how vehicles drive it."""

    x_m: Floats  # (convoys, ROUTE_POINTS)
    y_m: Floats
    leg_m: float
    start_lat: Floats
    start_lon: Floats
    start_m: Floats  # a vehicle's progress at the first ping
    speed_mps: Floats

    @classmethod
    def draw(cls, load: Workload) -> "Routes":
        rng = np.random.default_rng([load.seed, 2])
        speed_mps = rng.uniform(9, 12, load.convoys)
        leg_m = (1.15 * 12 * load.duration_s + 2_000) / (ROUTE_POINTS - 1)  # nobody arrives
        heading_rad = _winding(rng, load.convoys, leg_m)
        x_m, y_m = np.sin(heading_rad) * leg_m, np.cos(heading_rad) * leg_m
        from_start = np.zeros((load.convoys, 1))
        return cls(
            x_m=np.hstack([from_start, np.cumsum(x_m, axis=1)]),
            y_m=np.hstack([from_start, np.cumsum(y_m, axis=1)]),
            leg_m=leg_m,
            start_lat=rng.uniform(-1, 1, load.convoys),
            start_lon=rng.uniform(116, 117.5, load.convoys),
            start_m=500 + 40 * (np.arange(load.vehicles) % CONVOY_SIZE).astype(np.float64),
            speed_mps=np.repeat(speed_mps, CONVOY_SIZE),
        )

    def place(self, convoy: Ints, progress_m: Floats, lateral_m: Floats) -> tuple[Floats, Floats, Floats]:
        """Metres east and north, and the heading, of a place this far along and this far to the right of the route."""
        leg = (progress_m // self.leg_m).astype(np.int64)
        along_m = progress_m - leg * self.leg_m
        dx, dy = self.x_m[convoy, leg + 1] - self.x_m[convoy, leg], self.y_m[convoy, leg + 1] - self.y_m[convoy, leg]
        east, north = dx / self.leg_m, dy / self.leg_m
        x_m = self.x_m[convoy, leg] + along_m * east + lateral_m * north
        y_m = self.y_m[convoy, leg] + along_m * north - lateral_m * east
        return x_m, y_m, np.arctan2(east, north)

    def to_degrees(self, convoy: Ints, x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
        """WGS 84 latitude and longitude of metres east and north of the convoys' starts."""
        lat = self.start_lat[convoy] + y_m / METRES_PER_LAT_DEG
        lon = self.start_lon[convoy] + x_m / METRES_PER_LON_DEG / np.cos(np.radians(self.start_lat[convoy]))
        return lat, lon

    def line(self, convoy: int) -> list[tuple[float, float]]:
        """The route of a convoy as [lon, lat] points."""
        lat, lon = self.to_degrees(np.full(ROUTE_POINTS, convoy), self.x_m[convoy], self.y_m[convoy])
        return list(zip(lon.round(7).tolist(), lat.round(7).tolist(), strict=True))


def _winding(rng: np.random.Generator, convoys: int, leg_m: float) -> Floats:
    """Heading of each leg: a direction with two swings around it; no bend is tighter than 900 m, none turns back."""
    along_m = np.arange(ROUTE_POINTS - 1) * leg_m
    spans = ((0, 2 * np.pi), (0, 2 * np.pi), (6_000, 20_000))
    direction, phase, period_m = (rng.uniform(low, high, (convoys, 1)) for low, high in spans)
    turns = 2 * np.pi * along_m
    return direction + 0.7 * np.sin(turns / period_m + phase) + 0.2 * np.sin(turns / 3_300 + 2 * phase)


@dataclass(frozen=True, slots=True)
class Events:
    """When each vehicle leaves its route and when it halts, in seconds after the start; NaN for never."""

    detour_s: Floats
    halt_s: Floats

    @classmethod
    def draw(cls, load: Workload) -> "Events":
        """One convoy detours and one halts for every 20,000 pings, none does both."""
        rng = np.random.default_rng([load.seed, 3])
        count = min(max(1, load.pings // 20_000), load.convoys // 2)
        convoys = rng.permutation(load.convoys)
        detour_s, halt_s = rng.uniform(SETTLE_S, load.duration_s - HALT_S - SETTLE_S, (2, count))
        detour_s = cls._of_vehicles(load, convoys[:count], detour_s)
        return cls(detour_s, _next_ping_s(load, cls._of_vehicles(load, convoys[-count:], halt_s)))

    @staticmethod
    def _of_vehicles(load: Workload, convoys: Ints, starts_s: Floats) -> Floats:
        by_convoy = np.full(load.convoys, np.nan)
        by_convoy[convoys] = starts_s
        return np.repeat(by_convoy, CONVOY_SIZE)

    def by_kind(self) -> tuple[tuple[Literal["deviation"], Floats], tuple[Literal["stall"], Floats]]:
        return ("deviation", self.detour_s), ("stall", self.halt_s)

    def lateral_m(self, vehicle: Ints, elapsed_s: Floats) -> Floats:
        """How far to the right of the route: out over 30 s, 300 m, and back, five minutes in all."""
        since_s = elapsed_s - self.detour_s[vehicle]
        share = np.clip(np.minimum(since_s, DETOUR_S - since_s) / RAMP_S, 0, 1)
        return DETOUR_M * np.nan_to_num(share)


def _next_ping_s(load: Workload, at_s: Floats) -> Floats:
    """The first ping of each vehicle after an instant.

    A vehicle that halts with a ping stands where that ping said; else the last ping on the move may lie just within the
    radius of a stall, and noise alone would decide when the stall began.
    """
    phase_s = load.phase_ms / 1000
    next_s: Floats = phase_s + np.ceil((at_s - phase_s) / load.interval_s) * load.interval_s
    return next_s
