"""Labels of the rules about the journey: departure, checkpoints, direction, timetable, arrival."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulate.seen import Seen
from simulate.track import Floats, Track
from simulate.truth import Flags, Label, Window, spans

MARGIN_M = 80.0
"""How far progress may be off, in pings and in noise."""

AROUND_M = 60.0
MARGIN_S = 30.0
LATE_MARGIN_S = 300.0
"""A prediction is a guess: within five minutes of the limit it may be told or not."""

ROUTE_STEP_M = 10.0


def label_arrived(seen: Seen) -> Iterator[Label]:
    """`arrived`, by the true distance from the end of the route."""
    limits, length_m = seen.ride.plan.limits, seen.ride.track.length_m
    if not np.isfinite(seen.arrival_s):
        return
    nears = seen.left_m(seen.every_s) <= limits.arrive_radius_m + limits.accuracy_cap_m + MARGIN_M
    first_s = float(seen.every_s[nears][0]) if nears.any() else seen.arrival_s
    sure = (seen.time_s >= seen.arrival_s) & (seen.along_m >= (limits.arrive_pct / 100 + 0.005) * length_m)
    when = Window(first_s - seen.interval_s, seen.heard_s(seen.arrival_s + 2 * seen.interval_s) + MARGIN_S)
    yield seen.label("arrived", bool(sure.any()), when, when, None)


def label_early(seen: Seen) -> Iterator[Label]:
    """`early-departure`, by when the vehicle is `depart_m` along its route."""
    plan, limits = seen.ride.plan, seen.ride.plan.limits
    gone = np.flatnonzero(seen.along_m > limits.depart_m + MARGIN_M)
    if plan.depart_at is None or not len(gone):
        return
    planned_s = plan.depart_at.timestamp() - seen.begin_s
    gone_s = float(seen.time_s[gone[0]])
    if gone_s - seen.behind_s < planned_s - limits.early_departure_s + MARGIN_S:
        must = gone_s < planned_s - limits.early_departure_s - MARGIN_S
        onset = Window(seen.ride.depart_s, gone_s + 2 * seen.interval_s)
        yield seen.label("early-departure", must, onset, Window(onset.from_s, seen.heard_s(onset.to_s) + 3.0), None)


def label_wrong_way(seen: Seen) -> Iterator[Label]:
    """`wrong-way`, by each stretch that is driven back."""
    limits, time_s = seen.ride.plan.limits, seen.every_s
    along_m = seen.ride.along(time_s)
    backs = np.diff(along_m, append=along_m[-1:]) < 0
    for span in spans(time_s, backs):
        top_m, bottom_m = np.interp([span.first_s, span.last_s + 1.0], time_s, along_m)
        if top_m - bottom_m <= limits.wrong_way_m - MARGIN_M:
            continue
        must = bool(top_m - bottom_m > limits.wrong_way_m + 2 * MARGIN_M)
        surely_back = (time_s >= span.first_s) & (along_m < top_m - limits.wrong_way_m - MARGIN_M)
        away_s = _first_s(time_s, surely_back) or span.last_s
        forward_s = _first_s(
            time_s, (time_s > span.last_s) & (along_m > bottom_m + limits.wrong_way_clear_m + MARGIN_M)
        )
        onset = Window(span.first_s - 2 * seen.interval_s, away_s + limits.wrong_way_hold_s)
        latest_s = seen.heard_s(away_s + limits.wrong_way_hold_s + 2 * seen.interval_s)
        cleared = Window(span.last_s, seen.heard_s((forward_s or 0.0) + 2 * seen.interval_s) + 3.0)
        raised = Window(span.first_s, latest_s)
        yield seen.label("wrong-way", must, onset, raised, None if forward_s is None else cleared)


def label_checkpoints(seen: Seen) -> Iterator[Label]:
    """`missed-checkpoint`, by how near the vehicle truly came to each."""
    limits, time_s = seen.ride.plan.limits, seen.every_s
    along_m, points_m = seen.ride.along(time_s), seen.ride.position(time_s)
    for checkpoint in seen.ride.plan.checkpoints:
        place_m = _place(seen, checkpoint.lon, checkpoint.lat)
        passed = time_s[along_m > _progress_m(seen, place_m) + limits.missed_checkpoint_m - MARGIN_M]
        surely = _passed_for_sure(seen, _progress_m(seen, place_m) + limits.missed_checkpoint_m + MARGIN_M)
        nearest_m = float(np.abs(points_m - place_m).min(initial=np.inf))
        if not len(passed):
            continue
        # coming by later, on another leg, does not undo that it was passed
        before_s = seen.time_s[seen.time_s <= passed[0]]
        seen_m = float(np.abs(seen.ride.position(before_s) - place_m).min(initial=np.inf))
        if seen_m > checkpoint.radius_m - AROUND_M:
            must = surely is not None and nearest_m > checkpoint.radius_m + AROUND_M
            latest_s = seen.heard_s(float(seen.time_s[-1]) if surely is None else surely + 3 * seen.interval_s) + 3.0
            yield seen.label("missed-checkpoint", must, Window(0.0, latest_s), Window(float(passed[0]), latest_s), None)


def label_late(seen: Seen) -> Iterator[Label]:
    """`late`, by how far the vehicle is behind the plan: at its checkpoints surely, between them perhaps."""
    limits = seen.ride.plan.limits
    places = _timetable(seen)
    if len(places) < 2:
        return
    along_m, planned_s = (np.array(column) for column in zip(*places, strict=True))
    due_s = np.interp(seen.along_m, along_m, planned_s)
    known_s = np.maximum(seen.time_s, _standing_until_s(seen))
    if (known_s - due_s > limits.late_s - LATE_MARGIN_S).any():
        reached_s = np.interp(along_m[1:], np.maximum.accumulate(seen.along_m), seen.time_s)
        must = bool((reached_s - planned_s[1:] > limits.late_s + LATE_MARGIN_S).any())
        whole = Window(seen.ride.depart_s, seen.heard_s(float(seen.time_s[-1])) + 60.0)
        yield seen.label("late", must, whole, whole, None)


def _standing_until_s(seen: Seen) -> Floats:
    """Until when each fix is the last word of the vehicle and shows it standing: for all that is known it stays."""
    until_s = np.zeros(len(seen.time_s))
    for place, (fix_s, came_s, next_s, _) in enumerate(seen.silences()):
        if next_s - came_s > LATE_MARGIN_S and seen.seems_to_stand(fix_s):
            until_s[place] = next_s
    return until_s


def _timetable(seen: Seen) -> list[tuple[float, float]]:
    """Metres along the route and planned seconds since the begin, in order of both."""
    plan = seen.ride.plan
    planned = [(0.0, plan.depart_at), (seen.ride.track.length_m, plan.arrive_by)]
    for checkpoint in plan.checkpoints:
        planned.append((_progress_m(seen, _place(seen, checkpoint.lon, checkpoint.lat)), checkpoint.planned_at))
    return sorted((at_m, when.timestamp() - seen.begin_s) for at_m, when in planned if when is not None)


def _place(seen: Seen, lon: float, lat: float) -> complex:
    return complex(Track.of([seen.ride.plan.route[0], (lon, lat)]).points_m[1])


def _progress_m(seen: Seen, place_m: complex) -> float:
    """How far along the route a place first comes as near as it ever does, or nearly so."""
    track = seen.ride.track
    grid_m = np.arange(0.0, track.length_m, ROUTE_STEP_M)
    off_m = np.abs(track.at(grid_m) - place_m)
    return float(grid_m[np.flatnonzero(off_m <= off_m.min() + ROUTE_STEP_M)[0]])


def _passed_for_sure(seen: Seen, along_m: float) -> float | None:
    """The first fix on the route beyond a place, where it stays for two more: a detour may cross the route."""
    beyond = spans(seen.time_s, (seen.along_m > along_m) & (seen.lateral_m < AROUND_M))
    return next((span.first_s for span in beyond if span.last_s - span.first_s >= 2 * seen.interval_s), None)


def _first_s(time_s: Floats, holds: Flags) -> float | None:
    found = np.flatnonzero(holds)
    return float(time_s[found[0]]) if len(found) else None
