"""`kawal topics`: the topics on the broker, created and checked."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from bus import topic_admin
from cli.exits import Exit, broker_faults, broker_of, leave, read_settings
from models.topics import TopicSet

app = typer.Typer(
    help="Create the topics on the broker in KAWAL_BROKER, or compare them with what they must be.",
    no_args_is_help=True,
)

Replay = Annotated[
    bool, typer.Option("--replay", help="A replay set: the replaying tool writes the timestamps, not the broker.")
]
Prefix = Annotated[
    str | None, typer.Option(metavar="NAME", help="First part of each topic's name; KAWAL_TOPIC_PREFIX, or kawal.")
]
Partitions = Annotated[
    int | None, typer.Option(min=1, max=1000, metavar="N", help="Partitions of each topic; KAWAL_PARTITIONS, or 12.")
]


@app.command()
def ensure(replay: Replay = False, prefix: Prefix = None, partitions: Partitions = None) -> None:
    """Create the topics that are missing, print their names, and check them all.

    Run it before the first worker, and as often as you like: what exists stays as it is. The number of partitions is
    chosen once; it is the most workers that can share the load.

    Examples:

        kawal topics ensure

        kawal topics ensure --replay --prefix exercise --partitions 4
    """
    broker, topics = _target(replay, prefix, partitions)
    with broker_faults(broker):
        created = asyncio.run(topic_admin.ensure(broker, topics))
    for name in created:
        typer.echo(name)
    typer.echo(f"{len(created)} topics created, {len(topics.specs()) - len(created)} were there.", err=True)
    _check(broker, topics)


@app.command()
def check(replay: Replay = False, prefix: Prefix = None, partitions: Partitions = None) -> None:
    """Compare partitions, cleanup, retention, timestamps and sizes with what the worker needs; exit 5 if one differs.

    Example:

        kawal topics check && kawal worker
    """
    _check(*_target(replay, prefix, partitions))


def _target(replay: bool, prefix: str | None, partitions: int | None) -> tuple[str, TopicSet]:
    settings = read_settings()
    topics = TopicSet(prefix or settings.topic_prefix, partitions or settings.partitions, replay)
    return broker_of(settings), topics


def _check(broker: str, topics: TopicSet) -> None:
    with broker_faults(broker):
        faults = asyncio.run(topic_admin.check(broker, topics))
    for fault in faults:
        typer.echo(fault)
    if faults:
        leave(Exit.CHECK_FAILED, f"The topics of {topics.prefix} are not as they must be.")
    typer.echo(f"The topics of {topics.prefix} are as they must be.", err=True)
