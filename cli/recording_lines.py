"""Reads a recording for a command: a progress bar on a terminal, and what is wrong with which line on stderr."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from cli.exits import Exit, leave
from models.plan import ConvoyPlan
from streams.recording import Arrival, read_recording

FAULTS_TOLD = 20
"""A file in another format is refused line by line: twenty reasons are enough to see that."""

BAR_STEP_BYTES = 500_000
"""Moving the bar costs as much as judging ten pings."""


class RecordingLines:
    """The pings of one recording, with their line numbers; lines that are no ping are told and counted.

    A file that cannot be read ends the command with BAD_INPUT.
    """

    def __init__(self, path: Path, plans: Sequence[ConvoyPlan], console: Console) -> None:
        try:
            path.open("rb").close()
        except OSError as error:
            leave(Exit.BAD_INPUT, f"{path}: {error.strerror}.")
        self._path = path
        self._plans = plans
        self._console = console
        self._numbers = array("Q")
        self._line = 0
        self.refused = 0

    def read(self) -> Iterator[Arrival]:
        """Read the pings in the order of the lines."""
        with self._bar() as step:
            for arrival in read_recording(self._path, self._plans, self.refuse, step):
                self._numbers.append(self._line)
                yield arrival

    def number(self, place: int) -> int:
        """The line of the ping that `read` gave at `place`, counted from 0."""
        return self._numbers[place]

    def refuse(self, line: int, reason: str) -> None:
        """Say what is wrong with a line."""
        self.refused += 1
        if self.refused <= FAULTS_TOLD:
            self._console.print(f"{self._path}:{line}: {reason}", markup=False, highlight=False, soft_wrap=True)
        elif self.refused == FAULTS_TOLD + 1:
            self._console.print("Further bad lines are only counted.")

    @contextmanager
    def _bar(self) -> Iterator[Callable[[int], None]]:
        """A bar of the bytes read, and what moves it by one line."""
        with Progress(console=self._console, disable=not self._console.is_terminal, transient=True) as progress:
            task = progress.add_task(self._path.name, total=self._path.stat().st_size)
            behind = 0

            def step(line_bytes: int) -> None:
                nonlocal behind
                self._line += 1
                behind += line_bytes
                if behind >= BAR_STEP_BYTES:
                    progress.advance(task, behind)
                    behind = 0

            yield step
