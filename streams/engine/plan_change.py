"""What a changed plan does to a vehicle under way: what still makes sense is kept, the rest is cleared.

A new route takes effect at the vehicle's next fix, and so does the leaving of an escort. Limits, times and vehicles
that come to the plan need nothing: they are read anew each time.
"""

import numpy as np

from streams.engine.dtypes import (
    DEVIATION,
    LATE,
    PLAN_CHANGED,
    SEPARATION,
    UNESCORTED,
    WRONG_WAY,
    Out,
    Plans,
    Records,
    Row,
)
from streams.engine.episodes import close_episode
from streams.engine.jit import kernel
from streams.engine.matching import forget_place
from streams.engine.stall import track_stop
from streams.engine.trail import forget_progress


@kernel
def partner_left(cargo: Row, convoy: Row, members: Records) -> bool:
    """Whether the escort that was last the nearest is an escort of the plan no longer."""
    for k in range(convoy.cargo_count, convoy.member_count):
        if members[convoy.member_from + k].name == cargo.partner:
            return False
    return True


@kernel
def end_episode(vehicle: Row, kind: int, out: Out) -> None:
    """Clear what the plan that is in force now does not speak of."""
    if vehicle.open[kind]:
        close_episode(vehicle, kind, PLAN_CHANGED, (np.nan, np.nan), out)


@kernel
def change_route(vehicle: Row, convoy: Row, out: Out) -> None:
    """Match afresh; what was judged against the old route is over, and the old arrival was another's."""
    vehicle.version = convoy.version
    end_episode(vehicle, DEVIATION, out)
    end_episode(vehicle, WRONG_WAY, out)
    end_episode(vehicle, LATE, out)
    vehicle.streak_count = 0
    vehicle.low_m = np.nan
    vehicle.begin_m = np.nan
    vehicle.checkpoint = -1
    forget_place(vehicle)
    forget_progress(vehicle)
    if vehicle.arrived:
        vehicle.arrived = 0
        vehicle.departed = 0


@kernel
def find_stop(vehicle: Row, plans: Plans, convoy: Row) -> None:
    """The authorised stops are others: which of them is the vehicle in? The clock of one that stays where it was in the
    list goes on.
    """
    if vehicle.stops_version != convoy.stops_version:
        vehicle.stops_version = convoy.stops_version
        track_stop(vehicle, plans, convoy, vehicle)


@kernel
def follow_plan(vehicle: Row, plans: Plans, convoy: Row, out: Out) -> None:
    """Bring a vehicle to the plan as it is now; call at each fix, before it is stored."""
    find_stop(vehicle, plans, convoy)
    if vehicle.checkpoints_version != convoy.checkpoints_version:
        vehicle.checkpoints_version = convoy.checkpoints_version
        vehicle.checkpoint = -1
    if vehicle.version != convoy.version:
        change_route(vehicle, convoy, out)
    if vehicle.open[SEPARATION] and (not vehicle.cargo or partner_left(vehicle, convoy, plans.members)):
        end_episode(vehicle, SEPARATION, out)
    if not vehicle.cargo:
        end_episode(vehicle, UNESCORTED, out)
