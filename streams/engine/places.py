"""Where on a stretch of the route a fix may be: every prominent local minimum of the distance to it."""

import math

import numpy as np

from streams.engine.dtypes import PLACES, Plans, Records, Row, Scratch
from streams.engine.geometry import wrap_deg
from streams.engine.jit import kernel

# Two minima are two places only if the distance rises this much between them; less is noise along one road. A test that
# compared neighbouring segments instead would drop one of two legs that lie on exactly the same line.
PROMINENCE_M = 20.0


@kernel
def keep_place(places: Records, count: int, at_m: float, lateral_m: float, segment: int) -> int:
    """Add a place, in exchange for the farthest one when there is no room; gives the new count."""
    slot = count
    if count == PLACES:
        slot = 0
        for k in range(1, PLACES):
            if places[k].lateral_m > places[slot].lateral_m:
                slot = k
        if places[slot].lateral_m <= lateral_m:
            return count
        count -= 1
    place = places[slot]
    place.at_m = at_m
    place.lateral_m = lateral_m
    place.segment = segment
    return count + 1


@kernel
def first_segment(plans: Plans, convoy: Row, near_segment: int, low_m: float) -> int:
    """Number of the segment that holds `low_m`, walking back from one known to be near."""
    segment = near_segment
    while segment > 0 and plans.vertices[convoy.vertex_from + segment].at_m > low_m:
        segment -= 1
    return segment


@kernel
def find_places(plans: Plans, convoy: Row, fix: Row, reach: tuple[float, float, int], scratch: Scratch) -> int:
    """Fill `scratch.places` with the places of the route within `reach` = (low_m, high_m, a segment near low_m); gives
    their number.

    The nearest point of the stretch is always among them. Distances are taken in the flat frame of each segment's
    start: for a point within D metres of it the relative error is below D / 6,371,000 * tan(latitude).
    """
    low_m, high_m, near = reach
    count = 0
    falling = True
    valley_m, valley_at_m, valley_segment, ridge_m = np.inf, 0.0, 0, 0.0
    for j in range(first_segment(plans, convoy, near, low_m), convoy.vertex_count - 1):
        v = plans.vertices[convoy.vertex_from + j]
        if v.at_m > high_m:
            break
        x = wrap_deg(fix.lon - v.lon) * v.m_per_lon_deg
        y = (fix.lat - v.lat) * v.m_per_lat_deg
        begin = max(0.0, (low_m - v.at_m) / v.segment_m)
        end = min(1.0, (high_m - v.at_m) / v.segment_m)
        foot = (x * v.dx_m + y * v.dy_m) / (v.segment_m * v.segment_m)
        for u in (min(end, max(begin, foot)), end):
            across, along = x - u * v.dx_m, y - u * v.dy_m
            lateral_m = math.sqrt(across * across + along * along)
            if falling:
                if lateral_m < valley_m:
                    valley_m, valley_at_m, valley_segment = lateral_m, v.at_m + u * v.segment_m, j
                elif lateral_m > valley_m + PROMINENCE_M:
                    count = keep_place(scratch.places, count, valley_at_m, valley_m, valley_segment)
                    falling, ridge_m = False, lateral_m
            elif lateral_m > ridge_m:
                ridge_m = lateral_m
            elif lateral_m < ridge_m - PROMINENCE_M:
                falling = True
                valley_m, valley_at_m, valley_segment = lateral_m, v.at_m + u * v.segment_m, j
    if falling and valley_m < np.inf:
        count = keep_place(scratch.places, count, valley_at_m, valley_m, valley_segment)
    return count
