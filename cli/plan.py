"""`kawal plan`: draft and check plan files, put their convoys on the plans topic, list them and take them off."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer
from aiokafka.errors import KafkaTimeoutError
from rich.console import Console
from rich.table import Table

from bus.plan_reader import read_plans as read_active
from bus.plan_writer import Change, VehicleTakenError, changes, write_plans
from cli.exits import Exit, broker_faults, broker_of, leave, read_plans, read_settings
from draw.plan_page import plan_page
from models.faults import did_you_mean
from models.geometry import length_m
from models.plan import ConvoyPlan
from models.plan_draft import draft as draft_of
from models.plan_draft import places_left_out
from models.route_files import RouteError, read_route
from models.topics import TopicSet

BROKER_TIMEOUT_S = 10.0

app = typer.Typer(help="Draft, check, draw, import, list and withdraw plans.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="Plan file, YAML or JSON; its routes lie beside it.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a convoy and line, as on the topic.")]
Answer = TypeVar("Answer")


@app.command()
def check(file: File, as_json: AsJson = False) -> None:
    """Check a plan file and show its convoys; exit 3 with every fault, each with its line and reason.

    A route is a .gpx, .geojson, .kml, .kmz, .csv, .wkt (Traccar), .polyline5 or .polyline6 file beside the plan, or
    GTFS shapes.txt; FILE#NAME takes one of several lines. What was done to it (repetitions, spikes, simplified to 5 m)
    is said on stderr.
    """
    _show(read_plans(file, _tell), as_json)


@app.command()
def draft(
    route: Annotated[Path, typer.Argument(metavar="ROUTE_FILE", help="A route file, or one line of it as FILE#NAME.")],
) -> None:
    """Draft a plan file from a route file alone, and print it: line, length, times and named points are taken from it.

    What only people know is marked with <--; the vehicles are left open, so the draft cannot be imported as it is.

    Example:

        kawal plan draft routes/btg-07.kml > plan.yaml
    """
    try:
        read = read_route(route)
    except RouteError as error:
        leave(Exit.BAD_INPUT, str(error))
    for note in [*read.notes, *places_left_out(read)]:
        _tell(note)
    typer.echo(draft_of(read, str(route), route.name.partition("#")[2] or route.stem), nl=False)


@app.command()
def preview(
    file: File,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The page; the plan file's name with .html here.")
    ] = None,
) -> None:
    """Draw the convoys of a plan file as one HTML page, to look at and to print: map, route strip, vehicles, limits.

    The page needs no network, and shows where the convoys will be: treat it as you treat the plan.
    """
    plans = read_plans(file, _tell)
    path = out or Path(f"{file.stem}.html")
    try:
        path.write_text(plan_page(plans), encoding="utf-8")
    except OSError as error:
        leave(Exit.FAILED, f"{path}: {error.strerror}.")
    typer.echo(path)


@app.command("import")
def import_(file: File) -> None:
    """Check a plan file and put its convoys into force, all or none; says which are new, changed or the same."""
    plans = read_plans(file, _tell)
    broker, topics = _target()
    with broker_faults(broker):
        change_of = put_in_force(broker, topics, plans)
    for plan in plans:
        typer.echo(f"{change_of[plan.convoy_id]:<8} {plan.convoy_id}  {plan.name}")


def put_in_force(broker: str, topics: TopicSet, plans: Sequence[ConvoyPlan]) -> dict[str, Change]:
    """Put plans on the topic, all or none; ends with BAD_INPUT where a vehicle is in two convoys."""
    active = asyncio.run(_bounded(read_active(broker, topics)))
    try:
        change_of = changes(plans, active)
    except VehicleTakenError as error:
        leave(Exit.BAD_INPUT, f"{error}\nNothing was imported. Withdraw the other convoy: `kawal plan withdraw ID`.")
    values = {plan.convoy_id: plan.to_json() for plan in plans if change_of[plan.convoy_id] != "same"}
    if values:
        asyncio.run(_bounded(write_plans(broker, topics, values)))
    return change_of


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show the convoys in force."""
    broker, topics = _target()
    with broker_faults(broker):
        active = asyncio.run(_bounded(read_active(broker, topics)))
    _show([active[convoy_id] for convoy_id in sorted(active)], as_json)


@app.command()
def withdraw(convoy_id: Annotated[str, typer.Argument(metavar="ID", help="The convoy.")]) -> None:
    """Take a convoy out of force; exit 1 if there is none with this id."""
    broker, topics = _target()
    with broker_faults(broker):
        active = asyncio.run(_bounded(read_active(broker, topics)))
        if convoy_id not in active:
            hint = did_you_mean(convoy_id, active) or ". `kawal plan list` shows those that are"
            leave(Exit.FAILED, f"No convoy {convoy_id} is in force{hint}")
        asyncio.run(_bounded(write_plans(broker, topics, {convoy_id: None})))
    typer.echo(f"withdrawn {convoy_id}")


def _tell(note: str) -> None:
    typer.echo(note, err=True)


def _target() -> tuple[str, TopicSet]:
    settings = read_settings()
    return broker_of(settings), TopicSet(settings.topic_prefix, settings.partitions)


async def _bounded(work: Coroutine[Any, Any, Answer]) -> Answer:
    try:
        return await asyncio.wait_for(work, BROKER_TIMEOUT_S)
    except TimeoutError as error:
        raise KafkaTimeoutError(f"no answer within {BROKER_TIMEOUT_S:.0f} s") from error


def _show(plans: Iterable[ConvoyPlan], as_json: bool) -> None:
    if as_json:
        for plan in plans:
            typer.echo(plan.to_json())
    else:
        Console(markup=False, emoji=False).print(_table(plans))


def _table(plans: Iterable[ConvoyPlan]) -> Table:
    table = Table("Convoy", "Name", "Risk", "Departs")
    for heading in ("Length", "Cargo", "Escorts", "Checkpoints", "Stops"):
        table.add_column(heading, justify="right")
    for plan in plans:
        roles = [vehicle.role for vehicle in plan.vehicles]
        counts = (roles.count("cargo"), roles.count("escort"), len(plan.checkpoints), len(plan.stops))
        length = f"{length_m(plan.route) / 1000:,.1f} km"
        departs = _local(plan.depart_at, plan.timezone)
        table.add_row(plan.convoy_id, plan.name, plan.risk, departs, length, *map(str, counts))
    return table


def _local(moment: datetime | None, timezone: str) -> str:
    return "" if moment is None else f"{moment.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M %Z}"
