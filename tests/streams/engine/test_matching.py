"""Progress along the route: never a leap that did not happen."""

import json
import math
import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from models.route_files import read_route
from tests.streams.engine.road import (
    COMPILED,
    LAT,
    LON,
    M_PER_LAT_DEG,
    M_PER_LON_DEG,
    STRAIGHT,
    Drive,
    Point,
    checkpoint,
    examples,
    line,
    ping,
    plan,
)

GPX = Path(__file__).parents[4] / "shared" / "data" / "gpx"
LEAP_M = 300.0

CORNER = [(0.0, 0.0), (3000.0, 0.0), (3000.0, 2500.0)]
SHAPES: dict[str, list[Point]] = {
    "out and back": [*CORNER, *CORNER[-2::-1]],
    "out and back on the other side of the road": [(0, 0), (4000, 0), (4000, 12), (0, 12)],
    "a side road and back": [(0, 0), (2000, 0), (2000, 900), (2000, 0), (5000, 0)],
    "figure of eight": [(1500 * math.sin(t), 800 * math.sin(2 * t)) for t in np.linspace(0, 2 * math.pi, 80).tolist()],
    "spiral": [
        ((300 + 25 * t) * math.cos(t), (300 + 25 * t) * math.sin(t)) for t in np.linspace(0, 6 * math.pi, 150).tolist()
    ],
    "the same lap twice": [(0, 0), (1500, 0), (1500, 1000), (0, 1000)] * 2 + [(0, 0)],
    "hairpins": [(1000.0 * (i % 2), 60.0 * (i // 2) + 60.0 * (i % 2)) for i in range(16)],
    "parallel streets": [(0, 0), (3000, 0), (3000, 150), (0, 150), (0, 300), (3000, 300)],
}


def along(route: list[Point], at_m: float) -> Point:
    """The point of a route at a distance from its start."""
    for begin, end in pairwise(route):
        length_m = math.dist(begin, end)
        if at_m <= length_m and length_m > 0:
            share = at_m / length_m
            return begin[0] + share * (end[0] - begin[0]), begin[1] + share * (end[1] - begin[1])
        at_m -= length_m
    return route[-1]


def length_m(route: list[Point]) -> float:
    return sum(math.dist(a, b) for a, b in pairwise(route))


def drive_through(route: list[Point], every_s: float, seed: int) -> list[tuple[float, float | None, float]]:
    """Drive a route with noisy fixes; gives (true progress, told progress, distance from the route) of each fix."""
    chance = random.Random(seed)
    drive, told = Drive(plan(route)), []
    at_m, time_s, speed_mps = 0.0, 0.0, 12.0
    east_m = north_m = 0.0
    while at_m < length_m(route):
        east_m, north_m = 0.8 * east_m + chance.gauss(0, 3), 0.8 * north_m + chance.gauss(0, 3)
        x, y = along(route, at_m)
        drive.send(ping(time_s, (x + east_m, y + north_m)))
        status = drive.detection.status("C1")
        assert status is not None
        told.append((at_m, status.vehicles[0].progress_m, status.vehicles[0].lateral_m or 0.0))
        speed_mps = min(20.0, max(0.0, speed_mps + chance.gauss(0, 2)))
        at_m += speed_mps * every_s
        time_s += every_s
    assert not drive.told("deviation")
    return told


@pytest.mark.compiled_only
@pytest.mark.parametrize("every_s", [1, 5, 10, 30] if COMPILED else [30])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_drive_along_any_shape_never_leaps(shape: str, every_s: int):
    for seed in range(examples(2 if every_s == 1 else 6)):
        told = drive_through(SHAPES[shape], every_s, seed)
        known = [(true_m, told_m) for true_m, told_m, _ in told if told_m is not None]
        assert len(known) >= len(told) - 1 - math.ceil(60 / every_s), "unknown for longer than it takes to decide"
        # without heading and speed, one fix in 30 s may lie on either leg of a turn: it is told from the next one on
        limit_m = LEAP_M if every_s <= 10 else 20.0 * every_s
        assert max(abs(true_m - told_m) for true_m, told_m in known) <= limit_m
        assert max(lateral_m for *_, lateral_m in told) < 40


@pytest.mark.parametrize("name", sorted(path.name for path in GPX.glob("*.gpx")) or ["(none)"])
def test_a_drive_along_a_recorded_route_never_leaps(name: str):
    if not GPX.is_dir():
        pytest.skip("the shared test data are not beside the project")
    if name in {"gh_no_trk.gpx", "gh_no_trkseg.gpx", "gpxpy_unicode_with_bom_noencoding.gpx"}:
        pytest.skip("holds no route")
    points = read_route(GPX / name).line
    lon, lat = points[0]
    scale = math.cos(math.radians(lat))
    route = [((x - lon) * M_PER_LON_DEG * scale, (y - lat) * M_PER_LAT_DEG) for x, y in points]
    for every_s in (2, 10, 20) if COMPILED else (20,):
        told = drive_through(route, every_s, 1)
        assert max(abs(true_m - told_m) for true_m, told_m, _ in told if told_m is not None) <= LEAP_M


def test_the_first_match_waits_for_displacement_where_two_legs_fit():
    out_and_back = [(0.0, 0.0), (5000.0, 0.0), (0.0, 0.0)]
    drive = Drive(plan(out_and_back))
    assert drive.send(ping(0, (2000, 0))).progress_m() is None
    assert drive.send(ping(10, (2020, 0))).progress_m() is None
    assert drive.send(ping(20, (2120, 0))).progress_m() == pytest.approx(2120, abs=2)


def test_displacement_tells_the_leg_back():
    out_and_back = [(0.0, 0.0), (5000.0, 0.0), (0.0, 0.0)]
    drive = Drive(plan(out_and_back)).send(ping(0, (2000, 0)), ping(10, (1900, 0)))
    assert drive.progress_m() == pytest.approx(8100, abs=2)


def test_heading_tells_the_leg_at_once():
    out_and_back = [(0.0, 0.0), (5000.0, 0.0), (0.0, 0.0)]
    drive = Drive(plan(out_and_back)).send(ping(0, (2000, 0), heading_deg=270, speed_mps=10))
    assert drive.progress_m() == pytest.approx(8000, abs=2)


def test_heading_of_a_standing_vehicle_tells_nothing():
    out_and_back = [(0.0, 0.0), (5000.0, 0.0), (0.0, 0.0)]
    drive = Drive(plan(out_and_back)).send(ping(0, (2000, 0), heading_deg=270, speed_mps=0.5))
    assert drive.progress_m() is None


def test_a_round_trip_begins_at_its_beginning():
    drive = Drive(plan(SHAPES["the same lap twice"])).along([(20.0 * i, 0.0) for i in range(5)])
    assert drive.progress_m() == pytest.approx(80, abs=1)
    assert drive.told() == []


def test_fixes_that_slide_back_and_say_so_do_not_tell_of_a_turn():
    drive = Drive(plan([(0.0, 0.0), (5000.0, 0.0), (0.0, 0.0)]))
    drive.along([*line((0, 0), (5000, 0), 75), *line((4925, 0), (3050, 0), 75)], every_s=5)
    slides = [60, 120, 170, 190, 170, 120, 60, 0]
    for i, slide_m in enumerate(slides):
        x = 3038.0 - 12.0 * i
        fix = ping(600 + 5 * i, (x + slide_m, 0), speed_mps=2.5, heading_deg=270, accuracy_m=5 + slide_m / 2)
        drive.send(fix)
    assert drive.progress_m() == pytest.approx(10_000 - x, abs=2)


def test_a_shortcut_rejoins_further_ahead():
    winding = [(0.0, 0.0), (2000.0, 0.0), (2000.0, 3000.0), (4000.0, 3000.0), (4000.0, 0.0), (8000.0, 0.0)]
    drive = Drive(plan(winding)).along(line((0, 0), (8000, 0), 120))
    assert [told for told in drive.told("deviation") if "updated" not in told] == [
        "deviation raised",
        "deviation cleared",
    ]
    assert drive.progress_m() == pytest.approx(length_m(winding), abs=5)


def test_a_detour_hardly_shorter_than_the_road_it_spares_rejoins_at_its_first_fix():
    bend = [(0.0, 0.0), (2000.0, 0.0), (2000.0, 600.0), (0.0, 600.0)]
    beside = [*line((1500, 0), (1890, 110), 100), *line((1890, 210), (1890, 490), 100), (1790, 560)]
    drive = Drive(plan(bend)).along([*line((0, 0), (1400, 0), 100), *beside])
    assert drive.progress_m() == pytest.approx(2810, abs=1)


def test_a_detour_comes_back_to_where_it_left():
    away = [(3000.0, y) for y in range(100, 601, 100)]
    points = [*line((0, 0), (3000, 0), 100), *away, *away[::-1], *line((3000, 0), (5000, 0), 100)]
    drive = Drive(plan(STRAIGHT)).along(points)
    assert drive.told() == ["deviation raised", "deviation updated", "deviation cleared"]
    assert drive.progress_m() == pytest.approx(5000, abs=2)


def test_a_vehicle_that_turns_back_is_followed_back():
    drive = Drive(plan(STRAIGHT)).along([*line((0, 0), (5000, 0), 100), *line((4900, 0), (3000, 0), 100)])
    assert drive.told("deviation") == []
    assert drive.progress_m() == pytest.approx(3000, abs=2)


def test_a_vehicle_brought_back_behind_its_window_is_found_again():
    far_around = [
        *line((5000, 0), (5000, 1500), 150),
        *line((4850, 1500), (1000, 1500), 150),
        *line((1000, 1350), (1000, 0), 150),
    ]
    drive = Drive(plan(STRAIGHT)).along([*line((0, 0), (5000, 0), 100), *far_around, *line((1100, 0), (3000, 0), 100)])
    assert drive.told("deviation")[-1] == "deviation cleared"
    assert drive.progress_m() == pytest.approx(3000, abs=2)


def test_crossing_an_earlier_leg_on_a_detour_is_no_return():
    route = [(0.0, 0.0), (4000.0, 0.0), (4000.0, 1000.0), (0.0, 1000.0)]
    drive = Drive(plan(route)).along([*line((0, 0), (4000, 0), 100), *line((4000, 100), (4000, 1000), 100)])
    drive.along(line((3900, 1000), (2000, 1000), 100), begin_s=1000)
    before_m = drive.progress_m()
    drive.along([(2000.0, 1000.0 - 100 * i) for i in range(1, 16)], begin_s=2000)
    assert drive.told("deviation")[:1] == ["deviation raised"]
    assert "deviation cleared" not in drive.told()
    assert drive.progress_m() == before_m


@pytest.mark.parametrize("halt", [{"speed_mps": 0.0}, {}], ids=["says-so", "knows-no-speed"])
def test_a_halt_beside_another_leg_is_no_way_along_it(halt: dict[str, float]):
    route = [(0.0, 0.0), (4000.0, 0.0), (4000.0, 1000.0), (0.0, 1000.0)]
    drive = Drive(plan(route)).along([*line((0, 0), (2000, 0), 100), *line((2000, 100), (2000, 950), 100)])
    left_m = drive.progress_m()
    drive.along([(2000.0 + i % 2, 950.0) for i in range(60)], begin_s=320, **halt)
    assert drive.progress_m() == left_m
    drive.along(line((1900, 1000), (1000, 1000), 100), begin_s=920)
    assert drive.progress_m() == pytest.approx(8000, abs=2)


def test_a_halt_beside_the_road_it_has_just_come_along_is_on_it():
    drive = Drive(plan(STRAIGHT)).along(line((0, 0), (5000, 0), 100))
    drive.along([(7000.0, 110.0), (7000.0, 85.0), (7000.0, 85.0)], begin_s=630, every_s=30)
    assert drive.progress_m() == pytest.approx(7000, abs=2)


def test_the_way_through_a_silence_may_wind():
    winding = [(0.0, 0.0), (2000.0, 0.0), (2000.0, 2000.0), (3000.0, 2000.0), (3000.0, 0.0), (8000.0, 0.0)]
    drive = Drive(plan(winding, checkpoints=[checkpoint((2500, 2000))])).along(line((0, 0), (2000, 0), 100))
    drive.along(line((3000, 0), (4000, 0), 100), begin_s=600)
    assert drive.told("missed-checkpoint") == []
    assert drive.progress_m() == pytest.approx(8000, abs=5)


def test_a_changed_route_starts_matching_afresh():
    other = [(0.0, 500.0), (20_000.0, 500.0)]
    drive = Drive(plan(STRAIGHT)).along(line((0, 0), (3000, 0), 100))
    drive.detection.put_plan(plan(other))
    drive.along(line((3100, 500), (4000, 500), 100), begin_s=310)
    assert drive.told() == []
    assert drive.progress_m() == pytest.approx(4000, abs=2)


def test_a_route_across_the_date_line_is_one_road():
    drive = Drive(plan([(0.0, 0.0), (20_000.0, 0.0)]))
    shift_deg = 180.0 - LON - 0.05
    moved = plan(STRAIGHT).model_copy(
        update={"route": [((LON + x / M_PER_LON_DEG + shift_deg + 180) % 360 - 180, LAT) for x, _ in STRAIGHT]}
    )
    drive = Drive(moved)
    for i in range(100):
        lon = (LON + 150 * i / M_PER_LON_DEG + shift_deg + 180) % 360 - 180
        at = ping(10.0 * i, None)
        body = json.loads(at.value) | {"lat": LAT, "lon": lon}
        drive.send(replace(at, value=json.dumps(body).encode()))
    assert drive.told() == []
    assert drive.progress_m() == pytest.approx(14_850, abs=3)


@pytest.mark.compiled_only
def test_crossing_an_earlier_leg_slowly_is_no_return_either():
    route = [(0.0, 0.0), (4000.0, 0.0), (4000.0, 1000.0), (0.0, 1000.0)]
    drive = Drive(plan(route)).along([*line((0, 0), (4000, 0), 100), *line((4000, 100), (4000, 1000), 100)])
    drive.along(line((3900, 1000), (2000, 1000), 100), begin_s=1000)
    before_m = drive.progress_m()
    for every_s in (1, 5):
        aside = line((2000, 990), (2000, -500), 3 * every_s)
        crossing = Drive(plan(route)).along(line((4000, 0), (4000, 1000), 100))
        crossing.along(line((3900, 1000), (2000, 1000), 100), begin_s=1000)
        crossing.along(aside, begin_s=2000, every_s=every_s, speed_mps=3, heading_deg=180)
        assert crossing.progress_m() == pytest.approx(before_m, abs=50)


def test_a_long_detour_beside_a_road_there_and_back_ends_on_the_way_back():
    out_and_back = [(0.0, 0.0), (8000.0, 0.0), (0.0, 0.0)]
    aside = [*line((5000, 300), (8000, 300), 75), *line((8000, 300), (7000, 300), 75)]
    drive = Drive(plan(out_and_back)).along(line((0, 0), (5000, 0), 75), every_s=5)
    drive.along(aside, begin_s=400, every_s=5)
    drive.along(line((6940, 240), (6700, 0), 75), begin_s=700, every_s=5)
    drive.along(line((6625, 0), (5000, 0), 75), begin_s=730, every_s=5, speed_mps=15, heading_deg=270)
    assert drive.progress_m() == pytest.approx(11_000, abs=5)
    assert drive.told("wrong-way") == []


def test_a_standing_vehicle_whose_position_wanders_back_has_not_turned():
    drive = Drive(plan([(0.0, 0.0), (5000.0, 0.0), (0.0, 0.0)]))
    drive.along([*line((0, 0), (5000, 0), 75), *line((4925, 0), (2000, 0), 75)], every_s=5, speed_mps=15)
    standing = [(2000.0 + drift_m, 0.0) for drift_m in (-20, -60, -85, -60, -20, 20, 60, 98, 100)]
    drive.along(standing, begin_s=600, speed_mps=0.1)
    assert drive.progress_m() == pytest.approx(7900, abs=2)


def test_turning_back_long_before_the_turn_of_the_road_is_the_wrong_way():
    drive = Drive(plan([(0.0, 0.0), (5000.0, 0.0), (0.0, 0.0)]))
    drive.along([*line((0, 0), (4550, 0), 105), *line((4500, 0), (3500, 0), 105)], every_s=15, speed_mps=7)
    assert drive.told("wrong-way")[:1] == ["wrong-way raised"]


def test_turning_back_after_the_turn_of_the_road_is_the_wrong_way():
    """One that had turned before the end of the road, and now goes on there, would have turned twice."""
    drive = Drive(plan([(0.0, 0.0), (5000.0, 0.0), (0.0, 0.0)]))
    drive.along(line((0, 0), (5000, 0), 200), every_s=15, speed_mps=13, heading_deg=90)
    drive.along(line((4800, 0), (4360, 0), 200), begin_s=390, every_s=15, speed_mps=13, heading_deg=270)
    drive.along(line((4450, 0), (4850, 0), 105), begin_s=435, every_s=15, speed_mps=7, heading_deg=90)
    assert drive.told() == ["wrong-way raised"]
    assert drive.progress_m() == pytest.approx(5150, abs=5)


def test_of_two_places_that_fit_nearly_as_well_the_one_nearest_to_where_it_was_is_believed():
    """It stood and turns back, its heading before its progress; on the other leg it would have leapt a kilometre."""
    drive = Drive(plan([(0.0, 0.0), (5000.0, 0.0), (0.0, 0.0)]))
    drive.along(line((0, 0), (5000, 0), 200), every_s=15, speed_mps=13, heading_deg=90)
    drive.along([(4800, 0), (4600, 0), (4400, 0)], begin_s=390, every_s=15, speed_mps=13, heading_deg=270)
    drive.send(ping(435, (4375, 0), speed_mps=0))
    drive.along([(4405 + 105 * i, 0) for i in range(5)], begin_s=450, every_s=15, speed_mps=7, heading_deg=90)
    assert drive.told() == ["wrong-way raised"]


def test_after_a_long_silence_one_fix_at_a_crossing_is_at_no_place_yet():
    crossing = [(0.0, 0.0), (3000.0, 0.0), (3000.0, 1500.0), (1500.0, 1500.0), (1500.0, -2000.0)]
    drive = Drive(plan(crossing)).along(line((0, 0), (1200, 0), 100))
    drive.along([(1500.0, 0.0)] * 3, begin_s=900, speed_mps=0.0)
    assert drive.progress_m() is None
    drive.along(line((1500, -50), (1500, -300), 50), begin_s=940)
    assert drive.progress_m() == pytest.approx(7800, abs=5)
