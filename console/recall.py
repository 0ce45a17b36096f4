"""Alarms of the past: read from the topics where they are older than memory, and as they came within a span."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter, itemgetter

from bus.follow import Follower
from console.book import Book, Entry
from console.flood import KEPT_MS
from console.records import AlertRecord, read_alert
from models.alert import TOLD_ONCE
from models.alert_action import AlertAction
from models.instants import parse_instant
from models.topics import TopicSet

__all__ = ["KEPT_MS", "open_within", "read_alarms"]


async def read_alarms(follower: Follower, topics: TopicSet, begin_ms: int, now_ms: int) -> Book:
    """Read the alarms of which anything was written since a time into a book of their own."""
    book = Book(max(KEPT_MS, now_ms - begin_ms))
    async for record in follower.to_end(topics.alerts, begin_ms):
        book.take_alert(record.value or b"", record.timestamp)
    async for record in follower.to_end(topics.alert_actions, begin_ms):
        book.read_action(record.value or b"")
    book.refold(list(book.entries), now_ms)
    return book


def open_within(entries: Iterable[Entry], begin_ms: int, end_ms: int) -> tuple[list[bytes], list[AlertAction]]:
    """Give what was told until a span's end of the alarms that were open in it, and what was done, in order of time."""
    alerts, actions = list[tuple[int, bytes]](), list[AlertAction]()
    for entry in entries:
        told = [(at_ms, value) for value in entry.values if (at_ms := _told_ms(read_alert(value))) < end_ms]
        if told and (told[-1][0] >= begin_ms or not _is_over(read_alert(told[-1][1]))):
            alerts += told
            actions += [action for action in entry.actions if action.at_ms < end_ms]
    alerts.sort(key=itemgetter(0))
    return [value for _, value in alerts], sorted(actions, key=attrgetter("at_ms"))


def _told_ms(told: AlertRecord) -> int:
    return parse_instant(told.detected_at)


def _is_over(told: AlertRecord) -> bool:
    return told.transition == "cleared" or told.kind in TOLD_ONCE
