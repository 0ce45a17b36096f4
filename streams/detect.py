"""Detection without Kafka: the same engine on a recording, ticked in memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, takewhile
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.alert import Alert
from models.convoy_status import ConvoyStatus
from models.plan import ConvoyPlan
from streams.compile_plan import Compiled
from streams.decode import TICK_RANK, Columns, decode
from streams.engine.dtypes import Row
from streams.recording import Arrival
from streams.watch import RESULTS, Watch

BATCH = 20_000


class Judged(NamedTuple):
    """What a batch of arrivals brought: alerts, lines of bad pings and why, how many pings got which of RESULTS."""

    alerts: list[Alert]
    rejected: list[tuple[int, str]]
    counts: dict[str, int]


class Decoded(NamedTuple):
    """Arrivals read into columns: which of them are no ticks, and the lines of bad pings and why."""

    columns: Columns
    pings: NDArray[np.bool_]
    rejected: list[tuple[int, str]]


def decode_arrivals(arrivals: Sequence[Arrival]) -> Decoded:
    """Read arrivals for as many detections as are to judge them."""
    rank = np.array([arrival.rank for arrival in arrivals], np.int8)
    received_ms = np.array([arrival.received_ms for arrival in arrivals], np.int64)
    columns, rejected = decode(arrivals, rank, received_ms)
    bad = [(arrivals[reason.index].line, reason.message) for reason in rejected]
    return Decoded(columns, rank != TICK_RANK, bad)


class Detection:
    """Alerts of a recording: the same bytes for the same input, and the same alerts as its replay through Kafka."""

    def __init__(self, plans: Iterable[ConvoyPlan] = ()) -> None:
        self._watch = Watch()
        for plan in plans:
            self.put_plan(plan)

    def put_plan(self, plan: ConvoyPlan) -> None:
        """Judge a convoy by this plan from the next arrival on."""
        self._watch.put_plan(plan)

    def put_compiled(self, compiled: Compiled) -> None:
        """Judge a convoy by a plan that is compiled already, and may be shared."""
        self._watch.put_compiled(compiled)

    def judge(self, arrivals: Sequence[Arrival]) -> Judged:
        """Judge arrivals in their order. The silence before each is judged first, second by second."""
        return self.judge_decoded(decode_arrivals(arrivals))

    def judge_decoded(self, decoded: Decoded) -> Judged:
        """Judge arrivals that were read already, in their order; they stay as they are."""
        advance = self._watch.advance(replace(decoded.columns, fixes=decoded.columns.fixes.copy()))
        counts = np.bincount(advance.results[decoded.pings], minlength=len(RESULTS)).tolist()
        return Judged(advance.alerts, decoded.rejected, dict(zip(RESULTS, counts, strict=True)))

    def withdraw_plan(self, convoy_id: str) -> None:
        """Judge a convoy no longer from the next arrival on."""
        self._watch.withdraw_plan(convoy_id)

    def status(self, convoy_id: str) -> ConvoyStatus | None:
        """Tell where a convoy is at the latest arrival."""
        return self._watch.status(convoy_id)

    def look(self, convoy_id: str, vehicle_id: str) -> Row | None:
        """Give a copy of what is remembered of a vehicle at the latest arrival, None when it is not known."""
        return self._watch.look(convoy_id, vehicle_id)

    def finish(self, until_ms: int | None) -> Judged:
        """Judge the silence up to the last arrival, or until `until_ms` where that is later."""
        end_ms = max(self._watch.stream_ms, until_ms or 0)
        return self.judge([Arrival(end_ms, b"", b"", TICK_RANK)])


def detect(plans: Iterable[ConvoyPlan], arrivals: Iterable[Arrival], until_ms: int | None = None) -> Iterator[Judged]:
    """Judge a recording batch by batch, arrivals after `until_ms` left out."""
    detection = Detection(plans)
    if until_ms is not None:
        arrivals = takewhile(lambda arrival: arrival.received_ms <= until_ms, arrivals)
    kept = iter(arrivals)
    while batch := list(islice(kept, BATCH)):
        yield detection.judge(batch)
    yield detection.finish(until_ms)
