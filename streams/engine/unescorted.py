"""unescorted: cargo on the move of whose escorts nothing fresh is known. Judged on receive times, by the sweep alone.

On the fixes' own times a phone whose clock is wrong, or a burst of one vehicle's buffered pings, would look like it.
"""

import math

from streams.engine.dtypes import (
    CRITICAL,
    DURATION_MS_MAX,
    FOREVER,
    NEVER,
    NO_ESCORT_PLANNED,
    NO_FRESH_ESCORT,
    UNESCORTED,
    Out,
    Plans,
    Records,
    Row,
)
from streams.engine.episodes import open_episode
from streams.engine.jit import kernel
from streams.engine.separation import fresh_ms
from streams.engine.stretches import crossing_s


@kernel
def track_moving(cargo: Row, convoy: Row, received_ms: int) -> None:
    """The cargo has surely moved: it is under way from here on, unless it was so already."""
    paused_ms = received_ms - cargo.moving_ms
    going_on = paused_ms <= fresh_ms(cargo, convoy)
    cargo.moving_for_ms = min(cargo.moving_for_ms + paused_ms, DURATION_MS_MAX) if going_on else 0
    cargo.moving_ms = received_ms


@kernel
def unescorted_since_ms(cargo: Row, plans: Plans, convoy: Row, vehicles: Records) -> float:
    """Since when it has been under way without a fresh escort. It may lie ahead: an escort is fresh until then.

    Where the plan expects silence, an escort counts as fresh for the time that crossing takes.
    """
    since_ms = float(cargo.moving_ms - cargo.moving_for_ms)
    for k in range(convoy.cargo_count, convoy.member_count):
        row = plans.members[convoy.member_from + k].row
        if row >= 0:
            escort = vehicles[row]
            fresh = max(fresh_ms(escort, convoy), 1000.0 * crossing_s(escort, plans, convoy))
            since_ms = max(since_ms, escort.fix_received_ms + fresh)
    return since_ms


@kernel
def unescorted_due_ms(cargo: Row, plans: Plans, convoy: Row, vehicles: Records, now_ms: int) -> float:
    """The whole second at which the cargo will be found unescorted, FOREVER where it takes a further ping of it."""
    if cargo.moving_ms == NEVER or cargo.open[UNESCORTED]:
        return float(FOREVER)
    since_ms = unescorted_since_ms(cargo, plans, convoy, vehicles)
    if cargo.moving_ms <= since_ms:  # it may have come to a halt just then
        return float(FOREVER)
    due_ms = 1000.0 * math.ceil(since_ms / 1000.0 + convoy.unescorted_hold_s)
    under_way_ms = cargo.moving_ms + fresh_ms(cargo, convoy)
    return due_ms if max(due_ms, now_ms) <= under_way_ms else float(FOREVER)


@kernel
def sweep_unescorted(cargo: Row, plans: Plans, convoy: Row, out: Out) -> None:
    """Raise once cargo has been under way for `unescorted_hold_s`, and moved within them, while no escort of the plan,
    if it has any, was fresh.
    """
    moment = out.moment[0]
    if moment.detected_ms < unescorted_due_ms(cargo, plans, convoy, out.vehicles, moment.detected_ms):
        return
    moment.at_ms = moment.detected_ms
    since_ms = round(unescorted_since_ms(cargo, plans, convoy, out.vehicles))
    reason = NO_FRESH_ESCORT if convoy.member_count > convoy.cargo_count else NO_ESCORT_PLANNED
    evidence = ((moment.at_ms - since_ms) / 1000.0, convoy.unescorted_hold_s)
    open_episode(cargo, UNESCORTED, CRITICAL, (since_ms, reason), evidence, out)
