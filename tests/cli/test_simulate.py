"""`kawal simulate`: two files that fit each other and the plan; the same seed gives the same; bad input is told."""

import json
import subprocess
from collections import Counter
from contextlib import chdir
from pathlib import Path
from typing import Any, get_args

import pytest

from models.alert import Kind
from models.instants import parse_instant
from models.plan_file import load_plan
from simulate.bontang import PLAN
from simulate.catalogue import RECIPES
from streams.recording import CARGO, ESCORT, read_recording
from tests.cli.command import kawal

FAULTS = ("--fault", "detour:convoy=BTG-01", "--fault", "dropout:convoy=BTG-02,vehicle=KT-8202-SX,duration_s=400")


def simulate(folder: Path, *options: object) -> subprocess.CompletedProcess[str]:
    with chdir(folder):
        return kawal("simulate", *map(str, options))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one run has written."""
    made = tmp_path_factory.mktemp("simulate")
    done = simulate(made, "--seed", 5, *FAULTS)
    assert done.returncode == 0, done.stderr
    assert "kawal detect --plan" in done.stdout
    assert done.stderr == ""
    return made / "simulated"


@pytest.fixture(scope="module")
def labels(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "labels.json").read_text())
    return document


def test_the_pings_are_a_recording_of_cargo_and_escorts_in_the_order_of_their_arrival(folder: Path) -> None:
    bad: list[tuple[int, str]] = []
    arrivals = list(read_recording(folder / "pings.jsonl", load_plan(PLAN), lambda *told: bad.append(told)))
    assert bad == []
    assert len(arrivals) > 4_000
    assert {arrival.rank for arrival in arrivals} == {CARGO, ESCORT}
    received = [json.loads(line)["received"] for line in (folder / "pings.jsonl").read_text().splitlines()]
    assert received == sorted(received)
    assert [parse_instant(text) for text in received] == [arrival.received_ms for arrival in arrivals]


def test_every_vehicle_and_kind_has_a_label(labels: dict[str, Any]) -> None:
    vehicles = {(plan.convoy_id, v.vehicle_id) for plan in load_plan(PLAN) for v in plan.vehicles}
    told = {(one["convoy_id"], one["vehicle_id"], one["kind"]) for one in labels["labels"]}
    assert told == {(*pair, kind) for pair in vehicles for kind in get_args(Kind)}
    assert {one["expect"] for one in labels["labels"]} == {"must", "may", "none"}


def test_the_labels_name_the_faults_and_what_each_must_bring(labels: dict[str, Any]) -> None:
    assert (labels["seed"], labels["operation"]) == (5, load_plan(PLAN)[0].operation)
    assert [(fault["fault"], fault["convoy_id"]) for fault in labels["faults"]] == [
        ("detour", "BTG-01"),
        ("dropout", "BTG-02"),
    ]
    assert labels["faults"][1]["duration_s"] == 400
    must = Counter((one["kind"], one["convoy_id"]) for one in labels["labels"] if one["expect"] == "must")
    assert must["deviation", "BTG-01"] == 4
    assert must["signal-lost", "BTG-02"] == 1
    for one in labels["labels"]:
        if one["expect"] == "must":
            first, last = (parse_instant(one["raised"][end]) for end in ("from", "to"))
            assert parse_instant(labels["begin"]) < first < last


def test_the_same_seed_gives_the_same_files_another_seed_others_and_the_folder_is_mine_to_choose(
    folder: Path, tmp_path: Path
) -> None:
    assert simulate(tmp_path, "--seed", 5, "--out", "a/b", *FAULTS).returncode == 0
    assert simulate(tmp_path, "--seed", 6, "--out", "c", *FAULTS).returncode == 0
    for name in ("pings.jsonl", "labels.json"):
        first = (folder / name).read_bytes()
        assert (tmp_path / "a/b" / name).read_bytes() == first
        assert (tmp_path / "c" / name).read_bytes() != first


def test_an_early_departure_begins_early_enough(tmp_path: Path) -> None:
    done = simulate(tmp_path, "--fault", "early-departure:convoy=BTG-01,by_s=1200")
    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "simulated/labels.json").read_text())
    early = [one for one in document["labels"] if (one["kind"], one["expect"]) == ("early-departure", "must")]
    assert {one["convoy_id"] for one in early} == {"BTG-01"}


def test_a_plan_without_departures_is_driven_the_same_at_any_time(tmp_path: Path) -> None:
    route = {"type": "LineString", "coordinates": [[117.0, 0.0], [117.1, 0.0]]}
    convoy = {"convoy_id": "C", "name": "C", "route": route, "vehicles": [{"vehicle_id": "V", "role": "cargo"}]}
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"operation": "O", "timezone": "Asia/Makassar", "convoys": [convoy]}))
    assert simulate(tmp_path, "--plan", plan).returncode == 0
    assert json.loads((tmp_path / "simulated/labels.json").read_text())["begin"] == "2024-11-27T00:00:00.000Z"


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--fault", "flood"], 2, "is no fault: choose from detour"),
        (["--fault", "detour:from_m=x"], 2, "from_m=x is no number"),
        (["--seed", "-1"], 2, "--seed"),
        (["--fault", "detour:width_m=3"], 3, "detour has no width_m"),
        (["--fault", "rest:convoy=BTG-01"], 3, "rest needs a convoy with stops"),
        (["--plan", "none.yaml"], 3, "none.yaml"),
        (["--out", "/proc/nowhere"], 3, "/proc/nowhere"),
    ],
)
def test_bad_input_is_told_and_writes_nothing(tmp_path: Path, options: list[str], code: int, said: str) -> None:
    done = simulate(tmp_path, *options)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_recording_that_was_not_simulated_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "pings.jsonl").write_text("mine")
    done = simulate(tmp_path, "--out", ".")
    assert done.returncode == 3
    assert "choose another --out" in done.stderr
    assert (tmp_path / "pings.jsonl").read_text() == "mine"


def test_departures_weeks_apart_are_refused(tmp_path: Path) -> None:
    text = PLAN.read_text().replace("2024-11-26T06:01:00+08:00", "2024-11-01T06:01:00+08:00", 1)
    plan = PLAN.with_name("plan.yaml").parent / "routes"
    (tmp_path / "routes").symlink_to(plan)
    (tmp_path / "plan.yaml").write_text(text)
    done = simulate(tmp_path, "--plan", "plan.yaml")
    assert done.returncode == 3
    assert "plan.yaml: the last convoy arrives" in done.stderr


def test_help_teaches_every_fault(tmp_path: Path) -> None:
    told = simulate(tmp_path, "--help").stdout
    assert all(f"    {name} " in told for name in RECIPES)
    assert "labels.json" in told
