"""Plans to tables: a convoy's plan compiled once, and all of a partition laid end to end for the kernels."""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.instants import instant_ms
from models.limits import OVERSPEED_MPS, Limits
from models.plan import Checkpoint, ConvoyPlan, Vehicle
from streams.engine.dtypes import (
    CHECKPOINT,
    CONVOY,
    LIMITS,
    MEMBER,
    NEVER,
    SCHEDULE,
    STOP,
    STRETCH,
    VERTEX,
    Plans,
    Records,
    records,
)
from streams.engine.geometry import metres_per_deg
from streams.engine.late import lateness_s

SEGMENT_M_MAX = 5_000.0
"""Longer segments are divided: the flat frame of a segment's middle is good to 1e-4 only near it."""

PLANNED_MPS_MAX = 25.0
"""Pace of a plan that has only one time: late is then who could not be in time even so fast."""

SAME_PASS_M = 50.0
"""A road that comes by a checkpoint again farther away than this is not meant: else the street beside it would be."""


@dataclass(slots=True)
class Compiled:
    """One convoy's plan as rows: `convoy` with its table offsets still 0, each vehicle's place among its members."""

    plan: ConvoyPlan
    convoy: Records
    vertices: Records
    stops: Records
    stretches: Records
    checkpoints: Records
    schedule: Records
    members: Records
    vehicles: dict[str, Vehicle]
    places: dict[str, int]
    length_m: float

    def lateness_s(self, at_m: float, pace_mps: float, now_ms: int) -> float:
        """How much later than planned a vehicle at `at_m` will be; NaN without a planned time ahead."""
        part = (0, len(self.schedule))
        return float(lateness_s(self.schedule, part, at_m, pace_mps, float(now_ms))) if part[1] else math.nan


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


def _fingerprint(content: bytes) -> int:
    return zlib.crc32(content) & 0x7FFFFFFF


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


def _feet(checkpoint: Checkpoint, vertices: Records) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give for each segment how far the checkpoint is from it, and where along the route its nearest point is."""
    v = vertices[:-1].view(np.ndarray)
    x = ((checkpoint.lon - v["lon"] + 180.0) % 360.0 - 180.0) * v["m_per_lon_deg"]
    y = (checkpoint.lat - v["lat"]) * v["m_per_lat_deg"]
    share = np.clip((x * v["dx_m"] + y * v["dy_m"]) / v["segment_m"] ** 2, 0.0, 1.0)
    away_m = np.hypot(x - share * v["dx_m"], y - share * v["dy_m"])
    return away_m, v["at_m"] + share * v["segment_m"]


def _nearest_of_run(away_m: NDArray[np.float64], segment: int, radius_m: float) -> int:
    """Number of the nearest segment among those that follow one another within the radius, from `segment` on."""
    beyond = np.flatnonzero(away_m[segment:] > max(radius_m, away_m[segment]))
    end = segment + int(beyond[0]) if len(beyond) else len(away_m)
    return segment + int(np.argmin(away_m[segment:end]))


Feet = tuple[NDArray[np.float64], NDArray[np.float64]]


def _passes(feet: Sequence[Feet], reaches_m: Sequence[float]) -> list[int]:
    """Choose a segment of the route for each checkpoint, none before its predecessor's: the first ones within reach, or
    as little beyond it as the order allows in all.
    """
    # costs[k][j]: the least that the checkpoints up to k cost with k at segment j and none before its predecessor
    costs: list[NDArray[np.float64]] = []
    for reach_m, (away_m, _) in zip(reaches_m, feet, strict=True):
        own_m = np.maximum(away_m - reach_m, 0.0)
        costs.append(own_m + np.minimum.accumulate(costs[-1]) if costs else own_m)
    segments: list[int] = []
    last = len(feet[0][0]) - 1 if feet else 0
    for cost_m in reversed(costs):
        last = int(np.argmin(cost_m[: last + 1]))
        segments.append(last)
    nearest = zip(feet, reversed(segments), reaches_m, strict=True)
    return [_nearest_of_run(away_m, segment, reach_m) for (away_m, _), segment, reach_m in nearest]


def place_checkpoints(checkpoints: Sequence[Checkpoint], vertices: Records) -> Records:
    """Find where along the route the checkpoints lie, in their order: CHECKPOINT rows whose `at_m` never falls.

    Where a route passes a checkpoint more than once, each time about as near, the order decides, then the first pass.
    It may be visited from the first time on that the route comes within its radius.
    """
    placed = records(len(checkpoints), CHECKPOINT)
    feet = [_feet(checkpoint, vertices) for checkpoint in checkpoints]
    radii_m = [checkpoint.radius_m for checkpoint in checkpoints]
    nearly_m = [min(r, float(away_m.min()) + SAME_PASS_M) for r, (away_m, _) in zip(radii_m, feet, strict=True)]
    passes = zip(placed, checkpoints, feet, _passes(feet, radii_m), _passes(feet, nearly_m), strict=True)
    for row, checkpoint, (away_m, at_m), first, segment in passes:
        row.lat, row.lon, row.radius_m = checkpoint.lat, checkpoint.lon, checkpoint.radius_m
        row.from_m, row.at_m, row.off_m = min(at_m[first], at_m[segment]), at_m[segment], away_m[segment]
    placed.from_m = np.maximum.accumulate(placed.from_m)
    placed.at_m = np.maximum.accumulate(placed.at_m)
    return placed


def compile_schedule(plan: ConvoyPlan, checkpoints: Records, length_m: float) -> Records:
    """Make the timetable of a plan: SCHEDULE rows from the route's start on, none where nothing has a time to arrive.

    Without `depart_at` the start is reckoned back from the first time, at the mean pace of the others.
    """
    due = [(float(row.at_m), c.planned_at) for row, c in zip(checkpoints, plan.checkpoints, strict=True)]
    due += [(length_m, plan.arrive_by)]
    points = [(at_m, instant_ms(at)) for at_m, at in due if at is not None]
    if not points:
        return records(0, SCHEDULE)
    first_m, first_ms = points[0]
    way_m, way_ms = points[-1][0] - first_m, points[-1][1] - first_ms
    pace_mps = min(1000.0 * way_m / way_ms, PLANNED_MPS_MAX) if way_m > 0 and way_ms > 0 else PLANNED_MPS_MAX
    start_ms = first_ms - round(1000.0 * first_m / pace_mps) if plan.depart_at is None else instant_ms(plan.depart_at)
    table = np.array([(0.0, start_ms), *points], SCHEDULE)
    table["ms"] = np.maximum.accumulate(table["ms"])
    # of points in one place the last counts: that is when the convoy goes on
    apart = np.append(np.diff(table["at_m"]) > 0, True)
    return table[apart].view(np.recarray)


def overspeed_mps(plan: ConvoyPlan, vehicle: Vehicle) -> float:
    """Give the speed above which a vehicle is too fast: the plan's, else that of its mode; infinite without either."""
    return plan.limits.overspeed_mps or OVERSPEED_MPS.get(vehicle.mode, float("inf"))


