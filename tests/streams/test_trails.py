"""How far cargo is from its nearest escort, both at one instant."""

import math

import pytest

from streams.trails import Place, Trails
from tests.streams.convoys import M_PER_DEG, plan_of


def place(fix_ms: int, along_m: float, progress_m: float = math.nan) -> Place:
    return Place(fix_ms, along_m / M_PER_DEG, 117.0, progress_m)


def trails(*places: Place) -> Trails:
    found = Trails(plan_of())
    for one in places:
        found.note("POL-1", one)
    return found


def test_the_escort_is_where_it_was_between_two_fixes() -> None:
    escort = trails(place(0, 1000.0), place(10_000, 1200.0))
    assert escort.gap_m(place(5_000, 1500.0)) == pytest.approx(400.0, rel=0.01)
    assert escort.gap_m(place(10_000, 1500.0)) == pytest.approx(300.0, rel=0.01)


def test_where_it_was_is_not_known_beyond_its_fixes_nor_long_after_one() -> None:
    escort = trails(place(0, 1000.0), place(100_000, 1000.0))
    assert escort.gap_m(place(60_000, 1500.0)) == pytest.approx(500.0, rel=0.01)
    for ms in (-1, 60_001, 100_001):
        assert math.isnan(escort.gap_m(place(ms, 1500.0)))


def test_along_the_route_counts_where_both_are_on_it_and_are_not_side_by_side() -> None:
    escort = trails(place(0, 1000.0, 5000.0))
    assert escort.gap_m(place(0, 1200.0, 7000.0)) == pytest.approx(2000.0)
    assert escort.gap_m(place(0, 1050.0, 7000.0)) == pytest.approx(50.0, rel=0.01)
    assert escort.gap_m(place(0, 1200.0)) == pytest.approx(200.0, rel=0.01)


def test_whoever_is_no_escort_is_passed_over() -> None:
    found = Trails(plan_of())
    found.note("KT-1", place(0, 1000.0))
    assert math.isnan(found.gap_m(place(0, 1000.0)))
    assert math.isnan(found.unheard_s(0))


def test_the_age_of_the_newest_fix_before_an_instant() -> None:
    escort = trails(place(0, 1000.0), place(10_000, 1200.0))
    assert [escort.unheard_s(ms) for ms in (9_999, 10_000, 12_500)] == [9.999, 0.0, 2.5]
    assert math.isnan(escort.unheard_s(-1))
