"""Plans become tables whose metres are those of the ellipsoid."""

import math
from itertools import pairwise

import numpy as np
import pytest
from geopy.distance import geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from models.instants import format_instant, parse_instant
from models.limits import Limits
from models.plan import PLACES_MAX, Vehicle
from streams.compile_plan import (
    PLANNED_MPS_MAX,
    SEGMENT_M_MAX,
    compile_plan,
    compile_route,
    join,
    overspeed_mps,
    with_limits,
)
from streams.engine.dtypes import CHECKPOINTS_MAX, LIMITS, NEVER, Records
from tests.streams.convoys import plan_of

Route = list[tuple[float, float]]


def length_m(route: Route) -> float:
    return sum(geodesic((a[1], a[0]), (b[1], b[0])).m for a, b in pairwise(route))


@st.composite
def routes(draw: st.DrawFn, west_deg: float = -180.0) -> Route:
    """A walk of up to 50 km with steps of 20 m to 20 km in any direction."""
    at_lon, at_lat = draw(st.floats(west_deg, 180)), draw(st.floats(-60, 60))
    route = [(at_lon, at_lat)]
    for step_m, heading in draw(
        st.lists(st.tuples(st.floats(20, 20_000), st.floats(0, math.tau)), min_size=1, max_size=5)
    ):
        at_lat += step_m * math.cos(heading) / 111_000
        at_lon += step_m * math.sin(heading) / 111_000 / math.cos(math.radians(at_lat))
        at_lon = (at_lon + 180) % 360 - 180
        route.append((at_lon, at_lat))
    return route


def check_chain(vertices: Records) -> None:
    """Every segment begins where the one before ends, is no longer than allowed, and the last vertex has none."""
    assert vertices.at_m[0] == 0
    np.testing.assert_allclose(vertices.at_m[1:], np.cumsum(vertices.segment_m)[:-1])
    np.testing.assert_allclose(np.hypot(vertices.dx_m, vertices.dy_m), vertices.segment_m)
    assert (vertices.segment_m[:-1] > 0).all()
    assert vertices.segment_m.max() <= SEGMENT_M_MAX * 1.001
    assert vertices.segment_m[-1] == 0
    assert (np.abs(vertices.lon) <= 180).all()


@given(routes())
@settings(deadline=None)
def test_lengths_are_those_of_the_ellipsoid(route: Route) -> None:
    vertices = compile_route(route)
    check_chain(vertices)
    assert vertices.at_m[-1] == pytest.approx(length_m(route), rel=1e-4)


@given(routes(west_deg=179.95))
@settings(deadline=None, max_examples=50)
def test_a_route_may_cross_the_date_line(route: Route) -> None:
    vertices = compile_route(route)
    check_chain(vertices)
    assert vertices.at_m[-1] == pytest.approx(length_m(route), rel=1e-4)


def test_both_names_of_the_date_line_are_one_place() -> None:
    vertices = compile_route([(179.99, 0.0), (180.0, 0.0), (-180.0, 0.0), (-179.99, 0.0)])
    assert len(vertices) == 3
    assert vertices.at_m[-1] == pytest.approx(2 * 1113.195, rel=1e-4)


def test_points_that_repeat_the_one_before_are_dropped() -> None:
    route = [(117.0, 0.0), (117.0, 0.0), (117.01, 0.0), (117.01, 0.0), (117.01, 0.0), (117.0, 0.0)]
    vertices = compile_route(route)
    assert vertices.lon.tolist() == pytest.approx([117.0, 117.01, 117.0])


def test_given_points_stay_where_they_are_and_long_segments_get_points_between_them() -> None:
    route = [(117.0, 0.0), (117.0, 0.1), (117.001, 0.1)]
    vertices = compile_route(route)
    assert vertices.lon.tolist() == pytest.approx([117.0, 117.0, 117.0, 117.0, 117.001])
    assert vertices.lat.tolist() == pytest.approx([0.0, 0.1 / 3, 0.2 / 3, 0.1, 0.1])


@given(st.tuples(st.floats(-180, 180), st.floats(-89, 89)), st.integers(2, 4))
def test_a_route_that_stays_in_one_place_is_refused(place: tuple[float, float], points: int) -> None:
    with pytest.raises(ValueError, match="all in one place"):
        compile_route([place] * points)


def test_a_route_around_the_pole_has_numbers() -> None:
    vertices = compile_route([(0.0, 89.999), (90.0, 89.999), (180.0, 90.0)])
    assert np.isfinite([vertices[name] for name in vertices.dtype.names]).all()


