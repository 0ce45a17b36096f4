"""Deviation and stall as a Faust user would write them: one ping, one dict, plain Python."""

import math
from collections.abc import Iterable
from typing import Any

from models.limits import Limits
from models.ping import Ping
from models.plan import ConvoyPlan

METRES_PER_DEG = 111_195.0
Vehicle = dict[str, Any]
Alert = dict[str, Any]


class Route:
    """A planned route in local metres, searched in a window around the last known progress."""

    def __init__(self, plan: ConvoyPlan) -> None:
        self.limits = plan.limits
        self._lon, self._lat = plan.route[0]
        self._lon_scale = math.cos(math.radians(self._lat)) * METRES_PER_DEG
        self._points = [self.metres(lat, lon) for lon, lat in plan.route]
        self._starts_m = [0.0]
        for (ax, ay), (bx, by) in zip(self._points, self._points[1:], strict=False):
            self._starts_m.append(self._starts_m[-1] + math.hypot(bx - ax, by - ay))

    def metres(self, lat: float, lon: float) -> tuple[float, float]:
        return (lon - self._lon) * self._lon_scale, (lat - self._lat) * METRES_PER_DEG

    def match(self, x: float, y: float, leg: int, reach_m: float) -> tuple[float, float, int]:
        """Distance from the route, progress along it and the leg, searched from one leg back up to `reach_m`."""
        nearest = (math.inf, 0.0, 0)
        for i in range(max(leg - 1, 0), len(self._points) - 1):
            if self._starts_m[i] > reach_m:
                break
            nearest = min(nearest, self._to_leg(x, y, i))
        return nearest

    def _to_leg(self, x: float, y: float, i: int) -> tuple[float, float, int]:
        (ax, ay), (bx, by) = self._points[i], self._points[i + 1]
        dx, dy = bx - ax, by - ay
        share = min(max(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy or 1.0), 0.0), 1.0)
        return math.hypot(x - ax - share * dx, y - ay - share * dy), self._starts_m[i] + share * math.hypot(dx, dy), i


def advance(vehicle: Vehicle | None, ping: Ping, route: Route) -> tuple[Vehicle, list[Alert]]:
    """The vehicle after this ping, and the alerts that the ping brings."""
    time_s = ping.time.timestamp()
    if vehicle is not None and time_s <= vehicle["time_s"]:
        return vehicle, []
    if ping.lat is None or ping.lon is None:
        return {**(vehicle or new_vehicle(time_s, math.nan, math.nan)), "time_s": time_s}, []
    x, y = route.metres(ping.lat, ping.lon)
    vehicle = dict(vehicle or new_vehicle(time_s, x, y))
    limits = route.limits
    reach_m = vehicle["progress_m"] + 1.2 * limits.speed_max_mps * (time_s - vehicle["time_s"]) + 200
    lateral_m, progress_m, leg = route.match(x, y, vehicle["leg"], reach_m if vehicle["placed"] else math.inf)
    vehicle |= {"time_s": time_s, "placed": True, "progress_m": progress_m, "leg": leg}
    off_m = lateral_m - min(ping.accuracy_m or 0.0, limits.accuracy_cap_m)
    changes = [*judge_deviation(vehicle, off_m, time_s, limits), *judge_stall(vehicle, (x, y), time_s, limits)]
    return vehicle, [{"vehicle_id": ping.vehicle_id, "convoy_id": ping.convoy_id, "at_s": time_s, **c} for c in changes]


def new_vehicle(time_s: float, x: float, y: float) -> Vehicle:
    return {
        "time_s": time_s,
        "placed": False,
        "progress_m": 0.0,
        "leg": 0,
        "deviating_since_s": None,
        "turned_s": None,
        "pings": 0,
        "anchor": (x, y),
        "anchor_s": time_s,
        "stalled": None,
    }


def judge_deviation(vehicle: Vehicle, off_m: float, time_s: float, limits: Limits) -> Iterable[Alert]:
    onset_s = vehicle["deviating_since_s"]
    turned = off_m > limits.deviation_raise_m if onset_s is None else off_m < limits.deviation_clear_m
    if not turned:
        vehicle |= {"turned_s": None, "pings": 0}
        return
    turned_s = vehicle["turned_s"] = vehicle["turned_s"] or time_s
    vehicle["pings"] += 1
    if time_s - turned_s < limits.deviation_hold_s or vehicle["pings"] < 2:
        return
    vehicle |= {"deviating_since_s": turned_s if onset_s is None else None, "turned_s": None, "pings": 0}
    transition = "raised" if onset_s is None else "cleared"
    yield {"kind": "deviation", "transition": transition, "onset_s": onset_s or turned_s, "value": off_m}


def judge_stall(vehicle: Vehicle, at: tuple[float, float], time_s: float, limits: Limits) -> Iterable[Alert]:
    onset_s = vehicle["anchor_s"]
    if not math.dist(at, vehicle["anchor"]) <= limits.stall_radius_m:
        if vehicle["stalled"]:
            yield {"kind": "stall", "transition": "cleared", "onset_s": onset_s}
        vehicle |= {"anchor": at, "anchor_s": time_s, "stalled": None}
    elif vehicle["stalled"] is None and time_s - onset_s >= limits.stall_hold_s:
        vehicle["stalled"] = "low"
        yield {"kind": "stall", "transition": "raised", "onset_s": onset_s, "severity": "low"}
    elif vehicle["stalled"] == "low" and time_s - onset_s >= limits.stall_high_s:
        vehicle["stalled"] = "high"
        yield {"kind": "stall", "transition": "updated", "onset_s": onset_s, "severity": "high"}
