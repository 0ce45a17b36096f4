"""`kawal up` as a small post runs it: its own Kafka, kept records, a worker that comes back."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from simulate.bontang import PLAN

KAWAL = (sys.executable, "-P", "-m", "cli")
WAIT_S = 300.0

Environment = dict[str, str]


class Up:
    """A running `kawal up` and what it has said."""

    def __init__(self, environment: Environment, folder: Path) -> None:
        self._err = folder / f"err-{time.monotonic_ns()}"
        with self._err.open("wb") as err:
            self.process = psutil.Popen([*KAWAL, "up", "--port", "0"], stderr=err, env=environment, cwd=folder)

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
def start(environment: Environment, tmp_path: Path) -> Iterator[Callable[[], Up]]:
    started: list[Up] = []

    def run() -> Up:
        started.append(Up(environment, tmp_path))
        return started[-1]

    yield run
    for up in started:
        if up.process.poll() is None:
            up.process.kill()


def kawal(environment: Environment, up: Up, *words: str) -> str:
    broker = up.until(r"Kafka runs at (\S+);")[1]
    command = [*KAWAL, *words]
    done = subprocess.run(
        command, env=environment | {"KAWAL_BROKER": broker}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_restarts_what_dies_ends_in_order_and_keeps_its_records(
    start: Callable[[], Up], environment: Environment
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