def test_a_plan_becomes_its_limits_places_and_times() -> None:
    compiled = compile_plan(
        plan_of(
            risk="high",
            depart_at="2024-11-28T06:00:00+08:00",
            limits=Limits(deviation_raise_m=80, arrive_pct=90),
            stops=[{"name": "SPBU", "lat": 0.01, "lon": 117.0, "radius_m": 90, "max_dwell_s": 600}],
            no_signal=[{"from_m": 100, "to_m": 250}],
        )
    )
    convoy = compiled.convoy[0]
    assert convoy.depart_ms == parse_instant("2024-11-27T22:00:00Z")
    assert convoy.high_risk == 1
    assert {name: convoy[name] for name in LIMITS} == {name: getattr(compiled.plan.limits, name) for name in LIMITS}
    assert (convoy.deviation_raise_m, convoy.arrive_pct) == (80.0, 90.0)
    assert convoy.length_m == compiled.vertices.at_m[-1] == pytest.approx(11_057.4, rel=1e-4)
    assert compiled.stops.tolist() == [(0.01, 117.0, 90.0, 600.0)]
    assert compiled.stretches.tolist() == [(100.0, 250.0)]
    assert sorted(compiled.vehicles) == ["KT-1", "POL-1"]


def test_a_plan_without_times_and_places_has_none() -> None:
    compiled = compile_plan(plan_of())
    assert (compiled.convoy[0].depart_ms, len(compiled.stops), len(compiled.stretches)) == (NEVER, 0, 0)
    assert (len(compiled.checkpoints), len(compiled.schedule)) == (0, 0)


M_PER_DEG = 110_574.3
THERE_AND_BACK = [(117.0, 0.0), (117.0, 0.1), (117.0, 0.0)]


def gate(along_m: float, aside_m: float = 0.0, radius_m: float = 150.0, **more: object) -> dict[str, object]:
    place = {"lat": along_m / M_PER_DEG, "lon": 117.0 + aside_m / 111_319.5}
    return {"name": f"km {along_m / 1000:g}", "radius_m": radius_m, **place, **more}


def placed(route: Route, *gates: dict[str, object]) -> list[tuple[int, int]]:
    """Where along the route and how far off it, to the metre."""
    compiled = compile_plan(plan_of(route=route, checkpoints=list(gates)))
    assert len(compiled.checkpoints) == compiled.convoy[0].checkpoint_count == len(gates)
    return [(round(row.at_m), round(row.off_m)) for row in compiled.checkpoints]


def test_a_checkpoint_lies_where_the_route_is_nearest_to_it() -> None:
    assert placed([(117.0, 0.0), (117.0, 0.1)], gate(3000), gate(7000, 120)) == [(3000, 0), (7000, 120)]


def test_of_two_passes_the_order_decides_and_then_the_first() -> None:
    assert placed(THERE_AND_BACK, gate(3000)) == [(3000, 0)]
    assert placed(THERE_AND_BACK, gate(3000), gate(8000), gate(3000)) == [(3000, 0), (8000, 0), (19_115, 0)]
    assert placed(THERE_AND_BACK, gate(8000), gate(3000)) == [(8000, 0), (19_115, 0)]


def test_beside_the_way_back_it_is_still_the_first_pass_within_its_radius() -> None:
    loop = [(117.0, 0.0), (117.0, 0.1), (117.0005, 0.1), (117.0005, 0.0)]
    assert placed(loop, gate(3000, 50)) == [(3000, 50)]
    assert placed(loop, gate(3000, 80, radius_m=30)) == [(19_171, 24)]


def test_on_the_way_back_it_is_not_the_street_beside_it() -> None:
    loop = [(117.0, 0.0), (117.0, 0.1), (117.001, 0.1), (117.001, 0.0)]
    assert placed(loop, gate(3000, 111)) == [(19_226, 0)]
    assert placed(loop, gate(3000, 70)) == [(3000, 70)]


def test_a_checkpoint_out_of_order_is_put_where_it_does_the_least_harm() -> None:
    assert placed([(117.0, 0.0), (117.0, 0.1)], gate(7000), gate(6500)) == [(7000, 0), (7000, 0)]


def test_as_many_checkpoints_as_a_plan_may_have_fit_the_engine_s_room() -> None:
    assert CHECKPOINTS_MAX == PLACES_MAX


@given(st.lists(st.tuples(st.floats(-500, 12_000), st.floats(-1500, 1500), st.floats(1, 2000)), max_size=12))
@settings(deadline=None, max_examples=50)
def test_progress_never_falls_from_checkpoint_to_checkpoint(gates: list[tuple[float, float, float]]) -> None:
    compiled = compile_plan(plan_of(route=THERE_AND_BACK, checkpoints=[gate(*one) for one in gates]))
    assert (np.diff(compiled.checkpoints.at_m) >= 0).all()
    assert ((compiled.checkpoints.at_m >= 0) & (compiled.checkpoints.at_m <= compiled.length_m)).all()


def timetable(**fields: object) -> list[tuple[int, int]]:
    """Points of a plan's timetable: metres, and seconds from midnight on."""
    compiled = compile_plan(plan_of(**fields))
    assert compiled.convoy[0].schedule_count == len(compiled.schedule)
    midnight_ms = parse_instant("2024-11-28T00:00:00Z")
    return [(round(at_m), round((ms - midnight_ms) / 1000)) for at_m, ms in compiled.schedule.tolist()]


