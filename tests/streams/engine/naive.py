"""The rules for one vehicle on a straight road, the way one would explain them: the oracle that the kernels answer to.

It looks back over everything heard so far instead of carrying state, knows nothing of rows, batches or hypotheses, and
takes distances from the plane in which the tests draw their roads.
"""

import math
from dataclasses import dataclass, field, replace
from itertools import pairwise

from tests.streams.engine.road import Point

LENGTH_M = 20_000.0
RAISE_M, CLEAR_M, HOLD_S, CRITICAL_M, CAP_M = 100.0, 60.0, 20.0, 500.0, 50.0
RADIUS_M, STALL_S, STALL_HIGH_S = 50.0, 180.0, 480.0
LOST_S, LOST_MEDIUM_S, LOST_HIGH_S = 90.0, 300.0, 600.0
FAST_MPS, FAST_S, SLOW_S, SOS_CLEAR_S = 12.0, 30.0, 10.0, 60.0
DEPART_M, ARRIVE_M, ARRIVE_SHARE = 300.0, 150.0, 0.95
SEVERITIES = ("low", "medium", "high", "critical")

Told = tuple[str, str, str, float, float]  # kind, transition, severity, onset, at


@dataclass
class Fix:
    time_s: float
    received_s: float
    point: Point
    accuracy_m: float
    sos: bool = False

    @property
    def allowance_m(self) -> float:
        return min(self.accuracy_m, CAP_M)

    @property
    def off_m(self) -> float:
        x, y = self.point
        beyond_m = max(0.0, -x, x - LENGTH_M)
        return math.hypot(beyond_m, y) - self.allowance_m


