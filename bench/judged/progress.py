"""Whether progress along the route jumps where the vehicle did not: on roads that run over or beside themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.judged.episodes import rank_of
from bench.judged.roads import BEGIN_MS, operation
from models.plan import ConvoyPlan
from simulate.conditions import ORDINARY
from simulate.track import Track
from simulate.traffic import SimulatedPing, Simulation, simulate
from streams.detect import Detection
from streams.recording import Arrival

JUMP_M = 300.0


class Place(NamedTuple):
    """Where a fix has the vehicle along the route, where that truly is, and how far the fix itself is off."""

    told_m: float
    true_m: float
    erring_m: float


def leap_m(before: Place, now: Place) -> float:
    """How much farther or less far progress went than the vehicle, beyond what the two fixes themselves were off: that
    a position leaps is no matter of matching.
    """
    differing_m = abs((now.told_m - before.told_m) - (now.true_m - before.true_m))
    return differing_m - before.erring_m - now.erring_m


@dataclass(slots=True)
class Followed:
    """Drives that were followed ping by ping: fixes with a progress, jumps that were not driven, fixes misplaced."""

    drives: int = 0
    fixes: int = 0
    jumps: int = 0
    misplaced: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, other: Followed) -> None:
        """Take other drives in."""
        self.drives += other.drives
        self.fixes += other.fixes
        self.jumps += other.jumps
        self.misplaced += other.misplaced
        self.notes += other.notes


def follow_seed(seed: int) -> Followed:
    """Follow the first cargo vehicle of each convoy alone."""
    total = Followed()
    for plan in operation(seed):
        alone = plan.model_copy(update={"vehicles": plan.vehicles[1:2]})
        _follow(alone, simulate([alone], [], BEGIN_MS, seed, ORDINARY), total)
        total.drives += 1
    return total


def _follow(plan: ConvoyPlan, driven: Simulation, total: Followed) -> None:
    """A jump is a leap of progress of more than JUMP_M.

    Off the road progress stays where the vehicle left it: what it then catches up was driven.
    """
    detection, log = Detection([plan]), driven.logs[0]
    time_s = log.time_s[log.delivery.ping]
    true_m, erring_m = log.ride.along(time_s).tolist(), _erring_m(plan, driven.pings, log.ride.position(time_s))
    last: Place | None = None
    for ping, here_m, off_m in zip(driven.pings, true_m, erring_m, strict=True):
        detection.judge([Arrival(ping.received_ms, ping.convoy_id.encode(), ping.value(), rank_of(ping.role))])
        status = detection.status(plan.convoy_id)
        told_m = None if status is None else status.vehicles[0].progress_m
        if told_m is None:
            last = None
            continue
        total.fixes += 1
        total.misplaced += abs(told_m - here_m) > JUMP_M
        if last is not None and told_m == last.told_m:
            continue
        place = Place(told_m, here_m, off_m)
        if last is not None and leap_m(last, place) > JUMP_M:
            total.jumps += 1
            total.notes.append(f"{plan.convoy_id}: from {last.told_m:.0f} to {told_m:.0f} m, truly at {here_m:.0f} m")
        last = place


def _erring_m(plan: ConvoyPlan, pings: Sequence[SimulatedPing], places_m: NDArray[np.complex128]) -> list[float]:
    """How far each fix is off where the vehicle truly was."""
    degrees = [(float(str(ping.fields["lon"])), float(str(ping.fields["lat"]))) for ping in pings]
    return list(np.abs(Track.of([plan.route[0], *degrees]).points_m[1:] - places_m).tolist())
