"""`kawal detect`: alerts on stdout, everything else on stderr, whatever is in the file."""

import json
import subprocess
from pathlib import Path

import pytest

from models.alert import Alert
from models.instants import format_instant, parse_instant
from models.plan_file import load_plan
from simulate.bontang import FAULTS, PLAN
from simulate.traffic import generate
from tests.cli.command import kawal

BEGIN_MS = parse_instant("2024-11-25T22:00:00Z")


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    """The sample operation up to the return of the convoy that leaves its route."""
    plans = [plan for plan in load_plan(PLAN) if plan.convoy_id == "BTG-01"]
    return [ping.line() for ping in generate(plans, FAULTS, BEGIN_MS, seed=2)][:300]


def detect(folder: Path, lines: list[bytes], *options: str) -> subprocess.CompletedProcess[str]:
    recording = folder / "pings.jsonl"
    recording.write_bytes(b"".join(line + b"\n" for line in lines))
    return kawal("detect", "--plan", str(PLAN), str(recording), *options)


def alerts(done: subprocess.CompletedProcess[str]) -> list[Alert]:
    assert done.returncode == 0, done.stderr
    return [Alert.from_json(line.encode()) for line in done.stdout.splitlines()]


def test_a_detour_is_raised_and_cleared_for_every_vehicle(tmp_path: Path, lines: list[bytes]) -> None:
    told = [(alert.kind, alert.transition) for alert in alerts(detect(tmp_path, lines))]
    assert told.count(("deviation", "raised")) == told.count(("deviation", "cleared")) == 4


def test_bad_lines_are_told_with_their_numbers_and_change_nothing(tmp_path: Path, lines: list[bytes]) -> None:
    clean = detect(tmp_path, lines)
    far = json.dumps(json.loads(lines[0]) | {"lat": 91.0}).encode()
    spoiled = detect(tmp_path, [b"no ping", *lines[:50], b"", far, *lines[50:]])
    assert spoiled.returncode == 0
    assert spoiled.stdout == clean.stdout
    assert "pings.jsonl:1: " in spoiled.stderr
    assert "pings.jsonl:53: " in spoiled.stderr
    assert "2 lines could not be used" in spoiled.stderr


def test_the_reasons_for_bad_lines_end_after_twenty_but_the_count_does_not(tmp_path: Path) -> None:
    done = detect(tmp_path, [b"?"] * 30)
    assert done.returncode == 0
    assert done.stderr.count("pings.jsonl:") == 20
    assert "30 lines could not be used" in done.stderr


def test_until_leaves_later_pings_out_and_judges_the_silence_up_to_there(tmp_path: Path, lines: list[bytes]) -> None:
    last_ms = max(parse_instant(json.loads(line)["received"]) for line in lines[:20])
    done = detect(tmp_path, lines[:20], "--until", format_instant(last_ms + 100_000))
    assert [alert.kind for alert in alerts(done)] == ["signal-lost"] * 4
    assert alerts(detect(tmp_path, lines, "--until", format_instant(BEGIN_MS + 60_000))) == []


def test_a_wrong_instant_is_wrong_usage(tmp_path: Path, lines: list[bytes]) -> None:
    assert detect(tmp_path, lines[:1], "--until", "yesterday").returncode == 2


def test_a_file_that_is_not_there_or_a_bad_plan_is_bad_input(tmp_path: Path) -> None:
    for files in (["--plan", PLAN, tmp_path / "none.jsonl"], ["--plan", tmp_path / "none.yaml", PLAN]):
        done = kawal("detect", *map(str, files))
        assert done.returncode == 3
        assert "none." in done.stderr
        assert "Traceback" not in done.stderr
