"""A device's clock that is hours behind is put right by receive time where a ping comes in: rules see true times."""

from streams.engine.dtypes import DURATION_MS_MAX, EPISODES, NEVER, SIGNAL_LOST, UNESCORTED, Out, Row, Step
from streams.engine.jit import entry, kernel

CLOCK_ERROR_MS = 1_800_000
"""No network delays each and every ping by as much; clocks in the wrong time zone are off by half an hour or more."""

SURE_FIXES = 3
"""So many fixes in a row with the same lag: in a burst of buffered ones it shrinks from each to the next."""

SET_MS = 60_000
"""A fix that is so much less behind says that the clock was set, or never was wrong; delays differ by less."""


@entry
def clock_error_ms(vehicle: Row) -> int:
    """How far the vehicle's clock is behind, 0 where delays alone may explain how old its fixes are."""
    if vehicle.lag_count < SURE_FIXES or vehicle.lag_ms < CLOCK_ERROR_MS:
        return 0
    return int(vehicle.lag_ms)


@kernel
def moved(ms: int, by_ms: int) -> int:
    """An instant that is moved, where there is one."""
    return NEVER if ms == NEVER else ms + by_ms


@kernel
def move_times(vehicle: Row, row: int, by_ms: int, out: Out) -> None:
    """Move what is remembered in the vehicle's own time. An open episode keeps its onset: its name is made of it."""
    vehicle.fix_ms = moved(vehicle.fix_ms, by_ms)
    vehicle.presence_ms = moved(vehicle.presence_ms, by_ms)
    vehicle.matched_ms = moved(vehicle.matched_ms, by_ms)
    vehicle.streak_ms = moved(vehicle.streak_ms, by_ms)
    vehicle.held_ms = moved(vehicle.held_ms, by_ms)
    vehicle.anchor_ms = moved(vehicle.anchor_ms, by_ms)
    vehicle.before_ms = moved(vehicle.before_ms, by_ms)
    vehicle.stop_since_ms = moved(vehicle.stop_since_ms, by_ms)
    vehicle.missed_ms = moved(vehicle.missed_ms, by_ms)
    vehicle.sos_ms = moved(vehicle.sos_ms, by_ms)
    vehicle.reject_ms = moved(vehicle.reject_ms, by_ms)
    vehicle.trail_ms = moved(vehicle.trail_ms, by_ms)
    vehicle.apart_ms = moved(vehicle.apart_ms, by_ms)
    for kind in range(EPISODES):
        if kind not in (SIGNAL_LOST, UNESCORTED):  # they go by receive times
            episode = out.episodes[row, kind]
            episode.told_ms = moved(episode.told_ms, by_ms)
            episode.good_ms = moved(episode.good_ms, by_ms)


@kernel
def put_right(vehicle: Row, fix: Row, out: Out) -> None:
    """Put the time of a ping right as far as the clock is known to be wrong, or learn that it is no longer.

    A fix that is older than the newest then was on time all along, and so were they: all came late. A presence may have
    the time of whoever passed it on, and says nothing of the clock.
    """
    error_ms = clock_error_ms(vehicle)
    if error_ms == 0:
        return
    if error_ms - (fix.received_ms - fix.fix_ms) <= SET_MS:
        fix.fix_ms += error_ms
    elif fix.lat == fix.lat:  # NaN is not itself
        vehicle.lag_count = 0
        if fix.fix_ms <= vehicle.fix_ms:
            move_times(vehicle, fix.row, -error_ms, out)


@kernel
def track_clock(vehicle: Row, fix: Row, step: Step, out: Out) -> None:
    """Learn from one more fix how old they are when they come; the least counts, for a network only adds to it.

    Once the clock is known to be wrong all times are put right, this fix's too. What is kept of a gap is not: it is
    judged first.
    """
    if clock_error_ms(vehicle) > 0:
        return
    lag_ms = min(fix.received_ms - fix.fix_ms, DURATION_MS_MAX)
    steady = vehicle.lag_ms - lag_ms <= step.ms // 2
    vehicle.lag_count = min(vehicle.lag_count + 1, SURE_FIXES) if steady else 1
    vehicle.lag_ms = min(vehicle.lag_ms, lag_ms)
    if out.gap_ms[fix.row] != NEVER:
        vehicle.lag_count = min(vehicle.lag_count, SURE_FIXES - 1)
    error_ms = clock_error_ms(vehicle)
    if error_ms > 0:
        move_times(vehicle, fix.row, error_ms, out)
        fix.fix_ms += error_ms
