"""By what a vehicle is held against its limits at one ping, read from the engine's rows with its own functions."""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from streams.compile_plan import Compiled
from streams.engine.dtypes import NEVER, Row
from streams.engine.evidence import accuracy_allowance_m
from streams.engine.geometry import distance_m
from streams.engine.overspeed import speed_of
from streams.engine.stall import standing_since_ms
from streams.engine.step import step_to

NAN = math.nan


class Look(NamedTuple):
    """A ping that moved a vehicle: its FIX row, the vehicle's row before (None at first) and after it, the plan."""

    fix: Row
    before: Row | None
    after: Row
    compiled: Compiled
    checkpoint: int


class Measure(NamedTuple):
    """How a kind is measured: what people call it, and how it is read from a Look; NaN where it is not known.

    `inclusive` is true where the alert is raised at its limit already, not only beyond.
    """

    name: str
    read: Callable[[Look], float]
    inclusive: bool = False


def _off_m(look: Look) -> float:
    convoy = look.compiled.convoy[0]
    allowance_m = accuracy_allowance_m(float(look.fix.accuracy_m), float(convoy.accuracy_cap_m))
    return float(look.after.lateral_m) - allowance_m


def _stood_s(look: Look) -> float:
    return (int(look.fix.fix_ms) - int(standing_since_ms(look.after, look.compiled.convoy[0]))) / 1000


def _back_m(look: Look) -> float:
    return float(look.after.far_m) - float(look.after.progress_m)


def _late_s(look: Look) -> float:
    after = look.after
    return look.compiled.lateness_s(float(after.progress_m), float(after.pace_mps), int(look.fix.fix_ms))


def _speed_mps(look: Look) -> float:
    if look.before is None or look.before.fix_ms == NEVER:
        return float(look.fix.speed_mps)
    return float(speed_of(look.compiled.convoy[0], look.fix, step_to(look.before, look.fix)))


def _past_m(look: Look) -> float:
    if look.checkpoint < 0:
        return NAN
    return float(look.after.progress_m) - float(look.compiled.checkpoints[look.checkpoint].at_m)


def _early_s(look: Look) -> float:
    depart_ms = int(look.compiled.convoy[0].depart_ms)
    waits = depart_ms == NEVER or not look.after.departed
    return NAN if waits else (depart_ms - int(look.fix.fix_ms)) / 1000


def _left_m(look: Look) -> float:
    end = look.compiled.vertices[-1]
    return float(distance_m(float(end.lat), float(end.lon), float(look.fix.lat), float(look.fix.lon)))


def _frozen_s(look: Look) -> float:
    return max(int(look.after.frozen_ms), 0) / 1000


MEASURES: Mapping[str, Measure] = {
    "deviation": Measure("off the route, less accuracy", _off_m),
    "stall": Measure("standing for", _stood_s, inclusive=True),
    "wrong-way": Measure("back along the route", _back_m),
    "late": Measure("predicted delay", _late_s),
    "overspeed": Measure("speed", _speed_mps),
    "missed-checkpoint": Measure("past the checkpoint", _past_m),
    "early-departure": Measure("before depart_at", _early_s),
    "arrived": Measure("to the end of the route", _left_m),
    "bad-position": Measure("coordinates unchanged for", _frozen_s, inclusive=True),
}
"""The kinds of which a ping that moved the vehicle says how far they are. Silence and gaps are measured between pings,
and a call for help has no measure.
"""
