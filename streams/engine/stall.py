"""stall: standing within a small radius for too long, seen in fixes or concluded from silence."""

from streams.engine.dtypes import (
    CRITICAL,
    DEVIATION,
    HIGH,
    LOW,
    MOVED,
    NEVER,
    OVER_DWELL,
    STALL,
    STANDING,
    STANDING_SILENT,
    Out,
    Plans,
    Row,
)
from streams.engine.episodes import close_episode, follow_episode, open_episode
from streams.engine.geometry import distance_m
from streams.engine.jit import entry, kernel
from streams.engine.matching import MOVING_MPS, accuracy_allowance_m, is_still
from streams.engine.signal_lost import threshold_s
from streams.engine.stretches import crossing_s

EXCURSION_FACTOR = 4.0  # fixes of a standing vehicle leave its radius so far, between walls,
EXCURSION_MS = 60_000  # but not for long
APART_MS = 1000  # pings of one second are one look at the vehicle, whatever their order
WANDERING_M = 5.0  # fixes of a standing vehicle are so far apart at once


@kernel
def stop_at(plans: Plans, convoy: Row, fix: Row) -> int:
    """Number of the authorised stop that a fix is in (its accuracy may reach into it), -1 for none."""
    allowance_m = accuracy_allowance_m(fix.accuracy_m, convoy.accuracy_cap_m)
    for k in range(convoy.stop_count):
        stop = plans.stops[convoy.stop_from + k]
        if distance_m(stop.lat, stop.lon, fix.lat, fix.lon) - allowance_m <= stop.radius_m:
            return k
    return -1


@kernel
def track_stop(vehicle: Row, plans: Plans, convoy: Row, fix: Row) -> None:
    """Remember which authorised stop the vehicle is in and since when."""
    stop = stop_at(plans, convoy, fix)
    if stop != vehicle.stop:
        vehicle.stop = stop
        vehicle.stop_since_ms = fix.fix_ms


@kernel
def set_anchor(vehicle: Row, fix: Row) -> None:
    """The vehicle stands here from now on, as far as known."""
    vehicle.anchor_ms = fix.fix_ms
    vehicle.anchor_lat = fix.lat
    vehicle.anchor_lon = fix.lon
    vehicle.rolling = fix.speed_mps > MOVING_MPS


@entry
def seems_to_stand(vehicle: Row) -> bool:
    """Whether two fixes show it standing, so that silence says where it is: the newest reports no movement, and it is
    not as far from the first one there as a vehicle on its way would be.
    """
    stood_ms = vehicle.fix_ms - vehicle.anchor_ms
    if vehicle.anchor_ms == NEVER or stood_ms < APART_MS or vehicle.speed_mps > MOVING_MPS:
        return False
    moved_m = distance_m(vehicle.anchor_lat, vehicle.anchor_lon, vehicle.lat, vehicle.lon)
    return bool(moved_m <= WANDERING_M + MOVING_MPS * stood_ms / 1000.0)


@kernel
def follow_anchor(vehicle: Row, fix: Row, reach_m: float) -> bool:
    """Let the place where it stands follow a fix; whether that is out of its reach.

    A place where it still rolled is only on the way to where it stands now.
    """
    away = distance_m(vehicle.anchor_lat, vehicle.anchor_lon, fix.lat, fix.lon) > reach_m
    if away or (vehicle.rolling and is_still(fix)):
        set_anchor(vehicle, fix)
    return away


@kernel
def is_excursion(vehicle: Row, fix: Row, before_m: float, reach_m: float) -> bool:
    """Whether a fix away from where the vehicle stood says itself that it does not move, not far off nor long yet."""
    near = before_m <= EXCURSION_FACTOR * reach_m
    return bool(is_still(fix) and near and fix.fix_ms - vehicle.anchor_ms < EXCURSION_MS)


