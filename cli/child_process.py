"""A `kawal` command of one's own as a child process, for the demo."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

STOP_S = 15.0
"""A command ends within 10 s of SIGTERM, its last work included; one that does not is killed."""

POLL_S = 0.2
LOG_LINES_SHOWN = 15


class ChildEnded(RuntimeError):
    """The command ended though nobody asked it to."""


class ChildProcess:
    """`kawal NAME` with an environment, its log in a temporary folder; use it as `async with`."""

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        self._name = name
        self._environment = environment
        self._folder = TemporaryDirectory(prefix=f"kawal-{name}-")
        self._log = self.folder / "log"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def folder(self) -> Path:
        """A folder for as long as the process runs; nobody else may read it."""
        return Path(self._folder.name)

    async def __aenter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "cli", self._name),  # -P: whatever is in the folder we are in
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=log,
                env={**os.environ, **self._environment},
                start_new_session=True,  # Ctrl-C is for the demo, which then stops the command in order
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._folder.cleanup()

    def log(self) -> str:
        """What it has written to stderr so far."""
        return self._log.read_text(errors="replace")

    async def ended(self) -> None:
        """Wait for its end, and raise ChildEnded with the last lines of its log."""
        assert self._process is not None
        code = await self._process.wait()
        last = self.log().splitlines()[-LOG_LINES_SHOWN:]
        raise ChildEnded("\n".join([f"The {self._name} ended with exit code {code}. Its last words:", *last]))
