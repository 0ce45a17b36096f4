"""Fewer points, the same way: no point that is left out is further than the tolerance from the line that stays."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import cos, hypot, radians

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
    kept = {0, *range(0, len(line), RUN_POINTS_MAX), len(line) - 1}
    bounds = sorted(kept)
    open_runs = list(pairwise(bounds))
    while open_runs:
        first, last = open_runs.pop()
        split = _split(line, first, last, tolerance_m)
        if split is not None:
            kept.add(split)
            open_runs += [(first, split), (split, last)]
    return sorted(kept)


def _split(line: Sequence[Point], first: int, last: int, tolerance_m: float) -> int | None:
    """Return the point at which a straight piece would leave the way: the furthest one, else where it turns back."""
    furthest, away_m_max = None, tolerance_m
    turn, along_m_max, back_m_max, turned = first, 0.0, tolerance_m, None
    for index, along_m, away_m in _offsets(line, first, last):
        if away_m > away_m_max:
            furthest, away_m_max = index, away_m
        if along_m > along_m_max:
            turn, along_m_max = index, along_m
        elif along_m_max - along_m > back_m_max:
            turned, back_m_max = turn, along_m_max - along_m
    if furthest is not None or turned is not None:
        return turned if furthest is None else furthest
    return (first + last) // 2 if last - first > 1 and distance_m(line[first], line[last]) > PIECE_M_MAX else None


def _offsets(line: Sequence[Point], first: int, last: int) -> Iterator[tuple[int, float, float]]:
    """Yield for each point between two others how far along their straight piece it is, and how far away from it."""
    for index in range(first + 1, last):
        lon, lat = line[index]
        east = cos(radians(lat)) * DEGREE_M
        start = (line[first][0] - lon) * east, (line[first][1] - lat) * DEGREE_M
        along = (line[last][0] - line[first][0]) * east, (line[last][1] - line[first][1]) * DEGREE_M
        length_m = hypot(*along)
        share = -(start[0] * along[0] + start[1] * along[1]) / length_m**2 if length_m else 0.0
        share = min(1.0, max(0.0, share))
        yield index, share * length_m, hypot(start[0] + share * along[0], start[1] + share * along[1])