def _set_limits(convoy: Records, limits: Limits) -> None:
    for name in LIMITS:
        convoy[name] = getattr(limits, name)


def compile_plan(plan: ConvoyPlan) -> Compiled:
    """Compile the plan of one convoy. Raises ValueError when its route has no length."""
    vertices = compile_route(plan.route)
    stops = np.array([(s.lat, s.lon, s.radius_m, s.max_dwell_s) for s in plan.stops], STOP).view(np.recarray)
    convoy = records(1, CONVOY)
    convoy.version = _fingerprint(vertices.tobytes())
    convoy.stops_version = _fingerprint(stops.tobytes())
    convoy.high_risk = plan.risk == "high"
    convoy.vertex_count = len(vertices)
    convoy.stop_count = len(plan.stops)
    convoy.stretch_count = len(plan.no_signal)
    convoy.checkpoint_count = len(plan.checkpoints)
    names = [v.vehicle_id for v in sorted(plan.vehicles, key=lambda vehicle: vehicle.role)]
    convoy.member_count = len(names)
    convoy.cargo_count = sum(vehicle.role == "cargo" for vehicle in plan.vehicles)
    convoy.length_m = vertices.at_m[-1]
    convoy.depart_ms = NEVER if plan.depart_at is None else instant_ms(plan.depart_at)
    _set_limits(convoy, plan.limits)
    stretches = np.array([(s.from_m, s.to_m) for s in plan.no_signal], STRETCH).view(np.recarray)
    checkpoints = place_checkpoints(plan.checkpoints, vertices)
    convoy.checkpoints_version = _fingerprint(checkpoints.tobytes())
    schedule = compile_schedule(plan, checkpoints, float(vertices.at_m[-1]))
    convoy.schedule_count = len(schedule)
    members = np.array([(-1, _fingerprint(name.encode())) for name in names], MEMBER).view(np.recarray)
    return Compiled(
        plan=plan,
        convoy=convoy,
        vertices=vertices,
        stops=stops,
        stretches=stretches,
        checkpoints=checkpoints,
        schedule=schedule,
        members=members,
        vehicles={vehicle.vehicle_id: vehicle for vehicle in plan.vehicles},
        places={name: place for place, name in enumerate(names)},
        length_m=float(vertices.at_m[-1]),
    )


def with_limits(compiled: Compiled, limits: Limits) -> Compiled:
    """Give the same plan under other limits; its tables are shared, for nothing in them depends on a limit."""
    convoy = compiled.convoy.copy()
    _set_limits(convoy, limits)
    return replace(compiled, plan=compiled.plan.model_copy(update={"limits": limits}), convoy=convoy)


def _joined(parts: Sequence[Records], dtype: "np.dtype[np.void]") -> Records:
    return np.concatenate([records(0, dtype), *parts]).view(np.recarray)


def join(compiled: Sequence[Compiled]) -> Plans:
    """Lay compiled convoys end to end: the convoy numbered i is `compiled[i]`."""
    convoys = _joined([one.convoy for one in compiled], CONVOY)
    for table in ("vertex", "stop", "stretch", "checkpoint", "schedule", "member"):
        counts = convoys[f"{table}_count"]
        convoys[f"{table}_from"] = np.cumsum(counts) - counts
    return Plans(
        convoys,
        _joined([one.vertices for one in compiled], VERTEX),
        _joined([one.stops for one in compiled], STOP),
        _joined([one.stretches for one in compiled], STRETCH),
        _joined([one.checkpoints for one in compiled], CHECKPOINT),
        _joined([one.schedule for one in compiled], SCHEDULE),
        _joined([one.members for one in compiled], MEMBER),
    )
