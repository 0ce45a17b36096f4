"""The trail: a vehicle's last few fixes, so that two vehicles can be compared at one instant.

Fixes that follow one another within half a ping interval are one entry, so a trail reaches back several intervals
however often a phone reports. Positions are whole 1e-7 degrees (1 cm), the place along the route is single precision.
"""

import numpy as np

from streams.engine.dtypes import DURATION_MS_MAX, FOREVER, TRAIL, Row
from streams.engine.geometry import wrap_deg
from streams.engine.jit import kernel

UNITS_PER_DEG = 1e7
BROKEN = -(2**31)  # no latitude: between the entries before and after, nothing is known
SPACING = 0.5  # of a ping interval


@kernel
def spacing_ms(vehicle: Row) -> float:
    """Time between two entries, at the least."""
    return float(1000.0 * SPACING * vehicle.ping_interval_s)


@kernel
def add_entry(vehicle: Row, at_ms: int) -> int:
    """Make room for an entry at the end, the oldest one goes; gives its place."""
    last = vehicle.trail_count
    if last == TRAIL:
        last = TRAIL - 1
        vehicle.trail_judged = max(vehicle.trail_judged - 1, 0)
        for k in range(last):
            vehicle.trail_age_ms[k] = vehicle.trail_age_ms[k + 1]
            vehicle.trail_lat[k] = vehicle.trail_lat[k + 1]
            vehicle.trail_lon[k] = vehicle.trail_lon[k + 1]
            vehicle.trail_m[k] = vehicle.trail_m[k + 1]
    for k in range(last):
        vehicle.trail_age_ms[k] = min(vehicle.trail_age_ms[k] + (at_ms - vehicle.trail_ms), DURATION_MS_MAX)
    vehicle.trail_age_ms[last] = 0
    vehicle.trail_ms = at_ms
    vehicle.trail_count = last + 1
    return int(last)


@kernel
def entry_ms(vehicle: Row, entry: int) -> int:
    """The instant of an entry."""
    return int(vehicle.trail_ms - vehicle.trail_age_ms[entry])


@kernel
def extend_trail(vehicle: Row, fix: Row) -> None:
    """Add the newest fix, once it is matched; along the route where it was found on it. A frozen position is none."""
    if vehicle.frozen_ms != 0:
        return
    if fix.fix_ms - vehicle.trail_ms < spacing_ms(vehicle):
        return
    last = add_entry(vehicle, fix.fix_ms)
    on_route = vehicle.located and vehicle.hypothesis_age_ms[vehicle.chosen] == 0
    vehicle.trail_lat[last] = round(fix.lat * UNITS_PER_DEG)
    vehicle.trail_lon[last] = round(fix.lon * UNITS_PER_DEG)
    vehicle.trail_m[last] = vehicle.progress_m if on_route else np.nan


@kernel
def break_trail(vehicle: Row) -> None:
    """The vehicle turns out to be elsewhere: nobody knows where it was between its last fix and the next one. Cargo is
    never asked.
    """
    if vehicle.trail_count > 0 and not vehicle.cargo:
        vehicle.trail_lat[add_entry(vehicle, vehicle.trail_ms)] = BROKEN


@kernel
def forget_progress(vehicle: Row) -> None:
    """The route is another: where the vehicle was along the old one says nothing."""
    vehicle.trail_m[:] = np.nan


@kernel
def where(vehicle: Row, at_ms: int, gap_ms_max: float) -> tuple[float, float, float]:
    """Latitude, longitude and place along the route at an instant, interpolated.

    All NaN where the trail has not reached it, or the two entries around it are missing or more than `gap_ms_max`
    apart; the place alone where one of them is off the route. An instant on an entry belongs to the gap before it.
    """
    if vehicle.trail_ms < at_ms:
        return np.nan, np.nan, np.nan
    k = vehicle.trail_count - 1
    while k > 0 and entry_ms(vehicle, k - 1) >= at_ms:
        k -= 1
    if k <= 0 or vehicle.trail_lat[k - 1] == BROKEN or vehicle.trail_lat[k] == BROKEN:
        return np.nan, np.nan, np.nan
    begin_ms = entry_ms(vehicle, k - 1)
    span_ms = entry_ms(vehicle, k) - begin_ms
    if span_ms > gap_ms_max:
        return np.nan, np.nan, np.nan
    share = (at_ms - begin_ms) / span_ms
    lat, lon = vehicle.trail_lat[k - 1] / UNITS_PER_DEG, vehicle.trail_lon[k - 1] / UNITS_PER_DEG
    north_deg = vehicle.trail_lat[k] / UNITS_PER_DEG - lat
    east_deg = wrap_deg(vehicle.trail_lon[k] / UNITS_PER_DEG - lon)
    begin_m = float(vehicle.trail_m[k - 1])
    along_m = begin_m + share * (float(vehicle.trail_m[k]) - begin_m)
    return lat + share * north_deg, lon + share * east_deg, along_m


@kernel
def comes_between(vehicle: Row, fix: Row) -> bool:
    """Whether an older fix says where the vehicle was between two entries of its trail. It does not where it may be a
    copy of a fix that was passed over.
    """
    if vehicle.trail_count == 0 or fix.fix_ms <= entry_ms(vehicle, 0):
        return False
    away_ms = float(FOREVER)
    for k in range(vehicle.trail_count):
        away_ms = min(away_ms, abs(entry_ms(vehicle, k) - fix.fix_ms))
    return bool(away_ms >= spacing_ms(vehicle))
