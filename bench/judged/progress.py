"""Whether progress along the route jumps where the vehicle did not: on roads that run over or beside themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.judged.episodes import rank_of
from bench.judged.roads import BEGIN_MS, operation
from models.plan import ConvoyPlan
from simulate.conditions import ORDINARY
from simulate.traffic import Simulation, simulate
from streams.detect import Detection
from streams.recording import Arrival

JUMP_M = 300.0


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
    """A jump is a change of progress that differs by more than JUMP_M from the way driven meanwhile.

    Off the road progress stays where the vehicle left it: what it then catches up was driven.
    """
    detection, log = Detection([plan]), driven.logs[0]
    true_m = log.ride.along(log.time_s[log.delivery.ping]).tolist()
    last: tuple[float, float] | None = None
    for ping, here_m in zip(driven.pings, true_m, strict=True):
        detection.judge([Arrival(ping.received_ms, ping.convoy_id.encode(), ping.value(), rank_of(ping.role))])
        status = detection.status(plan.convoy_id)
        told_m = None if status is None else status.vehicles[0].progress_m
        if told_m is None:
            last = None
            continue
        total.fixes += 1
        total.misplaced += abs(told_m - here_m) > JUMP_M
        if last is not None and told_m == last[0]:
            continue
        if last is not None and abs((told_m - last[0]) - (here_m - last[1])) > JUMP_M:
            total.jumps += 1
            total.notes.append(f"{plan.convoy_id}: from {last[0]:.0f} to {told_m:.0f} m, truly at {here_m:.0f} m")
        last = told_m, here_m
