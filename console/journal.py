"""The journal of who signed in and out and tested the sound, kept in the console's folder beside the users."""

from __future__ import annotations

import heapq
import logging
import os
from collections import Counter
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal

import msgspec

from console.trail import Place
from models.instants import format_instant

Event = Literal["signed-in", "signed-out", "refused", "first-supervisor", "sound-heard", "sound-not-heard"]

BYTES_MAX = 4 * 1024 * 1024
"""Two files of so much are kept: some 60,000 events."""

log = logging.getLogger(__name__)


class Journal:
    """A file with a line an event; the one before it is kept when it is full."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "sign-ins.jsonl"

    def note(self, now_ms: int, event: Event, user: str, post: str, address: str) -> None:
        """Write an event. A full disk keeps nobody out, and is told in the log."""
        line = {"at": format_instant(now_ms), "event": event, "user": user, "post": post, "address": address}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._path.exists() and self._path.stat().st_size > BYTES_MAX:
                self._path.replace(self._path.with_suffix(".old.jsonl"))
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(line) + b"\n")
        except OSError as error:
            log.warning("an event was not written to the journal: %s", error.strerror)

    def newest(self, since: Place, before: Place, limit: int) -> list[tuple[Place, dict[str, Any]]]:
        """Give the newest events from one place on until before another, each with its own, newest first."""
        return heapq.nlargest(limit, (it for it in self._placed() if since <= it[0] < before), key=itemgetter(0))

    def _placed(self) -> Iterator[tuple[Place, dict[str, Any]]]:
        """Yield every event with its place: those of one instant are numbered as they were written."""
        numbers: Counter[str] = Counter()
        for path in (self._path.with_suffix(".old.jsonl"), self._path):
            for line in path.read_bytes().splitlines() if path.exists() else ():
                event = _event(line)
                if event is not None:
                    numbers[event["at"]] += 1
                    yield Place(event["at"], f"journal-{numbers[event['at']]:06}"), event


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event: dict[str, Any] = msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.MsgspecError:
        return None  # the disk was full in the middle of it
    return event if isinstance(event.get("at"), str) else None
