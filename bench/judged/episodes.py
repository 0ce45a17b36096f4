"""The episodes that `kawal detect` finds in pings, by the code that the command runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.alert import Alert
from models.plan import ConvoyPlan
from streams.detect import detect
from streams.recording import CARGO, ESCORT, Arrival

SOUNDING = frozenset({"critical", "high", "medium"})


@dataclass(slots=True)
class Episode:
    """One alert from its rise to its end; times in milliseconds since the epoch, None for what did not happen.

    Onset and end are event times, the others those of the decisions.
    """

    convoy_id: str
    vehicle_id: str
    kind: str
    onset_ms: int
    raised_ms: int
    sounded_ms: int | None = None
    cleared_ms: int | None = None
    ended_ms: int | None = None

    def take(self, alert: Alert) -> None:
        """Hear one more transition."""
        if alert.severity in SOUNDING and self.sounded_ms is None and alert.transition != "cleared":
            self.sounded_ms = alert.detected_at_ms
        if alert.transition == "cleared":
            self.cleared_ms, self.ended_ms = alert.detected_at_ms, alert.at_ms


def found(plans: Sequence[ConvoyPlan], arrivals: Iterable[Arrival], until_ms: int | None = None) -> list[Episode]:
    """All episodes up to the last arrival or `until_ms`, in the order in which they were raised."""
    episodes: dict[str, Episode] = {}
    for batch in detect(plans, arrivals, until_ms):
        for alert in batch.alerts:
            fresh = Episode(alert.convoy_id, alert.vehicle_id or "", alert.kind, alert.onset_ms, alert.detected_at_ms)
            episodes.setdefault(str(alert.alert_id), fresh).take(alert)
    return list(episodes.values())


def rank_of(role: str) -> int:
    """The rank of a ping among those of the same instant, by its vehicle's role."""
    return ESCORT if role == "escort" else CARGO
