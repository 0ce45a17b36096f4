"""What a fix can prove of where a vehicle is, by what its device says of its speed and accuracy."""

import math
from typing import NamedTuple

import numpy as np

from streams.engine.dtypes import Row, Step
from streams.engine.jit import entry, kernel

EVIDENCE_M = 30.0  # quick reporters do not prove more than slow ones: a fix counts in full from so far on
DRIFT_MPS = 6.0  # reflected signals move a fix so fast,
DRIFT_FACTOR = 1.5  # or by so many times what it says of its accuracy
DRIVEN_FACTOR = 1.2  # a reported speed explains so much of a way,
DRIVEN_SLACK_M = 10.0  # and so much more
MOVING_MPS = 2.0  # below this a receiver's heading is noise
STILL_MPS = 0.5  # a standing receiver reports a few tenths
CREEPING_MPS = 1.0  # and at the start of an excursion it wanders so fast,
WANDERING_M = 3.0  # so far between any two fixes


class Evidence(NamedTuple):
    """What a fix can prove, from 0 to 1; how long after the one before and how far from it, and how much of that the
    vehicle itself says it has not driven; how far it has moved since it was on the road.
    """

    weight: float
    elapsed_s: float
    moved_m: float
    drift_m: float
    off_way_m: float


@kernel
def is_still(fix: Row) -> bool:
    """Whether the fix reports that the vehicle does not move."""
    return bool(fix.speed_mps <= STILL_MPS)


@kernel
def repeats(fix: Row, step: Step) -> bool:
    """Whether a fix says the same as the one before, for the vehicle stands: a hundred of them prove no more than one.

    Of a device that knows no speed that is believed where it hardly moves.
    """
    if fix.speed_mps > MOVING_MPS:
        return False
    wandering_m = 0.0 if math.isnan(fix.speed_mps) else WANDERING_M
    return bool(step.moved_m <= wandering_m + CREEPING_MPS * step.ms / 1000.0)


@entry
def accuracy_allowance_m(accuracy_m: float, cap_m: float) -> float:
    """How much of a distance the fix's own uncertainty may explain: its accuracy up to the cap, 0 m where it is
    unknown.
    """
    if math.isnan(accuracy_m):
        return 0.0
    return min(accuracy_m, cap_m)


@kernel
def drift_m(fix: Row, step: Step) -> float:
    """How much of a step is the fix's error by what the device itself says of its speed: a standing vehicle whose
    signals are reflected seems to go to and fro along the road. 0 m of a device that knows no speed.
    """
    if math.isnan(fix.speed_mps):
        return 0.0
    driven_m = DRIVEN_FACTOR * np.fmax(fix.speed_mps, step.from_mps) * step.ms / 1000.0 + DRIVEN_SLACK_M
    if driven_m >= step.moved_m:
        return 0.0
    erring_m = np.fmax(DRIFT_MPS * step.ms / 1000.0, DRIFT_FACTOR * fix.accuracy_m)
    return float(min(step.moved_m - driven_m, erring_m))


@kernel
def weigh(vehicle: Row, fix: Row, step: Step) -> Evidence:
    """What a fix can prove. One that stands and repeats itself proves nothing: a halt beside another leg would be a way
    along it.
    """
    weight = 0.0 if repeats(fix, step) else min(step.moved_m / EVIDENCE_M, 1.0)
    elapsed_s = (fix.fix_ms - vehicle.matched_ms) / 1000.0
    off_way_m = np.float64(vehicle.off_way_m) + (step.moved_m if weight > 0.0 else 0.0)
    return Evidence(weight, elapsed_s, step.moved_m, drift_m(fix, step), off_way_m)
