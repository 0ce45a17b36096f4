"""The benchmarks run from end to end on few pings, and find the right alerts; times are not judged here."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.kafka.embedded import EmbeddedKafka
from tests.bench.uncounted import uncounted

EXPECTED_IN_SAMPLE = 8  # one convoy detours, one halts
ROOT = Path(__file__).parents[2]


def run(name: str, *options: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", "--json", *options],
        cwd=ROOT,
        env=uncounted(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, float] = json.loads(done.stdout)
    return result


def alerts(result: dict[str, float], reader: str = "") -> tuple[float, ...]:
    return tuple(result[f"{reader}alerts_{what}"] for what in ("expected", "found", "false"))


def test_throughput_compares_three_readers_that_find_the_right_alerts(kafka: EmbeddedKafka) -> None:
    result = run("throughput", "--broker", kafka.bootstrap, "--pings", "20k", "--plain-pings", "1600", "--rounds", "2")
    assert alerts(result, "kawal_") == (8, 8, 0)
    assert alerts(result, "plain_faust_") == (EXPECTED_IN_SAMPLE, EXPECTED_IN_SAMPLE, 0)
    rates = {"kawal_per_s", "plain_faust_per_s", "bare_per_s", "kawal_cpu_us_per_ping"}
    ratios = {"kawal_to_bare", "kawal_to_plain_faust"}
    assert result.keys() >= rates | ratios
    assert (result["kawal_pings"], result["plain_faust_pings"], result["rounds"]) == (20_000, 1_600, 2)


def test_catch_up_tells_the_peak_of_memory_and_finds_the_right_alerts(kafka: EmbeddedKafka) -> None:
    result = run("catchup", "--broker", kafka.bootstrap, "--pings", "20k")
    assert alerts(result) == (8, 8, 0)
    assert result["peak_rss_mb"] > 0


def test_the_console_is_measured_to_the_end(kafka: EmbeddedKafka) -> None:
    options = ("--alerts", "200", "--clients", "3", "--convoys", "20", "--seconds", "3")
    parts = ("--part", "ready", "--part", "stream")  # the page's needs a browser, and has tests of its own
    result = run("console", "--broker", kafka.bootstrap, *options, *parts)
    assert (result["alerts"], result["clients"]) == (200, 3)
    assert result["stream_alerts"] > 0
    assert 0 < result["stream_kb_per_s"] < result["stream_unpacked_kb_per_s"]


def test_detect_finds_the_right_alerts() -> None:
    result = run("detect", "--pings", "20k")
    assert alerts(result) == (8, 8, 0)
    assert result["seconds"] > 0


def test_the_gateway_is_measured_beside_a_bare_handler(kafka: EmbeddedKafka) -> None:
    options = ("--seconds", "0.2", "--rate", "500", "--slow", "20", "--connections", "20")
    result = run("gateway", "--broker", kafka.bootstrap, *options)
    assert {"gateway_per_s", "bare_per_s", "gateway_to_bare", "gateway_cpu_us", "rss_mb"} <= result.keys()
    assert {"p99_ms", "slow_p99_ms", "batch_pings_per_s", "connections_rss_mb"} <= result.keys()
    assert (result["slow"], result["connections"]) == (20, 20)


@pytest.mark.parametrize(
    "name", ["throughput", "latency", "catchup", "detect", "accuracy", "console", "gateway", "outage"]
)
def test_help_teaches_what_is_measured(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit, match="0"):
        importlib.import_module(f"bench.{name}").main()
    assert len(capsys.readouterr().out.splitlines()) > 10
