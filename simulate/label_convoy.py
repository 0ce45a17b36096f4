"""Labels of the rules about a convoy: cargo and its escorts apart, cargo without any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from simulate.seen import Seen
from simulate.track import Floats
from simulate.truth import Flags, Label, Window, hysteresis, longest_s, spans

MARGIN_M = 100.0
STEP_S = 2.0
ON_ROUTE_M = 60.0
MOVING_MPS = 2.0


def label_separation(members: Sequence[Seen]) -> Iterator[Label]:
    """`separation` of each cargo vehicle, by its true distance from the nearest escort."""
    escorts = [one for one in members if one.ride.vehicle.role == "escort" and len(one.time_s)]
    doubtful = any(one.behind_s != 0.0 for one in members)
    for cargo in members:
        if cargo.ride.vehicle.role == "cargo" and escorts and len(cargo.time_s):
            yield from _apart(cargo, escorts, doubtful)


def _apart(cargo: Seen, escorts: Sequence[Seen], doubtful: bool) -> Iterator[Label]:
    limits = cargo.ride.plan.limits
    time_s = (
        np.arange(cargo.ride.depart_s, min(one.arrival_s for one in (cargo, *escorts)), STEP_S)
        if _end_s(cargo, escorts)
        else np.zeros(0)
    )
    if not len(time_s):
        return
    fresh = np.array([_fresh(one, time_s) for one in (cargo, *escorts)])
    gaps_m = np.array([_gap_m(cargo, one, time_s) for one in escorts])
    known_m = np.where(fresh[1:] & fresh[0], gaps_m, np.inf).min(axis=0)
    sure = fresh.all(axis=0) & (gaps_m.min(axis=0) > limits.separation_raise_m + MARGIN_M)
    maybe = np.isfinite(known_m) & (known_m > limits.separation_raise_m - MARGIN_M)
    over = np.isfinite(known_m) & (known_m < limits.separation_clear_m - MARGIN_M)
    late_s = 2 * max(one.interval_s for one in (cargo, *escorts))
    over_s = -np.inf
    for span in hysteresis(time_s, maybe, over):
        sure_s, lasts_s = longest_s(time_s, sure, span)
        # together for less than it takes to clear: the episode before may still be open
        is_new = span.first_s - over_s > limits.separation_hold_s + 2 * late_s
        over_s = span.last_s
        must = lasts_s >= limits.separation_hold_s + 2 * late_s and not doubtful and is_new
        latest_s = sure_s if must else span.last_s
        raised = Window(span.first_s, cargo.heard_s(latest_s + limits.separation_hold_s + late_s) + 5.0)
        end_s = span.last_s if span.end_s is None else span.end_s
        cleared = Window(sure_s + lasts_s, cargo.heard_s(end_s + limits.separation_hold_s + 2 * late_s) + 5.0)
        onset = Window(span.first_s - late_s, latest_s + late_s)
        began_s, _ = longest_s(time_s, fresh.all(axis=0) & (gaps_m.min(axis=0) > limits.separation_raise_m), span)
        yield cargo.label("separation", must, onset, raised, None if span.end_s is None else cleared, began_s)


def label_unescorted(members: Sequence[Seen]) -> Iterator[Label]:
    """`unescorted` of each cargo vehicle, by what had come of the escorts when its own fixes came."""
    escorts = [one for one in members if one.ride.vehicle.role == "escort"]
    doubtful = any(one.behind_s != 0.0 for one in members)
    for cargo in members:
        if cargo.ride.vehicle.role != "cargo" or not len(cargo.time_s):
            continue
        if escorts:
            yield from _alone(cargo, escorts, doubtful)
        else:
            whole = Window(0.0, float(cargo.received_s[-1]) + 60.0)
            yield cargo.label("unescorted", True, whole, whole, None)


def _alone(cargo: Seen, escorts: Sequence[Seen], doubtful: bool) -> Iterator[Label]:
    limits, time_s = cargo.ride.plan.limits, cargo.time_s
    ages_s = np.array([_age_s(one, cargo) for one in escorts]).min(axis=0)
    stale_s = max(limits.partner_stale_s, 3 * max(one.interval_s for one in escorts))
    drives = (cargo.ride.speed_mps(time_s) > MOVING_MPS) & (time_s >= cargo.ride.depart_s)
    hold_s = limits.unescorted_hold_s
    for span in spans(time_s, ages_s > min(stale_s, hold_s) - cargo.interval_s):
        within = (time_s >= span.first_s) & (time_s <= span.last_s)
        if not (within & drives).any():
            continue
        # a red light in between starts the clock again, but does not end what has been raised
        sure = [
            run
            for run in spans(time_s, within & drives & (ages_s >= stale_s))
            if run.last_s - run.first_s >= hold_s + 3 * cargo.interval_s
        ]
        # where the plan expects silence of the escorts, nobody can say who is with the cargo
        expected = any(one.expects_silence(span.first_s) for one in escorts)
        must = bool(sure) and not doubtful and not expected
        latest_s = sure[0].first_s + hold_s + 3 * cargo.interval_s if must else span.last_s
        onset = Window(span.first_s - stale_s - 2 * cargo.interval_s, latest_s)
        raised = Window(span.first_s, cargo.heard_s(latest_s) + 5.0)
        cleared = (
            None if span.end_s is None else Window(span.last_s, cargo.heard_s(span.end_s + 3 * cargo.interval_s) + 60.0)
        )
        yield cargo.label("unescorted", must, onset, raised, cleared)


def _end_s(cargo: Seen, escorts: Sequence[Seen]) -> bool:
    """Whether all of them arrive: else nobody can say up to when they belong together."""
    return all(np.isfinite(one.arrival_s) for one in (cargo, *escorts))


def _age_s(escort: Seen, cargo: Seen) -> Floats:
    """How old the escort's newest fix is when each of the cargo's fixes arrives; infinite before the first."""
    newest = np.searchsorted(escort.received_s, cargo.received_s, side="right") - 1
    times_s = np.concatenate((escort.time_s, [-np.inf]))  # the last stands for number -1
    return np.asarray(cargo.time_s - times_s[newest])


def _fresh(one: Seen, time_s: Floats) -> Flags:
    """At which times a fix of the vehicle lies near, on both sides."""
    after = np.clip(np.searchsorted(one.time_s, time_s), 1, max(len(one.time_s) - 1, 1))
    if len(one.time_s) < 2:
        return np.zeros(len(time_s), dtype=np.bool_)
    return np.asarray(one.time_s[after] - one.time_s[after - 1] <= 2.5 * one.interval_s)


def _gap_m(cargo: Seen, escort: Seen, time_s: Floats) -> Floats:
    """Along the route where both are on it, else in a straight line; 0 for vehicles side by side."""
    straight_m = np.abs(cargo.ride.position(time_s) - escort.ride.position(time_s))
    along_m = np.abs(cargo.ride.along(time_s) - escort.ride.along(time_s))
    off = (cargo.ride.lateral_m(time_s) > ON_ROUTE_M) | (escort.ride.lateral_m(time_s) > ON_ROUTE_M)
    gap_m = np.where(off, straight_m, along_m)
    return np.where(straight_m <= cargo.ride.plan.limits.together_m + MARGIN_M / 2, 0.0, gap_m)
