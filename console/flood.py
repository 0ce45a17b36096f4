"""How many alarms call for an operator: the flood flag, and what the shift's quality is judged by.

The figures are those of ISA-18.2 as quoted by others; docs/console.md names them.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

WINDOW_MS = 600_000
BEGINS_ABOVE = 10
ENDS_BELOW = 5
"""Alarms within ten minutes above which a flood begins, and below which it ends."""

KEPT_MS = 7 * 86_400_000
"""Alarms that are over, and how they sounded, stay in memory so long; a report reads older ones from the topics."""

TOGETHER_MS = 10_000
"""Vehicles of one group that call within this time call once: five trucks that halt together are one sound."""


class Sound(msgspec.Struct, frozen=True, order=True, gc=False):
    """One call for an operator."""

    at_ms: int
    group: str
    severity: str


class Span(NamedTuple):
    """A flood; no end while it lasts."""

    begin_ms: int
    end_ms: int | None


class Flood:
    """Takes sounds in the order of their times, and tells of floods among those of the last `kept_ms`."""

    def __init__(self, kept_ms: int = KEPT_MS) -> None:
        self._kept_ms = kept_ms
        self.sounds: deque[Sound] = deque()
        self.spans: deque[Span] = deque()
        self._recent_ms: deque[int] = deque()
        self._last_ms: dict[str, int] = {}

    @property
    def since_ms(self) -> int | None:
        """When the flood that lasts began."""
        return self.spans[-1].begin_ms if self.spans and self.spans[-1].end_ms is None else None

    def add(self, sound: Sound) -> bool:
        """Take in a sound; gives False where its group has just called. One that comes late counts as of now."""
        if self.sounds and sound.at_ms < self.sounds[-1].at_ms:
            sound = replace(sound, at_ms=self.sounds[-1].at_ms)
        self.advance(sound.at_ms)
        last_ms = self._last_ms.get(sound.group)
        if last_ms is not None and sound.at_ms - last_ms < TOGETHER_MS:
            return False
        self._last_ms[sound.group] = sound.at_ms
        self.sounds.append(sound)
        self._recent_ms.append(sound.at_ms)
        if len(self._recent_ms) > BEGINS_ABOVE and self.since_ms is None:
            self.spans.append(Span(sound.at_ms, None))
        return True

    def advance(self, now_ms: int) -> None:
        """Let time pass."""
        while self._recent_ms and self._recent_ms[0] <= now_ms - WINDOW_MS:
            out_ms = self._recent_ms.popleft() + WINDOW_MS
            if len(self._recent_ms) < ENDS_BELOW and self.since_ms is not None:
                self.spans[-1] = self.spans[-1]._replace(end_ms=out_ms)
        while self.sounds and self.sounds[0].at_ms <= now_ms - self._kept_ms:
            gone = self.sounds.popleft()
            if self._last_ms.get(gone.group) == gone.at_ms:
                del self._last_ms[gone.group]
        while self.spans and (self.spans[0].end_ms or now_ms) <= now_ms - self._kept_ms:
            self.spans.popleft()

    def last_10_min(self, now_ms: int) -> int:
        """How many called within the last ten minutes."""
        self.advance(now_ms)
        return len(self._recent_ms)