@kernel
def track_anchor(vehicle: Row, convoy: Row, fix: Row) -> bool:
    """Follow where the vehicle stands; true when it has surely moved.

    One fix beyond the radius may be an outlier, and so may all that report no speed: the place before is kept, and a
    next fix back there restores it, clock and all. Only a second fix away from it proves movement; one that rolled to
    where it stands now was on its way, whatever noise brings it near the place before.
    """
    reach_m = convoy.stall_radius_m + accuracy_allowance_m(fix.accuracy_m, convoy.accuracy_cap_m)
    if vehicle.anchor_ms == NEVER:
        set_anchor(vehicle, fix)
        return False
    if vehicle.before_ms == NEVER:
        stood = vehicle.anchor_ms, vehicle.anchor_lat, vehicle.anchor_lon
        if follow_anchor(vehicle, fix, reach_m):
            vehicle.before_ms, vehicle.before_lat, vehicle.before_lon = stood
        return False
    before_m = distance_m(vehicle.before_lat, vehicle.before_lon, fix.lat, fix.lon)
    if before_m <= reach_m:
        vehicle.anchor_ms = vehicle.before_ms
        vehicle.anchor_lat = vehicle.before_lat
        vehicle.anchor_lon = vehicle.before_lon
        vehicle.rolling = 0
        vehicle.before_ms = NEVER
        return False
    at_once = fix.fix_ms - vehicle.anchor_ms < APART_MS
    rolled_in = vehicle.rolling and is_still(fix)
    moved = rolled_in or not (at_once or is_excursion(vehicle, fix, before_m, reach_m))
    if moved:
        vehicle.before_ms = NEVER
    follow_anchor(vehicle, fix, reach_m)
    return moved


@entry
def standing_since_ms(vehicle: Row, convoy: Row) -> int:
    """When its standing began to count: before the departure it does not."""
    if vehicle.departed:
        return int(vehicle.anchor_ms)
    return int(max(vehicle.anchor_ms, convoy.depart_ms))


@kernel
def judge_standing(vehicle: Row, plans: Plans, convoy: Row, standing: tuple[int, int], out: Out) -> None:
    """Raise or follow a stall of a vehicle that stands until now; `standing` = (now_ms in event time, reason).

    Low at `stall_hold_s`, high at `stall_high_s`, critical then in a high-risk convoy or off the route. In an
    authorised stop nothing is raised until its `max_dwell_s` is over.
    """
    now_ms, reason = standing
    stood_s = (now_ms - standing_since_ms(vehicle, convoy)) / 1000.0
    if vehicle.stop >= 0:
        if (now_ms - vehicle.stop_since_ms) / 1000.0 <= plans.stops[convoy.stop_from + vehicle.stop].max_dwell_s:
            return
        reason = OVER_DWELL
    if stood_s < convoy.stall_hold_s:
        return
    severity = LOW
    if stood_s >= convoy.stall_high_s:
        severity = CRITICAL if convoy.high_risk or vehicle.open[DEVIATION] else HIGH
    evidence = (stood_s, convoy.stall_hold_s)
    if vehicle.open[STALL]:
        follow_episode(vehicle, STALL, severity, reason, evidence, out)
    else:
        onset_ms = now_ms - round(stood_s * 1000.0)
        open_episode(vehicle, STALL, severity, (onset_ms, reason), evidence, out)
        # The anchor is where it was still rolling to a halt; noise would carry it over the radius from there.
        vehicle.anchor_lat = vehicle.lat
        vehicle.anchor_lon = vehicle.lon


@kernel
def judge_stall(vehicle: Row, plans: Plans, convoy: Row, fix: Row, out: Out) -> None:
    """Judge a fix: clear when it has moved, else count how long it stands. Call after track_anchor and track_stop."""
    judge_standing(vehicle, plans, convoy, (fix.fix_ms, STANDING), out)


@kernel
def clear_stall(vehicle: Row, convoy: Row, fix: Row, out: Out) -> None:
    """The vehicle has moved: an open stall is over, unless it is of the place where it stands now."""
    if vehicle.open[STALL] and out.episodes[out.moment[0].row, STALL].onset_ms < vehicle.anchor_ms:
        stood_s = (fix.fix_ms - out.episodes[out.moment[0].row, STALL].onset_ms) / 1000.0
        close_episode(vehicle, STALL, MOVED, (stood_s, convoy.stall_hold_s), out)


@kernel
def sweep_stall(vehicle: Row, plans: Plans, convoy: Row, out: Out) -> None:
    """Silence does not stop the clock of a vehicle that two fixes showed standing: count on from the newer's receipt.

    The difference of receive times is added to the fix's own time, so a device whose clock is wrong stands no longer
    than it does. Where the plan expects silence, it says nothing about standing.
    """
    if not seems_to_stand(vehicle):
        return
    moment = out.moment[0]
    silent_ms = moment.detected_ms - vehicle.fix_received_ms
    if silent_ms <= 0 or silent_ms <= 1000.0 * crossing_s(vehicle, plans, convoy):
        return
    moment.at_ms = vehicle.fix_ms + silent_ms
    # between two pings on time it is not silent
    reason = STANDING_SILENT if silent_ms > 1000.0 * threshold_s(vehicle, convoy) else STANDING
    judge_standing(vehicle, plans, convoy, (moment.at_ms, reason), out)
