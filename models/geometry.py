"""Distances for checking a plan: flat around each point, within 0.5 % of the ellipsoid, which is ample here."""

from collections.abc import Sequence
from itertools import pairwise
from math import cos, hypot, radians

Point = tuple[float, float]
"""[lon, lat] in WGS 84 degrees."""

DEGREE_M = 111_195.08  # mean radius of 6,371,008.8 m


def offset_m(origin: Point, point: Point) -> Point:
    """Return how far east and north of the origin a point lies, in metres; the short way round the globe."""
    east_deg = (point[0] - origin[0] + 180) % 360 - 180
    middle = radians((origin[1] + point[1]) / 2)
    return east_deg * cos(middle) * DEGREE_M, (point[1] - origin[1]) * DEGREE_M


def distance_m(start: Point, end: Point) -> float:
    """Return the distance of two points in metres."""
    return hypot(*offset_m(start, end))


def length_m(line: Sequence[Point]) -> float:
    """Return the length of a line in metres."""
    return sum(distance_m(start, end) for start, end in pairwise(line))


def distance_to_line_m(point: Point, line: Sequence[Point]) -> float:
    """Return the distance in metres of a point to the nearest place on a line of two or more points."""
    corners = [offset_m(point, corner) for corner in line]
    return min(_distance_of_origin(start, end) for start, end in pairwise(corners))


def _distance_of_origin(start: Point, end: Point) -> float:
    along = (end[0] - start[0], end[1] - start[1])
    squared = along[0] ** 2 + along[1] ** 2
    share = -(start[0] * along[0] + start[1] * along[1]) / squared if squared else 0.0
    share = min(1.0, max(0.0, share))
    return hypot(start[0] + share * along[0], start[1] + share * along[1])
