"""Why an alert came: its transitions, and what the engine measured at each ping around it."""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby, islice, takewhile
from typing import NamedTuple

from models.alert import Alert
from models.instants import FUTURE_MS, LAST_MS
from models.plan import ConvoyPlan
from streams.alerts import known
from streams.compile_plan import compile_plan
from streams.detect import BATCH, Detection, decode_arrivals
from streams.engine.clock import clock_error_ms
from streams.engine.dtypes import EPISODES, KINDS, NEVER, PING
from streams.measure import MEASURES, Look
from streams.recording import Arrival
from streams.trails import Trails

LASTING = frozenset(KINDS[:EPISODES])
"""Kinds with an end; the others are told once."""

AROUND_MS = 120_000
"""Pings so long before the onset and after the end are told too: what was normal, and that it was again."""

INTERVALS = 3
"""Of a vehicle that reports rarely, at least so many intervals."""

SILENCE = "silence before"
GAP = "gap to the nearest escort"
UNHEARD = "since a fix of an escort"
SOS = "duress button"


class Sample(NamedTuple):
    """A ping of the vehicle: what it said, what became of it, and what was measured then; None is unknown.

    `value` is what the alert's kind is held against its limit by, `beyond` whether it was on the wrong side.
    """

    received_ms: int
    fix_ms: int
    result: str
    lat: float | None
    lon: float | None
    speed_mps: float | None
    accuracy_m: float | None
    lateral_m: float | None
    progress_m: float | None
    silence_s: float | None
    value: float | None
    beyond: bool | None


class Story(NamedTuple):
    """An episode: its plan, its transitions in order, what is measured, and the pings around it as they arrived.

    `same` is false where the pings do not give these transitions again: some are missing, or the plan was another.
    """

    plan: ConvoyPlan
    alerts: Sequence[Alert]
    measure: str
    samples: list[Sample]
    same: bool


def measure_name(kind: str) -> str:
    """Say what the limit of a kind is held against."""
    others = {"signal-lost": SILENCE, "separation": GAP, "unescorted": UNHEARD, "sos": SOS}
    return others[kind] if kind in others else MEASURES[kind].name


def explain(plan: ConvoyPlan, alerts: Sequence[Alert], arrivals: Iterable[Arrival]) -> Story:
    """Judge the pings of a convoy again, one by one around the episode, and note what was measured of its vehicle.

    `alerts` are the episode's transitions in order, at least one, `arrivals` the convoy's pings in arrival order from
    well before it. Pings that arrive later than AROUND_MS after a clearance are not read.
    """
    witness = _Witness(plan, alerts)
    witness.read(arrivals)
    told = [alert for alert in witness.told if alert.alert_id == alerts[0].alert_id]
    same = [alert.to_json() for alert in told] == [alert.to_json() for alert in alerts]
    return Story(plan, alerts, measure_name(alerts[0].kind), witness.samples, same)


def span_ms(plan: ConvoyPlan, alerts: Sequence[Alert]) -> tuple[int, int]:
    """Give from which event time and up to which receive time pings are told: to the last where the end is open."""
    first, last = alerts[0], alerts[-1]
    intervals_s = [v.ping_interval_s for v in plan.vehicles if v.vehicle_id == first.vehicle_id]
    around_ms = max(AROUND_MS, *(round(1000 * INTERVALS * interval_s) for interval_s in intervals_s), 0)
    is_over = last.transition == "cleared" or first.kind not in LASTING
    return first.onset_ms - around_ms, last.detected_at_ms + around_ms if is_over else LAST_MS


