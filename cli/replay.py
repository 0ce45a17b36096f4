"""`kawal replay`: a recording, published as it was received."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bus.topic_admin import check
from cli.exits import Exit, broker_faults, broker_of, leave, read_plans, read_settings
from cli.plan import put_in_force
from cli.recording_lines import RecordingLines
from models.topics import TopicSet
from streams.publish import Publisher

PLANS_READ_S = 2.0
"""Plans reach a running worker another way than pings: one that had not read them would pass over the first pings."""


def replay(
    pings: Annotated[Path, typer.Argument(metavar="PINGS.jsonl", help="One ping a line, in arrival order.")],
    plan: Annotated[Path, typer.Option(metavar="FILE", help="The plan file of its convoys; it is imported first.")],
    speed: Annotated[
        float, typer.Option(min=0, metavar="X", help="So many times as fast as it was; 0 is as fast as possible.")
    ] = 1.0,
) -> None:
    """Publish recorded pings and ticks to a replay set, in arrival order, with the timestamps of their receipt.

    Create the set with `kawal topics ensure --replay` and name it with KAWAL_TOPIC_PREFIX; a live set is refused. A
    `kawal worker` of the same set then raises the alerts that `kawal detect` finds in the same file.
    """
    settings = read_settings()
    broker = broker_of(settings)
    topics = TopicSet(settings.topic_prefix, settings.partitions, replay=True)
    plans = read_plans(plan)
    lines = RecordingLines(pings, plans, Console(stderr=True))
    with broker_faults(broker):
        if faults := asyncio.run(check(broker, topics)):
            _refuse_set(topics, faults)
        if any(change != "same" for change in put_in_force(broker, topics, plans).values()):
            time.sleep(PLANS_READ_S)
        published = asyncio.run(_publish(broker, topics, lines, speed))
    bad = f" {lines.refused:,} lines could not be used." if lines.refused else ""
    typer.echo(f"Published {published:,} pings of {len(plans)} convoys to {topics.prefix}.{bad}")


async def _publish(broker: str, topics: TopicSet, lines: RecordingLines, speed: float) -> int:
    async with Publisher(broker, topics) as publisher:
        return await publisher.publish(lines.read(), speed)


def _refuse_set(topics: TopicSet, faults: list[str]) -> None:
    advice = (
        f"Nothing was published: {topics.prefix} is no replay set. Choose a prefix of its own and create it:\n"
        "  export KAWAL_TOPIC_PREFIX=exercise\n  kawal topics ensure --replay"
    )
    leave(Exit.CHECK_FAILED, "\n".join([*faults, advice]))