def clock(minutes: float) -> str:
    return format_instant(parse_instant("2024-11-28T00:00:00Z") + round(60_000 * minutes))


def test_the_timetable_has_the_departure_the_planned_checkpoints_and_the_arrival() -> None:
    gates = [gate(3000, planned_at=clock(5)), gate(5000), gate(7000, planned_at=clock(12))]
    assert timetable(checkpoints=gates, depart_at=clock(0), arrive_by=clock(20)) == [
        (0, 0),
        (3000, 300),
        (7000, 720),
        (11_057, 1200),
    ]


def test_without_a_departure_the_start_is_reckoned_back_at_the_mean_pace() -> None:
    gates = [gate(3000, planned_at=clock(5)), gate(9000, planned_at=clock(15))]
    assert timetable(checkpoints=gates)[0] == (0, 0)
    assert timetable(arrive_by=clock(20))[0] == (0, 1200 - round(11_057.4 / PLANNED_MPS_MAX))
    slow_to_say = [gate(3000, planned_at=clock(5)), gate(9000, planned_at=clock(5.5))]
    assert timetable(checkpoints=slow_to_say)[0] == (0, 300 - round(3000 / PLANNED_MPS_MAX))


def test_a_departure_alone_is_no_timetable() -> None:
    assert timetable(depart_at=clock(0)) == []


def test_times_that_contradict_each_other_never_run_back() -> None:
    gates = [gate(3000, planned_at=clock(15)), gate(3000, planned_at=clock(16)), gate(9000, planned_at=clock(10))]
    assert timetable(checkpoints=gates, depart_at=clock(0)) == [(0, 0), (3000, 960), (9000, 960)]


@pytest.mark.parametrize(
    ("mode", "own_mps", "mps"), [("truck", None, 25), ("other", None, math.inf), ("truck", 20.0, 20), ("other", 9.0, 9)]
)
def test_the_speed_allowed_is_the_plan_s_or_that_of_the_mode(mode: str, own_mps: float | None, mps: float) -> None:
    vehicle = Vehicle(vehicle_id="KT-1", role="cargo", mode=mode)
    plan = plan_of(vehicles=[vehicle], limits=Limits(overspeed_mps=own_mps))
    assert overspeed_mps(plan, vehicle) == mps


def test_the_version_is_that_of_the_route_alone() -> None:
    version = compile_plan(plan_of()).convoy[0].version
    assert version > 0
    assert compile_plan(plan_of(name="Other", limits=Limits(stall_hold_s=10), risk="low")).convoy[0].version == version
    assert compile_plan(plan_of(route=[(117.0, 0.0), (117.0, 0.05), (117.0, 0.1001)])).convoy[0].version != version


def places(count: int) -> list[dict[str, object]]:
    return [{"name": str(number), "lat": 0.01 * number, "lon": 117.0} for number in range(count)]


def stretches(count: int) -> list[dict[str, float]]:
    return [{"from_m": 10.0 * number, "to_m": 10.0 * number + 5} for number in range(count)]


@given(st.lists(st.tuples(st.integers(2, 9), st.integers(0, 4), st.integers(0, 4)), max_size=5))
@settings(deadline=None, max_examples=50)
def test_each_convoy_finds_its_own_in_the_joined_tables(sizes: list[tuple[int, int, int]]) -> None:
    compiled = [
        compile_plan(
            plan_of(
                f"C{number}",
                route=[(100.0 + number, 0.001 * point) for point in range(points)],
                stops=places(stops),
                no_signal=stretches(silent),
            )
        )
        for number, (points, stops, silent) in enumerate(sizes)
    ]
    plans = join(compiled)
    assert len(plans.convoys) == len(sizes)
    assert len(plans.vertices) == sum(size[0] for size in sizes)
    for one, convoy in zip(compiled, plans.convoys, strict=True):
        vertices = plans.vertices[convoy.vertex_from : convoy.vertex_from + convoy.vertex_count]
        assert vertices.tobytes() == one.vertices.tobytes()
        stops = plans.stops[convoy.stop_from : convoy.stop_from + convoy.stop_count]
        assert stops.tobytes() == one.stops.tobytes()
        silent = plans.stretches[convoy.stretch_from : convoy.stretch_from + convoy.stretch_count]
        assert silent.tobytes() == one.stretches.tobytes()


def test_a_plan_under_other_limits_is_as_if_compiled_anew_and_leaves_the_first_as_it_was() -> None:
    first = compile_plan(plan_of())
    limits = Limits(deviation_raise_m=150, stall_hold_s=90, arrive_pct=90)
    again, anew = with_limits(first, limits), compile_plan(plan_of(limits=limits))
    assert again.plan == anew.plan
    assert again.convoy.tobytes() == anew.convoy.tobytes()
    assert again.vertices is first.vertices
    assert first.convoy.tobytes() == compile_plan(plan_of()).convoy.tobytes()
