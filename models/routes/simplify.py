"""Fewer points, the same way: no point that is left out is further than the tolerance from the line that stays."""

from collections.abc import Sequence
from itertools import pairwise
from math import cos, hypot, radians, sqrt

from models.geometry import DEGREE_M, Point, distance_m

RUN_POINTS_MAX = 512
"""Looked at together; where no point can go, the work grows with its square."""

PIECE_M_MAX = 10_000.0
"""On longer straight pieces flat and curved geometry differ, and a plan's check takes 50 km for a jump."""


def kept_points(line: Sequence[Point], tolerance_m: float) -> list[int]:
    """Return the indices of the points that stay: Douglas and Peucker's way, in metres, keeping turns back.

    A run of points goes only if each is within the tolerance of the straight piece that takes its place, and they
    advance along it, up to the tolerance: a way out and back on the same road stays as long as it is.
    """
    east_m = [cos(radians(lat)) * DEGREE_M for _, lat in line]
    kept = {0, *range(0, len(line), RUN_POINTS_MAX), len(line) - 1}
    bounds = sorted(kept)
    open_runs = list(pairwise(bounds))
    while open_runs:
        first, last = open_runs.pop()
        split = _split(line, east_m, first, last, tolerance_m)
        if split is not None:
            kept.add(split)
            open_runs += [(first, split), (split, last)]
    return sorted(kept)


def _split(line: Sequence[Point], east_m: Sequence[float], first: int, last: int, tolerance_m: float) -> int | None:
    """Return the point at which a straight piece would leave the way: the furthest one, else where it turns back.

    `east_m` is how long a degree eastwards is at each point. In one loop: loading a nation's plans is mostly this.
    """
    (first_lon, first_lat), (last_lon, last_lat) = line[first], line[last]
    eastwards, north = last_lon - first_lon, (last_lat - first_lat) * DEGREE_M
    furthest, away_m_max = None, tolerance_m
    turn, along_m_max, back_m_max, turned = first, 0.0, tolerance_m, None
    for index in range(first + 1, last):
        lon, lat = line[index]
        x, y, east = (first_lon - lon) * east_m[index], (first_lat - lat) * DEGREE_M, eastwards * east_m[index]
        length_m = sqrt(east * east + north * north)
        along_m = -(x * east + y * north) / length_m if length_m else 0.0
        along_m = 0.0 if along_m < 0.0 else length_m if along_m > length_m else along_m
        share = along_m / length_m if length_m else 0.0
        away_m = hypot(x + share * east, y + share * north)
        if away_m > away_m_max:
            furthest, away_m_max = index, away_m
        if along_m > along_m_max:
            turn, along_m_max = index, along_m
        elif along_m_max - along_m > back_m_max:
            turned, back_m_max = turn, along_m_max - along_m
    if furthest is not None or turned is not None:
        return turned if furthest is None else furthest
    return (first + last) // 2 if last - first > 1 and distance_m(line[first], line[last]) > PIECE_M_MAX else None
