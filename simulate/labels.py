"""Which alerts a simulated operation must bring, and which it may: the rules, applied to the truth with a margin.

What surely holds must be told, what lies within the margin of a limit may be, and everything else must not.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from simulate.label_convoy import label_separation, label_unescorted
from simulate.label_places import label_arrived, label_checkpoints, label_early, label_late, label_wrong_way
from simulate.label_position import label_deviation, label_overspeed, label_stall
from simulate.label_word import label_bad_position, label_signal_lost, label_sos
from simulate.seen import Seen
from simulate.traffic import Simulation
from simulate.truth import Label

OF_A_VEHICLE = (
    label_deviation,
    label_stall,
    label_signal_lost,
    label_wrong_way,
    label_checkpoints,
    label_late,
    label_early,
    label_overspeed,
    label_sos,
    label_bad_position,
    label_arrived,
)
OF_A_CONVOY = (label_separation, label_unescorted)


def label(simulation: Simulation) -> list[Label]:
    """The labels of an operation, convoy by convoy."""
    end_s = max((float(log.delivery.received_s.max(initial=0.0)) for log in simulation.logs), default=0.0)
    seen = [Seen(log, simulation.begin_ms / 1000, end_s) for log in simulation.logs]
    labels: list[Label] = []
    for _, members in groupby(seen, key=lambda one: one.ride.plan.convoy_id):
        labels += _of_convoy(list(members))
    return labels


def _of_convoy(members: list[Seen]) -> Iterator[Label]:
    for one in members:
        if len(one.time_s):
            for rule in OF_A_VEHICLE:
                yield from rule(one)
    for convoy_rule in OF_A_CONVOY:
        yield from convoy_rule(members)
