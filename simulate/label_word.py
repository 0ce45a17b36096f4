"""Labels of the rules about word from a vehicle: silence, the duress button, positions that cannot be."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulate.device import within
from simulate.faults import Duress, Frozen, Spike
from simulate.seen import Seen
from simulate.truth import Label, Window, spans

SLACK_S = 3.0
"""Silence is judged on whole seconds."""

MOVING_MPS = 2.0
FROZEN_S = 60.0
SPIKES = 3
SPIKES_WITHIN_S = 600.0


def label_signal_lost(seen: Seen) -> Iterator[Label]:
    """`signal-lost`, by the gaps between the arrivals of fixes that counted."""
    limits = seen.ride.plan.limits
    normal_s = max(3 * seen.interval_s, limits.signal_lost_s)
    for fix_s, last_s, next_s, ends in seen.silences():
        limit_s = max(normal_s, _crossing_s(seen, fix_s))
        raised_s = max(last_s + limit_s, seen.ride.depart_s)
        if next_s > raised_s - SLACK_S:
            onset = Window(last_s - SLACK_S, last_s + SLACK_S)
            raised = Window(raised_s - SLACK_S, raised_s + SLACK_S)
            cleared = Window(next_s - SLACK_S, next_s + SLACK_S) if ends else None
            yield seen.label("signal-lost", next_s > raised_s + SLACK_S, onset, raised, cleared, last_s)


def label_sos(seen: Seen) -> Iterator[Label]:
    """`sos`, by the fixes that carried it."""
    pressed = np.zeros(len(seen.time_s), dtype=np.bool_)
    for fault in seen.faults:
        if isinstance(fault, Duress):
            pressed |= within(fault, seen.time_s)
    for span in spans(seen.time_s, pressed):
        raised_s = seen.heard_s(span.first_s)
        released_s = span.last_s + seen.ride.plan.limits.sos_clear_s
        cleared = None if span.end_s is None else Window(released_s, seen.heard_s(released_s + 3 * seen.interval_s))
        onset = Window(span.first_s - SLACK_S, span.first_s + SLACK_S)
        yield seen.label("sos", True, onset, Window(raised_s - SLACK_S, raised_s + SLACK_S), cleared)


def label_bad_position(seen: Seen) -> Iterator[Label]:
    """`bad-position`: a position repeated while the vehicle drives, or several spikes within ten minutes."""
    for fault in seen.faults:
        if isinstance(fault, Frozen):
            yield from _frozen(seen, fault)
    spikes = sorted(fault.at_s for fault in seen.faults if isinstance(fault, Spike))
    for first_s, last_s in zip(spikes, spikes[SPIKES - 1 :], strict=False):
        if last_s - first_s <= SPIKES_WITHIN_S - 2 * seen.interval_s:
            end_s = seen.heard_s(last_s + 4 * seen.interval_s)
            yield seen.label("bad-position", True, Window(first_s, end_s), Window(last_s, end_s), None)
            return


def _frozen(seen: Seen, fault: Frozen) -> Iterator[Label]:
    inside = within(fault, seen.time_s)
    drives = bool((seen.ride.speed_mps(seen.time_s[inside]) > MOVING_MPS + 1).all())
    must = drives and fault.duration_s >= FROZEN_S + 3 * seen.interval_s
    end_s = fault.from_s + fault.duration_s
    clean_s = seen.ride.plan.limits.bad_position_clear_s
    latest_s = seen.heard_s(fault.from_s + FROZEN_S + 3 * seen.interval_s) if must else end_s
    onset = Window(fault.from_s - seen.interval_s, latest_s)
    cleared = Window(end_s + clean_s - FROZEN_S, seen.heard_s(end_s + clean_s + FROZEN_S))
    yield seen.label("bad-position", must, onset, Window(fault.from_s + FROZEN_S / 2, latest_s), cleared)


def _crossing_s(seen: Seen, fix_s: float) -> float:
    """How long silence is expected of a vehicle whose next ping would come out of a planned stretch without signal."""
    times_s = np.array([fix_s, fix_s + seen.interval_s, fix_s + 2 * seen.interval_s])
    along_m = seen.ride.along(times_s)
    plan = seen.ride.plan
    inside = [s for s in plan.no_signal if ((along_m >= s.from_m) & (along_m <= s.to_m)).any()]
    return max(((s.to_m - s.from_m) / plan.limits.no_signal_mps for s in inside), default=0.0)
