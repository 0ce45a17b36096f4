"""separation: cargo too far from its nearest escort, both at one instant that both have reached.

Judged is each instant of the cargo's trail, in order and once: when every escort has reached it or has been silent for
too long by then. Which of two vehicles' pings was read first therefore changes nothing.
"""

import math

import numpy as np

from streams.engine.dtypes import (
    APART,
    CRITICAL,
    ESCORT_BACK,
    HIGH,
    NEVER,
    SEPARATION,
    TOGETHER,
    TRAIL,
    UNESCORTED,
    Out,
    Plans,
    Records,
    Row,
)
from streams.engine.episodes import close_episode, follow_episode, open_episode, peak_worth_telling, update_episode
from streams.engine.geometry import distance_m
from streams.engine.jit import kernel
from streams.engine.trail import UNITS_PER_DEG, entry_ms, where


@kernel
def fresh_ms(vehicle: Row, convoy: Row) -> float:
    """How long a fix says where a vehicle is: three ping intervals, at least `partner_stale_s`."""
    return float(1000.0 * max(3.0 * vehicle.ping_interval_s, convoy.partner_stale_s))


@kernel
def gap_m(cargo: Row, entry: int, partner: tuple[float, float, float], together_m: float) -> float:
    """Gap of a cargo's trail entry and a partner's (lat, lon, progress): along the route where both are on it.

    A straight line within `together_m` is the gap whatever a route that overlaps itself says.
    """
    lat, lon, along_m = partner
    begin_lat, begin_lon = cargo.trail_lat[entry] / UNITS_PER_DEG, cargo.trail_lon[entry] / UNITS_PER_DEG
    straight_m = distance_m(begin_lat, begin_lon, lat, lon)
    apart_m = abs(along_m - cargo.trail_m[entry])
    if straight_m <= together_m or math.isnan(apart_m):
        return straight_m
    return apart_m


@kernel
def is_awaited(at_ms: int, convoy: Row, members: Records, vehicles: Records) -> bool:
    """Whether an escort that may yet say where it was at an instant has not reached it."""
    for k in range(convoy.cargo_count, convoy.member_count):
        row = members[convoy.member_from + k].row
        if row >= 0:
            reached_ms = vehicles[row].trail_ms
            if reached_ms < at_ms <= reached_ms + fresh_ms(vehicles[row], convoy):
                return True
    return False


@kernel
def entry_to_judge(cargo: Row, convoy: Row, members: Records, vehicles: Records) -> int:
    """The first entry of a cargo's trail that has not been judged, -1 where there is none or an escort is awaited.

    The oldest entry of a full trail waits no longer: the next fix would push it out.
    """
    entry = int(cargo.trail_judged)
    if entry == cargo.trail_count:
        return -1
    is_last_chance = entry == 0 and cargo.trail_count == TRAIL
    if is_last_chance or not is_awaited(entry_ms(cargo, entry), convoy, members, vehicles):
        return entry
    return -1


@kernel
def nearest_escort(cargo: Row, entry: int, convoy: Row, members: Records, vehicles: Records) -> tuple[float, int]:
    """Gap to the nearest of the escorts whose place at a cargo's trail entry is known, and which member that is; NaN
    and -1 where none is known.
    """
    at_ms = entry_ms(cargo, entry)
    least_m, nearest = np.inf, -1
    for k in range(convoy.cargo_count, convoy.member_count):
        row = members[convoy.member_from + k].row
        if row >= 0:
            place = where(vehicles[row], at_ms, fresh_ms(vehicles[row], convoy))
            escort_m = gap_m(cargo, entry, place, convoy.together_m)
            if escort_m < least_m:  # false where it is NaN
                least_m, nearest = escort_m, k
    return (least_m, nearest) if nearest >= 0 else (np.nan, -1)


@kernel
def is_accompanied(cargo: Row, entry: int, convoy: Row, members: Records, vehicles: Records) -> bool:
    """Whether nothing is open and any escort at all is within `separation_raise_m`: on most days the first one is, and
    to look for the nearest would cost each ping a tenth of its time.
    """
    if cargo.open[SEPARATION] or cargo.open[UNESCORTED]:
        return False
    at_ms = entry_ms(cargo, entry)
    for k in range(convoy.cargo_count, convoy.member_count):
        row = members[convoy.member_from + k].row
        if row >= 0:
            _, _, along_m = where(vehicles[row], at_ms, fresh_ms(vehicles[row], convoy))
            if abs(along_m - cargo.trail_m[entry]) <= convoy.separation_raise_m:  # false where it is NaN
                return True
    return False


@kernel
def lose_partner(cargo: Row, row: int, out: Out) -> None:
    """Where no escort is known they are neither together nor apart: what lasts begins anew."""
    cargo.apart_ms = NEVER
    out.episodes[row, SEPARATION].good_ms = NEVER


