"""`kawal alerts`: the alerts as they come."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from bus.follow import Follower, following
from bus.plan_reader import Plans
from cli.alert_line import alert_line
from cli.exits import broker_faults, broker_of, read_settings
from cli.words import Lang
from models.alert import Alert
from models.topics import TopicSet

app = typer.Typer(help="Alerts as they come.", no_args_is_help=True)

UNKNOWN_ZONE = ZoneInfo("UTC")
"""For an alert of a convoy whose plan is withdrawn: its times are shown in UTC, and say so."""


@app.callback()
def alerts() -> None:
    """Alerts as they come."""


class _Printer:
    """Prints alerts on stdout, each in the time zone of its convoy's plan."""

    def __init__(self, as_json: bool, lang: Lang) -> None:
        self.plans = Plans()
        self._as_json = as_json
        self._lang = lang
        self._console = Console(soft_wrap=True)

    def show(self, value: bytes) -> None:
        """Print one alert."""
        if self._as_json:
            sys.stdout.buffer.write(value + b"\n")
            sys.stdout.flush()
        else:
            alert = Alert.from_json(value)
            plan = self.plans.by_convoy.get(alert.convoy_id)
            zone = ZoneInfo(plan.timezone) if plan else UNKNOWN_ZONE
            self._console.print(alert_line(alert, zone, self._lang))


@app.command()
def tail(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, as on the topic.")] = False,
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="Also the alerts already there.")] = False,
    for_s: Annotated[float | None, typer.Option("--for", min=0, metavar="SECONDS", help="End after this long.")] = None,
    lang: Annotated[Lang, typer.Option(help="Language of the lines.")] = Lang.EN,
) -> None:
    """Follow the alerts: committed ones only, each transition once. Times are in the zone of the convoy's plan."""
    settings = read_settings()
    broker = broker_of(settings)
    topics = TopicSet(settings.topic_prefix, settings.partitions)
    with broker_faults(broker), suppress(KeyboardInterrupt):  # Ctrl-C is how a reader leaves
        asyncio.run(_tail(broker, topics, _Printer(as_json, lang), from_beginning, for_s))


async def _tail(broker: str, topics: TopicSet, printer: _Printer, from_beginning: bool, for_s: float | None) -> None:
    async with following(broker, [topics.alerts, topics.plans], from_beginning) as follower:
        for record in await follower.read_to_end(topics.plans):
            printer.plans.apply(record)
        with suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                await _print(follower, topics, printer)


async def _print(follower: Follower, topics: TopicSet, printer: _Printer) -> None:
    async for record in follower.follow():
        if record.topic == topics.plans:
            printer.plans.apply(record)
        elif record.value is not None:
            printer.show(record.value)
