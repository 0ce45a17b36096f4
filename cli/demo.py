"""`kawal demo`: a simulated operation on this machine, Apache Kafka included."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.child_process import ChildEnded
from cli.download_bar import download_bar
from cli.exits import Exit, broker_faults, leave, read_plans, read_settings
from cli.live_view import OperationView
from cli.operation import Operation, first_of
from cli.words import Lang
from cli.worker_process import compile_engine
from deploy.kafka.embedded import EmbeddedKafka
from models.settings import PREFIX
from models.topics import TopicSet
from simulate.bontang import FAULTS, PLAN
from simulate.label_file import possible_episodes, whole_episodes
from simulate.labels import label
from simulate.schedule import depart_from
from simulate.traffic import DEFAULT_DEPART_S, Simulation, simulate
from simulate.truth import Label
from streams.recording import Arrival

SPEED = 20.0
SEED = 2
PARTITIONS = 4
"""Each gets a tick an event second, twenty a second here: the usual twelve partitions would only cost more."""

BEGIN_AGO_S = 3600
"""The operation begins an hour ago and is over before now: Kafka refuses timestamps far in the future."""

RANK = {"cargo": 0, "escort": 1}


def demo(
    for_s: Annotated[
        float | None,
        typer.Option("--for", min=1, metavar="SECONDS", help="End so long after the first ping, with a JSON summary."),
    ] = None,
    lang: Annotated[Lang, typer.Option(help="Language of the view.")] = Lang.EN,
) -> None:
    """Watch a simulated operation: four convoys around Bontang, at twenty times the speed of events.

    One convoy leaves its route, one stalls, one rests at an authorised stop, and of one a vehicle loses its signal.
    The link that it prints opens the control room in a browser, once. Starts its own Apache Kafka unless KAWAL_BROKER
    names one. With --for, exits 0 only if exactly the expected alerts came. Takes about three minutes without --for;
    Ctrl-C ends it at any time.
    """
    settings = read_settings()
    console = Console(stderr=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # until the event loop takes both signals over
    try:
        console.print("Loading the engine; the first time, it is compiled for half a minute.")
        compile_engine()
        with _embedded_unless(settings.broker, console) as broker, broker_faults(broker):
            console.print("Starting the worker.")
            operation, labels = _operation(broker, settings.topic_prefix, console, lang)
            asyncio.run(_until_stopped(operation.run(for_s)))
    except ChildEnded as error:
        leave(Exit.FAILED, str(error))
    except KeyboardInterrupt:
        leave(Exit.FAILED, "Stopped before the operation began.")
    _conclude(operation, labels, for_s)


@contextmanager
def _embedded_unless(broker: str | None, console: Console) -> Iterator[str]:
    """The broker that is given, or an embedded one for as long as the demo runs."""
    if broker is not None:
        yield broker
        return
    for name in [name for name in os.environ if name.upper().startswith(f"{PREFIX}KAFKA_")]:
        del os.environ[name]  # how another broker is reached; the worker would be told it too
    kafka = EmbeddedKafka()
    console.print("Starting Apache Kafka on this machine.")
    with download_bar(console) as progress:
        kafka.start(progress)
    try:
        yield kafka.bootstrap
    finally:
        kafka.stop()


def _operation(broker: str, prefix: str, console: Console, lang: Lang) -> tuple[Operation, list[Label]]:
    """What is to be run, and what must come of it."""
    begin_s = (int(time.time()) - BEGIN_AGO_S) // 60 * 60
    plans = depart_from(read_plans(PLAN), datetime.fromtimestamp(begin_s + DEFAULT_DEPART_S, UTC))
    topics = TopicSet(f"{prefix}-demo-{int(time.time())}", PARTITIONS, replay=True)
    view = OperationView(plans, SPEED, console, lang)
    driven = simulate(plans, FAULTS, begin_s * 1000, SEED)
    return Operation(broker, topics, plans, _arrivals(driven), SPEED, view), label(driven)


def _arrivals(driven: Simulation) -> list[Arrival]:
    return [Arrival(ping.received_ms, ping.convoy_id.encode(), ping.value(), RANK[ping.role]) for ping in driven.pings]


async def _until_stopped(operation: Coroutine[Any, Any, None]) -> None:
    """Run to the end, or until Ctrl-C or SIGTERM; either way everything is stopped in order."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await first_of(operation, stop.wait())


def _conclude(operation: Operation, labels: Sequence[Label], for_s: float | None) -> None:
    """Print what came of it: JSON for programs with --for, else sentences. Ends with FAILED if --for missed alerts."""
    verdict = operation.outcome.verdict(whole_episodes(labels), possible_episodes(labels))
    if for_s is None:
        _print_summary(operation)
        return
    summary = {
        "pings": operation.pings,
        "alerts": operation.outcome.by_kind(),
        "convoys": len(operation.plans),
        "seconds_to_first_alert": _rounded(operation.first_alert_s),
        "transitions": operation.outcome.by_transition(),
        "vehicles": sum(len(plan.vehicles) for plan in operation.plans),
        "speed": operation.speed,
        "missing": verdict.missing,
        "unexpected": verdict.unexpected,
    }
    typer.echo(json.dumps(summary))
    if not verdict.as_expected:
        leave(Exit.FAILED, "Not the expected alerts: see `missing` and `unexpected`.")


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _print_summary(operation: Operation) -> None:
    vehicles = sum(len(plan.vehicles) for plan in operation.plans)
    typer.echo(f"{operation.pings:,} pings of {vehicles} vehicles. Alerts by convoy:")
    for plan in operation.plans:
        counts = operation.outcome.by_kind(plan.convoy_id)
        kinds = ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "none"
        typer.echo(f"  {plan.convoy_id}  {plan.name}: {kinds}")
    typer.echo("On your own broker: set KAWAL_BROKER, then `kawal topics ensure`, `kawal plan import`, `kawal worker`.")
