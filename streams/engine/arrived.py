"""arrived: at the end of the route, once a vehicle; nothing else is judged afterwards."""

import numpy as np

from streams.engine.dtypes import ARRIVED, DESTINATION, EPISODES, LOW, RAISED, SOS, Out, Plans, Row
from streams.engine.episodes import close_episode, tell
from streams.engine.geometry import distance_m
from streams.engine.jit import kernel


@kernel
def close_all(vehicle: Row, reason: int, out: Out) -> None:
    """Clear every open episode: what they say no longer matters. A call for help goes on after the arrival."""
    for kind in range(EPISODES):
        if vehicle.open[kind] and not (kind == SOS and reason == DESTINATION):
            close_episode(vehicle, kind, reason, (np.nan, np.nan), out)


@kernel
def judge_arrived(vehicle: Row, plans: Plans, convoy: Row, fix: Row, out: Out) -> None:
    """Tell the arrival within `arrive_radius_m` of the route's end with `arrive_pct` of it behind; open episodes are
    cleared first.
    """
    if not vehicle.located or vehicle.progress_m < convoy.length_m * convoy.arrive_pct / 100.0:
        return
    end = plans.vertices[convoy.vertex_from + convoy.vertex_count - 1]
    left_m = distance_m(end.lat, end.lon, fix.lat, fix.lon)
    if left_m > convoy.arrive_radius_m:
        return
    close_all(vehicle, DESTINATION, out)
    vehicle.arrived = 1
    out.transitions[out.filled[0]].severity = LOW
    tell(vehicle, (ARRIVED, RAISED, DESTINATION), fix.fix_ms, (left_m, convoy.arrive_radius_m, left_m), out)
