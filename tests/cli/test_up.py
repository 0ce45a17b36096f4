"""`kawal up` as a small post runs it: its own Kafka, kept records, a worker that comes back."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from cli.exits import Exit
from deploy.security.folder import SecurityFolder, initialise
from simulate.bontang import PLAN
from tests.cli import command

KAWAL = (sys.executable, "-P", "-m", "cli")
WAIT_S = 300.0

Environment = dict[str, str]


class Up:
    """A running `kawal up` and what it has said."""

    def __init__(self, environment: Environment, folder: Path, *options: str) -> None:
        self._err = folder / f"err-{time.monotonic_ns()}"
        with self._err.open("wb") as err:
            self.process = psutil.Popen(
                [*KAWAL, "up", "--port", "0", *options], stderr=err, env=environment, cwd=folder
            )

    @property
    def err(self) -> str:
        return self._err.read_text()

    def until(self, pattern: str, times: int = 1) -> re.Match[str]:
        end_s = time.monotonic() + WAIT_S
        while len(found := list(re.finditer(pattern, self.err))) < times:
            assert self.process.poll() is None, self.err
            assert time.monotonic() < end_s, self.err
            time.sleep(0.1)  # another process tells no event
        return found[times - 1]

    def wait_for(self, holds: Callable[[], bool], what: str) -> None:
        end_s = time.monotonic() + WAIT_S
        while not holds():
            assert self.process.poll() is None, self.err
            assert time.monotonic() < end_s, f"{what}:\n{self.err}"
            time.sleep(0.2)  # another process tells no event

    def family(self) -> list[psutil.Process]:
        return list(self.process.children(recursive=True))


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    others = {name: text for name, text in os.environ.items() if not name.startswith("KAWAL_")}
    ports = {
        f"KAWAL_{name}_PORT": "0" for name in ("METRICS", "GATEWAY", "GATEWAY_METRICS", "CONSOLE", "CONSOLE_METRICS")
    }
    return (
        others
        | ports
        | {
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "KAWAL_DATA_DIR": str(tmp_path / "data"),
            "KAWAL_CONSOLE_DIR": str(tmp_path / "people"),
            "KAWAL_GATEWAY_DIR": str(tmp_path / "calls"),
            "KAWAL_PARTITIONS": "2",
        }
    )


@pytest.fixture
def start(environment: Environment, tmp_path: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def run(*options: str) -> Up:
        started.append(Up(environment, tmp_path, *options))
        return started[-1]

    yield run
    for up in started:
        if up.process.poll() is None:
            up.process.kill()


def settings(environment: Environment) -> Environment:
    return {name: text for name, text in environment.items() if name.startswith("KAWAL_")}


def kawal(environment: Environment, up: Up, *words: str) -> str:
    broker = up.until(r"Kafka runs at (\S+);")[1]
    done = command.kawal(*words, environment=settings(environment) | {"KAWAL_BROKER": broker})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_restarts_what_dies_ends_in_order_and_keeps_its_records(
    start: Callable[..., Up], environment: Environment
) -> None:
    first = start()
    first.until(r"worker  \|.*metrics at")
    first.until(r"console \|.*http://127")
    kawal(environment, first, "plan", "import", str(PLAN))
    (worker,) = (it for it in first.family() if it.cmdline()[-1:] == ["worker"])
    worker.kill()
    first.until(r"worker  \| ended \(signal 9\) and is started again in 1 s")
    first.until(r"worker  \|.*metrics at", times=2)
    (broker,) = (it for it in first.family() if "kafka.Kafka" in it.cmdline())
    broker.kill()
    first.until(r"broker  \| The embedded Kafka ended: .* It is started again in 1 s")
    first.until(r"broker  \| runs again")
    assert "BTG-01" in kawal(environment, first, "plan", "list")

    family = first.family()
    first.process.send_signal(signal.SIGTERM)
    assert first.process.wait(timeout=WAIT_S) == 0, first.err
    assert first.err.endswith("Ended in order.\n")
    assert not re.search(r"^worker +\| Traceback", first.err, re.MULTILINE), first.err
    assert not [process for process in family if process.is_running()]

    second = start()
    second.until(r"worker  \|")
    assert "BTG-01" in kawal(environment, second, "plan", "list")
    family = second.family()
    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(timeout=WAIT_S) == 0, second.err
    assert not [process for process in family if process.is_running()]


def listening(processes: list[psutil.Process]) -> set[str]:
    found = [it for process in processes for it in process.net_connections() if it.status == psutil.CONN_LISTEN]
    return {it.laddr.ip for it in found}


def metric(url: str, name: str) -> float:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return sum(float(it) for it in re.findall(rf"^{name}.* (\S+)$", answer.read().decode(), re.MULTILINE))


def test_with_keys_each_part_does_its_work_under_its_own_account_and_nobody_else_gets_in(
    start: Callable[..., Up], environment: Environment, tmp_path: Path
) -> None:
    keys = SecurityFolder(tmp_path / "keys")
    initialise(keys.path, [], [])
    up = start("--keys", str(keys.path))
    up.until(r"worker  \|.*metrics at")
    gateway = up.until(r"gateway \|.*listening at (\S+)")[1]
    console = up.until(r"console \|.*metrics at (\S+)")[1]
    assert listening([up.process, *up.family()]) == {"127.0.0.1"}

    kawal(environment | keys.environment("planner"), up, "plan", "import", str(PLAN))
    added = kawal(environment | keys.environment("gateway"), up, "devices", "add", "KT-8402-SX")
    token = max(added.split(), key=len)
    ping = json.dumps({"vehicle_id": "KT-8402-SX", "time": datetime.now(UTC).isoformat(), "sos": True}).encode()
    request = urllib.request.Request(f"{gateway}/v1/pings", ping, {"Authorization": f"Bearer {token}"})
    up.wait_for(lambda: is_taken(request), "the gateway knows the device and its plan")
    up.wait_for(lambda: metric(console, 'kawal_alerts_annunciated_total{kind="sos"') == 1, "the call is at the console")

    broker = up.until(r"Kafka runs at (\S+);")[1]
    anonymous = command.kawal("plan", "list", environment=settings(environment) | {"KAWAL_BROKER": broker})
    assert anonymous.returncode in (Exit.BAD_INPUT, Exit.NO_BROKER), anonymous.stderr
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(timeout=WAIT_S) == 0, up.err
    assert "Authorization" not in up.err


def is_taken(request: urllib.request.Request) -> bool:
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bool(json.load(answer)["results"][0]["status"] == "accepted")
    except urllib.error.HTTPError as refused:
        refused.close()
        if refused.code != 401:
            raise
        return False


def test_without_the_keys_that_it_is_to_use_it_says_how_to_make_them(environment: Environment, tmp_path: Path) -> None:
    done = subprocess.run(
        [*KAWAL, "up", "--keys", "none"], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "kawal security init" in done.stderr) == (Exit.BAD_INPUT, True)
