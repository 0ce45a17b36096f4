"""The halts of an ordinary day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from models.plan import ConvoyPlan
from simulate.faults import Halt
from simulate.motion import CRUISE_MPS
from simulate.track import Track

MEAN_S = 219.0
PER_H = 2.5
"""Real traces stay within 50 m for 180 s 1.1 times an hour and for 480 s 0.28 times: an exponential length of this
mean, and this many of any length, of a drive at cruising speed.
"""

REST_S = 300.0
"""Those traces are of people who stop where they like. A convoy that rests for longer than this does so where its plan
has a place for it: anywhere else it is what the alarm is for, and no ordinary day.
"""

QUIET_ENDS_M = 400.0


def ordinary_halts(plan: ConvoyPlan, seed: Sequence[int]) -> Iterator[Halt]:
    """Draw the halts of one convoy: anywhere on its way, the long ones in its authorised stop."""
    rng = np.random.default_rng(seed)
    track = Track.of(plan.route)
    stop = plan.stops[0]
    stop_m = Track.of([plan.route[0], (stop.lon, stop.lat)]).points_m[1]
    grid_m = track.grid_m()
    rest_at_m = float(grid_m[np.abs(track.at(grid_m) - stop_m).argmin()])
    drive_h = track.length_m / float(np.mean(CRUISE_MPS)) / 3600
    for _ in range(rng.poisson(PER_H * drive_h)):
        at_m = rng.uniform(QUIET_ENDS_M, track.length_m - QUIET_ENDS_M)
        duration_s = rng.exponential(MEAN_S)
        yield Halt(convoy_id=plan.convoy_id, at_m=rest_at_m if duration_s > REST_S else at_m, duration_s=duration_s)
