"""The literal order in which a record is judged, and the sweep that judges silence."""

import math

import numpy as np
from numpy.typing import NDArray

from streams.engine.arrived import close_all, judge_arrived
from streams.engine.bad_position import judge_bad_position, track_frozen
from streams.engine.clock import put_right, track_clock
from streams.engine.deviation import judge_deviation
from streams.engine.dtypes import (
    ACCEPTED,
    BAD_POSITION,
    CHECKPOINTS_MAX,
    CRITICAL,
    DEAD_LETTER,
    DEVIATION,
    DURATION_MS_MAX,
    EPISODES,
    FILL,
    FOREVER,
    HELD,
    HIGH,
    HOLE,
    LATE,
    LOW,
    MEDIUM,
    NEVER,
    OLDER,
    OVERSPEED,
    SEPARATION,
    SIGNAL_LOST,
    SOS,
    STALL,
    TICK,
    TICKED,
    TRAIL,
    UNKNOWN_VEHICLE,
    VEHICLES_MAX,
    WRONG_WAY,
    Out,
    Plans,
    Records,
    Row,
    Scratch,
    Step,
)
from streams.engine.early_departure import track_departure
from streams.engine.episodes import severity_of
from streams.engine.geometry import distance_m
from streams.engine.intake import admit, admit_presence
from streams.engine.jit import entry, kernel
from streams.engine.late import judge_late, late_due_ms, predicted_late_s, sweep_late, tell_growing, track_pace
from streams.engine.matching import match, match_early
from streams.engine.missed_checkpoint import judge_checkpoints, start_checkpoints
from streams.engine.overspeed import judge_overspeed, speed_of, watch_speed
from streams.engine.plan_change import find_stop, follow_plan
from streams.engine.separation import judge_cargo
from streams.engine.signal_lost import called_for_help, hear, sweep_signal_lost, threshold_s
from streams.engine.sos import judge_sos
from streams.engine.stall import clear_stall, judge_stall, seems_to_stand, sweep_stall, track_anchor, track_stop
from streams.engine.trail import comes_between, extend_trail
from streams.engine.unescorted import sweep_unescorted, track_moving, unescorted_due_ms
from streams.engine.wrong_way import has_turned, judge_wrong_way, start_way, track_way

SECOND_MS = 1000
# The last older fix may have been one of many: so long they are waited for before their gap is judged.
SETTLE_MS = 60_000
# So many fixes are kept of a vehicle until then, an hour at 15 s; at the last of them it is time as well.
KEPT_MAX = 256
# More transitions than one ping (each kind raised or updated, then closed) or one vehicle in one sweep can bring.
# A ping of an escort may decide on the whole trail of each cargo vehicle.
TRANSITIONS_A_PING_MAX = 2 * EPISODES + CHECKPOINTS_MAX + 4 + VEHICLES_MAX * (2 * TRAIL + 1)
TRANSITIONS_A_SWEEP_MAX = EPISODES


@kernel
def store_fix(vehicle: Row, fix: Row) -> None:
    """The fix becomes the vehicle's newest."""
    vehicle.fix_ms = fix.fix_ms
    vehicle.fix_received_ms = fix.received_ms
    vehicle.lat = fix.lat
    vehicle.lon = fix.lon
    vehicle.speed_mps = fix.speed_mps
    vehicle.heading_deg = fix.heading_deg
    vehicle.accuracy_m = fix.accuracy_m


@kernel
def store_presence(vehicle: Row, fix: Row) -> None:
    """What even a ping without a position says."""
    vehicle.sos = fix.sos
    if not math.isnan(fix.battery_pct):
        vehicle.battery_pct = fix.battery_pct


@kernel
def is_at_start(vehicle: Row, plans: Plans, convoy: Row) -> bool:
    """Whether it is within `depart_m` of the start of its route."""
    start = plans.vertices[convoy.vertex_from]
    return bool(distance_m(start.lat, start.lon, vehicle.lat, vehicle.lon) <= convoy.depart_m)


