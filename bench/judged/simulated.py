"""Simulated operations: driven, spoilt, judged. One call is one seed, in a process of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.judged.episodes import Episode, found, rank_of
from bench.judged.halts import ordinary_halts
from bench.judged.plain import near_rule, speed_rule, vehicle_pings
from bench.judged.roads import BEGIN_MS, DEPART_S, operation
from bench.judged.score import Scores, add_scores, fits, groups, judge
from models.plan import ConvoyPlan
from simulate.catalogue import RECIPES, Order, make_faults
from simulate.conditions import ORDINARY
from simulate.faults import ClockError, Fault, Repeats, Shuffle, Spike
from simulate.labels import label
from simulate.traffic import Simulation, simulate
from simulate.truth import Label, Window
from streams.recording import Arrival

NAMES = tuple(RECIPES)
EARLIER_S = 60.0
"""A corridor of a quarter of the width is left so much earlier."""

UNRULY = ("duplicates", "shuffle", "spikes", "clock 2 h off")
"""What must change nothing."""


@dataclass(slots=True)
class Outcome:
    """What one seed came to. Hours are those that vehicles and convoys were under way."""

    faulty: Scores = field(default_factory=dict)
    quiet: Scores = field(default_factory=dict)
    plain: dict[str, Scores] = field(default_factory=dict)
    sounding: int = 0
    sounding_true: int = 0
    vehicle_h: float = 0.0
    faulty_h: float = 0.0
    convoy_h: float = 0.0
    same: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """Take another seed in."""
        add_scores(self.faulty, other.faulty)
        add_scores(self.quiet, other.quiet)
        for rule, scores in other.plain.items():
            add_scores(self.plain.setdefault(rule, {}), scores)
        for name in ("sounding", "sounding_true", "vehicle_h", "faulty_h", "convoy_h"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.same += other.same
        self.runs += other.runs
        self.notes += other.notes


def judge_seed(seed: int) -> Outcome:
    """Drive the seed's operation twice, on an ordinary day and with faults, and judge both; then spoil the second."""
    plans = operation(seed)
    outcome = Outcome()
    _ordinary_day(plans, seed, outcome)
    faults = _faults(plans, seed)
    _faulty_day(plans, faults, seed, outcome)
    return outcome


def _ordinary_day(plans: Sequence[ConvoyPlan], seed: int, outcome: Outcome) -> None:
    halts = [halt for number, plan in enumerate(plans) for halt in ordinary_halts(plan, [seed, number, 3])]
    driven = simulate(plans, halts, BEGIN_MS, seed, ORDINARY)
    episodes, labels = found(plans, arrivals(driven)), label(driven)
    outcome.quiet = judge(episodes, labels, BEGIN_MS, f"ordinary seed {seed}")
    outcome.sounding = groups(episodes)
    outcome.sounding_true = groups([one for one in episodes if any(fits(one, right, BEGIN_MS) for right in labels)])
    outcome.vehicle_h = _vehicle_h(driven)
    outcome.convoy_h = outcome.vehicle_h * len(plans) / len(driven.logs)
    outcome.plain["ordinary"] = _judge_plain(driven, labels)


def _faulty_day(plans: Sequence[ConvoyPlan], faults: Sequence[Fault], seed: int, outcome: Outcome) -> None:
    driven = simulate(plans, faults, BEGIN_MS, seed, ORDINARY)
    episodes, labels = found(plans, arrivals(driven)), label(driven)
    outcome.faulty = judge(episodes, labels, BEGIN_MS, f"faulty seed {seed}")
    outcome.faulty_h = _vehicle_h(driven)
    outcome.plain["faulty"] = _judge_plain(driven, labels)
    for name in UNRULY:
        again = simulate(plans, [*faults, *_unruly(name, plans, seed)], BEGIN_MS, seed, ORDINARY)
        others = found(plans, arrivals(again))
        differing = _differing(told(episodes, labels), told(others, labels), _doubtful(labels, name))
        outcome.runs[name] += 1
        outcome.same[name] += not differing
        outcome.notes += [f"{name} seed {seed}: {text}" for text in differing]


