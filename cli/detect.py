"""`kawal detect`: the alerts of a recording, without Kafka."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.exits import read_plans
from cli.recording_lines import RecordingLines
from models.instants import parse_instant


def _instant_ms(text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} {error}") from error


def detect(
    pings: Annotated[Path, typer.Argument(metavar="PINGS.jsonl", help="One ping a line, in arrival order.")],
    plan: Annotated[Path, typer.Option(metavar="FILE", help="The plan file of its convoys.")],
    until: Annotated[
        int | None,
        typer.Option(parser=_instant_ms, metavar="INSTANT", help="Judge up to here: later pings are left out."),
    ] = None,
) -> None:
    """Print the alerts that a recording gives, one JSON object a line.

    It is the worker's engine without Kafka: the same files give the same bytes, and a replay of them through Kafka the
    same alerts. Time is that of the pings (`received`, else `time`) and ends at the last one, or at --until.
    A line that is no ping is told on stderr with its number, and counted.
    """
    from bus.garbage import collect_rarely
    from streams.detect import detect as judged

    plans = read_plans(plan)
    collect_rarely()
    console = Console(stderr=True)
    lines = RecordingLines(pings, plans, console)
    results: Counter[str] = Counter()
    alerts = 0
    for batch in judged(plans, lines.read(), until):
        for line, reason in batch.rejected:
            lines.refuse(line, reason)
        for alert in batch.alerts:
            sys.stdout.buffer.write(alert.to_json() + b"\n")
        sys.stdout.flush()
        results.update(batch.counts)
        alerts += len(batch.alerts)
    console.print(lines.summary(results, f"{alerts:,} alerts"), highlight=False)