@kernel
def is_waiting(vehicle: Row, plans: Plans, convoy: Row, at_ms: int) -> bool:
    """Whether it has yet to depart: before `depart_at`, or, without one, within `depart_m` of the start."""
    if vehicle.departed:
        return False
    if convoy.depart_ms != NEVER:
        return bool(at_ms < convoy.depart_ms)
    return is_at_start(vehicle, plans, convoy)


@kernel
def is_early(vehicle: Row, plans: Plans, convoy: Row) -> bool:
    """Whether it is at the start before its time."""
    return not vehicle.departed and vehicle.fix_ms < convoy.depart_ms and is_at_start(vehicle, plans, convoy)


@kernel
def judge_way(vehicle: Row, plans: Plans, convoy: Row, fix: Row, step: Step, out: Out) -> None:
    """The rules about how a vehicle under way goes on, in their order. Most fixes decide nothing: `out` is a bundle of
    arrays, to hand it on costs more than the rules.
    """
    retreat_m = track_way(vehicle, convoy, fix, step)
    if vehicle.open[WRONG_WAY] or has_turned(vehicle, convoy, fix, retreat_m):
        judge_wrong_way(vehicle, convoy, fix, retreat_m, out)
    if vehicle.located and vehicle.checkpoint < convoy.checkpoint_count:
        judge_checkpoints(vehicle, plans, convoy, fix, step, out)
    late_s = predicted_late_s(vehicle, plans, convoy, np.float64(vehicle.pace_mps), fix.fix_ms)
    if late_s > convoy.late_s or (vehicle.open[LATE] and not math.isnan(late_s)):
        judge_late(vehicle, convoy, late_s, out)
        tell_growing(late_s, vehicle, convoy, out)
    speed_mps = speed_of(convoy, fix, step)
    if watch_speed(vehicle, convoy, speed_mps, step) or vehicle.open[OVERSPEED]:
        judge_overspeed(vehicle, fix, convoy, speed_mps, out)


@kernel
def is_going(vehicle: Row) -> bool:
    """Whether an episode of its way is open, which goes on even where it waits to depart."""
    return bool(vehicle.open[WRONG_WAY] or vehicle.open[LATE] or vehicle.open[OVERSPEED])


@kernel
def rest(vehicle: Row, plans: Plans, convoy: Row) -> None:
    """A vehicle that waits for its departure: its way begins here."""
    start_way(vehicle)
    start_checkpoints(vehicle, plans, convoy)
    vehicle.fast_ms = -1


@kernel
def judge_trust(vehicle: Row, plans: Plans, convoy: Row, fix: Row, rejected: bool, out: Out) -> None:
    """Whether a fix, or a held one, can be believed; `rejected` = it showed an earlier one to be a spike."""
    doubtful = fix.mock or rejected or vehicle.frozen_ms > 0
    if not doubtful and not vehicle.open[BAD_POSITION]:
        return
    if vehicle.open[BAD_POSITION] or not is_waiting(vehicle, plans, convoy, fix.fix_ms):
        out.moment[0].at_ms = fix.fix_ms
        judge_bad_position(vehicle, convoy, fix, rejected, out)


@kernel
def track_cargo(cargo: Row, convoy: Row, fix: Row, going: tuple[bool, bool]) -> None:
    """Note where cargo is judged together with its escorts, `going` = (it has surely moved, it waits to depart)."""
    moved, waiting = going
    if waiting:
        cargo.moving_ms = NEVER
    elif moved:
        track_moving(cargo, convoy, fix.received_ms)
    if not waiting or cargo.open[SEPARATION]:
        extend_trail(cargo, fix)


@kernel
def judge_together(vehicle: Row, plans: Plans, convoy: Row, fix: Row, out: Out) -> None:
    """What the vehicle's new fix decides on cargo and its escorts: on itself, or on all cargo that waited for it."""
    if vehicle.cargo:
        if not vehicle.arrived:
            judge_cargo(fix.row, plans, convoy, out)
        return
    extend_trail(vehicle, fix)
    vehicle.trail_judged = vehicle.trail_count  # should it become cargo, its past is not judged
    for k in range(convoy.cargo_count):
        row = plans.members[convoy.member_from + k].row
        if row >= 0 and not out.vehicles[row].arrived:
            judge_cargo(row, plans, convoy, out)
    out.moment[0].row = fix.row


