"""Alarms read from the topics for a time, without a server: for reports of what is older than memory, and commands."""

from __future__ import annotations

from bus.follow import Follower
from console.book import Book
from models.topics import TopicSet

KEPT_MS = 7 * 86_400_000
"""Alarms that are over are kept so long; what is older is read from the topics when it is asked for."""


async def read_alarms(follower: Follower, topics: TopicSet, begin_ms: int, now_ms: int) -> Book:
    """Read the alarms of which anything was written since a time into a book of their own."""
    book = Book()
    async for record in follower.to_end(topics.alerts, begin_ms):
        book.take_alert(record.value or b"", record.timestamp)
    async for record in follower.to_end(topics.alert_actions, begin_ms):
        book.read_action(record.value or b"")
    book.refold(list(book.entries), now_ms)
    return book
