"""`kawal tune`: how many alerts a recording would have given under other limits."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cli.exits import Exit, leave, read_plans
from cli.recording_lines import RecordingLines
from models.faults import did_you_mean
from models.limits import Limits
from models.plan import ConvoyPlan

if TYPE_CHECKING:
    from streams.tune import Trial

VALUES_MAX = 20
"""Each value is judged beside all others, and a table of more is not read."""


def tune(
    pings: Annotated[Path, typer.Argument(metavar="PINGS.jsonl", help="One ping a line, in arrival order.")],
    plan: Annotated[Path, typer.Option(metavar="FILE", help="The plan file of its convoys.")],
    limit: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Try this limit only; may be given several times.")
    ] = None,
    values: Annotated[
        str | None, typer.Option(metavar="A,B,C", help="Values to try instead, the same for all convoys; one --limit.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a trial and line.")] = False,
) -> None:
    """Count the alerts that a recording gives under the limits of its plan, and those it would give under others.

    Each limit is tried alone, at half, three quarters, one and a half times and twice of what the plan has. A limit
    that ends an alert moves with the one that begins it, and so does one that would else be on the wrong side of it.
    An alert is counted once, and as sounding if it was ever medium or worse.
    """
    from bus.garbage import collect_rarely
    from cli.tune_table import WIDTH, json_lines, table
    from streams.tune import as_planned
    from streams.tune import tune as tuned_of

    plans = read_plans(plan)
    trials = [as_planned(plans), *_trials(plans, _checked(limit or []), _numbers(values))]
    collect_rarely()
    console = Console(stderr=True)
    lines = RecordingLines(pings, plans, console)
    tuned = tuned_of(plans, trials, lines.read(), lines.refuse)
    if not tuned.results["accepted"]:
        leave(Exit.BAD_INPUT, f"{pings}: no ping of a vehicle in {plan} is in it.")
    if as_json:
        for line in json_lines(trials, tuned):
            typer.echo(line)
    else:
        width = None if sys.stdout.isatty() else WIDTH
        Console(markup=False, emoji=False, highlight=False, width=width).print(table(trials, tuned))
    console.print(lines.summary(tuned.results, f"{len(trials) - 1} other limits tried"), highlight=False)


def _checked(names: Sequence[str]) -> list[str]:
    for name in names:
        if name not in Limits.model_fields:
            raise typer.BadParameter(f"no limit is called {name}{did_you_mean(name, Limits.model_fields)}")
    return list(dict.fromkeys(names))


def _numbers(text: str | None) -> list[float] | None:
    if text is None:
        return None
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise typer.BadParameter(f"--values: {text!r} is no list of numbers like 50,80,120") from error
    if len(values) > VALUES_MAX:
        raise typer.BadParameter(f"--values: {len(values)} are more than {VALUES_MAX}")
    return list(dict.fromkeys(values))


def _trials(plans: Sequence[ConvoyPlan], names: Sequence[str], values: Sequence[float] | None) -> list[Trial]:
    from streams.tune import at_values, default_limits, ladder

    try:
        if values is None:
            return [trial for name in names or default_limits(plans) for trial in ladder(plans, name)]
        if len(names) != 1:
            raise ValueError("--values are those of one limit: name it with one --limit")
        return at_values(plans, names[0], values)
    except ValueError as error:
        raise typer.BadParameter(_said(error)) from error


def _said(error: ValueError) -> str:
    """Say in a line what is wrong with a value; pydantic would take five."""
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(": ".join([*map(str, fault["loc"]), fault["msg"]]) for fault in error.errors())
