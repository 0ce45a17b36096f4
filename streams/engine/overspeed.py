"""overspeed: faster than the vehicle's limit for long enough."""

import math

import numpy as np

from streams.engine.dtypes import LOW, OVERSPEED, SLOWED, TOO_FAST, Out, Row, Step
from streams.engine.episodes import (
    close_episode,
    good_for_s,
    grown_ms,
    open_episode,
    peak_worth_telling,
    update_episode,
)
from streams.engine.evidence import accuracy_allowance_m
from streams.engine.jit import entry, kernel


@entry
def speed_of(convoy: Row, fix: Row, step: Step) -> float:
    """The reported speed, else that of the way from the fix before less what the accuracy explains; NaN without one."""
    if not math.isnan(fix.speed_mps):
        return np.float64(fix.speed_mps)
    moved_m = step.moved_m - accuracy_allowance_m(fix.accuracy_m, convoy.accuracy_cap_m)
    return max(moved_m, 0.0) / max(step.ms / 1000.0, 1.0)


@kernel
def watch_speed(vehicle: Row, convoy: Row, speed_mps: float, step: Step) -> bool:
    """Whether it has been above its limit for `overspeed_hold_s`. A gap longer than both that and three intervals
    starts it anew: of the speed in between nothing is known.
    """
    if speed_mps <= vehicle.overspeed_mps:
        vehicle.fast_ms = -1
        return False
    gap_s = max(3.0 * vehicle.ping_interval_s, convoy.overspeed_hold_s)
    if vehicle.fast_ms < 0 or step.ms > 1000.0 * gap_s:
        vehicle.fast_ms = 0
    else:
        vehicle.fast_ms = grown_ms(vehicle.fast_ms, step)
    return bool(vehicle.fast_ms >= 1000.0 * convoy.overspeed_hold_s)


@kernel
def judge_overspeed(vehicle: Row, fix: Row, convoy: Row, speed_mps: float, out: Out) -> None:
    """Raise once the vehicle has been too fast for the hold, clear after `overspeed_clear_s` within its limit.

    The onset is the first fix above.
    """
    limit_mps = np.float64(vehicle.overspeed_mps)
    if not vehicle.open[OVERSPEED]:
        onset = (fix.fix_ms - np.int64(vehicle.fast_ms), TOO_FAST)
        open_episode(vehicle, OVERSPEED, LOW, onset, (speed_mps, limit_mps), out)
        vehicle.fast_ms = -1
        return
    if peak_worth_telling(OVERSPEED, speed_mps, out):
        update_episode(vehicle, OVERSPEED, TOO_FAST, (speed_mps, limit_mps), out)
    if good_for_s(OVERSPEED, bool(speed_mps <= limit_mps), out) >= convoy.overspeed_clear_s:
        close_episode(vehicle, OVERSPEED, SLOWED, (speed_mps, limit_mps), out)
