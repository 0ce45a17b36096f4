"""Labels as a file: what was driven, which faults it holds, and for each vehicle and kind what must come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple, get_args

from models.alert import Kind
from models.instants import format_instant
from models.plan import ConvoyPlan
from simulate.faults import Fault
from simulate.truth import Label, Window

Document = dict[str, Any]
Ordered = tuple[str, Fault]
"""A fault with the name by which it was asked for."""


class Told(NamedTuple):
    """One episode that the alerts must tell from its `raised` to its `cleared`."""

    convoy_id: str
    vehicle_id: str
    kind: str


def whole_episodes(labels: Iterable[Label]) -> set[Told]:
    """The episodes that must be raised and cleared before the operation is over."""
    return {_told(one) for one in labels if one.must and one.cleared is not None}


def possible_episodes(labels: Iterable[Label]) -> set[Told]:
    """The episodes that may be raised: all others must not."""
    return {_told(one) for one in labels}


def document(
    plans: Sequence[ConvoyPlan], faults: Iterable[Ordered], labels: Sequence[Label], run: Document
) -> Document:
    """The labels file: `run` as its head, then the faults, then the labels, those that must not come last."""
    begin_ms = int(run["begin_ms"])
    head = {key: value for key, value in run.items() if key != "begin_ms"}
    return {
        **head,
        "begin": format_instant(begin_ms),
        "faults": [{"fault": name, **asdict(fault)} for name, fault in faults],
        "labels": [*(_entry(one, begin_ms) for one in labels), *_silent(plans, possible_episodes(labels))],
    }


def _told(one: Label) -> Told:
    return Told(one.convoy_id, one.vehicle_id, one.kind)


def _entry(one: Label, begin_ms: int) -> Document:
    return {
        **_told(one)._asdict(),
        "expect": "must" if one.must else "may",
        "onset": _between(one.onset, begin_ms),
        "raised": _between(one.raised, begin_ms),
        "cleared": None if one.cleared is None else _between(one.cleared, begin_ms),
    }


def _between(window: Window, begin_ms: int) -> Document:
    first_ms, last_ms = (begin_ms + round(float(at_s) * 1000) for at_s in window)
    return {"from": format_instant(first_ms), "to": format_instant(last_ms)}


def _silent(plans: Iterable[ConvoyPlan], possible: set[Told]) -> Iterator[Document]:
    for plan in plans:
        for vehicle in plan.vehicles:
            for kind in get_args(Kind):
                told = Told(plan.convoy_id, vehicle.vehicle_id, kind)
                if told not in possible:
                    yield {**told._asdict(), "expect": "none"}
