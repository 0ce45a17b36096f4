"""Real traces, each with the route that it truly followed, and what an injector does to them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.instants import format_instant, parse_instant
from models.plan import ConvoyPlan, Stop, Vehicle
from models.route_files import read_route
from models.routes.gpx import read_gpx
from simulate.noise import gauss_markov
from simulate.track import Floats, Track
from streams.recording import CARGO, ESCORT, Arrival

DATA = Path(__file__).parents[3] / "shared" / "data"
"""Beside the repository: the traces are not the project's own."""

BUS_ROUTE = "liverpool_bus14/route.geojson"
LEFT_ITS_ROUTE = "1103"
"""This trip really drove around a closed street, up to 357 m off: its deviation is right."""

LEFT_FROM, LEFT_TO = "2026-01-26T16:45:11Z", "2026-01-26T16:50:22Z"
PINGS_MIN = 40
DELAY_S = 0.7

Points = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Trace:
    """Fixes of one vehicle on its route: seconds since its first, metres in the route's frame."""

    name: str
    route: list[tuple[float, float]]
    track: Track
    begin_ms: int
    time_s: Floats
    points_m: Points
    interval_s: float

    def changed(self, time_s: Floats, points_m: Points) -> Trace:
        """The same vehicle with other fixes."""
        return Trace(self.name, self.route, self.track, self.begin_ms, time_s, points_m, self.interval_s)

    @property
    def hours(self) -> float:
        """How long it is."""
        return float(self.time_s[-1]) / 3600


def available() -> bool:
    """Whether the traces are there."""
    return (DATA / BUS_ROUTE).exists()


def traces() -> list[Trace]:
    """All real traces that are long enough to be judged."""
    return [*_buses(), *_car()]


def _buses() -> Iterator[Trace]:
    """The trips of one bus line, each a vehicle of its own."""
    route = read_route(DATA / BUS_ROUTE).line
    trips: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
    with (DATA / "liverpool_bus14/pings.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            ping = json.loads(line)
            trips[ping["trip_id"]].append((parse_instant(ping["time"]), ping["lon"], ping["lat"]))
    for name, fixes in sorted(trips.items()):
        if len(fixes) >= PINGS_MIN:
            yield _trace(f"bus-{name}", route, sorted(set(fixes)))


def _car() -> Iterator[Trace]:
    """One drive with a car; its own path is its route."""
    path = DATA / "gpx/gpxpy_around-visnjan-with-car.gpx"
    if path.exists():
        walked = [fix for segment in read_gpx(path.read_bytes()).lines[0].segments for fix in segment]
        fixes = [(fix.time_ms, fix.lon, fix.lat) for fix in walked if fix.time_ms is not None]
        yield _trace("car-visnjan", read_route(path).line, fixes)


def _trace(name: str, route: list[tuple[float, float]], fixes: list[tuple[int, float, float]]) -> Trace:
    track = Track.of(route)
    table = np.array(fixes, dtype=np.float64)
    time_s = (table[:, 0] - table[0, 0]) / 1000
    points_m = Track.of([route[0], *map(tuple, table[:, 1:].tolist())]).points_m[1:]
    interval_s = float(np.clip(np.median(np.diff(time_s)), 1.0, 60.0))
    return Trace(name, route, track, fixes[0][0], time_s, points_m, interval_s)


def plan_of(trace: Trace, escort: Trace | None = None, stops: list[Stop] | None = None) -> ConvoyPlan:
    """A convoy of this vehicle, and of an escort where there is one."""
    vehicles = [Vehicle(vehicle_id=trace.name, role="cargo", mode="truck", ping_interval_s=trace.interval_s)]
    if escort is not None:
        vehicles.append(Vehicle(vehicle_id=escort.name, role="escort", ping_interval_s=escort.interval_s))
    return ConvoyPlan(
        operation="Real traces",
        timezone="UTC",
        convoy_id=f"C-{trace.name}",
        name=trace.name,
        route=trace.route,
        vehicles=vehicles,
        stops=stops or [],
    )


def arrivals_of(trace: Trace, convoy_id: str, role: int = CARGO) -> list[Arrival]:
    """Its pings as `kawal detect` reads them, each received a moment after it was taken."""
    lat, lon = trace.track.degrees(trace.points_m)
    arrivals = []
    for at_s, y, x in zip(trace.time_s.tolist(), lat.tolist(), lon.tolist(), strict=True):
        fix_ms = trace.begin_ms + round(at_s * 1000)
        fields = {"vehicle_id": trace.name, "convoy_id": convoy_id, "time": format_instant(fix_ms), "lat": y, "lon": x}
        value = json.dumps(fields).encode()
        arrivals.append(Arrival(fix_ms + round(DELAY_S * 1000), convoy_id.encode(), value, role))
    return arrivals


def together(trace: Trace, escort: Trace) -> list[Arrival]:
    """The pings of cargo and escort in the order of their arrival."""
    convoy_id = f"C-{trace.name}"
    return sorted(
        [*arrivals_of(trace, convoy_id), *arrivals_of(escort, convoy_id, ESCORT)],
        key=lambda arrival: (arrival.received_ms, arrival.rank),
    )


def progress_m(trace: Trace) -> Floats:
    """How far along its route each fix is: nearest within what the vehicle can have driven, never back."""
    along_m = np.zeros(len(trace.time_s))
    grid_m = np.arange(0.0, trace.track.length_m, 5.0)
    places = trace.track.at(grid_m)
    last_m = float(grid_m[np.abs(places - trace.points_m[0]).argmin()])
    for i, point in enumerate(trace.points_m):
        step_s = 0.0 if i == 0 else trace.time_s[i] - trace.time_s[i - 1]
        window = (grid_m >= last_m) & (grid_m <= last_m + 30.0 * step_s + 50.0)
        if window.any():
            last_m = float(grid_m[window][np.abs(places[window] - point).argmin()])
        along_m[i] = last_m
    return along_m


def jittered(trace: Trace, rng: np.random.Generator) -> Trace:
    """The same way with GPS errors of another device."""
    return trace.changed(trace.time_s, trace.points_m + gauss_markov(len(trace.time_s), trace.interval_s, rng))
