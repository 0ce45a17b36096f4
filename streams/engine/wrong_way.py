"""wrong-way: moved back along the route, too far for noise, in several fixes."""

import math

import numpy as np

from streams.engine.dtypes import BACKWARDS, FORWARDS, HIGH, WRONG_WAY, Out, Row, Step
from streams.engine.episodes import close_episode, grown_ms, open_episode, peak_worth_telling, update_episode
from streams.engine.evidence import accuracy_allowance_m, drift_m, is_still, repeats
from streams.engine.jit import kernel
from streams.engine.matching import last_on_road_ms
from streams.engine.stall import surely_stands

NEAR_M = 50.0  # a standing vehicle's progress wanders so far: still at the turning point
BACK_FIXES = 3
# Progress that falls farther than the vehicle has moved is matching that thinks again, not a way back.
MOVED_FACTOR = 2.0
MOVED_SLACK_M = 100.0
STILL_FACTOR = 2.0  # reflected signals throw the fixes of a standing vehicle up to 300 m along the road, and back


@kernel
def turn_here(vehicle: Row) -> None:
    """It is still near its farthest point: should it have turned, then here."""
    vehicle.back_moved_m = 0.0
    vehicle.back_ms = 0
    vehicle.back_count = 0


@kernel
def start_way(vehicle: Row) -> None:
    """Here is the farthest that it has come; what was before is over."""
    vehicle.far_m = vehicle.progress_m
    vehicle.low_m = vehicle.progress_m
    turn_here(vehicle)


@kernel
def count_back(vehicle: Row, step: Step, proves: bool) -> None:
    """One fix more since it was near its farthest point."""
    vehicle.back_moved_m = np.float64(vehicle.back_moved_m) + step.moved_m
    vehicle.back_ms = grown_ms(vehicle.back_ms, step)
    if proves:
        vehicle.back_count = min(vehicle.back_count + 1, BACK_FIXES)


@kernel
def track_way(vehicle: Row, convoy: Row, fix: Row, step: Step) -> float:
    """Take in a fix; gives how far back the vehicle is in metres, NaN where it goes forward or its place is unknown.

    A fix that matching cannot place yet counts too: it believes in a turn only at the second or third one. A vehicle
    that stands comes no farther, wherever its signals lead it.
    """
    if math.isnan(vehicle.progress_m):
        return np.nan
    led = surely_stands(vehicle, fix) and drift_m(fix, step) > 0.0
    if math.isnan(vehicle.low_m) or (vehicle.progress_m - vehicle.low_m >= convoy.wrong_way_clear_m and not led):
        start_way(vehicle)
        return np.nan
    retreat_m = np.float64(vehicle.far_m) - vehicle.progress_m
    placed = last_on_road_ms(vehicle, vehicle.chosen) == fix.fix_ms
    if placed and retreat_m <= 0.0 and not led:
        start_way(vehicle)
    elif placed and retreat_m <= NEAR_M:
        turn_here(vehicle)
    else:
        # a fix on the road that sets no new low may be forward again: it takes time and is no further proof, nor is
        # one of a vehicle that stands
        farther = not placed or vehicle.progress_m < vehicle.low_m
        count_back(vehicle, step, farther and not repeats(fix, step))
    vehicle.low_m = min(np.float64(vehicle.low_m), vehicle.progress_m)
    return retreat_m


@kernel
def limit_m(convoy: Row, fix: Row) -> float:
    """How far back a fix must be to show a way back: its accuracy counts for the vehicle, and so does a standstill."""
    factor = STILL_FACTOR if is_still(fix) else 1.0
    return float(factor * convoy.wrong_way_m + accuracy_allowance_m(fix.accuracy_m, convoy.accuracy_cap_m))


@kernel
def has_turned(vehicle: Row, convoy: Row, fix: Row, retreat_m: float) -> bool:
    """Whether it is more than `wrong_way_m` behind the farthest point, at the third fix since, each farther back than
    all before or off the road, and `wrong_way_hold_s` after the turn.
    """
    held = vehicle.back_count >= BACK_FIXES and vehicle.back_ms >= 1000.0 * convoy.wrong_way_hold_s
    moved = retreat_m <= MOVED_FACTOR * vehicle.back_moved_m + MOVED_SLACK_M
    return bool(held and moved and retreat_m > limit_m(convoy, fix))


@kernel
def judge_wrong_way(vehicle: Row, convoy: Row, fix: Row, retreat_m: float, out: Out) -> None:
    """Raise for a vehicle that has turned, clear `wrong_way_clear_m` forward of the point farthest back. `retreat_m` is
    that of track_way.

    The onset is the last fix near the turning point.
    """
    if not vehicle.open[WRONG_WAY]:
        onset = (fix.fix_ms - np.int64(vehicle.back_ms), BACKWARDS)
        open_episode(vehicle, WRONG_WAY, HIGH, onset, (retreat_m, convoy.wrong_way_m), out)
    elif math.isnan(retreat_m):
        close_episode(vehicle, WRONG_WAY, FORWARDS, (np.nan, convoy.wrong_way_clear_m), out)
    elif peak_worth_telling(WRONG_WAY, retreat_m, out):
        update_episode(vehicle, WRONG_WAY, BACKWARDS, (retreat_m, convoy.wrong_way_m), out)
