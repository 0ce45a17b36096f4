"""missed-checkpoint: a checkpoint now well behind that the vehicle has not been near."""

import math

import numpy as np

from streams.engine.dtypes import MEDIUM, MISSED_CHECKPOINT, NEVER, RAISED, SKIPPED, Out, Plans, Row, Step
from streams.engine.episodes import tell
from streams.engine.evidence import accuracy_allowance_m
from streams.engine.geometry import distance_m
from streams.engine.jit import kernel
from streams.engine.matching import WINDOW_FACTOR, last_on_road_ms

SEEN_BITS = 31
"""So many checkpoints from the first open one on can be visited before that one is settled, a few hundred metres on."""


@kernel
def start_checkpoints(vehicle: Row, plans: Plans, convoy: Row) -> None:
    """Expect the checkpoints that lie ahead; of those behind nothing is known."""
    k = 0
    while k < convoy.checkpoint_count and plans.checkpoints[convoy.checkpoint_from + k].at_m <= vehicle.progress_m:
        k += 1
    vehicle.checkpoint = k
    vehicle.visited = 0


@kernel
def drove_past(vehicle: Row, convoy: Row, fix: Row, checkpoint: Row, step: Step) -> bool:
    """Whether it went along the route past a checkpoint between two fixes: both near enough to the road, and as far
    apart as a vehicle can drive in the time. Nobody knows since when it had left a place at which its position froze.
    """
    if not step.from_m <= checkpoint.at_m <= vehicle.progress_m or checkpoint.off_m > checkpoint.radius_m:
        return False
    allowance_m = accuracy_allowance_m(fix.accuracy_m, convoy.accuracy_cap_m)
    lateral_m = max(step.from_lateral_m, vehicle.lateral_m) - allowance_m
    reach_m = WINDOW_FACTOR * convoy.speed_max_mps * step.ms / 1000.0
    near = lateral_m <= min(checkpoint.radius_m, convoy.deviation_raise_m)
    return bool(near and (step.from_frozen or vehicle.progress_m - step.from_m <= reach_m))


@kernel
def visits(vehicle: Row, convoy: Row, fix: Row, checkpoint: Row, step: Step) -> bool:
    """Whether the vehicle is within the checkpoint's radius, less its accuracy, or came past since the fix before."""
    away_m = distance_m(checkpoint.lat, checkpoint.lon, fix.lat, fix.lon)
    if away_m - accuracy_allowance_m(fix.accuracy_m, convoy.accuracy_cap_m) <= checkpoint.radius_m:
        return True
    return drove_past(vehicle, convoy, fix, checkpoint, step)


@kernel
def note_visits(vehicle: Row, plans: Plans, convoy: Row, fix: Row, step: Step) -> None:
    """Mark the open checkpoints that the vehicle visits, of those that it can have come near to since it was last seen
    on the road.
    """
    away_s = (fix.fix_ms - last_on_road_ms(vehicle, vehicle.chosen)) / 1000.0
    ahead_m = vehicle.progress_m + WINDOW_FACTOR * convoy.speed_max_mps * away_s + convoy.accuracy_cap_m
    for bit in range(min(convoy.checkpoint_count - vehicle.checkpoint, SEEN_BITS)):
        checkpoint = plans.checkpoints[convoy.checkpoint_from + vehicle.checkpoint + bit]
        if checkpoint.from_m - checkpoint.radius_m > ahead_m:
            return
        if not vehicle.visited >> bit & 1 and visits(vehicle, convoy, fix, checkpoint, step):
            vehicle.visited |= 1 << bit


@kernel
def tell_missed(vehicle: Row, checkpoint: Row, convoy: Row, fix: Row, step: Step, out: Out) -> None:
    """Tell one missed checkpoint. The onset is when progress passed it; no two of a vehicle have the same."""
    beyond_m = vehicle.progress_m - checkpoint.at_m
    share = min(beyond_m / max(vehicle.progress_m - step.from_m, 1.0), 1.0)
    passed_ms = fix.fix_ms - np.int64(share * step.ms)
    vehicle.missed_ms = max(passed_ms, vehicle.missed_ms + 1)
    told = out.transitions[out.filled[0]]
    told.severity = MEDIUM
    evidence = (beyond_m, convoy.missed_checkpoint_m, beyond_m)
    tell(vehicle, (MISSED_CHECKPOINT, RAISED, SKIPPED), vehicle.missed_ms, evidence, out)
    told.checkpoint = vehicle.checkpoint


@kernel
def may_be_filled(fix: Row, step: Step, out: Out) -> bool:
    """Whether older fixes may yet tell where the vehicle came past: a gap is being filled, which will be judged by them
    too, or this fix finds it anew. After a silence the newest often comes first, and the others at once.
    """
    return bool(out.gap_ms[fix.row] != NEVER or math.isnan(step.from_m))


@kernel
def judge_checkpoints(vehicle: Row, plans: Plans, convoy: Row, fix: Row, step: Step, out: Out) -> None:
    """Tell each checkpoint that lies more than `missed_checkpoint_m` behind and was not visited, once.

    The first one open is `checkpoint` of the row; bit i of `visited` says that the i-th after it has been visited.
    """
    if vehicle.checkpoint < 0:
        start_checkpoints(vehicle, plans, convoy)
    note_visits(vehicle, plans, convoy, fix, step)
    while vehicle.checkpoint < convoy.checkpoint_count:
        checkpoint = plans.checkpoints[convoy.checkpoint_from + vehicle.checkpoint]
        visited = vehicle.visited & 1
        behind_m = vehicle.progress_m - checkpoint.at_m
        if not visited and (behind_m <= convoy.missed_checkpoint_m or may_be_filled(fix, step, out)):
            return
        if not visited:
            tell_missed(vehicle, checkpoint, convoy, fix, step, out)
        vehicle.checkpoint += 1
        vehicle.visited >>= 1
