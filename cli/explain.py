"""`kawal explain`: why an alert came."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cli.exits import Exit, broker_faults, broker_of, leave, read_plans, read_settings
from cli.recording_lines import RecordingLines
from models.topics import TopicSet
from streams.episodes import PREFIX_MIN, NoSuchAlertError

if TYPE_CHECKING:
    from streams.explain import Story

WIDTH = 150
"""Where the text goes to a file nothing in it is cut short."""


def explain(
    alert_id: Annotated[str, typer.Argument(metavar="ALERT_ID", help="Its id, or 8 letters or more of its beginning.")],
    pings: Annotated[
        Path | None, typer.Argument(metavar="PINGS.jsonl", help="A recording; without it, the topics are read.")
    ] = None,
    plan: Annotated[Path | None, typer.Option(metavar="FILE", help="The plan file of the recording.")] = None,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it too, as an SVG picture.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with all pings.")] = False,
) -> None:
    """Say why an alert was raised and cleared: its transitions, the rule, and what was measured at each ping around.

    With --plan and a recording it needs no Kafka; else it reads the alert, the plan and the pings from the topics that
    the KAWAL_ settings name. The engine judges the pings again one by one, so what is shown is what it measured.
    """
    if (pings is None) != (plan is None):
        raise typer.BadParameter("a recording and its --plan go together; without both the topics are read")
    if len(alert_id) < PREFIX_MIN:
        raise typer.BadParameter(f"{alert_id!r} is shorter than {PREFIX_MIN} letters of an id")
    story = _story_of_topics(alert_id) if pings is None or plan is None else _story_of_files(alert_id, plan, pings)
    _show(story, as_json)
    if svg is not None:
        _draw(story, svg)


def _story_of_files(alert_id: str, plan: Path, pings: Path) -> Story:
    from bus.garbage import collect_rarely
    from streams.detect import detect
    from streams.episodes import Episodes
    from streams.explain import explain as story_of

    plans = read_plans(plan)
    collect_rarely()
    lines = RecordingLines(pings, plans, Console(stderr=True))
    episodes = Episodes(alert_id)
    for judged in detect(plans, lines.read()):
        episodes.add(judged.alerts)
    try:
        alerts = episodes.the_one()
    except NoSuchAlertError as error:
        leave(Exit.FAILED, f"{error}\nThe ids are in what `kawal detect --plan {plan} {pings}` prints.")
    convoy = next(one for one in plans if one.convoy_id == alerts[0].convoy_id)
    key = convoy.convoy_id.encode()
    again = RecordingLines(pings, plans, Console(stderr=True, quiet=True))
    return story_of(convoy, alerts, (arrival for arrival in again.read() if arrival.key == key))


def _story_of_topics(alert_id: str) -> Story:
    from streams.explain import explain as story_of
    from streams.past import NoPlanError, read_past

    settings = read_settings()
    broker = broker_of(settings)
    topics = TopicSet(settings.topic_prefix, settings.partitions)
    try:
        with broker_faults(broker):
            past = asyncio.run(read_past(broker, topics, alert_id))
    except NoSuchAlertError as error:
        leave(Exit.FAILED, f"{error}\nThe ids are in what `kawal alerts tail --json --from-beginning` prints.")
    except NoPlanError as error:
        leave(Exit.FAILED, f"{error} With its plan file and a recording: `kawal explain ID PINGS.jsonl --plan FILE`.")
    return story_of(past.plan, past.alerts, past.arrivals)


def _show(story: Story, as_json: bool) -> None:
    from cli.explanation import explanation, json_record

    if as_json:
        typer.echo(json_record(story))
    else:
        width = None if sys.stdout.isatty() else WIDTH
        Console(markup=False, emoji=False, highlight=False, width=width).print(explanation(story))


def _draw(story: Story, path: Path) -> None:
    from streams.picture import draw

    try:
        path.write_text(draw(story), encoding="utf-8")
    except OSError as error:
        leave(Exit.FAILED, f"{path}: {error.strerror}.")
    typer.echo(f"Drawn: {path}", err=True)
