"""Fewer points, the same way: no point that is left out is further than the tolerance from the line that stays."""

from collections.abc import Sequence
from itertools import pairwise
from math import cos, hypot, radians

from models.geometry import DEGREE_M, Point

RUN_POINTS_MAX = 64
"""Looked at together; where no point can go, the work grows with its square."""

PIECE_M_MAX = 10_000.0
"""On longer straight pieces flat and curved geometry differ, and a plan's check takes 50 km for a jump."""


def kept_points(line: Sequence[Point], tolerance_m: float) -> list[int]:
    """Return the indices of the points that stay: Douglas and Peucker's way, in metres, keeping turns back.

    A run of points goes only if each is within the tolerance of the straight piece that takes its place, and they
    advance along it, up to the tolerance: a way out and back on the same road stays as long as it is.
    """
    kept = {0, *range(0, len(line), RUN_POINTS_MAX), len(line) - 1}
    bounds = sorted(kept)
    open_runs = list(pairwise(bounds))
    while open_runs:
        first, last = open_runs.pop()
        split = _split(line[first : last + 1], tolerance_m)
        if split is not None:
            kept.add(first + split)
            open_runs += [(first, first + split), (first + split, last)]
    return sorted(kept)


def _split(run: Sequence[Point], tolerance_m: float) -> int | None:
    """Return the point at which a straight piece would leave the way: the furthest one, else where it turns back.

    In one loop without calls: loading a nation's plans is mostly this. A degree eastwards is as long everywhere as at
    the run's middle, which on a piece of PIECE_M_MAX is wrong by less than a thousandth, up to 50 degrees of latitude.
    """
    (first_lon, first_lat), (last_lon, last_lat) = run[0], run[-1]
    east_m = cos(radians((first_lat + last_lat) / 2)) * DEGREE_M
    east, north = (last_lon - first_lon) * east_m, (last_lat - first_lat) * DEGREE_M
    length_m = hypot(east, north)
    east_share, north_share = (east / length_m, north / length_m) if length_m else (0.0, 0.0)
    furthest, away_m_max = None, tolerance_m
    turn, along_m_max, back_m_max, turned = 0, 0.0, tolerance_m, None
    for index, (lon, lat) in enumerate(run):
        x, y = (lon - first_lon) * east_m, (lat - first_lat) * DEGREE_M
        along_m = x * east_share + y * north_share
        if along_m <= 0.0:
            along_m, away_m = 0.0, hypot(x, y)
        elif along_m >= length_m:
            along_m, away_m = length_m, hypot(x - east, y - north)
        else:
            away_m = abs(x * north_share - y * east_share)
        if away_m > away_m_max:
            furthest, away_m_max = index, away_m
        if along_m > along_m_max:
            turn, along_m_max = index, along_m
        elif along_m_max - along_m > back_m_max:
            turned, back_m_max = turn, along_m_max - along_m
    if furthest is not None or turned is not None:
        return turned if furthest is None else furthest
    return (len(run) - 1) // 2 if len(run) > 2 and length_m > PIECE_M_MAX else None
