"""Where the escorts of a convoy were at any instant, and how far cargo was from the nearest, after the fact."""

import math
from bisect import bisect_left, bisect_right
from typing import NamedTuple

from models.geometry import distance_m
from models.plan import ConvoyPlan


class Place(NamedTuple):
    """Where a vehicle was; `progress_m` is NaN off the route."""

    fix_ms: int
    lat: float
    lon: float
    progress_m: float


def _time(place: Place) -> int:
    return place.fix_ms


class Trails:
    """The accepted fixes of the escorts, in the order of their times."""

    def __init__(self, plan: ConvoyPlan) -> None:
        limits = plan.limits
        escorts = [vehicle for vehicle in plan.vehicles if vehicle.role == "escort"]
        self._together_m = limits.together_m
        self._off_m = limits.deviation_raise_m
        self._fresh_ms = {v.vehicle_id: 1000 * max(3 * v.ping_interval_s, limits.partner_stale_s) for v in escorts}
        self._places: dict[str, list[Place]] = {v.vehicle_id: [] for v in escorts}

    def place(self, fix_ms: int, lat: float, lon: float, lateral_m: float, progress_m: float) -> Place:
        """Give the place of a fix."""
        return Place(fix_ms, lat, lon, math.nan if lateral_m > self._off_m else progress_m)

    def note(self, vehicle_id: str, place: Place) -> None:
        """Take in a further fix; that of a vehicle which is no escort is passed over."""
        if vehicle_id in self._places:
            self._places[vehicle_id].append(place)

    def unheard_s(self, at_ms: int) -> float:
        """How old the newest fix of any escort was, NaN where there is none."""
        counts = [(places, bisect_right(places, at_ms, key=_time)) for places in self._places.values()]
        newest_ms = max((places[count - 1].fix_ms for places, count in counts if count), default=None)
        return math.nan if newest_ms is None else (at_ms - newest_ms) / 1000

    def gap_m(self, cargo: Place) -> float:
        """Gap of cargo to its nearest escort, both at one instant, NaN where none is known: along the route where both
        are on it, else and within `together_m` in a straight line.
        """
        there = [self._where(vehicle_id, cargo.fix_ms) for vehicle_id in self._places]
        return min((self._apart_m(cargo, place) for place in there if place is not None), default=math.nan)

    def _apart_m(self, cargo: Place, escort: Place) -> float:
        straight_m = distance_m((cargo.lon, cargo.lat), (escort.lon, escort.lat))
        along_m = abs(cargo.progress_m - escort.progress_m)
        return straight_m if straight_m <= self._together_m or math.isnan(along_m) else along_m

    def _where(self, vehicle_id: str, at_ms: int) -> Place | None:
        """Where an escort was: between two fixes in a straight line; None before the first, after the last, and
        where the one before is no longer fresh.
        """
        places, fresh_ms = self._places[vehicle_id], self._fresh_ms[vehicle_id]
        after = bisect_left(places, at_ms, key=_time)
        if after < len(places) and places[after].fix_ms == at_ms:
            return places[after]
        if after in (0, len(places)) or at_ms - places[after - 1].fix_ms > fresh_ms:
            return None
        before, following = places[after - 1 : after + 1]
        share = (at_ms - before.fix_ms) / (following.fix_ms - before.fix_ms)
        pairs = zip(before[1:], following[1:], strict=True)
        return Place(at_ms, *(one + share * (other - one) for one, other in pairs))
