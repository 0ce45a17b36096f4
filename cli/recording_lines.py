"""Reads a recording for a command: a progress bar on a terminal, and what is wrong with which line on stderr."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from cli.exits import Exit, leave
from models.plan import ConvoyPlan
from streams.recording import Arrival, read_recording

FAULTS_TOLD = 20
"""A file in another format is refused line by line: twenty reasons are enough to see that."""


class RecordingLines:
    """The pings of one recording; lines that are no ping are told and counted.

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
        self.refused = 0

    def read(self) -> Iterator[Arrival]:
        """Read the pings in the order of the lines."""
        with Progress(console=self._console, disable=not self._console.is_terminal, transient=True) as progress:
            task = progress.add_task(self._path.name, total=self._path.stat().st_size)
            advance = partial(progress.advance, task)
            yield from read_recording(self._path, self._plans, self.refuse, advance)

    def refuse(self, line: int, reason: str) -> None:
        """Say what is wrong with a line."""
        self.refused += 1
        if self.refused <= FAULTS_TOLD:
            self._console.print(f"{self._path}:{line}: {reason}", markup=False, highlight=False, soft_wrap=True)
        elif self.refused == FAULTS_TOLD + 1:
            self._console.print("Further bad lines are only counted.")

    def summary(self, results: Counter[str], found: str) -> str:
        """Say in a line what became of the pings, how many lines were none, and what was found."""
        of = {name: count for name, count in results.items() if count and name != "accepted"}
        others = "".join(f", {count:,} {name}" for name, count in of.items())
        bad = f" {self.refused:,} lines could not be used." if self.refused else ""
        return f"{results['accepted']:,} pings accepted{others}.{bad} {found}."