@kernel
def raise_separation(cargo: Row, convoy: Row, apart_m: float, out: Out) -> None:
    """Raise once the gap has been above `separation_raise_m` for `separation_hold_s`; the onset is the first instant
    of it.
    """
    at_ms = out.moment[0].at_ms
    if apart_m <= convoy.separation_raise_m:
        cargo.apart_ms = NEVER
        return
    if cargo.apart_ms == NEVER:
        cargo.apart_ms = at_ms
    if at_ms - cargo.apart_ms >= 1000.0 * convoy.separation_hold_s:
        severity = CRITICAL if apart_m > convoy.separation_critical_m else HIGH
        onset = (cargo.apart_ms, APART)
        open_episode(cargo, SEPARATION, severity, onset, (apart_m, convoy.separation_raise_m), out)
        cargo.apart_ms = NEVER


@kernel
def follow_separation(cargo: Row, convoy: Row, apart_m: float, out: Out) -> None:
    """Follow the open episode: clear once the gap has been within `separation_clear_m` for `separation_hold_s`."""
    moment = out.moment[0]
    episode = out.episodes[moment.row, SEPARATION]
    severity = CRITICAL if apart_m > convoy.separation_critical_m else HIGH
    evidence = (apart_m, convoy.separation_raise_m)
    follow_episode(cargo, SEPARATION, severity, APART, evidence, out)
    if peak_worth_telling(SEPARATION, apart_m, out):
        update_episode(cargo, SEPARATION, APART, evidence, out)
    if apart_m > convoy.separation_clear_m:
        episode.good_ms = NEVER
        return
    if episode.good_ms == NEVER:
        episode.good_ms = moment.at_ms
    if moment.at_ms - episode.good_ms >= 1000.0 * convoy.separation_hold_s:
        close_episode(cargo, SEPARATION, TOGETHER, (apart_m, convoy.separation_clear_m), out)


@kernel
def end_unescorted(cargo: Row, convoy: Row, apart_m: float, out: Out) -> None:
    """An escort is within `unescorted_clear_m`: the cargo is escorted again, on receive time as it was raised."""
    if cargo.open[UNESCORTED] and apart_m <= convoy.unescorted_clear_m:
        moment = out.moment[0]
        moment.at_ms = moment.detected_ms
        close_episode(cargo, UNESCORTED, ESCORT_BACK, (apart_m, convoy.unescorted_clear_m), out)
        out.due_ms[moment.row] = NEVER  # from here on silence can raise it again


@kernel
def judge_instant(cargo: Row, entry: int, apart_m: float, other: int, convoy: Row, out: Out) -> None:
    """Judge one entry of the cargo's trail; what is told of it says where the cargo was then. `other` is the row of the
    nearest escort.
    """
    first = out.filled[0]
    out.moment[0].at_ms = entry_ms(cargo, entry)
    if cargo.open[SEPARATION]:
        follow_separation(cargo, convoy, apart_m, out)
    else:
        raise_separation(cargo, convoy, apart_m, out)
    end_unescorted(cargo, convoy, apart_m, out)
    for k in range(first, out.filled[0]):
        told = out.transitions[k]
        told.lat = cargo.trail_lat[entry] / UNITS_PER_DEG
        told.lon = cargo.trail_lon[entry] / UNITS_PER_DEG
        told.progress_m = cargo.trail_m[entry]
        told.lateral_m = np.nan
        told.other = other


@kernel
def judge_entry(row: int, entry: int, plans: Plans, convoy: Row, out: Out) -> None:
    """Judge one entry of a cargo's trail against the nearest escort."""
    cargo = out.vehicles[row]
    apart_m, member = nearest_escort(cargo, entry, convoy, plans.members, out.vehicles)
    cargo.trail_judged = entry + 1
    if member < 0:
        lose_partner(cargo, row, out)
        return
    partner = plans.members[convoy.member_from + member]
    cargo.partner = partner.name
    out.moment[0].row = row
    judge_instant(cargo, entry, apart_m, partner.row, convoy, out)


@kernel
def skip_accompanied(cargo: Row, convoy: Row, members: Records, vehicles: Records) -> int:
    """Pass over the entries of a cargo's trail that say that all is well; gives the first that does not, or -1."""
    while True:
        entry = entry_to_judge(cargo, convoy, members, vehicles)
        if entry < 0 or not is_accompanied(cargo, entry, convoy, members, vehicles):
            return entry
        cargo.apart_ms = NEVER
        cargo.trail_judged = entry + 1


@kernel
def judge_cargo(row: int, plans: Plans, convoy: Row, out: Out) -> None:
    """Judge the entries of a cargo's trail that have not been judged, up to the first that an escort has yet to
    reach.
    """
    entry = skip_accompanied(out.vehicles[row], convoy, plans.members, out.vehicles)
    while entry >= 0:
        judge_entry(row, entry, plans, convoy, out)
        entry = skip_accompanied(out.vehicles[row], convoy, plans.members, out.vehicles)
