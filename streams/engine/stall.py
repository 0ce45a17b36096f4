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
    Step,
)
from streams.engine.episodes import close_episode, follow_episode, open_episode
from streams.engine.evidence import MOVING_MPS, accuracy_allowance_m, is_still
from streams.engine.geometry import distance_m
from streams.engine.jit import entry, kernel
from streams.engine.signal_lost import threshold_s
from streams.engine.stretches import crossing_s

EXCURSION_FACTOR = 4.0  # fixes of a standing vehicle leave its radius so far, between walls,
EXCURSION_MS = 60_000  # but not for long, unless a device that knows speeds says that it never moved,
SAME_HALT_FACTOR = 2.0  # so far from where it stood before
APART_MS = 1000  # pings of one second are one look at the vehicle, whatever their order
WANDERING_M = 5.0  # fixes of a standing vehicle are so far apart at once
# Bits: it still rolled when it came to where it stands, and to the place before; its device knows speeds.
ROLLING, ROLLED, KNOWS_SPEED = 1, 2, 4
DRIFT_MPS, DRIFT_S = 6.0, 10.0  # reflected signals move a fix so fast; longer, it may as well have driven that far
STOP_MARGIN_M = 50.0  # a vehicle at the edge of a stop is not outside for noise


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
    """Remember which authorised stop the vehicle is in and since when. It leaves one by a margin."""
    stop = stop_at(plans, convoy, fix)
    if stop < 0 <= vehicle.stop < convoy.stop_count:
        last = plans.stops[convoy.stop_from + vehicle.stop]
        if distance_m(last.lat, last.lon, fix.lat, fix.lon) <= last.radius_m + STOP_MARGIN_M:
            stop = vehicle.stop
    if stop != vehicle.stop:
        vehicle.stop = stop
        vehicle.stop_since_ms = fix.fix_ms


@kernel
def set_anchor(vehicle: Row, fix: Row) -> None:
    """The vehicle stands here from now on, as far as known."""
    vehicle.anchor_ms = fix.fix_ms
    vehicle.anchor_lat = fix.lat
    vehicle.anchor_lon = fix.lon
    vehicle.rolling &= KNOWS_SPEED
    if fix.speed_mps > MOVING_MPS:
        vehicle.rolling |= ROLLING | KNOWS_SPEED


@kernel
def surely_stands(vehicle: Row, fix: Row) -> bool:
    """Whether the fix reports that the vehicle does not move, by a device that ever told of a movement."""
    return bool(is_still(fix) and vehicle.rolling & KNOWS_SPEED)


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
    if away or (vehicle.rolling & ROLLING and is_still(fix)):
        rolled = vehicle.rolling & ROLLED
        set_anchor(vehicle, fix)
        vehicle.rolling |= rolled
    return away


@kernel
def is_excursion(vehicle: Row, fix: Row, before_m: float, reach_m: float) -> bool:
    """Whether a fix away from where the vehicle stood says itself that it does not move, not far off nor long yet."""
    near = before_m <= EXCURSION_FACTOR * reach_m
    return bool(is_still(fix) and near and fix.fix_ms - vehicle.anchor_ms < EXCURSION_MS)


@kernel
def drag_anchor(vehicle: Row, fix: Row, step: Step) -> None:
    """Let the place where it stands go with a position that drifts away under a vehicle that, by a device that would
    know, does not move.
    """
    drifts = is_still(fix) and step.moved_m <= WANDERING_M + DRIFT_MPS * min(step.ms / 1000.0, DRIFT_S)
    if drifts and vehicle.rolling & (ROLLING | KNOWS_SPEED) == KNOWS_SPEED:
        vehicle.anchor_lat = fix.lat
        vehicle.anchor_lon = fix.lon


@kernel
def forget_before(vehicle: Row) -> None:
    """It is no longer in doubt where the vehicle stands."""
    vehicle.before_ms = NEVER
    vehicle.rolling &= ~ROLLED


@kernel
def is_same_halt(vehicle: Row, fix: Row, before_m: float, reach_m: float) -> bool:
    """Whether fixes that have lain for long near the place before are of the same halt: a device that knows speeds has
    told of no movement in between.
    """
    never_moved = is_still(fix) and vehicle.rolling == KNOWS_SPEED
    long_ago = fix.fix_ms - vehicle.anchor_ms >= EXCURSION_MS
    return bool(never_moved and long_ago and before_m <= SAME_HALT_FACTOR * reach_m)


@kernel
def leave_anchor(vehicle: Row, fix: Row, reach_m: float) -> None:
    """Follow a fix where the place is not in doubt; a fix out of its reach makes it so."""
    stood = vehicle.anchor_ms, vehicle.anchor_lat, vehicle.anchor_lon
    rolled = ROLLED if vehicle.rolling & ROLLING else 0
    if follow_anchor(vehicle, fix, reach_m):
        vehicle.before_ms, vehicle.before_lat, vehicle.before_lon = stood
        vehicle.rolling |= rolled


@kernel
def return_to_before(vehicle: Row) -> None:
    """The fixes away from the place before were outliers: it stands there still."""
    vehicle.anchor_ms = vehicle.before_ms
    vehicle.anchor_lat = vehicle.before_lat
    vehicle.anchor_lon = vehicle.before_lon
    vehicle.rolling &= KNOWS_SPEED
    vehicle.before_ms = NEVER


@kernel
def track_anchor(vehicle: Row, convoy: Row, fix: Row, step: Step) -> bool:
    """Follow where the vehicle stands; true when it has surely moved.

    One fix beyond the radius may be an outlier, and so may all that report no speed: the place before is kept, and a
    next fix back there restores it, clock and all. Only a second fix away from it proves movement; one that rolled to
    where it stands now, or to the place before, was on its way, whatever noise brings it near the place before.
    """
    reach_m = convoy.stall_radius_m + accuracy_allowance_m(fix.accuracy_m, convoy.accuracy_cap_m)
    if vehicle.anchor_ms == NEVER:
        set_anchor(vehicle, fix)
        return False
    drag_anchor(vehicle, fix, step)
    if vehicle.before_ms == NEVER:
        leave_anchor(vehicle, fix, reach_m)
        return False
    halts = is_still(fix)
    before_m = distance_m(vehicle.before_lat, vehicle.before_lon, fix.lat, fix.lon)
    if before_m <= reach_m and not (halts and vehicle.rolling & ROLLED):
        return_to_before(vehicle)
        return False
    if is_same_halt(vehicle, fix, before_m, reach_m):
        vehicle.anchor_ms = vehicle.before_ms
        vehicle.before_ms = NEVER
        return False
    at_once = fix.fix_ms - vehicle.anchor_ms < APART_MS
    rolled_in = halts and vehicle.rolling & (ROLLING | ROLLED) != 0
    moved = rolled_in or not (at_once or is_excursion(vehicle, fix, before_m, reach_m))
    if moved:
        forget_before(vehicle)
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