@kernel
def judge_position(vehicle: Row, plans: Plans, convoy: Row, fix: Row, step: Step, out: Out) -> None:
    """The rules about where a vehicle is, in their order."""
    if not vehicle.departed:
        track_departure(vehicle, convoy, fix, out)
    track_stop(vehicle, plans, convoy, fix)
    moved = track_anchor(vehicle, convoy, fix, step)
    if moved:
        clear_stall(vehicle, convoy, fix, out)
    waiting = is_waiting(vehicle, plans, convoy, fix.fix_ms)
    if not waiting or vehicle.open[DEVIATION]:
        judge_deviation(vehicle, convoy, fix, step, out)
    else:
        vehicle.streak_count = 0
    if not waiting:
        judge_stall(vehicle, plans, convoy, fix, out)
    if waiting and not is_going(vehicle):
        rest(vehicle, plans, convoy)
    else:
        judge_way(vehicle, plans, convoy, fix, step, out)
    if vehicle.cargo:
        track_cargo(vehicle, convoy, fix, (moved, waiting))
    if not waiting:
        judge_arrived(vehicle, plans, convoy, fix, out)


@kernel
def keep_unplanned(vehicle: Row, fix: Row) -> int:
    """A vehicle without a plan: its newest fix is kept for the day the plan comes."""
    vehicle.heard_ms = fix.received_ms
    store_presence(vehicle, fix)
    if not math.isnan(fix.lat) and fix.fix_ms > vehicle.fix_ms:
        store_fix(vehicle, fix)
    return UNKNOWN_VEHICLE


@entry
def step_to(vehicle: Row, fix: Row) -> Step:
    """From the vehicle's newest fix, before it is replaced, to this one."""
    if vehicle.fix_ms == NEVER:
        return Step(0, 0.0, np.nan, np.nan, np.nan, False)
    moved_m = distance_m(vehicle.lat, vehicle.lon, fix.lat, fix.lon)
    ms = min(fix.fix_ms - vehicle.fix_ms, DURATION_MS_MAX)
    frozen = bool(vehicle.frozen_ms != 0)
    return Step(ms, moved_m, vehicle.progress_m, vehicle.lateral_m, np.float64(vehicle.speed_mps), frozen)


@kernel
def judge_ping(vehicle: Row, plans: Plans, fix: Row, out: Out, scratch: Scratch) -> int:
    """Judge one ping; gives what became of it."""
    vehicle.received_count += 1
    put_right(vehicle, fix, out)
    out.moment[0].at_ms = fix.fix_ms
    if vehicle.convoy < 0 or vehicle.dropped:
        return keep_unplanned(vehicle, fix)
    convoy = plans.convoys[vehicle.convoy]
    located = not math.isnan(fix.lat)
    if located and fix.fix_ms > vehicle.fix_ms:
        follow_plan(vehicle, plans, convoy, out)
    before_ms = vehicle.reject_ms
    step = step_to(vehicle, fix)
    result = admit(vehicle, convoy, fix) if located else admit_presence(vehicle, fix)
    rejected = vehicle.reject_ms != before_ms
    moves = result == ACCEPTED and located
    if moves:
        store_fix(vehicle, fix)
        track_clock(vehicle, fix, step, out)
        track_frozen(vehicle, fix, step)
        if is_early(vehicle, plans, convoy):
            match_early(vehicle, plans, convoy, fix, scratch)
        elif vehicle.frozen_ms == 0:
            match(vehicle, plans, convoy, fix, step, scratch)
        track_pace(vehicle, convoy, step)
    if fix.sos or vehicle.open[SOS]:
        judge_sos(vehicle, convoy, fix, result, out)
    if result not in (ACCEPTED, HELD):
        return result
    store_presence(vehicle, fix)
    hear(vehicle, convoy, fix.received_ms, out)
    if located and not vehicle.arrived:
        judge_trust(vehicle, plans, convoy, fix, rejected, out)
    if moves and not vehicle.arrived:
        out.moment[0].at_ms = fix.fix_ms
        judge_position(vehicle, plans, convoy, fix, step, out)
    if moves:
        judge_together(vehicle, plans, convoy, fix, out)
    return result


