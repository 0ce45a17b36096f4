"""By how much a device's clock is wrong: put right by receive time where two vehicles, or a vehicle and its timetable,
are held against each other. In all that a vehicle is judged by alone its own times do.
"""

from streams.engine.dtypes import DURATION_MS_MAX, Row, Step
from streams.engine.jit import entry, kernel

CLOCK_ERROR_MS = 1_800_000
"""No network delays each and every ping by as much; clocks in the wrong time zone are off by half an hour or more."""

SURE_FIXES = 3
"""So many fixes in a row with the same lag: in a burst of buffered ones it shrinks from each to the next."""


@kernel
def track_lag(vehicle: Row, fix: Row, step: Step) -> None:
    """Learn from one more fix how old they are when they come; the least counts, for a network only adds to it."""
    lag_ms = min(fix.received_ms - fix.fix_ms, DURATION_MS_MAX)
    if vehicle.lag_ms - lag_ms > step.ms // 2:
        vehicle.lag_count = 0
    else:
        vehicle.lag_count = min(vehicle.lag_count + 1, SURE_FIXES)
    vehicle.lag_ms = min(vehicle.lag_ms, lag_ms)


@entry
def clock_error_ms(vehicle: Row) -> int:
    """How far the vehicle's clock is behind, 0 where delays alone may explain how old its fixes are."""
    if vehicle.lag_count < SURE_FIXES or vehicle.lag_ms < CLOCK_ERROR_MS:
        return 0
    return int(vehicle.lag_ms)
