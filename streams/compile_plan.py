"""Plans to tables: a convoy's plan compiled once, and all of a partition laid end to end for the kernels."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.instants import instant_ms
from models.plan import ConvoyPlan, Vehicle
from streams.engine.dtypes import CONVOY, LIMITS, NEVER, STOP, STRETCH, VERTEX, Plans, Records, records
from streams.engine.geometry import metres_per_deg

SEGMENT_M_MAX = 5_000.0
"""Longer segments are divided: the flat frame of a segment's middle is good to 1e-4 only near it."""


@dataclass(slots=True)
class Compiled:
    """One convoy's plan as rows: `convoy` with its table offsets still 0."""

    plan: ConvoyPlan
    convoy: Records
    vertices: Records
    stops: Records
    stretches: Records
    vehicles: dict[str, Vehicle]
    length_m: float


def _unwrapped(route: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    """Give [lat, lon] rows whose longitudes never leap by 360 degrees, so that a route may cross the date line."""
    points = np.array(route, np.float64)[:, ::-1].copy()
    points[:, 1] = np.unwrap(points[:, 1], period=360.0)
    return points


def _divided(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide long segments of [lat, lon] points, and drop points that repeat the one before."""
    steps = np.diff(points, axis=0)
    lengths_m = np.hypot(*(steps * metres_per_deg(points[:-1, 0] + steps[:, 0] / 2)).T)
    parts = np.ceil(lengths_m / SEGMENT_M_MAX).astype(np.int64)
    segment = np.repeat(np.arange(len(parts)), parts)
    part = np.arange(len(segment)) - np.repeat(np.cumsum(parts) - parts, parts) + 1
    ends = points[segment] + steps[segment] * (part / parts[segment])[:, None]
    return np.concatenate([points[:1], ends])


def compile_route(route: Sequence[tuple[float, float]]) -> Records:
    """Turn [lon, lat] points into VERTEX rows. Raises ValueError when they are all one place."""
    points = _divided(_unwrapped(route))
    if len(points) < 2:
        raise ValueError("the route's points are all in one place")
    vertices = records(len(points), VERTEX)
    vertices.lat = points[:, 0]
    # each frame compares longitudes near its own, in -180..180, as pings have them
    vertices.lon = (points[:, 1] + 180.0) % 360.0 - 180.0
    steps = np.diff(points, axis=0, append=points[-1:])
    # at the segment's middle: at its start the lengths of a slanting road would be wrong by up to 4e-4 at 60 degrees
    m_per_deg = metres_per_deg(points[:, 0] + steps[:, 0] / 2)
    segments_m = steps * m_per_deg
    vertices.m_per_lat_deg, vertices.m_per_lon_deg = m_per_deg.T
    vertices.dy_m, vertices.dx_m = segments_m.T
    vertices.segment_m = np.hypot(*segments_m.T)
    vertices.at_m[1:] = np.cumsum(vertices.segment_m)[:-1]
    return vertices


def compile_plan(plan: ConvoyPlan) -> Compiled:
    """Compile the plan of one convoy. Raises ValueError when its route has no length."""
    vertices = compile_route(plan.route)
    convoy = records(1, CONVOY)
    convoy.version = zlib.crc32(vertices.tobytes()) & 0x7FFFFFFF
    convoy.high_risk = plan.risk == "high"
    convoy.vertex_count = len(vertices)
    convoy.stop_count = len(plan.stops)
    convoy.stretch_count = len(plan.no_signal)
    convoy.length_m = vertices.at_m[-1]
    convoy.depart_ms = NEVER if plan.depart_at is None else instant_ms(plan.depart_at)
    for name in LIMITS:
        convoy[name] = getattr(plan.limits, name)
    stops = np.array([(s.lat, s.lon, s.radius_m, s.max_dwell_s) for s in plan.stops], STOP).view(np.recarray)
    stretches = np.array([(s.from_m, s.to_m) for s in plan.no_signal], STRETCH).view(np.recarray)
    vehicles = {vehicle.vehicle_id: vehicle for vehicle in plan.vehicles}
    return Compiled(plan, convoy, vertices, stops, stretches, vehicles, float(vertices.at_m[-1]))


def _joined(parts: Sequence[Records], dtype: "np.dtype[np.void]") -> Records:
    return np.concatenate([records(0, dtype), *parts]).view(np.recarray)


def join(compiled: Sequence[Compiled]) -> Plans:
    """Lay compiled convoys end to end: the convoy numbered i is `compiled[i]`."""
    convoys = _joined([one.convoy for one in compiled], CONVOY)
    for table in ("vertex", "stop", "stretch"):
        counts = convoys[f"{table}_count"]
        convoys[f"{table}_from"] = np.cumsum(counts) - counts
    return Plans(
        convoys,
        _joined([one.vertices for one in compiled], VERTEX),
        _joined([one.stops for one in compiled], STOP),
        _joined([one.stretches for one in compiled], STRETCH),
    )