@kernel
def lost_due_ms(vehicle: Row, convoy: Row) -> float:
    """Stream time before which silence cannot raise a lost signal or its severity."""
    if not vehicle.open[SIGNAL_LOST]:
        due_s = threshold_s(vehicle, convoy)
    elif called_for_help(vehicle) and severity_of(vehicle, SIGNAL_LOST) < CRITICAL:
        return NEVER
    elif severity_of(vehicle, SIGNAL_LOST) == LOW:
        due_s = convoy.signal_lost_medium_s
    elif severity_of(vehicle, SIGNAL_LOST) == MEDIUM:
        due_s = convoy.signal_lost_high_s
    else:
        return float(FOREVER)
    return float(vehicle.heard_ms + SECOND_MS * due_s)


@kernel
def stall_due_ms(vehicle: Row, plans: Plans, convoy: Row) -> float:
    """Stream time before which silence cannot raise a stall or its severity."""
    if not seems_to_stand(vehicle):
        return float(FOREVER)
    due_s = convoy.stall_hold_s
    if vehicle.open[STALL]:
        if severity_of(vehicle, STALL) >= HIGH:
            return float(FOREVER)
        due_s = convoy.stall_high_s
    if convoy.depart_ms == NEVER and is_waiting(vehicle, plans, convoy, vehicle.fix_received_ms):
        return float(FOREVER)
    return float(vehicle.fix_received_ms + SECOND_MS * due_s - (vehicle.fix_ms - vehicle.anchor_ms))


@kernel
def silence_due_ms(vehicle: Row, plans: Plans, vehicles: Records, now_ms: int) -> int:
    """Stream time before which silence decides nothing about a vehicle: most sweeps pass over most rows by it."""
    if vehicle.dropped:
        return NEVER
    if vehicle.convoy < 0 or vehicle.arrived:
        return FOREVER
    convoy = plans.convoys[vehicle.convoy]
    due_ms = min(lost_due_ms(vehicle, convoy), stall_due_ms(vehicle, plans, convoy))
    due_ms = min(due_ms, late_due_ms(vehicle, plans, convoy))
    if vehicle.cargo:
        due_ms = min(due_ms, unescorted_due_ms(vehicle, plans, convoy, vehicles, now_ms))
    return int(due_ms if vehicle.departed else max(due_ms, convoy.depart_ms))


@kernel
def sweep_vehicle(vehicle: Row, plans: Plans, out: Out) -> None:
    """The rules that silence decides, in their order."""
    if vehicle.convoy < 0 or vehicle.heard_ms == NEVER:
        return
    moment = out.moment[0]
    if vehicle.dropped:
        moment.at_ms = moment.detected_ms
        close_all(vehicle, vehicle.dropped, out)
        return
    convoy = plans.convoys[vehicle.convoy]
    if vehicle.arrived:
        return
    find_stop(vehicle, plans, convoy)
    if vehicle.departed or moment.detected_ms >= convoy.depart_ms:
        sweep_signal_lost(vehicle, plans, convoy, out)
    if vehicle.anchor_ms != NEVER and not is_waiting(vehicle, plans, convoy, moment.detected_ms):
        sweep_stall(vehicle, plans, convoy, out)
        sweep_late(vehicle, plans, convoy, out)
        if vehicle.cargo:
            sweep_unescorted(vehicle, plans, convoy, out)


