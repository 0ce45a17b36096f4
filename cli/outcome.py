"""What came of a simulated operation: the alerts that were read, held against those its faults must bring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

from models.alert import Alert
from simulate.label_file import Told

SOUNDING = frozenset({"critical", "high", "medium"})
"""Severities that wake an operator: one of them without a fault behind it is a false alarm."""


class Verdict(NamedTuple):
    """Which expected episodes did not come whole, and which sounding ones nobody ordered."""

    missing: list[str]
    unexpected: list[str]

    @property
    def as_expected(self) -> bool:
        """Whether exactly the right alerts came."""
        return not self.missing and not self.unexpected


class Outcome:
    """Collects the alerts of an operation as they are read."""

    def __init__(self) -> None:
        self._transitions: dict[str, list[str]] = {}
        self._worst: dict[str, Alert] = {}

    def add(self, alert: Alert) -> None:
        """Take one more transition, in the order of reading."""
        self._transitions.setdefault(alert.alert_id, []).append(alert.transition)
        worst = self._worst.setdefault(alert.alert_id, alert)
        if alert.severity in SOUNDING and worst.severity not in SOUNDING:
            self._worst[alert.alert_id] = alert

    def by_kind(self, convoy_id: str | None = None) -> dict[str, int]:
        """Number of episodes of each kind, of one convoy or of all."""
        kinds = [alert.kind for alert in self._worst.values() if convoy_id in (None, alert.convoy_id)]
        return dict(sorted(Counter(kinds).items()))

    def by_transition(self) -> dict[str, int]:
        """Number of alert records of each transition."""
        return dict(Counter(name for names in self._transitions.values() for name in names))

    def verdict(self, expected: Collection[Told], possible: Collection[Told] = ()) -> Verdict:
        """Every expected episode must have been raised once and cleared once, and none that is not possible may have
        sounded.
        """
        whole = {self._episode(i) for i, names in self._transitions.items() if _whole(names)}
        sounded = {self._episode(i) for i, alert in self._worst.items() if alert.severity in SOUNDING}
        return Verdict(_said(set(expected) - whole), _said(sounded - set(expected) - set(possible)))

    def _episode(self, alert_id: str) -> Told:
        alert = self._worst[alert_id]
        return Told(alert.convoy_id, alert.vehicle_id or "", alert.kind)


def _whole(transitions: list[str]) -> bool:
    ends = (transitions[0], transitions[-1])
    return ends == ("raised", "cleared") and transitions.count("raised") == transitions.count("cleared") == 1


def _said(episodes: Collection[Told]) -> list[str]:
    return [" ".join(filter(None, (e.kind, e.convoy_id, e.vehicle_id))) for e in sorted(episodes)]
