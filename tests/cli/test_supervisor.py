"""What keeps commands running, on real small processes."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from cli.supervisor import GivenUpError, Service, ServiceKeeper, supervise

# Says its name and number of starts, notes when it is told to end, and does what it is told to do.
SCRIPT = """
import os, signal, sys, time
name, then = sys.argv[1:]
def end(*_):
    print(name, "ends", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if then == "stubborn" else end)
print(name, "began", flush=True)
if then == "crash":
    print("\\x1b[31mbroken", flush=True)
    sys.exit(1)
if then == "hopeless":
    print("KAWAL_PARTITONS is not a setting", flush=True)
    sys.exit(3)
time.sleep(600)
"""


class Told:
    """The lines of a supervisor, and a way to wait for one."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._news = asyncio.Event()

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        self._news.set()

    async def until(self, is_there: Callable[[list[str]], bool]) -> None:
        async with asyncio.timeout(20):
            while not is_there(self.lines):
                self._news.clear()
                await self._news.wait()


def keeper(name: str, then: str, told: Told) -> ServiceKeeper:
    return ServiceKeeper(Service(name, (sys.executable, "-c", SCRIPT, name, then), {"WHO": name}), told)


def count(part: str) -> Callable[[list[str]], int]:
    return lambda lines: sum(part in line for line in lines)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.supervisor.WAIT_S_MIN", 0.01)
    monkeypatch.setattr("cli.supervisor.STOP_S", 1.0)


@pytest.mark.usefixtures("quick")
async def test_what_ends_is_started_again_after_growing_pauses_and_it_is_said_why() -> None:
    told, stop = Told(), asyncio.Event()
    running = asyncio.create_task(supervise([keeper("one", "crash", told)], stop))
    await told.until(lambda lines: count("is started again")(lines) >= 4)
    stop.set()
    await running
    ends = [line for line in told.lines if "is started again" in line]
    assert ends[0].startswith("one     | ended (exit code 1) and is started again in 0.01 s. Its last line: ")
    assert "broken" in ends[0]
    assert [line.split(" s.")[0].split()[-1] for line in ends[:4]] == ["0.01", "0.02", "0.04", "0.08"]


@pytest.mark.usefixtures("quick")
async def test_at_the_end_the_last_one_goes_first_and_a_stubborn_one_is_killed() -> None:
    told, stop = Told(), asyncio.Event()
    keepers = [keeper("one", "run", told), keeper("two", "stubborn", told), keeper("three", "run", told)]
    running = asyncio.create_task(supervise(keepers, stop))
    await told.until(lambda lines: count("began")(lines) == 3)
    stop.set()
    await running
    said = [line.partition("| ")[2] for line in told.lines if "began" not in line]
    assert said == ["three ends", "did not end within 1 s and is killed", "one ends"]


@pytest.mark.usefixtures("quick")
async def test_what_a_new_start_cannot_mend_ends_all_with_its_code() -> None:
    told = Told()
    keepers = [keeper("one", "run", told), keeper("two", "hopeless", told)]
    with pytest.raises(GivenUpError, match=r"two cannot run.*KAWAL_PARTITONS is not a setting") as given_up:
        await supervise(keepers, asyncio.Event())
    assert given_up.value.code == 3


async def test_one_that_is_killed_comes_back() -> None:
    told, stop = Told(), asyncio.Event()
    running = asyncio.create_task(supervise([keeper("one", "run", told)], stop))
    await told.until(lambda lines: count("began")(lines) == 1)
    (child,) = (it for it in psutil.Process().children() if "one" in it.cmdline())
    child.kill()
    await told.until(lambda lines: count("began")(lines) == 2)
    assert count("ended (signal 9) and is started again in 1 s")(told.lines) == 1
    stop.set()
    await running


PARENT = """
import asyncio, sys
from cli.supervisor import Service, ServiceKeeper, supervise
service = Service("one", (sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"), {})
tell = lambda line: print(line, flush=True)
asyncio.run(supervise([ServiceKeeper(service, tell)], asyncio.Event()))
"""


def test_nothing_outlives_a_supervisor_that_is_killed() -> None:
    root = Path(__file__).parents[2]
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, cwd=root)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline().partition("| ")[2]))
    os.kill(parent.pid, signal.SIGKILL)
    parent.communicate()
    child.wait(timeout=20)
