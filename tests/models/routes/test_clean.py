"""What is done to a line before a plan takes it, and that all of it is told."""

import pytest

from models.routes.clean import route_of
from models.routes.raw import Fix, Line, RouteError, RouteFile

STEP_DEG = 0.0002  # 22 m


def east(count: int, begin: int = 0) -> list[Fix]:
    return [Fix(117.2 + index * STEP_DEG, -0.3) for index in range(begin, begin + count)]


def file(*segments: list[Fix]) -> RouteFile:
    return RouteFile([Line("", segments)])


def test_a_clean_line_is_taken_as_it_is_without_a_word() -> None:
    route = route_of(file([Fix(117.2, -0.3), Fix(117.21, -0.3), Fix(117.21, -0.31)]))
    assert (len(route.line), route.notes, route.times_ms) == (3, [], None)


def test_each_step_is_told() -> None:
    fixes = east(20)
    fixes.insert(9, Fix(117.25, -0.3))
    fixes.insert(3, fixes[3])
    route = route_of(file(fixes[:6], fixes[6:]))
    assert route.line == [(117.2, -0.3), (117.2038, -0.3)]
    assert route.notes == [
        "joined 2 segments across gaps up to 200 m",
        "dropped 1 repeated points",
        "dropped a spike: point 10 at lat -0.30000, lon 117.25000, 5,360 m off",
        "simplified 20 points to 2, within 5 m of the way",
    ]


def test_a_drawn_way_to_a_place_and_back_is_no_spike() -> None:
    spur = [Fix(117.2, -0.3), Fix(117.21, -0.3), Fix(117.21, -0.31), Fix(117.21, -0.3), Fix(117.22, -0.3)]
    assert route_of(file(spur)).line == [fix[:2] for fix in spur]


def test_a_recorded_way_back_on_the_same_road_stays() -> None:
    line = route_of(file(east(15) + east(15)[::-1] + east(25))).line
    assert line == [(117.2, -0.3), (117.2028, -0.3), (117.2, -0.3), (117.2048, -0.3)]


def test_many_spikes_are_counted() -> None:
    fixes = east(200)
    for index in range(10, 190, 20):
        fixes[index] = Fix(fixes[index].lon, -0.25)
    notes = route_of(file(fixes)).notes
    assert sum(note.startswith("dropped a spike: ") for note in notes) == 5
    assert "dropped 4 more spikes" in notes


def test_a_segment_that_runs_backwards_is_told_and_not_turned() -> None:
    with pytest.raises(RouteError, match=r"segments 1 and 2 are .* segment 2 seems to run backwards: turn it"):
        route_of(file(east(30), east(30, 30)[::-1]))
    with pytest.raises(RouteError, match="more than 200: join them in an editor"):
        route_of(file(east(30), east(30, 300)))


def test_swapped_coordinates_are_refused_and_never_swapped() -> None:
    with pytest.raises(RouteError, match="swapped"):
        route_of(file([Fix(fix.lat, fix.lon) for fix in east(3)]))


def test_a_route_outside_of_indonesia_is_told_with_its_first_point() -> None:
    route = route_of(file([*east(3), Fix(117.2, 7.0)]))
    assert route.notes[0] == (
        "1 points lie outside of Indonesia, the first is point 4 at lat 7.00000, lon 117.20000: look at it"
    )


@pytest.mark.parametrize(
    ("times", "span", "note"),
    [
        ((1, 2, 2, 9), (1, 9), None),
        ((1, 2, None, 9), None, "not every point has a time"),
        ((1, 3, 2, 9), None, "its times do not increase"),
        ((5, 5, 5, 5), None, "its times do not increase"),
        ((9, 7, 7, 1), None, "its times run backwards, the line may too"),
    ],
)
def test_a_schedule_is_taken_only_from_times_that_increase(
    times: tuple[int | None, ...], span: tuple[int, int] | None, note: str | None
) -> None:
    fixes = [fix._replace(time_ms=time_ms) for fix, time_ms in zip(east(4), times, strict=True)]
    route = route_of(file(fixes))
    assert route.times_ms == span
    assert any(told.startswith(note) for told in route.notes) if note else len(route.notes) == 1


def test_too_many_points_are_refused() -> None:
    with pytest.raises(RouteError, match="has 200,001 points"):
        route_of(file(east(2) * 100_000 + east(1)))
