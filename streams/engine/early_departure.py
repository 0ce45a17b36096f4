"""early-departure: gone from the start well before its time. A vehicle that has left is watched from then on."""

import numpy as np

from streams.engine.dtypes import EARLY_DEPARTURE, LEFT_EARLY, MEDIUM, NEVER, RAISED, Out, Row
from streams.engine.episodes import tell
from streams.engine.jit import kernel


@kernel
def has_left(vehicle: Row, convoy: Row, fix_ms: int) -> bool:
    """Whether it has surely gone more than `depart_m` along the route.

    Before `depart_at` that must have been a way forward: one that comes to the start along the route has not left.
    """
    if not vehicle.located:
        return False
    if convoy.depart_ms == NEVER or fix_ms >= convoy.depart_ms:
        return bool(vehicle.progress_m > convoy.depart_m)
    vehicle.begin_m = np.fmin(vehicle.begin_m, vehicle.progress_m)
    begin_m = np.float64(vehicle.begin_m)
    far_m = convoy.depart_m if begin_m <= convoy.depart_m else begin_m + convoy.depart_m
    return bool(vehicle.progress_m > far_m)


@kernel
def track_departure(vehicle: Row, convoy: Row, fix: Row, out: Out) -> None:
    """Note the departure; tell it when it is, and is heard, more than `early_departure_s` before `depart_at`: a clock
    that is hours behind says of every departure that it was early.
    """
    if not has_left(vehicle, convoy, fix.fix_ms):
        return
    vehicle.departed = 1
    early_s = (convoy.depart_ms - max(fix.fix_ms, fix.received_ms)) / 1000.0
    if early_s > convoy.early_departure_s:
        out.transitions[out.filled[0]].severity = MEDIUM
        evidence = (early_s, convoy.early_departure_s, early_s)
        tell(vehicle, (EARLY_DEPARTURE, RAISED, LEFT_EARLY), fix.fix_ms, evidence, out)
