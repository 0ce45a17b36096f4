"""`kawal tune`: counts on stdout, everything else on stderr, and a clear word where it cannot go on."""

import json
import subprocess
from pathlib import Path

import pytest

from models.instants import parse_instant
from models.plan_file import load_plan
from simulate.bontang import FAULTS, PLAN
from simulate.traffic import generate
from tests.cli.command import kawal

BEGIN_MS = parse_instant("2024-11-25T22:00:00Z")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample operation up to the return of the convoy that leaves its route, and a line that is no ping."""
    plans = [plan for plan in load_plan(PLAN) if plan.convoy_id == "BTG-01"]
    lines = [ping.line() + b"\n" for ping in generate(plans, FAULTS, BEGIN_MS, seed=2)][:300]
    path = tmp_path_factory.mktemp("tune") / "pings.jsonl"
    path.write_bytes(b"no ping\n" + b"".join(lines))
    return path


def tune(recording: Path, *options: str, plan: Path = PLAN) -> subprocess.CompletedProcess[str]:
    return kawal("tune", "--plan", str(plan), str(recording), *options)


def cells(done: subprocess.CompletedProcess[str]) -> list[list[str]]:
    assert done.returncode == 0, done.stderr
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in done.stdout.splitlines() if "│" in line]


def test_people_see_the_values_tried_and_that_of_the_plan_among_them(recording: Path) -> None:
    planned, *companions, higher = cells(tune(recording, "--limit", "deviation_raise_m", "--values", "5000"))
    assert planned[:5] == ["deviation_raise_m", "80 - 100 m", "as planned", "deviation", "4"]
    assert higher[1:] == ["5000 m", "", "deviation", "0", "0.0", "0", "0.0"]
    assert [row[0] for row in companions] == ["with deviation_clear_m", "with deviation_critical_m"]


def test_a_limit_that_changes_nothing_has_one_row(recording: Path) -> None:
    done = tune(recording, "--limit", "deviation_hold_s", "--limit", "wrong_way_m")
    shown = cells(done)
    assert [row[0] for row in shown] == ["deviation_hold_s", "wrong_way_m", "with wrong_way_clear_m"]
    assert shown[0][1:5] == ["10 - 40 s", "all alike", "deviation", "4"]
    assert "pings.jsonl:1: " in done.stderr
    assert "300 pings accepted" in done.stderr
    assert "8 other limits tried" in done.stderr


def test_programs_get_a_line_a_trial_with_what_it_sets(recording: Path) -> None:
    done = tune(recording, "--limit", "deviation_raise_m", "--values", "90,5000", "--json")
    assert done.returncode == 0, done.stderr
    planned, lower, higher = [json.loads(line) for line in done.stdout.splitlines()]
    assert (planned["limit"], planned["factor"], planned["limits"]) == (None, 1.0, {})
    assert planned["alerts"]["deviation"] == {"raised": 4, "sounding": 4}
    assert lower["alerts"] == planned["alerts"]
    assert lower["limits"]["MKY-03"] == {"deviation_raise_m": 90.0, "deviation_clear_m": 67.5}
    assert set(higher["limits"]["BTG-01"]) == {"deviation_raise_m", "deviation_clear_m", "deviation_critical_m"}
    assert "deviation" not in higher["alerts"]
    assert 500 < planned["recording_s"] < 5000


def test_without_a_name_all_limits_that_matter_are_tried(recording: Path) -> None:
    done = tune(recording, "--json")
    tried = {json.loads(line)["limit"] for line in done.stdout.splitlines()}
    assert {"deviation_hold_s", "stall_hold_s", "signal_lost_s", "late_s"} < tried
    assert "overspeed_mps" not in tried


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--limit", "deviation_rase_m"], "did you mean deviation_raise_m?"),
        (["--values", "1,2"], "name it with one --limit"),
        (["--limit", "late_s", "--limit", "stall_hold_s", "--values", "1"], "name it with one --limit"),
        (["--limit", "late_s", "--values", "1,two"], "no list of numbers"),
        (["--limit", "late_s", "--values", ",".join(map(str, range(1, 23)))], "more than 20"),
        (["--limit", "late_s", "--values", "-5"], "greater than 0"),
        (["--limit", "late_s", "--values", "nan"], "late_s"),
        (["--limit", "arrive_pct", "--values", "101"], "less than or equal to 100"),
        (["--limit", "overspeed_mps"], "say which values to try"),
    ],
)
def test_what_cannot_be_tried_is_wrong_usage_and_says_why(recording: Path, options: list[str], said: str) -> None:
    done = tune(recording, *options)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert done.stdout == ""


def test_files_that_are_of_no_use_are_bad_input(recording: Path, tmp_path: Path) -> None:
    other = tmp_path / "empty.jsonl"
    other.write_bytes(b"")
    for done, said in (
        (tune(tmp_path / "none.jsonl"), "none.jsonl"),
        (tune(recording, plan=tmp_path / "none.yaml"), "none.yaml"),
        (tune(other), "no ping of a vehicle"),
        (tune(PLAN), "no ping of a vehicle"),
    ):
        assert done.returncode == 3
        assert said in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
