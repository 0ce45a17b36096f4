"""The audit: who did what, newest first and page by page, as far back as the topics and the journal reach.

A page leaves off at an entry's place, never at an instant alone: five hundred alarms that are acknowledged at once have
one. What is older than memory is read from the topics in windows backwards, each twice as long as the one before.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from bus.follow import following
from console.book import Entry
from console.desk import Desk
from console.flood import KEPT_MS
from console.recall import CLOCKS_MS, read_done
from console.trail import Place
from console.views import action_view
from models.alert_action import AlertAction
from models.instants import LAST_MS, format_instant, parse_instant

LAST = Place(format_instant(LAST_MS))
FIRST = Place("")

Told = tuple[Place, dict[str, Any]]


class Page(NamedTuple):
    """Some entries, and where the next older ones begin; None where there are none."""

    entries: list[dict[str, Any]]
    older: str | None


async def page(desk: Desk, before: Place, limit: int) -> Page:
    """Give the newest entries before a place. Raises KafkaError.

    A page ends where memory does: the topics are read only for who asks for what is older.
    """
    trail, floor = desk.room.trail, Place(format_instant(desk.now_ms() - KEPT_MS))
    if trail.is_whole or before > floor:
        since = FIRST if trail.is_whole else floor
        found = _told(trail.within(since, before), desk.room.book.entries)
        found += await asyncio.to_thread(desk.journal.newest, since, before, limit + 1)
        if found or trail.is_whole:
            return _page(found, limit, None if trail.is_whole else f"{floor.at}/")
    found = await _read(desk, min(before, floor), limit)
    found += await asyncio.to_thread(desk.journal.newest, FIRST, before, limit + 1)
    return _page(found, limit, None)


def _page(found: list[Told], limit: int, behind: str | None) -> Page:
    """Cut a page; `behind`: where those begin that were not looked for."""
    newest = heapq.nlargest(limit + 1, found, key=itemgetter(0))
    is_more = len(newest) > limit
    return Page([entry for _, entry in newest[:limit]], "/".join(newest[limit - 1][0]) if is_more else behind)


async def _read(desk: Desk, before: Place, limit: int) -> list[Told]:
    """Read actions before a place: more than `limit`, or all that there are."""
    topics, found = desk.room.topics, list[Told]()
    end_ms, span_ms = parse_instant(before.at) + 1, KEPT_MS  # those of its own instant may be before it too
    async with desk.reading, following(desk.broker, [topics.alerts, topics.alert_actions], False) as follower:
        oldest_ms = await follower.oldest_ms(topics.alert_actions)
        while oldest_ms is not None and len(found) <= limit and end_ms > oldest_ms - CLOCKS_MS:
            book, done = await read_done(follower, topics, end_ms - span_ms, end_ms)
            found += _told(((place, it) for place, it in done if place < before), book.entries)
            end_ms, span_ms = end_ms - span_ms, 2 * span_ms
    return found


def _told(done: Iterable[tuple[Place, AlertAction]], entries: Mapping[str, Entry]) -> list[Told]:
    return [(place, _entry(action, entries.get(action.alert_id))) for place, action in done]


def _entry(action: AlertAction, entry: Entry | None) -> dict[str, Any]:
    """Give an action with what it was about, where that is known."""
    if entry is None:
        told: dict[str, Any] = msgspec.json.decode(action.to_json())
        return told
    head = entry.head
    about = {"convoy_id": head.convoy_id, "kind": head.kind, "vehicle_id": head.vehicle_id}
    return action_view(entry, action) | {"about": about}
