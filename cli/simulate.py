"""`kawal simulate`: labelled traffic, made from a plan."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from zlib import crc32

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress

from cli.exits import Exit, leave, read_plans
from models.instants import instant_ms, parse_instant
from models.plan import ConvoyPlan
from simulate.bontang import PLAN
from simulate.catalogue import Order, make_faults, read_order, teach
from simulate.conditions import ORDINARY
from simulate.label_file import Ordered, document
from simulate.labels import label
from simulate.traffic import Simulation
from simulate.traffic import simulate as drive

LEAD_S = 60.0
UNDATED = "2024-11-27T00:00:00Z"
"""When an operation begins whose plan has no departure: the same files must come of the same plan and seed."""

PINGS, LABELS = "pings.jsonl", "labels.json"


def _order(text: str) -> Order:
    try:
        return read_order(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def simulate(
    plan: Annotated[
        Path,
        typer.Option(metavar="FILE", show_default=False, help="The plan file to drive; default: the sample operation."),
    ] = PLAN,
    seed: Annotated[
        int, typer.Option(min=0, help="Another seed is another drive; the same one gives the same files.")
    ] = 1,
    fault: Annotated[
        list[Order] | None,
        typer.Option(
            parser=_order, metavar="NAME[:KEY=VALUE,...]", help="What goes wrong; may be given several times."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the two files go.")] = Path("simulated"),
) -> None:
    """Drive a plan, and write what its vehicles would send (pings.jsonl) and what that must bring (labels.json).

    The convoys leave at their `depart_at` and follow their route, in the order in which a plan lists their vehicles,
    with red lights, slow traffic, GPS errors that last, and silence in the planned `no_signal` stretches.

    \b
    FAULTS

    A fault hits a place and vehicles chosen by the seed. To choose them yourself, add `convoy`, `vehicle` or the
    fault's own numbers: metres along the route end in _m, seconds from the convoy's departure are from_s or at_s. An
    unknown number tells which there are.

    \b
      kawal simulate --fault detour --fault dropout:convoy=BTG-02,duration_s=400

    Then `kawal detect --plan FILE simulated/pings.jsonl` finds the alerts, and `kawal replay` sends the file through
    Kafka. A label says `must`, `may` (within the margin of a limit) or `none`, with the times between which the
    episode may begin (onset, by the device's clock), be raised and be cleared.
    """
    plans, orders, console = read_plans(plan), fault or [], Console(stderr=True)
    _refuse_foreign(out)
    begin_ms = _begin_ms(plans, orders)
    try:
        faults = _faults(plans, orders, begin_ms, seed)
        with _bar(console, sum(len(one.vehicles) for one in plans)) as step:
            driven = drive(plans, [fault for _, fault in faults], begin_ms, seed, ORDINARY, step)
    except ValueError as error:
        leave(Exit.BAD_INPUT, f"{plan}: {error}.")
    labels = label(driven)
    run = {"plan": str(plan), "operation": plans[0].operation, "seed": seed, "begin_ms": begin_ms}
    _write(out, driven, json.dumps(document(plans, faults, labels, run), indent=1))
    must = sum(one.must for one in labels)
    typer.echo(f"{out / PINGS}: {len(driven.pings):,} pings of {len(driven.logs)} vehicles in {len(plans)} convoys.")
    typer.echo(f"{out / LABELS}: {must} alerts must come, {len(labels) - must} more may, all others must not.")
    typer.echo(f"Find them: kawal detect --plan {plan} {out / PINGS}")


simulate.__doc__ = (simulate.__doc__ or "").replace(
    "FAULTS", "\n    ".join(["Faults:", *(f"  {line}" for line in teach())])
)


def _begin_ms(plans: Sequence[ConvoyPlan], orders: Sequence[Order]) -> int:
    """A minute before the first departure, whole seconds; early departures are ordered from there."""
    departs = [plan.depart_at for plan in plans if plan.depart_at is not None]
    if not departs:
        return parse_instant(UNDATED)
    early_s = max((o.numbers.get("by_s", 900.0) for o in orders if o.name == "early-departure"), default=0.0)
    return instant_ms(min(departs) - timedelta(seconds=LEAD_S + early_s)) // 1000 * 1000


def _faults(plans: Sequence[ConvoyPlan], orders: Sequence[Order], begin_ms: int, seed: int) -> list[Ordered]:
    """The faults of all orders; one more order changes none of the others."""
    made: list[Ordered] = []
    for number, order in enumerate(orders):
        rng = np.random.default_rng([seed, number, crc32(order.name.encode())])
        made += [(order.name, fault) for fault in make_faults(plans, order, begin_ms, rng)]
    return made


@contextmanager
def _bar(console: Console, vehicles: int) -> Iterator[Callable[[str], None]]:
    """A bar that moves with each vehicle that is done."""
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("Driving", total=vehicles)
        yield lambda _: progress.advance(task)


def _refuse_foreign(out: Path) -> None:
    """A recording that has no labels beside it was not simulated: it is not written over."""
    if (out / PINGS).exists() and not (out / LABELS).exists():
        leave(Exit.BAD_INPUT, f"{out / PINGS} is there already, and was not simulated: choose another --out.")


def _write(out: Path, driven: Simulation, labels: str) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        with (out / PINGS).open("wb") as lines:
            lines.writelines(ping.line() + b"\n" for ping in driven.pings)
        (out / LABELS).write_text(labels + "\n", encoding="utf-8")
    except OSError as error:
        leave(Exit.BAD_INPUT, f"{error.filename}: {error.strerror}.")
