"""Roads in metres and drives along them: what the engine's tests share."""

import json
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import numba

from models.alert import Alert
from models.instants import format_instant
from models.limits import Limits
from models.plan import Checkpoint, ConvoyPlan, NoSignal, Stop, Vehicle
from streams.detect import Detection
from streams.recording import Arrival

COMPILED = not numba.config.DISABLE_JIT
"""Whether the kernels run compiled. Interpreted, for the count of their lines, each rule is tried on fewer examples."""


def examples(count: int) -> int:
    """So many examples compiled, a few interpreted."""
    return count if COMPILED else 4


START_MS = 1_732_665_600_000
LAT, LON = 0.1, 117.4
M_PER_LAT_DEG, M_PER_LON_DEG = 110_574.6, 111_319.3

Point = tuple[float, float]


def lonlat(point: Point) -> tuple[float, float]:
    """Turn metres east and north of the origin into [lon, lat]."""
    return LON + point[0] / M_PER_LON_DEG, LAT + point[1] / M_PER_LAT_DEG


def instant(time_s: float) -> datetime:
    """A moment at seconds since the start."""
    return datetime.fromtimestamp(START_MS / 1000 + time_s, UTC)


def plan(
    route: Sequence[Point], vehicles: Iterable[str] = ("V1",), escorts: Iterable[str] = (), **fields: object
) -> ConvoyPlan:
    """Plan a convoy along a route in metres; cargo may be alone unless limits say otherwise."""
    limits = Limits(**{"unescorted_hold_s": 1e9, **fields.pop("limits", {})})
    mode = fields.pop("mode", "car")
    members = [Vehicle(vehicle_id=vehicle_id, role="cargo", mode=mode, ping_interval_s=10) for vehicle_id in vehicles]
    members += [Vehicle(vehicle_id=vehicle_id, role="escort", mode=mode, ping_interval_s=10) for vehicle_id in escorts]
    return ConvoyPlan(
        operation="Test",
        timezone="Asia/Makassar",
        convoy_id="C1",
        name="Convoy",
        route=[lonlat(point) for point in route],
        vehicles=members,
        limits=limits,
        **fields,
    )


def stop(point: Point, radius_m: float = 120, max_dwell_s: float = 1200) -> Stop:
    lon, lat = lonlat(point)
    return Stop(name="Rest", lat=lat, lon=lon, radius_m=radius_m, max_dwell_s=max_dwell_s)


def checkpoint(point: Point, planned_s: float | None = None, radius_m: float = 150, name: str = "Gate") -> Checkpoint:
    lon, lat = lonlat(point)
    planned_at = None if planned_s is None else instant(planned_s)
    return Checkpoint(name=name, lat=lat, lon=lon, radius_m=radius_m, planned_at=planned_at)


def no_signal(from_m: float, to_m: float) -> NoSignal:
    return NoSignal(from_m=from_m, to_m=to_m)


def ping(
    time_s: float, point: Point | None, *, received_s: float | None = None, vehicle: str = "V1", **fields: object
) -> Arrival:
    """One ping at seconds since the start; received at once unless said."""
    body: dict[str, object] = {
        "vehicle_id": vehicle,
        "convoy_id": "C1",
        "time": format_instant(START_MS + round(time_s * 1000)),
        **fields,
    }
    if point is not None:
        body["lon"], body["lat"] = lonlat(point)
    received_ms = START_MS + round(1000 * (time_s if received_s is None else received_s))
    return Arrival(received_ms, b"C1", json.dumps(body).encode(), 0)


class Drive:
    """Sends pings to an engine of its own and keeps what it tells."""

    def __init__(self, *plans: ConvoyPlan) -> None:
        self.detection = Detection(plans)
        self.alerts: list[Alert] = []
        self.counts: dict[str, int] = {}

    def send(self, *arrivals: Arrival) -> "Drive":
        judged = self.detection.judge(arrivals)
        self.alerts += judged.alerts
        for name, count in judged.counts.items():
            self.counts[name] = self.counts.get(name, 0) + count
        return self

    def along(self, points: Iterable[Point], begin_s: float = 0, every_s: float = 10, **fields: object) -> "Drive":
        """Send a ping at each point, `every_s` apart."""
        return self.send(*(ping(begin_s + i * every_s, point, **fields) for i, point in enumerate(points)))

    def until(self, time_s: float) -> "Drive":
        """Let stream time pass in silence."""
        self.alerts += self.detection.finish(START_MS + round(time_s * 1000)).alerts
        return self

    def told(self, kind: str | None = None) -> list[str]:
        """What was told, as `kind transition`, of one kind or of all."""
        return [f"{a.kind} {a.transition}" for a in self.alerts if kind in (None, a.kind)]

    def progress_m(self, convoy_id: str = "C1") -> float | None:
        status = self.detection.status(convoy_id)
        assert status is not None
        return status.progress_m


def seconds(instant_ms: int) -> float:
    """Seconds since the start."""
    return (instant_ms - START_MS) / 1000


def line(begin: Point, end: Point, step_m: float) -> list[Point]:
    """Points along a straight line, `step_m` apart, the end included."""
    length_m = math.dist(begin, end)
    count = max(1, math.ceil(length_m / step_m))
    return [
        (begin[0] + (end[0] - begin[0]) * i / count, begin[1] + (end[1] - begin[1]) * i / count)
        for i in range(count + 1)
    ]


STRAIGHT = [(0.0, 0.0), (20_000.0, 0.0)]
