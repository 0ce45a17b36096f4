"""The demo as a newcomer runs it, on its own Kafka."""

import ipaddress
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

KAWAL = Path(sys.executable).with_name("kawal")
WAIT_S = 300.0


class Demo:
    """A running `kawal demo`: the processes it had, the words of their command lines, where they listened."""

    def __init__(self, folder: Path, *options: str) -> None:
        environment = {name: text for name, text in os.environ.items() if not name.startswith("KAWAL_")}
        self._out, self._err = folder / "out", folder / "err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = psutil.Popen([KAWAL, "demo", *options], stdout=out, stderr=err, env=environment, cwd=folder)
        self.family: set[psutil.Process] = set()
        self.words: set[str] = set()
        self.listening: set[str] = set()

    def look(self) -> None:
        """Note who runs and who listens where."""
        for process in [self.process, *self.process.children(recursive=True)]:
            self.family.add(process)
            with suppress(psutil.Error):  # it has just ended
                self.words |= set(process.cmdline())
                connections = process.net_connections()
                self.listening |= {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}

    def watch(self) -> int:
        """Look again and again until it ends, and return its exit code."""
        end_s = time.monotonic() + WAIT_S
        while time.monotonic() < end_s:
            try:
                self.look()
                return int(self.process.wait(timeout=0.5))
            except (subprocess.TimeoutExpired, psutil.TimeoutExpired, psutil.NoSuchProcess):
                continue
        raise AssertionError(self.err)

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[list[Demo]]:
    """The demos a test has started; none of their processes outlives it."""
    started: list[Demo] = []
    yield started
    for demo in started:
        for process in demo.family:
            if process.is_running():
                process.kill()


def is_loopback(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback


def test_it_raises_exactly_the_expected_alerts_and_leaves_nothing_behind(tmp_path: Path, run: list[Demo]) -> None:
    run.append(demo := Demo(tmp_path, "--for", "50"))
    code = demo.watch()
    assert code == 0, demo.err
    summary = json.loads(demo.out)
    assert summary["convoys"] == 4
    assert summary["pings"] > 1000
    assert {"deviation", "signal-lost", "stall"} <= summary["alerts"].keys()
    assert summary["seconds_to_first_alert"] > 0
    assert (summary["missing"], summary["unexpected"]) == ([], [])
    assert demo.listening
    assert all(map(is_loopback, demo.listening)), demo.listening
    assert not [process for process in demo.family if process.is_running()]
    assert "\x1b" not in demo.err
    assert "Traceback" not in demo.err
    assert "WITA" in demo.err


def test_a_signal_ends_it_in_order(tmp_path: Path, run: list[Demo]) -> None:
    run.append(demo := Demo(tmp_path))
    end_s = time.monotonic() + WAIT_S
    while "worker" not in demo.words:
        assert time.monotonic() < end_s, demo.err
        demo.look()
    demo.process.send_signal(signal.SIGTERM)
    assert demo.watch() == 0, demo.err
    assert not [process for process in demo.family if process.is_running()]
    assert "Traceback" not in demo.err
