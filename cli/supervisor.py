"""Keeps commands running: starts again what ends, waits longer each time, says why, and ends all in order."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol

from bus.tasks import Tasks, until
from cli.exits import Exit
from deploy.kafka.embedded import EmbeddedKafka
from deploy.kafka.errors import EmbeddedKafkaError
from deploy.kafka.java import end_watchdog, start_watchdog

STOP_S = 15.0
"""A command ends within 10 s of SIGTERM, its last work included; one that does not is killed."""

WAIT_S_MIN, WAIT_S_MAX = 1.0, 60.0
STEADY_S = 60.0
"""Who ran for so long is started again at once: it was not the start that failed."""

BROKER_LOOK_S = 1.0
LINE_BYTES_MAX = 64 * 1024

HOPELESS = frozenset({Exit.USAGE, Exit.BAD_INPUT, Exit.CHECK_FAILED})
"""Exit codes of what starting again cannot mend."""

Tell = Callable[[str], None]


class GivenUpError(RuntimeError):
    """A command cannot run as it is configured; `code` is its exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Service(NamedTuple):
    """A command line to keep running, under a short name."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]


class Keeper(Protocol):
    """What keeps one thing running."""

    async def run(self) -> None:
        """Keep it running until `stop`; raises what cannot be mended."""

    async def stop(self) -> None:
        """End it in good order, and `run` with it."""


async def supervise(keepers: Sequence[Keeper], stop: asyncio.Event) -> None:
    """Keep all running until `stop` is set or one gives up; then end them, the last one first.

    Raises what the first one raised that gave up.
    """
    tasks = Tasks()
    try:
        for keeper in keepers:
            tasks.start(keeper.run())
        await until(stop, tasks)
    finally:
        for keeper in reversed(keepers):
            await keeper.stop()
        await tasks.stop()


class _Backoff:
    """How long to wait before the next start."""

    def __init__(self) -> None:
        self._wait_s = WAIT_S_MIN
        self._begin_s = 0.0

    def began(self) -> None:
        self._begin_s = time.monotonic()

    def next_s(self) -> float:
        if time.monotonic() - self._begin_s >= STEADY_S:
            self._wait_s = WAIT_S_MIN
        wait_s = self._wait_s
        self._wait_s = min(2 * wait_s, WAIT_S_MAX)
        return wait_s


async def passes(event: asyncio.Event, limit_s: float) -> bool:
    """Wait for an event for a limited time, and return whether it came."""
    with suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            await event.wait()
    return event.is_set()


class ServiceKeeper:
    """Keeps a service running; what it writes is told line by line, under its name."""

    def __init__(self, service: Service, tell: Tell) -> None:
        self._service = service
        self._tell = tell
        self._ending, self._ended = asyncio.Event(), asyncio.Event()
        self._has_begun = False
        self._process: asyncio.subprocess.Process | None = None
        self._last_line = ""

    async def run(self) -> None:
        """Keep it running until `stop`. Raises GivenUpError when it ended with a code that a new start cannot mend."""
        self._has_begun = True
        backoff = _Backoff()
        try:
            while not self._ending.is_set():
                backoff.began()
                code = await self._once()
                if self._ending.is_set():
                    return
                if code in HOPELESS:
                    raise GivenUpError(f"{self._service.name} cannot run (exit code {code}): {self._last_line}", code)
                wait_s = backoff.next_s()
                self._say(
                    f"ended ({_how(code)}) and is started again in {wait_s:g} s. Its last line: {self._last_line}"
                )
                await passes(self._ending, wait_s)
        finally:
            self._ended.set()

    async def stop(self) -> None:
        """Send SIGTERM, and SIGKILL when that does not help in time."""
        self._ending.set()
        if not self._has_begun:
            return
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
        if not await passes(self._ended, STOP_S):
            assert self._process is not None
            self._say(f"did not end within {STOP_S:g} s and is killed")
            self._process.kill()
            await self._ended.wait()

    async def _once(self) -> int:
        self._process = process = await asyncio.create_subprocess_exec(
            *self._service.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **self._service.environment},
            limit=LINE_BYTES_MAX,
            start_new_session=True,  # Ctrl-C is for us alone; we end the services in order
        )
        watchdog = start_watchdog(process.pid, None)
        try:
            if self._ending.is_set():
                process.terminate()
            await self._pass_lines_on(process)
            return await process.wait()
        finally:
            end_watchdog(watchdog)

    async def _pass_lines_on(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than the limit: it was dropped
                continue
            if not line:
                return
            self._last_line = line.decode(errors="replace").rstrip()
            self._say(self._last_line)

    def _say(self, line: str) -> None:
        self._tell(f"{self._service.name:<8}| {line}")


class BrokerKeeper:
    """Keeps an embedded broker running that was started already; its records stay where they are."""

    def __init__(self, kafka: EmbeddedKafka, tell: Tell) -> None:
        self._kafka = kafka
        self._tell = tell
        self._ending = asyncio.Event()
        self._starting = asyncio.Lock()

    async def run(self) -> None:
        """Start it again whenever it has ended by itself, until `stop`."""
        backoff = _Backoff()
        backoff.began()
        while not await passes(self._ending, BROKER_LOOK_S):
            fault = self._kafka.fault()
            if fault is None:
                continue
            wait_s = backoff.next_s()
            self._tell(f"broker  | {fault}. It is started again in {wait_s:g} s")
            if await passes(self._ending, wait_s):
                return
            backoff.began()
            async with self._starting:
                await asyncio.to_thread(self._start_again)

    async def stop(self) -> None:
        """Stop it in good order."""
        self._ending.set()
        async with self._starting:
            await asyncio.to_thread(self._kafka.stop)

    def _start_again(self) -> None:
        self._kafka.kill()
        try:
            self._kafka.start()
        except EmbeddedKafkaError as error:
            self._tell(f"broker  | {error}")
        else:
            self._tell("broker  | runs again")


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def kawal(name: str, environment: Mapping[str, str]) -> Service:
    """The service that is a `kawal` command of this installation."""
    # -P: whatever is in the folder we are in
    return Service(name, (sys.executable, "-P", "-m", "cli", name), environment)
