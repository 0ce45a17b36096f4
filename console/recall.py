"""Alarms of the past: read from the topics where they are older than memory, and as they came within a span."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from operator import itemgetter
from typing import Any
from uuid import UUID

from bus.follow import Follower, Record
from console.book import Book, Entry
from console.flood import KEPT_MS
from console.pings import NAP_RECORDS
from console.records import AlertRecord, alert_id_of
from console.trail import Place, place_of
from console.views import action_view
from models.alert import TOLD_ONCE
from models.alert_action import AlertAction
from models.instants import parse_instant
from models.topics import TopicSet

__all__ = ["KEPT_MS", "open_within", "read_alarms", "read_done"]

CLOCKS_MS = 3_600_000
"""A record's time is that of the clock that wrote it, which may be ahead or behind; so much is read on either side."""

Done = tuple[Place, AlertAction]


async def read_alarms(follower: Follower, topics: TopicSet, begin_ms: int, now_ms: int) -> Book:
    """Read the alarms of which anything was written since a time into a book of their own."""
    book = Book(max(KEPT_MS, now_ms - begin_ms))
    async for record in follower.to_end(topics.alerts, begin_ms):
        book.take_alert(record.value or b"", record.timestamp)
    async for record in follower.to_end(topics.alert_actions, begin_ms):
        book.read_action(record.value or b"")
    book.refold(list(book.entries), now_ms)
    return book


async def read_done(follower: Follower, topics: TopicSet, begin_ms: int, end_ms: int) -> tuple[Book, list[Done]]:
    """Read what people did in a span, each with its place, and into a book the alarms that it was done to.

    What was written in the week before is read too: that says whether something was refused.
    """
    book, done, lead_ms = Book(), dict[UUID, AlertAction](), max(0, begin_ms - KEPT_MS)
    async for record in _records(follower, topics, topics.alert_actions, lead_ms, end_ms + CLOCKS_MS):
        if (action := book.read_action(record.value or b"")) is not None:
            done[action.action_id] = action
    alert_ids = {action.alert_id for action in done.values()}
    if alert_ids:
        async for record in _records(follower, topics, topics.alerts, lead_ms, end_ms + CLOCKS_MS):
            if alert_id_of(record.value) in alert_ids:
                book.take_alert(record.value or b"", record.timestamp)
    book.refold(list(book.entries), end_ms)
    return book, [(place_of(action), action) for action in done.values() if begin_ms <= action.at_ms < end_ms]


async def _records(
    follower: Follower, topics: TopicSet, topic: str, begin_ms: int, end_ms: int
) -> AsyncIterator[Record]:
    count = 0
    for partition in range(topics.partitions):
        async for record in follower.between(topic, partition, begin_ms, end_ms):
            count += 1
            if count % NAP_RECORDS == 0:
                await asyncio.sleep(0)
            yield record


def open_within(entries: Iterable[Entry], begin_ms: int, end_ms: int) -> tuple[list[bytes], list[dict[str, Any]]]:
    """Give what was told until a span's end of the alarms that were open in it, and what was done, in order of time."""
    alerts, actions = list[tuple[int, bytes]](), list[tuple[int, dict[str, Any]]]()
    for entry in entries:
        told = [(at_ms, step) for step in entry.steps if (at_ms := parse_instant(step.told.detected_at)) < end_ms]
        if told and (told[-1][0] >= begin_ms or not _is_over(told[-1][1].told)):
            alerts += [(at_ms, step.value) for at_ms, step in told]
            actions += [(it.at_ms, action_view(entry, it)) for it in entry.actions if it.at_ms < end_ms]
    alerts.sort(key=itemgetter(0))
    actions.sort(key=itemgetter(0))
    return [value for _, value in alerts], [action for _, action in actions]


def _is_over(told: AlertRecord) -> bool:
    return told.transition == "cleared" or told.kind in TOLD_ONCE