@kernel
def first_second_ms(received_ms: int) -> int:
    """The first whole second that is not before an instant: where sweeping begins."""
    return -(-received_ms // SECOND_MS) * SECOND_MS


@kernel
def sweep(vehicles: Records, used: int, plans: Plans, second_ms: int, out: Out) -> int:
    """Judge every vehicle's silence at a whole second of stream time; gives when the next vehicle is due."""
    moment = out.moment[0]
    next_ms = FOREVER
    for row in range(used):
        if second_ms >= out.due_ms[row]:
            moment.row = row
            moment.detected_ms = second_ms
            sweep_vehicle(vehicles[row], plans, out)
            out.due_ms[row] = silence_due_ms(vehicles[row], plans, vehicles, second_ms)
        next_ms = min(next_ms, out.due_ms[row])
    return next_ms


@kernel
def sweep_until(vehicles: Records, used: int, plans: Plans, clock: NDArray[np.int64], limit_ms: int, out: Out) -> bool:
    """Sweep each whole second from `clock[0]` to `limit_ms` in which something is due.

    `clock[0]` is then the first second after the limit. False when there is no room for more transitions.
    """
    while clock[0] <= limit_ms:
        if out.filled[0] + used * TRANSITIONS_A_SWEEP_MAX > out.transitions.shape[0]:
            return False
        due_ms = min(sweep(vehicles, used, plans, clock[0], out), limit_ms + 1)
        clock[0] = max(clock[0] + SECOND_MS, first_second_ms(due_ms))
    return True


@kernel
def notes_gap(vehicle: Row, fix: Row, result: int, clock: NDArray[np.int64], out: Out) -> bool:
    """Mark a fix that is to be kept until the gap is judged that it or another one fills; whether it is the first one.

    While a gap is being filled that is every fix of the vehicle, else an older one that comes between two of its trail.
    """
    since_ms = out.gap_ms[fix.row]
    first = since_ms == NEVER
    if math.isnan(fix.lat) or (first and result != OLDER):
        return False
    if result == OLDER:
        known = fix.fix_ms > vehicle.fix_ms or vehicle.arrived
        if known or not (comes_between(vehicle, fix) if first else fix.fix_ms > since_ms):
            return False
        clock[1] = min(clock[1], fix.received_ms + SETTLE_MS)
    elif result != ACCEPTED:
        return False
    fix.kind = FILL
    out.gap_left[fix.row] -= 1
    if not first and out.gap_left[fix.row] <= 0:
        clock[1] = min(clock[1], fix.received_ms)
    return bool(first)


@entry
def run(
    fixes: Records,
    results: NDArray[np.int8],
    start: int,
    vehicles: Records,
    used: int,
    plans: Plans,
    clock: NDArray[np.int64],
    out: Out,
    scratch: Scratch,
) -> int:
    """Judge the records from `start` on in their order; gives the first one not judged: for want of room in `out`,
    after the first fix that fills a gap, and where a gap is due to be judged, at `clock[1]`.

    A ping is judged after the sweeps of all whole seconds before it; a tick makes the sweep of its own second as well.
    """
    moment = out.moment[0]
    for i in range(start, fixes.shape[0]):
        fix = fixes[i]
        if fix.received_ms >= clock[1]:
            return i
        if clock[0] == NEVER:
            clock[0] = first_second_ms(fix.received_ms)
        due_ms = fix.received_ms if fix.kind == TICK else fix.received_ms - 1
        if not sweep_until(vehicles, used, plans, clock, due_ms, out):
            return i
        if fix.kind in (TICK, HOLE):
            results[i] = TICKED if fix.kind == TICK else DEAD_LETTER
            continue
        if out.filled[0] + TRANSITIONS_A_PING_MAX > out.transitions.shape[0]:
            return i
        moment.row = fix.row
        moment.detected_ms = fix.received_ms
        results[i] = judge_ping(vehicles[fix.row], plans, fix, out, scratch)
        out.changed[fix.row] = 1
        out.due_ms[fix.row] = silence_due_ms(vehicles[fix.row], plans, vehicles, fix.received_ms)
        if notes_gap(vehicles[fix.row], fix, results[i], clock, out):
            return i + 1
    return int(fixes.shape[0])
