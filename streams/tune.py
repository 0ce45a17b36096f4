"""Other limits: which alerts a recording would have given under them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from models.alert import Alert
from models.limits import RISING, Limits
from models.plan import ConvoyPlan
from streams.compile_plan import Compiled, compile_plan, with_limits
from streams.detect import BATCH, Detection, decode_arrivals
from streams.recording import Arrival

FACTORS = (0.5, 0.75, 1.5, 2.0)
"""What each limit is multiplied by: near enough to be chosen, far enough to show which way the counts go."""

KIND_OF: Mapping[str, str] = {
    "deviation_raise_m": "deviation",
    "deviation_hold_s": "deviation",
    "stall_radius_m": "stall",
    "stall_hold_s": "stall",
    "stall_high_s": "stall",
    "signal_lost_s": "signal-lost",
    "signal_lost_medium_s": "signal-lost",
    "separation_raise_m": "separation",
    "separation_hold_s": "separation",
    "unescorted_hold_s": "unescorted",
    "wrong_way_m": "wrong-way",
    "wrong_way_hold_s": "wrong-way",
    "missed_checkpoint_m": "missed-checkpoint",
    "late_s": "late",
    "late_medium_s": "late",
    "early_departure_s": "early-departure",
    "overspeed_mps": "overspeed",
    "overspeed_hold_s": "overspeed",
    "bad_position_clear_s": "bad-position",
    "arrive_radius_m": "arrived",
}
"""The limits that decide how many alerts there are or whether they sound, and of which kind."""

CLEARS = {
    "deviation_raise_m": "deviation_clear_m",
    "separation_raise_m": "separation_clear_m",
    "wrong_way_m": "wrong_way_clear_m",
}
"""Limits that end what another begins: they move with it, or a wide gap between the two would join the episodes."""


class Trial(NamedTuple):
    """One limit with another value in every convoy: the factor, None for a value of its own, and the convoys' limits.

    The trial of the plan itself has no name and the factor 1.
    """

    limit: str
    factor: float | None
    limits: dict[str, Limits]


class Count(NamedTuple):
    """How many alerts of a kind were raised, and how many of them ever sounded."""

    raised: int
    sounding: int


class Tuned(NamedTuple):
    """What a recording gave: the counts of each trial by kind, its pings by what became of them, its length."""

    counts: list[dict[str, Count]]
    results: Counter[str]
    recording_s: float


def moved(limits: Limits, name: str, value: float) -> Limits:
    """Give `limits` with another value of one, and in the same proportion the one that clears it and those that would
    be on the wrong side of it.

    Raises ValueError where a limit cannot have such a value.
    """
    values = limits.model_dump()
    before = values[name]
    factor = 1.0 if before is None else value / before
    values[name] = value
    done = {name}
    due = _disordered(values) | {CLEARS.get(name, name)}
    while due := due - done:
        for other in due:
            values[other] *= factor
        done |= due
        due = _disordered(values)
    return Limits.model_validate(values)


def _disordered(values: Mapping[str, float]) -> set[str]:
    """Name the limits of pairs whose lower one is not below the other."""
    return {name for pair in RISING if values[pair[0]] >= values[pair[1]] for name in pair}


def as_planned(plans: Iterable[ConvoyPlan]) -> Trial:
    """Give the trial that changes nothing."""
    return Trial("", 1.0, {plan.convoy_id: plan.limits for plan in plans})


def ladder(plans: Sequence[ConvoyPlan], name: str) -> list[Trial]:
    """Give the trials of a limit at FACTORS of what each convoy has, without those that no plan may have.

    Raises ValueError where a convoy has no value of its own to multiply.
    """
    if any(getattr(plan.limits, name) is None for plan in plans):
        raise ValueError(f"{name} follows from the mode of each vehicle: say which values to try")
    trials = []
    for factor in FACTORS:
        try:
            limits = {p.convoy_id: moved(p.limits, name, factor * getattr(p.limits, name)) for p in plans}
        except ValueError:
            continue  # a share of more than 100 %
        trials.append(Trial(name, factor, limits))
    return trials


def at_values(plans: Iterable[ConvoyPlan], name: str, values: Iterable[float]) -> list[Trial]:
    """Give the trials of a limit at values that all convoys have. Raises ValueError where it cannot have one."""
    return [Trial(name, None, {plan.convoy_id: moved(plan.limits, name, value) for plan in plans}) for value in values]


def default_limits(plans: Iterable[ConvoyPlan]) -> list[str]:
    """Name the limits of KIND_OF of which every convoy has a value."""
    return [name for name in KIND_OF if all(getattr(plan.limits, name) is not None for plan in plans)]


class Tally:
    """Counts the episodes of a trial."""

    def __init__(self) -> None:
        self._raised: Counter[str] = Counter()
        self._sounding: dict[str, set[str]] = defaultdict(set)

    def add(self, alerts: Iterable[Alert]) -> None:
        """Take further transitions."""
        for alert in alerts:
            if alert.transition == "cleared":
                continue
            self._raised[alert.kind] += alert.transition == "raised"
            if alert.sounds:
                self._sounding[alert.kind].add(alert.alert_id)

    def counts(self) -> dict[str, Count]:
        """Give the counts by kind, in the order of the alphabet; a kind that is not there was not raised."""
        return {kind: Count(count, len(self._sounding[kind])) for kind, count in sorted(self._raised.items())}


def _detection(compiled: Iterable[Compiled], trial: Trial) -> Detection:
    detection = Detection()
    for one in compiled:
        detection.put_compiled(with_limits(one, trial.limits[one.plan.convoy_id]))
    return detection


def tune(
    plans: Sequence[ConvoyPlan],
    trials: Sequence[Trial],
    arrivals: Iterable[Arrival],
    refuse: Callable[[int, str], None] = lambda line, reason: None,
) -> Tuned:
    """Judge a recording under the limits of every trial, as `detect` does; it is read and decoded once.

    All trials go through it side by side, so memory does not grow with its length. A line that is no ping is given to
    `refuse` with its number and the reason.
    """
    compiled = [compile_plan(plan) for plan in plans]
    judges = [(_detection(compiled, trial), Tally()) for trial in trials]
    results: Counter[str] = Counter()
    first_ms: int | None = None
    last_ms = 0
    kept = iter(arrivals)
    while batch := list(islice(kept, BATCH)):
        first_ms = batch[0].received_ms if first_ms is None else first_ms
        last_ms = batch[-1].received_ms
        decoded = decode_arrivals(batch)
        for line, reason in decoded.rejected:
            refuse(line, reason)
        for number, (detection, tally) in enumerate(judges):
            judged = detection.judge_decoded(decoded)
            tally.add(judged.alerts)
            if number == 0:
                results.update(judged.counts)
    for detection, tally in judges:
        tally.add(detection.finish(None).alerts)
    recording_s = 0.0 if first_ms is None else (last_ms - first_ms) / 1000
    return Tuned([tally.counts() for _, tally in judges], results, recording_s)
