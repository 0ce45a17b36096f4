"""What the audit has at hand: the actions of the last days, and the places at which its pages leave off."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from console.flood import KEPT_MS
from models.alert_action import AlertAction
from models.instants import format_instant

SLACK_MS = 86_400_000
"""Kept for longer than is told from here: another console's clock may be ahead."""


class Place(NamedTuple):
    """Where an entry stands: its instant as text, and its name among those of that instant."""

    at: str
    name: str = ""


class Trail:
    """Every action of the last days once, whatever became of its alarm. `is_whole`: the topic has no older ones."""

    def __init__(self) -> None:
        self.is_whole = True
        self._kept: OrderedDict[UUID, AlertAction] = OrderedDict()

    def add(self, action: AlertAction) -> None:
        """Keep an action, and drop those that are too old beside it."""
        self._kept.setdefault(action.action_id, action)
        while next(iter(self._kept.values())).at_ms < action.at_ms - KEPT_MS - SLACK_MS:
            self._kept.popitem(last=False)
            self.is_whole = False

    def within(self, begin: Place, end: Place) -> Iterator[tuple[Place, AlertAction]]:
        """Yield the actions from one place on until before another."""
        for action in self._kept.values():
            place = place_of(action)
            if begin <= place < end:
                yield place, action


def place_of(action: AlertAction) -> Place:
    """Give an action's place."""
    return Place(format_instant(action.at_ms), str(action.action_id))