def arrivals(driven: Simulation) -> list[Arrival]:
    """The pings as `kawal detect` reads them."""
    return [
        Arrival(ping.received_ms, ping.convoy_id.encode(), ping.value(), rank_of(ping.role)) for ping in driven.pings
    ]


def _faults(plans: Sequence[ConvoyPlan], seed: int) -> list[Fault]:
    """One named fault a convoy, another one for each seed; all of them come on every kind of road."""
    faults: list[Fault] = []
    for number, plan in enumerate(plans):
        name = NAMES[(seed * len(plans) + number) % len(NAMES)]
        rng = np.random.default_rng([seed, number, 1])
        faults += make_faults([plan], Order(name, None, None, {}), BEGIN_MS, rng)
    return faults


def _unruly(name: str, plans: Sequence[ConvoyPlan], seed: int) -> list[Fault]:
    """What spoils the delivery, or a clock, but not the truth."""
    rng = np.random.default_rng([seed, 2])
    pairs = [(plan.convoy_id, vehicle.vehicle_id) for plan in plans for vehicle in plan.vehicles]
    if name == "duplicates":
        return [Repeats(convoy_id=c, vehicle_id=v, times=3) for c, v in pairs]
    if name == "shuffle":
        return [Shuffle(convoy_id=c, vehicle_id=v, within_s=60.0) for c, v in pairs]
    if name == "spikes":
        moments_s = rng.uniform(DEPART_S + 60, DEPART_S + 900, len(pairs))
        return [
            Spike(convoy_id=c, vehicle_id=v, at_s=float(at_s), distance_m=5_000.0)
            for (c, v), at_s in zip(pairs, moments_s, strict=True)
        ]
    cargo = [(plan.convoy_id, plan.vehicles[1].vehicle_id) for plan in plans]
    return [ClockError(convoy_id=c, vehicle_id=v, offset_s=7_200.0) for c, v in cargo]


Key = tuple[str, str]
"""A vehicle and a kind."""


def told(episodes: Sequence[Episode], labels: Sequence[Label]) -> Counter[Key]:
    """How many alerts came of each vehicle and kind. Where the truth may be told in parts, their number says nothing:
    there only as many count as there are labels.
    """
    most = Counter((one.vehicle_id, one.kind) for one in labels)
    in_parts = {(one.vehicle_id, one.kind) for one in labels if one.in_parts}
    came = Counter((e.vehicle_id, e.kind) for e in episodes)
    return Counter({key: min(count, most[key]) if key in in_parts else count for key, count in came.items()})


def _differing(first: Counter[Key], second: Counter[Key], open_to_doubt: set[Key]) -> list[str]:
    """Which alerts came in one run only, but for those within the margin of a limit."""
    lost, new = first - second, second - first
    texts = [(key, f"lost {key[1]} {key[0]}") for key in lost] + [(key, f"new {key[1]} {key[0]}") for key in new]
    return [text for key, text in texts if key not in open_to_doubt]


def _doubtful(labels: Sequence[Label], name: str) -> set[Key]:
    """What is within the margin of a limit; and with pings out of order silence, which goes by arrivals."""
    doubtful = {(one.vehicle_id, one.kind) for one in labels if not one.must}
    if name == "shuffle":
        doubtful |= {(one.vehicle_id, "signal-lost") for one in labels}
    return doubtful


def _vehicle_h(driven: Simulation) -> float:
    """Hours under way of all vehicles."""
    return sum(log.ride.journey.arrival_s - log.ride.depart_s for log in driven.logs) / 3600


def _judge_plain(driven: Simulation, labels: Sequence[Label]) -> Scores:
    """The two simple rules on the same pings, against the same labels."""
    episodes = [episode for log in vehicle_pings(driven) for episode in (*near_rule(log), *speed_rule(log))]
    kinds = ("deviation", "stall")
    rights = [_any_limit(one) for one in labels if one.kind in kinds]
    return judge(episodes, rights, BEGIN_MS)


def _any_limit(right: Label) -> Label:
    """The label for a rule with other limits: it may raise as soon as the vehicle leaves the road or stands."""
    first_s = right.onset.from_s - EARLIER_S
    return right._replace(onset=Window(first_s, right.onset.to_s), raised=Window(first_s, right.raised.to_s))
