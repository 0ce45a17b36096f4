"""Simplification: fewer points, the same way, in metres."""

from itertools import pairwise
from math import cos, hypot, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.geometry import DEGREE_M, Point, distance_m, distance_to_line_m, length_m
from models.routes.simplify import kept_points

TOLERANCE_M = 5.0


def metres(east_m: float, north_m: float, lat: float = -0.3) -> Point:
    return 117.2 + east_m / (DEGREE_M * cos(radians(lat))), lat + north_m / DEGREE_M


walks = st.lists(
    st.tuples(st.floats(-40, 40), st.floats(-40, 40)).filter(lambda step: hypot(*step) > 0.1), min_size=1, max_size=60
)


def walked(steps: list[tuple[float, float]], lat: float = -0.3) -> list[Point]:
    east_m = north_m = 0.0
    line = [metres(0, 0, lat)]
    for east, north in steps:
        east_m, north_m = east_m + east, north_m + north
        line.append(metres(east_m, north_m, lat))
    return line


@given(walks, st.sampled_from([-0.3, 6.0, -11.0, 60.0]))
def test_what_is_left_out_lies_within_the_tolerance_and_in_its_order(
    steps: list[tuple[float, float]], lat: float
) -> None:
    line = walked(steps, lat)
    kept = kept_points(line, TOLERANCE_M)
    assert (kept[0], kept[-1]) == (0, len(line) - 1)
    for first, last in pairwise(kept):
        piece = [line[first], line[last]]
        reach_m = [distance_m(line[first], point) for point in line[first : last + 1]]
        assert all(distance_to_line_m(point, piece) <= TOLERANCE_M * 1.01 for point in line[first:last])
        # on a straight piece, who is further from its beginning is further along, but for the distance from it
        assert all(
            earlier <= later + 2 * TOLERANCE_M + 0.1 for at, later in enumerate(reach_m) for earlier in reach_m[:at]
        )


@given(walks)
def test_a_simplified_line_stays_as_it_is(steps: list[tuple[float, float]]) -> None:
    line = walked(steps)
    once = [line[index] for index in kept_points(line, TOLERANCE_M)]
    assert len(kept_points(once, TOLERANCE_M)) == len(once)


def test_a_bend_is_kept_to_the_metre() -> None:
    circle = [metres(500 * sin(radians(step)), 500 * cos(radians(step))) for step in range(361)]
    kept = [circle[index] for index in kept_points(circle, TOLERANCE_M)]
    assert 15 < len(kept) < 40
    assert length_m(kept) == pytest.approx(length_m(circle), rel=0.01)


def test_a_long_straight_road_stays_in_pieces_that_no_check_takes_for_a_jump() -> None:
    line = [metres(200.0 * step, 0) for step in range(400)]
    kept = [line[index] for index in kept_points(line, TOLERANCE_M)]
    assert max(distance_m(start, end) for start, end in pairwise(kept)) <= 10_000
    assert len(kept) < 20


def test_two_points_stay_two() -> None:
    assert kept_points([metres(0, 0), metres(1, 0)], TOLERANCE_M) == [0, 1]