@dataclass
class Naive:
    """Hears fixes that are all newer than those before, and seconds of silence; keeps what should be told."""

    fixes: list[Fix] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    open: dict[str, tuple[str, float]] = field(default_factory=dict)
    peak: float = 0.0
    peak_told: tuple[float, float] = (0.0, 0.0)
    arrived: bool = False
    stalled_at: set[int] = field(default_factory=set)

    def say(self, kind: str, transition: str, severity: str, onset_s: float, at_s: float) -> None:
        self.told.append((kind, transition, severity, onset_s, at_s))
        if transition == "cleared":
            del self.open[kind]
        else:
            self.open[kind] = (severity, onset_s)

    def raise_or_rise(self, kind: str, severity: str, onset_s: float, at_s: float) -> None:
        if kind not in self.open:
            self.say(kind, "raised", severity, onset_s, at_s)
        elif SEVERITIES.index(severity) > SEVERITIES.index(self.open[kind][0]):
            self.say(kind, "updated", severity, self.open[kind][1], at_s)

    def clear(self, kind: str, at_s: float) -> None:
        if kind in self.open:
            severity, onset_s = self.open[kind]
            self.say(kind, "cleared", severity, onset_s, at_s)

    def progress_m(self) -> float:
        """Where it last was on the road."""
        return next((min(f.point[0], LENGTH_M) for f in reversed(self.fixes) if f.off_m <= RAISE_M), -1.0)

    def departed(self) -> bool:
        """Has any fix been on the road more than DEPART_M along it?"""
        return any(f.point[0] > DEPART_M and f.off_m <= RAISE_M for f in self.fixes)

    def waiting(self) -> bool:
        return not self.departed() and math.hypot(*self.fixes[-1].point) <= DEPART_M

    def anchor(self) -> tuple[Fix, bool]:
        """Where it stands since when, and whether the newest fix proves that it has moved.

        Once it is called stalled, where it stands is where it was then.
        """
        anchor, before, moved = self.fixes[0], None, False
        for number, fix in enumerate(self.fixes):
            if number - 1 in self.stalled_at:
                anchor = replace(anchor, point=self.fixes[number - 1].point)
            if number == 0:
                continue
            reach_m = RADIUS_M + fix.allowance_m
            moved = False
            if before is not None and math.dist(before.point, fix.point) <= reach_m:
                anchor, before = before, None
                continue
            doubtful, before = before is not None, None
            if math.dist(anchor.point, fix.point) > reach_m:
                before = None if doubtful else anchor
                anchor = fix
            moved = doubtful
        return anchor, moved

    def streak(self, holds: "list[bool]", since: int) -> list[Fix]:
        """The newest fixes for which a condition has held without a break, from fix number `since` on."""
        kept: list[Fix] = []
        for fix, held in zip(self.fixes[since:], holds[since:], strict=True):
            kept = [*kept, fix] if held else []
        return kept

    def hear(self, fix: Fix) -> None:
        self.fixes.append(fix)
        self.judge_sos(fix)
        self.clear("signal-lost", fix.received_s)
        if self.arrived:
            return
        anchor, moved = self.anchor()
        if moved and self.open.get("stall", ("", math.inf))[1] < anchor.time_s:
            self.clear("stall", fix.time_s)
        if not self.waiting() or "deviation" in self.open:
            self.judge_deviation(fix)
        else:
            self.since = len(self.fixes)
        if not self.waiting():
            self.judge_stall(fix.time_s - anchor.time_s, fix.time_s)
        if not self.waiting() or "overspeed" in self.open:
            self.judge_overspeed(fix)
        else:
            self.fast_since = len(self.fixes)
        if self.progress_m() >= LENGTH_M * ARRIVE_SHARE and math.dist(fix.point, (LENGTH_M, 0)) <= ARRIVE_M:
            for kind in ("deviation", "stall", "signal-lost", "overspeed"):
                self.clear(kind, fix.time_s)
            self.told.append(("arrived", "raised", "low", fix.time_s, fix.time_s))
            self.arrived = True

    since: int = 0
    fast_since: int = 0
    slow_since: int = 0
    fastest: float = 0.0
    fastest_told: tuple[float, float] = (0.0, 0.0)

    def judge_sos(self, fix: Fix) -> None:
        if fix.sos:
            self.raise_or_rise("sos", "critical", fix.time_s, fix.time_s)
        free = self.streak([not f.sos for f in self.fixes], 0)
        if free and fix.time_s - free[0].time_s >= SOS_CLEAR_S:
            self.clear("sos", fix.time_s)

    def speeds_mps(self) -> list[float]:
        """The speed of each fix: of the way from the one before, less what its accuracy explains."""
        ways = [
            max(0.0, math.dist(a.point, b.point) - b.allowance_m) / (b.time_s - a.time_s)
            for a, b in pairwise(self.fixes)
        ]
        return [0.0, *ways]

    def fast_from(self) -> Fix | None:
        """The first fix of those that have been too fast without a break or a gap."""
        first = None
        for number, (fix, speed_mps) in enumerate(zip(self.fixes, self.speeds_mps(), strict=True)):
            gap = number > 0 and fix.time_s - self.fixes[number - 1].time_s > FAST_S
            if speed_mps <= FAST_MPS or number < self.fast_since:
                first = None
            elif first is None or gap:
                first = fix
        return first

    def judge_overspeed(self, fix: Fix) -> None:
        speeds_mps = self.speeds_mps()
        if "overspeed" not in self.open:
            first = self.fast_from()
            if first is not None and fix.time_s - first.time_s >= FAST_S:
                self.say("overspeed", "raised", "low", first.time_s, fix.time_s)
                self.slow_since = len(self.fixes)
                self.fastest, self.fastest_told = speeds_mps[-1], (speeds_mps[-1], fix.time_s)
            return
        self.fastest = max(self.fastest, speeds_mps[-1])
        if self.fastest >= 1.25 * self.fastest_told[0] and fix.time_s - self.fastest_told[1] >= 60:
            self.say("overspeed", "updated", "low", self.open["overspeed"][1], fix.time_s)
            self.fastest_told = (self.fastest, fix.time_s)
        slow = self.streak([speed_mps <= FAST_MPS for speed_mps in speeds_mps], self.slow_since)
        if slow and fix.time_s - slow[0].time_s >= SLOW_S:
            self.clear("overspeed", fix.time_s)
            self.fast_since = len(self.fixes)

    def judge_deviation(self, fix: Fix) -> None:
        severity = "critical" if fix.off_m > CRITICAL_M else "high"
        if "deviation" not in self.open:
            beyond = self.streak([f.off_m > RAISE_M for f in self.fixes], self.since)
            if len(beyond) >= 2 and fix.time_s - beyond[0].time_s >= HOLD_S:
                self.say("deviation", "raised", severity, beyond[0].time_s, fix.time_s)
                self.peak, self.peak_told, self.since = fix.off_m, (fix.off_m, fix.time_s), len(self.fixes)
            return
        self.peak = max(self.peak, fix.off_m)
        before = len(self.told)
        self.raise_or_rise("deviation", severity, 0, fix.time_s)
        if self.peak >= 1.25 * self.peak_told[0] and fix.time_s - self.peak_told[1] >= 60 and len(self.told) == before:
            self.say("deviation", "updated", self.open["deviation"][0], self.open["deviation"][1], fix.time_s)
        if len(self.told) > before:
            self.peak_told = (self.peak, fix.time_s)
        back = self.streak([f.off_m <= CLEAR_M for f in self.fixes], self.since)
        if back and fix.time_s - back[0].time_s >= HOLD_S:
            self.clear("deviation", fix.time_s)
            self.since = len(self.fixes)

    def judge_stall(self, stood_s: float, at_s: float) -> None:
        if stood_s < STALL_S:
            return
        if "stall" not in self.open:
            self.stalled_at.add(len(self.fixes) - 1)
        high = "critical" if "deviation" in self.open else "high"
        self.raise_or_rise("stall", high if stood_s >= STALL_HIGH_S else "low", at_s - stood_s, at_s)

    def second(self, now_s: float) -> None:
        """A whole second of stream time has passed."""
        if not self.fixes or self.arrived:
            return
        newest, (anchor, _) = self.fixes[-1], self.anchor()
        silent_s = now_s - newest.received_s
        stood_s = newest.time_s - anchor.time_s
        if silent_s > LOST_S:
            troubled = "deviation" in self.open or stood_s >= STALL_S
            severity = (
                "critical"
                if "sos" in self.open
                else "high"
                if troubled or silent_s >= LOST_HIGH_S
                else "medium"
                if silent_s >= LOST_MEDIUM_S
                else "low"
            )
            self.raise_or_rise("signal-lost", severity, newest.received_s, now_s)
        near = math.dist(anchor.point, newest.point) <= 5.0 + 2.0 * stood_s
        if silent_s > 0 and stood_s >= 1.0 and near and not self.waiting():
            self.judge_stall(stood_s + silent_s, newest.time_s + silent_s)
