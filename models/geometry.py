"""Distances for checking a plan: flat around each point, within 0.5 % of the ellipsoid, which is ample here."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import cos, hypot, inf, radians
from typing import NamedTuple

Point = tuple[float, float]
"""[lon, lat] in WGS 84 degrees."""

DEGREE_M = 111_195.08  # mean radius of 6,371,008.8 m

LEAP = 0.98
"""Distances are flat, 0.5 % wrong each: a leap of all that is left could miss the place by that."""


def offset_m(origin: Point, point: Point) -> Point:
    """Return how far east and north of the origin a point lies, in metres; the short way round the globe."""
    east_deg = (point[0] - origin[0] + 180) % 360 - 180
    middle = radians((origin[1] + point[1]) / 2)
    return east_deg * cos(middle) * DEGREE_M, (point[1] - origin[1]) * DEGREE_M


def distance_m(start: Point, end: Point) -> float:
    """Return the distance of two points in metres."""
    return hypot(*offset_m(start, end))


def steps_m(line: Sequence[Point]) -> list[float]:
    """Return the distances of each point of a line to the next one, in metres."""
    # distance_m without its calls: a nation's plans have millions of points
    return [
        hypot(
            ((end_lon - lon + 180) % 360 - 180) * cos(radians((lat + end_lat) / 2)) * DEGREE_M,
            (end_lat - lat) * DEGREE_M,
        )
        for (lon, lat), (end_lon, end_lat) in pairwise(line)
    ]


def length_m(line: Sequence[Point]) -> float:
    """Return the length of a line in metres."""
    return sum(steps_m(line))


class Nearest(NamedTuple):
    """The first of the nearest places on a line: how far along the line, and how far away, in metres."""

    along_m: float
    away_m: float


def nearest_on_line(point: Point, line: Sequence[Point]) -> Nearest:
    """Return where on a line of two or more points the nearest place to a point is."""
    best, done_m = Nearest(0.0, inf), 0.0
    for (start, end), step_m in zip(pairwise(line), steps_m(line), strict=True):
        share, away_m = _nearest_to_origin(offset_m(point, start), offset_m(point, end))
        if away_m < best.away_m:
            best = Nearest(done_m + share * step_m, away_m)
        done_m += step_m
    return best


def distance_to_line_m(point: Point, line: Sequence[Point]) -> float:
    """Return the distance in metres of a point to the nearest place on a line of two or more points."""
    corners = [offset_m(point, corner) for corner in line]
    return min(_nearest_to_origin(start, end)[1] for start, end in pairwise(corners))


def near_line(points: Sequence[Point], line: Sequence[Point], reach_m: float) -> list[bool]:
    """Tell of each point whether a line of two or more points comes as near to it as `reach_m` metres."""
    marks_m = list(accumulate(steps_m(line), initial=0.0))
    return [_comes_near(point, line, marks_m, reach_m) for point in points]


def _comes_near(point: Point, line: Sequence[Point], marks_m: Sequence[float], reach_m: float) -> bool:
    """Leap along the line: from a corner so far away it takes at least the rest beyond the reach to come near."""
    corner = 0
    while (away_m := distance_m(point, line[corner])) > reach_m:
        leap_m = LEAP * (away_m - reach_m)
        corner = bisect_left(marks_m, marks_m[corner] + leap_m, corner + 1)
        if corner == len(line):
            return False
        ends = offset_m(point, line[corner - 1]), offset_m(point, line[corner])
        if _nearest_to_origin(*ends)[1] <= reach_m:
            return True
    return True


def _nearest_to_origin(start: Point, end: Point) -> tuple[float, float]:
    """Return which share of a straight piece lies before its place nearest to the origin, and how far that is."""
    along = (end[0] - start[0], end[1] - start[1])
    squared = along[0] ** 2 + along[1] ** 2
    share = -(start[0] * along[0] + start[1] * along[1]) / squared if squared else 0.0
    share = min(1.0, max(0.0, share))
    return share, hypot(start[0] + share * along[0], start[1] + share * along[1])