class _Witness:
    """Steps through a convoy's pings and notes what is seen of one vehicle."""

    def __init__(self, plan: ConvoyPlan, alerts: Sequence[Alert]) -> None:
        self.samples: list[Sample] = []
        self.told: list[Alert] = []
        self._compiled = compile_plan(plan)
        self._detection = Detection()
        self._detection.put_compiled(self._compiled)
        self._alert = alerts[0]
        self._end_ms = alerts[-1].detected_at_ms
        self._begin_ms, self._until_ms = span_ms(plan, alerts)
        self._checkpoint = _checkpoint_of(plan, self._alert)
        self._trails = Trails(plan)

    def read(self, arrivals: Iterable[Arrival]) -> None:
        """Judge all pings up to the end of the episode and somewhat beyond."""
        kept = takewhile(lambda arrival: arrival.received_ms <= self._until_ms, arrivals)
        # a device's clock may be ahead of the receipt
        for is_early, part in groupby(kept, lambda arrival: arrival.received_ms < self._begin_ms - FUTURE_MS):
            while is_early and (batch := list(islice(part, BATCH))):
                self.told += self._detection.judge(batch).alerts
            for arrival in part:
                self._step(arrival)
        self.told += self._detection.finish(self._end_ms).alerts
        self.samples = [self._compared(sample) for sample in self.samples if sample.fix_ms >= self._begin_ms]

    def _step(self, arrival: Arrival) -> None:
        decoded = decode_arrivals([arrival])
        fix = decoded.columns.fixes[0]
        [names] = decoded.columns.names([0])
        before = self._detection.look(*names)
        judged = self._detection.judge_decoded(decoded)
        self.told += judged.alerts
        after = self._detection.look(*names)
        if fix.kind != PING or after is None:
            return
        fix.fix_ms += clock_error_ms(after)
        result = next(name for name, count in judged.counts.items() if count)
        has_moved = result == "accepted" and not math.isnan(fix.lat)
        look = Look(fix, before, after, self._compiled, self._checkpoint)
        if has_moved:
            numbers = map(float, (fix.lat, fix.lon, after.lateral_m, after.progress_m))
            self._trails.note(names[1], self._trails.place(int(fix.fix_ms), *numbers))
        if names[1] == self._alert.vehicle_id:
            self.samples.append(self._sample(look, result, has_moved))

    def _sample(self, look: Look, result: str, has_moved: bool) -> Sample:
        fix, before, after = look.fix, look.before, look.after
        heard_ms = NEVER if before is None else int(before.heard_ms)
        measure = MEASURES.get(self._alert.kind)
        return Sample(
            received_ms=int(fix.received_ms),
            fix_ms=int(fix.fix_ms),
            result=result,
            lat=known(fix.lat),
            lon=known(fix.lon),
            speed_mps=known(fix.speed_mps),
            accuracy_m=known(fix.accuracy_m),
            lateral_m=known(after.lateral_m) if has_moved else None,
            progress_m=known(after.progress_m) if has_moved else None,
            silence_s=None if heard_ms == NEVER else (int(fix.received_ms) - heard_ms) / 1000,
            value=known(measure.read(look)) if measure and has_moved and not self._is_uncounted() else None,
            beyond=self._is_doubtful(look, result),
        )

    def _is_uncounted(self) -> bool:
        """Whether its kind has a measure and its reason none."""
        return self._alert.kind == "bad-position" and self._alert.reason != "frozen"

    def _is_doubtful(self, look: Look, result: str) -> bool | None:
        """What a ping says of the kinds that no number decides."""
        if self._alert.kind == "sos":
            return bool(look.fix.sos)
        if self._alert.kind == "bad-position":
            return bool(look.fix.mock or result == "held" or look.after.frozen_ms > 0)
        return None

    def _compared(self, sample: Sample) -> Sample:
        """Measure what takes the pings of others too, and hold the value against the limit."""
        kind, limit = self._alert.kind, self._alert.threshold
        value = sample.value
        if kind == "signal-lost":
            value = sample.silence_s
        elif kind == "unescorted":
            value = known(self._trails.unheard_s(sample.fix_ms))
        elif kind == "separation" and sample.lateral_m is not None:
            there = (sample.lat, sample.lon, sample.lateral_m, sample.progress_m)
            numbers = (math.nan if number is None else number for number in there)
            value = known(self._trails.gap_m(self._trails.place(sample.fix_ms, *numbers)))
        if sample.beyond is not None or value is None or limit is None:
            return sample._replace(value=value)
        measure = MEASURES.get(kind)
        is_at = measure is not None and measure.inclusive and value == limit
        return sample._replace(value=value, beyond=value > limit or is_at)


def _checkpoint_of(plan: ConvoyPlan, alert: Alert) -> int:
    """Give the number of the checkpoint that an alert speaks of, -1 for none."""
    names = [place.name for place in alert.nearest or () if place.kind == "checkpoint"]
    return next((k for k, checkpoint in enumerate(plan.checkpoints) if checkpoint.name in names), -1)
