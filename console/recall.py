"""Alarms read from the topics for a time, without a server: for reports of what is older than memory, and commands."""

from __future__ import annotations

from bus.follow import Follower
from console.book import Book
from console.flood import KEPT_MS
from models.topics import TopicSet

__all__ = ["KEPT_MS", "read_alarms"]


async def read_alarms(follower: Follower, topics: TopicSet, begin_ms: int, now_ms: int) -> Book:
    """Read the alarms of which anything was written since a time into a book of their own."""
    book = Book(max(KEPT_MS, now_ms - begin_ms))
    async for record in follower.to_end(topics.alerts, begin_ms):
        book.take_alert(record.value or b"", record.timestamp)
    async for record in follower.to_end(topics.alert_actions, begin_ms):
        book.read_action(record.value or b"")
    book.refold(list(book.entries), now_ms)
    return book
