"""Episodes in the truth: where a condition surely holds, where it may, and when it must have been told."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulate.track import Floats

Flags = NDArray[np.bool_]


class Window(NamedTuple):
    """From when to when something may happen, in seconds since the operation's begin."""

    from_s: float
    to_s: float


class Label(NamedTuple):
    """One episode of the truth: an alert that must come, or, within a margin of a limit, may come.

    `onset` is when the condition may begin, `raised` when the alert may come, `cleared` when it may end: None for a
    kind that is told once, and for what lasts until the end of the operation. `began_s` is when the condition truly
    began, all in seconds since the operation's begin. One that may be told `in_parts` comes within the margin of its
    end for as long as ending takes, and goes on.
    """

    convoy_id: str
    vehicle_id: str
    kind: str
    must: bool
    onset: Window
    raised: Window
    cleared: Window | None
    began_s: float
    in_parts: bool = False


class Span(NamedTuple):
    """A stretch of fixes, by the times of its first and last, and of the first one after it (None: none came)."""

    first_s: float
    last_s: float
    end_s: float | None


def spans(time_s: Floats, holds: Flags) -> list[Span]:
    """The stretches of consecutive times at which a condition holds."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], holds.astype(np.int8), [0]))))
    return [
        Span(float(time_s[a]), float(time_s[b - 1]), float(time_s[b]) if b < len(time_s) else None)
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]


def hysteresis(time_s: Floats, begins: Flags, ends: Flags) -> list[Span]:
    """The stretches from where `begins` first holds to where `ends` next does."""
    state, inside = np.zeros(len(time_s), dtype=np.bool_), False
    for i, (begin, end) in enumerate(zip(begins.tolist(), ends.tolist(), strict=True)):
        inside = not end if inside else begin
        state[i] = inside
    return spans(time_s, state)


def longest_s(time_s: Floats, holds: Flags, within: Span) -> tuple[float, float]:
    """When the longest unbroken stretch of a condition within a span begins, and how long it is; 0 s where none is."""
    inside = (time_s >= within.first_s) & (time_s <= within.last_s)
    found = [(span.last_s - span.first_s, span.first_s) for span in spans(time_s[inside], holds[inside])]
    lasts_s, first_s = max(found, default=(0.0, within.first_s))
    return first_s, lasts_s
