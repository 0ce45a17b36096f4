"""deviation: off the route beyond the limit, for long enough and in more than one fix."""

from streams.engine.dtypes import CRITICAL, DEVIATION, HIGH, OFF_ROUTE, REJOINED, Out, Row, Step
from streams.engine.episodes import close_episode, follow_episode, open_episode, peak_worth_telling, update_episode
from streams.engine.evidence import accuracy_allowance_m
from streams.engine.jit import kernel
from streams.engine.matching import finds_road


@kernel
def count_streak(vehicle: Row, fix_ms: int, holds: bool) -> float:
    """Seconds for which a condition has held at every fix, NaN-free: -1 where it does not hold now."""
    if not holds:
        vehicle.streak_count = 0
        return -1.0
    if vehicle.streak_count == 0:
        vehicle.streak_ms = fix_ms
    vehicle.streak_count += 1
    return (fix_ms - vehicle.streak_ms) / 1000.0


@kernel
def judge_deviation(vehicle: Row, convoy: Row, fix: Row, step: Step, out: Out) -> None:
    """Raise after `deviation_hold_s` and two fixes beyond `deviation_raise_m`, clear after as long within
    `deviation_clear_m` where the best explanation has the vehicle on its route: a detour may cross another part of it.

    Judged is `lateral_m` of this fix less its accuracy (at most `accuracy_cap_m`); equal to a limit counts as inside.
    The onset is the first fix beyond. One fix that fits nowhere does not take a vehicle off its route.
    """
    off_m = vehicle.lateral_m - accuracy_allowance_m(fix.accuracy_m, convoy.accuracy_cap_m)
    severity = CRITICAL if off_m > convoy.deviation_critical_m else HIGH
    if not vehicle.open[DEVIATION]:
        held_s = count_streak(vehicle, fix.fix_ms, off_m > convoy.deviation_raise_m)
        if vehicle.streak_count >= 2 and held_s >= convoy.deviation_hold_s:
            onset = (vehicle.streak_ms, OFF_ROUTE)
            open_episode(vehicle, DEVIATION, severity, onset, (off_m, convoy.deviation_raise_m), out)
            vehicle.streak_count = 0
        return
    evidence = (off_m, convoy.deviation_raise_m)
    follow_episode(vehicle, DEVIATION, severity, OFF_ROUTE, evidence, out)
    if peak_worth_telling(DEVIATION, off_m, out):
        update_episode(vehicle, DEVIATION, OFF_ROUTE, evidence, out)
    is_back = off_m <= convoy.deviation_clear_m and finds_road(vehicle, fix.fix_ms - step.ms)
    held_s = count_streak(vehicle, fix.fix_ms, is_back)
    if held_s >= convoy.deviation_hold_s:
        close_episode(vehicle, DEVIATION, REJOINED, (off_m, convoy.deviation_clear_m), out)
        vehicle.streak_count = 0
