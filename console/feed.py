"""Whether the picture is fresh: judged by the worker's progress alone, for nothing else proves the whole way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

State = Literal["ok", "stale", "recovering", "broker-away"]

TICK_AGE_S_MAX = 6.0
"""A worker in order commits a tick of each partition every 3 s; with this limit a dead one is shown within 10 s."""

POLL_AGE_S_MAX = 4.0
BEHIND_AGE_S_MAX = 15.0
"""A worker that is far behind commits every ten seconds: it lives."""

BEHIND_S = 60.0


class Offsets(NamedTuple):
    """A partition of the ticks or pings: what the worker has committed (None: nothing yet) and where the log ends."""

    committed: int | None
    end: int


class Judgement(NamedTuple):
    """What the banner says."""

    state: State
    cause: str | None
    tick_age_s: float | None
    lag_records: int | None
    is_late: bool


@dataclass(slots=True)
class _Partition:
    committed: int | None
    moved_s: float
    end: int
    per_s: float = 1.0
    has_moved: bool = False


@dataclass(slots=True)
class Feed:
    """Takes what the broker says of the worker's group again and again; times are of a monotonic clock."""

    polled_s: float | None = None
    lag_records: int | None = None
    _ticks: dict[int, _Partition] = field(default_factory=dict)

    def polled(self, now_s: float, ticks: Mapping[int, Offsets], pings: Mapping[object, Offsets]) -> None:
        """Take in the offsets of the ticks, by partition, and of the pings."""
        passed_s = now_s - self.polled_s if self.polled_s is not None else None
        for number, (committed, end) in ticks.items():
            known = self._ticks.get(number)
            if known is None:
                self._ticks[number] = _Partition(committed, now_s, end)
                continue
            if committed != known.committed:
                known.committed, known.moved_s, known.has_moved = committed, now_s, True
            if passed_s:
                known.per_s += 0.2 * ((end - known.end) / passed_s - known.per_s)
            known.end = end
        known_pings = [offsets for offsets in pings.values() if offsets.committed is not None]
        self.lag_records = sum(offsets.end - (offsets.committed or 0) for offsets in known_pings)
        self.polled_s = now_s

    def judge(self, now_s: float) -> Judgement:
        """Say how fresh the picture is."""
        if self.polled_s is None or now_s - self.polled_s > POLL_AGE_S_MAX:
            return Judgement("broker-away", "no-broker", None, None, False)
        parts = self._ticks.values()
        if not parts or any(part.committed is None for part in parts):
            return Judgement("stale", "no-worker", None, self.lag_records, False)
        age_s = now_s - min(part.moved_s for part in parts)
        behind_s = max((part.end - (part.committed or 0)) / max(1.0, part.per_s) for part in parts)
        is_late = behind_s > BEHIND_S
        if is_late and age_s <= BEHIND_AGE_S_MAX:
            return Judgement("recovering", "catching-up", age_s, self.lag_records, True)
        if age_s > TICK_AGE_S_MAX:
            return Judgement("stale", "no-commit", age_s, self.lag_records, is_late)
        if not all(part.has_moved for part in parts):
            return Judgement("recovering", "starting", age_s, self.lag_records, False)
        return Judgement("ok", None, age_s, self.lag_records, False)
