"""Labels of the rules about where a vehicle is and how fast: off the route, standing, too fast."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from models.limits import OVERSPEED_MPS
from models.plan import Stop
from simulate.faults import Frozen
from simulate.seen import Seen
from simulate.track import Floats, Track
from simulate.truth import Flags, Label, Span, Window, hysteresis, longest_s, spans

NOISE_M = 40.0
"""How far a measured position may be off and still count as ordinary; only rare excursions are longer."""

STILL_MPS = 0.05
LEAVE_S = 30.0
"""From a standstill it takes so long to be surely out of the radius, the reported accuracy included."""

SPEED_NOISE_MPS = 1.5
OVERSPEED_OTHER_MPS = 1e9


class Held(NamedTuple):
    """A condition with a hold: where it truly holds, surely, perhaps, and where it is perhaps over and surely so."""

    kind: str
    truly: Flags
    sure: Flags
    maybe: Flags
    maybe_over: Flags
    over: Flags
    hold_s: float
    clear_s: float


def label_held(seen: Seen, time_s: Floats, held: Held) -> Iterator[Label]:
    """Label each stretch of a condition that must last `hold_s` to raise and end `clear_s` before it clears."""
    interval_s = seen.interval_s
    over_s = -np.inf
    for span in hysteresis(time_s, held.maybe, held.over):
        sure_s, lasts_s = longest_s(time_s, held.sure, span)
        # over for less than it takes to clear: the episode before may still be open
        must = lasts_s >= held.hold_s + 2 * interval_s and span.first_s - over_s > held.clear_s + 3 * interval_s
        over_s = span.last_s
        latest_s = sure_s if must else span.last_s
        onset = Window(span.first_s - interval_s, latest_s + 2 * interval_s)
        raised = Window(span.first_s + held.hold_s / 2, seen.heard_s(latest_s + held.hold_s + 2 * interval_s) + 3.0)
        cleared = None if span.end_s is None else _clearing(seen, sure_s + lasts_s, span.end_s + held.clear_s)
        began_s, _ = longest_s(time_s, held.truly, span)
        label = seen.label(held.kind, must, onset, raised, cleared, began_s)
        yield label._replace(in_parts=_may_be_over_within(time_s, held, span))


def _may_be_over_within(time_s: Floats, held: Held, span: Span) -> bool:
    """Whether it may be over for `clear_s` between two times at which it truly holds."""
    inside = (time_s >= span.first_s) & (time_s <= span.last_s)
    truly_s = time_s[inside & held.truly]
    ends = [s for s in spans(time_s, inside & held.maybe_over) if s.last_s - s.first_s >= held.clear_s]
    return any(truly_s.min(initial=np.inf) < s.first_s and s.last_s < truly_s.max(initial=-np.inf) for s in ends)


def label_deviation(seen: Seen) -> Iterator[Label]:
    """`deviation`, by the true distance from the route at the fixes that came."""
    limits, off_m = seen.ride.plan.limits, seen.lateral_m
    if not off_m.any():
        return
    held = Held(
        "deviation",
        off_m > limits.deviation_raise_m,
        off_m > limits.deviation_raise_m + limits.accuracy_cap_m + NOISE_M,
        off_m > limits.deviation_raise_m - NOISE_M,
        off_m < limits.deviation_clear_m + NOISE_M,
        off_m < limits.deviation_clear_m - NOISE_M,
        limits.deviation_hold_s,
        limits.deviation_hold_s,
    )
    yield from label_held(seen, seen.time_s, held)


def label_overspeed(seen: Seen) -> Iterator[Label]:
    """`overspeed`, by the true speed."""
    limits = seen.ride.plan.limits
    limit_mps = limits.overspeed_mps or OVERSPEED_MPS.get(seen.ride.vehicle.mode, OVERSPEED_OTHER_MPS)
    speed_mps = seen.ride.speed_mps(seen.time_s)
    held = Held(
        "overspeed",
        speed_mps > limit_mps,
        speed_mps > limit_mps + SPEED_NOISE_MPS,
        speed_mps > limit_mps - SPEED_NOISE_MPS,
        speed_mps < limit_mps + SPEED_NOISE_MPS,
        speed_mps < limit_mps - SPEED_NOISE_MPS,
        limits.overspeed_hold_s,
        limits.overspeed_clear_s,
    )
    yield from label_held(seen, seen.time_s, held)


def label_stall(seen: Seen) -> Iterator[Label]:
    """`stall`, by the time that the vehicle truly stands; none inside an authorised stop until its time is used up."""
    time_s = seen.every_s
    for stay in _stays(seen, time_s):
        still = [
            s for s in spans(time_s, _still(seen, time_s)) if stay.first_s <= s.first_s and s.last_s <= stay.last_s
        ]
        stands = max(still, key=lambda span: span.last_s - span.first_s, default=stay)
        stop = _stop_of(seen, stands)
        limits = seen.ride.plan.limits
        due_s = limits.stall_hold_s if stop is None else max(stop.max_dwell_s, limits.stall_hold_s)
        if stay.last_s - stay.first_s >= due_s - LEAVE_S:
            yield _stall(seen, stay, stands, due_s)
    yield from _silent_stalls(seen)
    yield from _frozen_stalls(seen)


def _stall(seen: Seen, stay: Span, stands: Span, due_s: float) -> Label:
    interval_s = seen.interval_s
    fixes = np.count_nonzero((seen.time_s >= stands.first_s) & (seen.time_s <= stands.last_s))
    must = bool(stands.last_s - stands.first_s >= due_s + 2 * interval_s and fixes >= 3)
    latest_s = stands.first_s if must else stay.last_s
    raised = Window(stay.first_s + due_s - LEAVE_S, seen.heard_s(latest_s + due_s + interval_s) + interval_s + 5.0)
    cleared = _clearing(seen, stands.last_s, stands.last_s + LEAVE_S)
    onset = Window(stay.first_s - interval_s, latest_s + 2 * interval_s)
    return seen.label("stall", must, onset, raised, cleared, stands.first_s)


def _stays(seen: Seen, time_s: Floats) -> list[Span]:
    """Where the vehicle may seem to stay within the radius for the hold: its way then is shorter than the radius with
    its margin.
    """
    limits = seen.ride.plan.limits
    if len(time_s) < 2:
        return []
    way_m = np.concatenate(([0.0], np.cumsum(np.abs(np.diff(seen.ride.along(time_s))))))
    reach_m = limits.stall_radius_m + limits.accuracy_cap_m
    leaves = np.minimum(np.searchsorted(way_m, way_m + reach_m), len(time_s) - 1)
    stays = (time_s[leaves] - time_s) >= limits.stall_hold_s - LEAVE_S
    found = []
    for span in spans(time_s, stays):
        end_s = float(time_s[leaves[np.flatnonzero(time_s == span.last_s)[0]]])
        found.append(Span(span.first_s, end_s, end_s))
    return found


def _still(seen: Seen, time_s: Floats) -> Flags:
    return seen.ride.speed_mps(time_s) < STILL_MPS


def _stop_of(seen: Seen, stands: Span) -> Stop | None:
    """The authorised stop in which the vehicle stands."""
    plan = seen.ride.plan
    place_m = seen.ride.position(np.array([(stands.first_s + stands.last_s) / 2]))[0]
    for stop in plan.stops:
        stop_m = Track.of([plan.route[0], (stop.lon, stop.lat)]).points_m[1]
        if abs(place_m - stop_m) <= stop.radius_m:
            return stop
    return None


def _silent_stalls(seen: Seen) -> Iterator[Label]:
    """Silence does not stop the clock of a vehicle that two fixes showed standing, whatever it does meanwhile."""
    hold_s = seen.ride.plan.limits.stall_hold_s
    for fix_s, came_s, next_s, _ in seen.silences():
        if next_s - came_s >= hold_s / 2 and seen.seems_to_stand(fix_s):
            onset = Window(fix_s - hold_s, came_s)
            over = Window(fix_s, next_s + 3 * seen.interval_s)
            yield seen.label("stall", False, onset, over, over)


def _frozen_stalls(seen: Seen) -> Iterator[Label]:
    """A device that repeats its position for long enough looks as if it stood, the more so where it stood before."""
    hold_s = seen.ride.plan.limits.stall_hold_s
    for fault in seen.faults:
        if isinstance(fault, Frozen) and fault.duration_s >= hold_s / 2:
            over_s = fault.from_s + fault.duration_s + LEAVE_S
            during = Window(fault.from_s, over_s)
            yield seen.label("stall", False, Window(fault.from_s - hold_s, over_s), during, during)


def _clearing(seen: Seen, first_s: float, last_s: float) -> Window:
    return Window(first_s - seen.interval_s, seen.heard_s(last_s + 3 * seen.interval_s) + 3.0)
