"""Commands that are imported when they run: the worker's libraries take seconds, `kawal --help` must not."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

# Plain help costs 0.14 s of CPU, with markdown and boxes 0.67; its paragraphs flow to the width of the terminal too.
MARKUP: Final = None


class Place(NamedTuple):
    """Where a command is: a module of cli with a Typer `app` (a group), or with a function of the command's name."""

    module: str
    summary: str


class LazyCommand(TyperCommand):
    """Stands in the help for a command; running it, or asking for its own help, loads the real one."""

    def __init__(self, name: str, place: Place) -> None:
        super().__init__(name=name, help=place.summary)
        self._module = place.module

    def load(self) -> TyperCommand | TyperGroup:
        """Import the real command."""
        assert self.name
        module = import_module(self._module)
        group: typer.Typer | None = getattr(module, "app", None)
        if group:
            group.rich_markup_mode = MARKUP
            return typer.main.get_group(group)
        alone = typer.Typer(add_completion=False, rich_markup_mode=MARKUP)
        alone.command(self.name)(getattr(module, self.name))
        command = typer.main.get_command(alone)
        assert isinstance(command, TyperCommand)
        return command

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Hand over to the real command."""
        return self.load().make_context(*args, **kwargs)
