"""`kawal alerts`: the alerts as they come, those that are open, and acknowledging one."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress
from getpass import getuser
from typing import Annotated
from uuid import uuid4
from zoneinfo import ZoneInfo

import typer
from aiokafka import AIOKafkaProducer
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from bus.connection import connection
from bus.follow import Follower, following
from bus.plan_reader import Plans
from cli.alert_line import alert_line
from cli.exits import Exit, broker_faults, broker_of, leave, read_settings
from cli.words import Lang
from console.book import Book, Entry
from console.fold import Refusal, refusal_of
from console.recall import KEPT_MS, read_alarms
from models.alert import Alert
from models.alert_action import AlertAction
from models.faults import reason_of
from models.topics import TopicSet

app = typer.Typer(help="Follow, list and acknowledge alerts.", no_args_is_help=True)

UNKNOWN_ZONE = ZoneInfo("UTC")
"""For an alert of a convoy whose plan is withdrawn: its times are shown in UTC, and say so."""


@app.callback()
def alerts() -> None:
    """Follow, list and acknowledge alerts."""


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


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    lang: Annotated[Lang, typer.Option(help="Language of the lines.")] = Lang.EN,
) -> None:
    """List the alarms of the last seven days that are not over and done: active ones, and those nobody has taken.

    What people did with them counts, as in the console. Times are in the zone of the convoy's plan.
    """
    settings = read_settings()
    broker = broker_of(settings)
    topics = TopicSet(settings.topic_prefix, settings.partitions)
    with broker_faults(broker):
        book, plans = asyncio.run(_recall(broker, topics))
    console = Console(soft_wrap=True)
    for entry in sorted(book.entries.values(), key=lambda entry: entry.head.detected_at):
        if not (entry.now.gone_ms is not None and entry.now.state in ("closed", "gone-ack")):
            _print_entry(entry, plans, console, as_json, lang)


@app.command()
def ack(
    alert_id: Annotated[str, typer.Argument(help="The alert's id, or its first letters where no other begins so.")],
    note: Annotated[str | None, typer.Option(help="What you want to say with it.")] = None,
    actor: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who you are; the login name.")] = None,
) -> None:
    """Acknowledge an alarm: you take it on. Exits 1 where somebody was first, or it wants no acknowledgement.

    The console shows it as done at the post `terminal`. Whoever may write to the broker may do this under any name:
    where that matters, let people use the console.
    """
    settings = read_settings()
    broker = broker_of(settings)
    topics = TopicSet(settings.topic_prefix, settings.partitions)
    with broker_faults(broker):
        refusal = asyncio.run(_acknowledge(broker, topics, alert_id, actor or getuser(), note))
    if refusal is not None:
        first = f" {refusal.winner.actor} was first." if refusal.winner else ""
        leave(Exit.FAILED, f"Not acknowledged: {refusal.error}.{first}")
    typer.echo("Acknowledged.", err=True)


async def _recall(broker: str, topics: TopicSet) -> tuple[Book, Plans]:
    plans, now_ms = Plans(), round(time.time() * 1000)
    names = [topics.alerts, topics.alert_actions, topics.plans]
    async with following(broker, names, from_beginning=True) as follower:
        await plans.load(follower, topics)
        return await read_alarms(follower, topics, now_ms - KEPT_MS, now_ms), plans


async def _acknowledge(broker: str, topics: TopicSet, wanted: str, actor: str, note: str | None) -> Refusal | None:
    """Write the acknowledgement, read it back, and give why it changes nothing, if so."""
    book, _ = await _recall(broker, topics)
    entry = _the_one(book, wanted)
    try:
        action = AlertAction(
            action_id=uuid4(),
            alert_id=entry.head.alert_id,
            action="acknowledge",
            actor=actor,
            post="terminal",
            at_ms=max(round(time.time() * 1000), entry.steps[-1].seen_ms),
            severity=entry.now.severity,
            note=note,
        )
    except ValidationError as error:
        fault = error.errors()[0]
        leave(Exit.USAGE, f"{fault['loc'][0]} {reason_of(fault)}")
    refusal = refusal_of(entry.now, action)
    if refusal is not None:
        return refusal
    async with AIOKafkaProducer(**connection(broker), acks="all") as producer:
        await producer.send_and_wait(topics.alert_actions, action.to_json(), key=action.alert_id.encode())
    book, _ = await _recall(broker, topics)
    return book.entries[action.alert_id].now.refused.get(str(action.action_id))


def _the_one(book: Book, wanted: str) -> Entry:
    found = [entry for alert_id, entry in book.entries.items() if alert_id.startswith(wanted.lower())]
    if len(found) != 1:
        many = "More than one alert begins" if found else "No alert of the last seven days begins"
        leave(Exit.BAD_INPUT, f"{many} with {wanted}. `kawal alerts list --json` names them.")
    return found[0]


def _print_entry(entry: Entry, plans: Plans, console: Console, as_json: bool, lang: Lang) -> None:
    alarm, newest = entry.now, Alert.from_json(entry.steps[-1].value)
    owner = alarm.ack.action.actor if alarm.ack else None
    if as_json:
        told = {"state": alarm.state, "acknowledged_by": owner, "assignee": alarm.assignee}
        typer.echo(json.dumps(told | {"alert": json.loads(entry.steps[-1].value)}, ensure_ascii=False))
        return
    plan = plans.by_convoy.get(newest.convoy_id)
    line = alert_line(newest, ZoneInfo(plan.timezone) if plan else UNKNOWN_ZONE, lang)
    console.print(Text(f"{entry.head.alert_id[:8]}  {alarm.state:12}  {owner or '-':10}  ") + line)
