"""`kawal explain` from files: text or JSON on stdout, a picture beside it, and a clear word where no alert is meant."""

import json
import subprocess
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from models.alert import Alert
from models.instants import parse_instant
from models.plan_file import load_plan
from simulate.bontang import FAULTS, PLAN
from simulate.faults import Detour, Halt
from simulate.traffic import generate
from streams.detect import detect
from streams.recording import read_recording
from tests.cli.command import kawal

BEGIN_MS = parse_instant("2024-11-25T22:00:00Z")


class Recording(NamedTuple):
    pings: Path
    alerts: list[Alert]

    def id_of(self, kind: str) -> str:
        return next(alert.alert_id for alert in self.alerts if alert.kind == kind)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """The sample operation with what it lacks, a missed checkpoint and a late convoy, and a line before it that is no
    ping.
    """
    more = (
        Detour(convoy_id="MKY-03", from_m=18_000, length_m=6_000, offset_m=500),
        Halt(convoy_id="BTG-02", at_m=12_000, duration_s=2_400),
    )
    plans = load_plan(PLAN)
    path = tmp_path_factory.mktemp("explain") / "pings.jsonl"
    lines = [ping.line() + b"\n" for ping in generate(plans, FAULTS + more, BEGIN_MS, seed=2)]
    path.write_bytes(b"no ping\n" + b"".join(lines))
    arrivals = read_recording(path, plans, lambda line, reason: None)
    return Recording(path, [alert for judged in detect(plans, arrivals) for alert in judged.alerts])


def explain(recording: Recording, alert_id: str, *options: str) -> subprocess.CompletedProcess[str]:
    return kawal("explain", alert_id, str(recording.pings), "--plan", str(PLAN), *options)


def test_people_read_why_and_see_the_pings_around(recording: Recording, tmp_path: Path) -> None:
    picture = tmp_path / "alert.svg"
    done = explain(recording, recording.id_of("deviation")[:8], "--svg", str(picture))
    assert done.returncode == 0, done.stderr
    assert "raised high" in done.stdout
    assert "above deviation_raise_m (100 m)" in done.stdout
    assert "Cleared when the same distance is within deviation_clear_m (60 m)" in done.stdout
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in done.stdout.splitlines() if "│" in line]
    assert [row[-1] for row in rows if row[-1]] == ["onset", "raised", "cleared"]
    assert "WITA" in done.stdout
    assert done.stderr.count("pings.jsonl:1: ") == 1
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")


def test_a_long_episode_is_cut_to_the_pings_near_its_transitions(recording: Recording) -> None:
    done = explain(recording, recording.id_of("stall"))
    assert done.returncode == 0, done.stderr
    assert " more" in done.stdout
    assert "kritis" not in done.stdout
    assert "updated critical" in done.stdout


@pytest.mark.parametrize("kind", ["deviation", "stall", "signal-lost", "late", "missed-checkpoint", "arrived"])
def test_programs_get_everything_as_one_object(recording: Recording, kind: str) -> None:
    done = explain(recording, recording.id_of(kind), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    expected = [alert for alert in recording.alerts if alert.alert_id == told["alert_id"]]
    assert told["transitions"] == [json.loads(alert.to_json()) for alert in expected]
    assert told["same"] is True
    assert told["limits"]["deviation_hold_s"] == 20
    assert {"time", "received", "lat", "lon", "lateral_m", "progress_m", "silence_s", "value", "beyond"} < set(
        told["pings"][0]
    )
    assert told["rule"][0].startswith("Raised when")


def test_an_id_that_is_not_there_names_those_near_and_where_ids_are(recording: Recording) -> None:
    wanted = recording.id_of("stall")
    done = explain(recording, wanted[:-1] + ("0" if wanted[-1] != "0" else "1"))
    assert done.returncode == 1
    assert wanted in done.stderr
    assert "kawal detect" in done.stderr
    assert done.stdout == ""


def test_wrong_usage_says_what_is_missing(recording: Recording) -> None:
    for arguments, said in (
        (["6395"], "shorter than 8"),
        (["63951a93", str(recording.pings)], "go together"),
        (["63951a93", "--plan", str(PLAN)], "go together"),
    ):
        done = kawal("explain", *arguments)
        assert done.returncode == 2
        assert said in " ".join(done.stderr.replace("│", " ").split())


def test_files_that_cannot_be_read_or_written_end_it(recording: Recording, tmp_path: Path) -> None:
    none = Recording(tmp_path / "none.jsonl", [])
    assert explain(none, "63951a93").returncode == 3
    done = explain(recording, recording.id_of("stall"), "--svg", str(tmp_path / "no" / "folder.svg"))
    assert done.returncode == 1
    assert "folder.svg: No such file" in done.stderr
    for each in (done,):
        assert "Traceback" not in each.stderr


def test_without_a_recording_or_a_broker_it_says_what_to_set() -> None:
    done = kawal("explain", "63951a93")
    assert done.returncode == 3
    assert "KAWAL_BROKER" in done.stderr
