"""The accuracy benchmark counts rightly: on made-up episodes, on a few seeds, and in the page it writes."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from bench.accuracy import BEGIN, END, write_page
from bench.judged.alike import lacking
from bench.judged.episodes import Episode
from bench.judged.halts import ordinary_halts
from bench.judged.plain import VehiclePings, distances_m, near_rule, speed_rule
from bench.judged.progress import Place, leap_m
from bench.judged.report import Accuracy
from bench.judged.roads import ROADS, operation
from bench.judged.score import Score, groups, judge
from bench.judged.simulated import told
from bench.judged.traces import DATA, available, progress_m, traces
from models.geometry import distance_m
from simulate.track import Track
from simulate.truth import Label, Window
from tests.bench.uncounted import uncounted

ROOT = Path(__file__).parents[2]
RIGHT = Label("C", "V", "stall", True, Window(90, 110), Window(250, 300), Window(400, 430), 100.0)


def episode(onset_s: float, raised_s: float, kind: str = "stall", **changed: object) -> Episode:
    made = Episode("C", "V", kind, round(onset_s * 1000), round(raised_s * 1000))
    for name, value in changed.items():
        setattr(made, name, value)
    return made


def figures(episodes: Iterable[Episode], labels: Iterable[Label] = (RIGHT,)) -> tuple[int, int, int, int, int]:
    total = Score()
    for score in judge(list(episodes), list(labels), 0).values():
        total.add(score)
    return total.expected, total.found, total.in_time, total.missed, total.false


def test_an_episode_in_the_window_is_found_in_time_with_its_delay() -> None:
    assert figures([episode(100, 280)]) == (1, 1, 1, 0, 0)
    assert judge([episode(100, 280)], [RIGHT], 0)["stall"].delay_s(0.5) == 180.0


def test_an_episode_after_the_window_is_found_late_and_noted() -> None:
    assert figures([episode(200, 380)]) == (1, 1, 0, 0, 0)
    (note,) = judge([episode(200, 380)], [RIGHT], 0, "run")["stall"].notes
    assert note == "run: late stall of V, began 100 s, raised 380 s instead of 300 s"


@pytest.mark.parametrize(
    "wrong",
    [
        episode(20, 280),  # before its time
        episode(100, 200),
        episode(500, 700),  # after it is over
        episode(100, 280, kind="deviation"),
        episode(100, 280, vehicle_id="W"),
        episode(100, 280, convoy_id="D"),
    ],
)
def test_what_does_not_fit_is_false_and_the_label_missed(wrong: Episode) -> None:
    assert figures([wrong]) == (1, 0, 0, 1, 1)


def test_a_second_episode_of_one_label_is_false_and_any_number_within_a_margin_is_not() -> None:
    twice = [episode(100, 280), episode(150, 330)]
    assert figures(twice) == (1, 1, 1, 0, 1)
    assert figures(twice, [RIGHT._replace(must=False)]) == (0, 0, 0, 0, 0)


def test_what_may_be_told_in_parts_is_found_once_and_no_part_is_false() -> None:
    twice = [episode(100, 280), episode(150, 330), episode(500, 700)]
    assert figures(twice, [RIGHT._replace(in_parts=True)]) == (1, 1, 1, 0, 1)
    assert figures([], [RIGHT._replace(in_parts=True)]) == (1, 0, 0, 1, 0)


def test_of_what_may_be_told_in_parts_the_number_is_not_compared_but_that_it_is_told() -> None:
    once, twice = [episode(100, 280)], [episode(100, 280), episode(150, 330)]
    parted = [RIGHT._replace(in_parts=True)]
    assert told(once, parted) == told(twice, parted) != told([], parted)
    assert told(once, [RIGHT]) != told(twice, [RIGHT])
    assert told(once, [*parted, RIGHT]) != told(twice, [*parted, RIGHT])


def test_a_separation_may_be_told_of_the_convoy() -> None:
    apart = RIGHT._replace(kind="separation")
    assert figures([episode(100, 280, kind="separation", vehicle_id="")], [apart]) == (1, 1, 1, 0, 0)
    assert figures([episode(100, 280, vehicle_id="")]) == (1, 0, 0, 1, 1)


def test_sounding_alarms_of_a_convoy_and_kind_are_one_for_as_long_as_any_lasts() -> None:
    sounding = [
        episode(0, 1, sounded_ms=1_000, cleared_ms=9_000),
        episode(0, 2, sounded_ms=2_000, cleared_ms=20_000, vehicle_id="W"),
        episode(0, 3, sounded_ms=30_000, cleared_ms=40_000),
        episode(0, 4),  # low: does not sound
        episode(0, 5, kind="deviation", sounded_ms=5_000),
        episode(0, 6, kind="deviation", sounded_ms=50_000, cleared_ms=60_000),
    ]
    assert groups(sounding) == 3


def pings(points: list[tuple[float, float]], speed_mps: list[float]) -> VehiclePings:
    moments = np.arange(len(points)) * 10_000
    return VehiclePings(operation(0)[0], "V", moments, moments + 500, np.array(points), np.array(speed_mps))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([(0, 340)], [], {"stall": 1}),
        ([(0, 320)], [], {}),
        ([(0, 340)], [(10, 300)], {}),
        ([(0, 340)], [(340, 700)], {"stall": 1}),
        ([(0, 340), (500, 900)], [(0, 340)], {"stall": 1}),
    ],
)
def test_a_stall_is_lacking_where_it_is_long_and_the_other_run_has_none_at_its_time(
    first: list[tuple[int, int]], second: list[tuple[int, int]], expected: dict[str, int]
) -> None:
    """How late its end is heard of says nothing of how long it was."""
    runs = [[episode(a, a + 180, ended_ms=b * 1000, cleared_ms=b * 2000) for a, b in run] for run in (first, second)]
    assert lacking(*runs, 1_000_000) == expected


def test_of_other_kinds_as_many_must_be_told() -> None:
    late, others = episode(0, 1, "late"), [episode(0, 1, "late"), episode(0, 1, "sos")]
    assert lacking(others, [late], 0) == {"sos": 1}
    assert lacking([late], others, 0) == {}


def test_progress_leaps_by_what_the_vehicle_has_not_driven_beyond_the_errors_of_the_two_fixes() -> None:
    assert leap_m(Place(1_000, 1_010, 0), Place(1_500, 1_110, 0)) == 400
    assert leap_m(Place(1_500, 1_110, 0), Place(1_000, 1_010, 0)) == 400
    assert leap_m(Place(1_000, 1_010, 150), Place(1_500, 1_110, 50)) == 200


def test_the_corridor_rule_alarms_at_every_ping_beyond_25_m() -> None:
    lon, lat = operation(0)[0].route[0]
    off = (lon, lat + 0.01)
    found = near_rule(pings([(lon, lat), off, off, (lon, lat), off], [5.0] * 5))
    assert [(one.onset_ms, one.raised_ms) for one in found] == [(10_000, 10_500), (40_000, 40_500)]


def test_the_speed_rule_alarms_after_300_s_without_a_faster_ping() -> None:
    start = operation(0)[0].route[0]
    slow = [0.1] * 31
    assert [one.raised_ms for one in speed_rule(pings([start] * 33, [3.0, *slow, 3.0]))] == [310_500]
    assert speed_rule(pings([start] * 32, [3.0, *slow[:15], 0.6, *slow[:15]])) == []


def test_distances_are_those_of_the_nearest_segment() -> None:
    plan = operation(3)[2]
    track = Track.of(plan.route)
    lat, lon = track.degrees(track.at(np.array([3_000.0])) + 0j)
    assert distances_m(plan, np.column_stack((lon, lat)))[0] < 1.0


@pytest.mark.parametrize("number", range(len(ROADS)))
def test_roads_are_long_enough_and_as_hard_as_their_names_say(number: int) -> None:
    for seed in range(5):
        track = Track.of(operation(seed)[number].route)
        grid_m = np.arange(0.0, track.length_m, 20.0)
        apart_m = np.abs(track.at(grid_m)[:, None] - track.at(grid_m)[None, :])
        own = np.abs(grid_m[:, None] - grid_m[None, :]) > 2_000
        assert 10_000 < track.length_m < 30_000
        if number:
            assert apart_m[own].min() < (250.0 if number == 3 else 30.0)


def test_halts_are_as_many_and_as_long_as_measured_and_long_ones_are_in_the_authorised_stop() -> None:
    plans = [plan for seed in range(100) for plan in operation(seed)]
    halts = [(plan, halt) for number, plan in enumerate(plans) for halt in ordinary_halts(plan, [number])]
    hours = sum(Track.of(plan.route).length_m for plan in plans) / 14.25 / 3600
    assert sum(halt.duration_s >= 180 for _, halt in halts) / hours == pytest.approx(1.1, rel=0.2)
    assert sum(halt.duration_s >= 480 for _, halt in halts) / hours == pytest.approx(0.28, rel=0.4)
    for plan, halt in halts:
        track, stop = Track.of(plan.route), plan.stops[0]
        lat, lon = track.degrees(track.at(np.array([halt.at_m])))
        if halt.duration_s > 300:
            assert distance_m((float(lon[0]), float(lat[0])), (stop.lon, stop.lat)) < 10


def test_the_page_keeps_its_text_and_gets_new_tables(tmp_path: Path) -> None:
    page = tmp_path / "accuracy.md"
    page.write_text(f"# Before\n\n{BEGIN}\nof last time\n{END}\n\nAfter\n")
    write_page(Accuracy(seeds=7, load_average=0.0), page)
    text = page.read_text()
    assert text.startswith("# Before\n")
    assert text.endswith("\n\nAfter\n")
    assert "of last time" not in text
    assert "scripts/bench accuracy --seeds 7 --write" in text
    assert "| what | target | measured | met |" in text
    page.write_text("no marks")
    with pytest.raises(ValueError, match="lacks the marks"):
        write_page(Accuracy(seeds=7, load_average=0.0), page)


def run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench.accuracy", *options]
    return subprocess.run(command, cwd=ROOT, env=uncounted(), capture_output=True, text=True, timeout=600, check=False)


def test_a_short_run_finds_what_it_put_in_and_is_the_same_again() -> None:
    done = run("--json", "--seeds", "2", "--list")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["seeds"] == 2
    assert result["faulty_deviation_expected"] == result["faulty_deviation_found"] == 4
    assert result["faulty_signal-lost_found"] == result["faulty_signal-lost_expected"] > 0
    assert result["ordinary_vehicle_h"] > 10
    again = json.loads(run("--json", "--seeds", "2").stdout)
    del result["load_average"], again["load_average"]
    assert again == result


def test_wrong_options_are_refused() -> None:
    assert run("--seeds", "0").returncode == 2


@pytest.mark.skipif(not available(), reason=f"the real traces are not at {DATA}")
def test_real_traces_follow_their_routes() -> None:
    found = traces()
    assert len(found) >= 12
    for trace in found:
        along_m = progress_m(trace)
        assert (np.diff(along_m) >= 0).all()
        assert np.median(np.abs(trace.track.at(along_m) - trace.points_m)) < 15
