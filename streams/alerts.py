"""Transitions to alerts: the engine's numbers get names, an id and words."""

import math
from collections.abc import Sequence

from models.alert import Alert, Nearest, alert_id
from models.geometry import distance_m
from models.plan import Checkpoint
from streams.engine.dtypes import KINDS, REASONS, SEVERITIES, TRANSITIONS, UNITS, Records
from streams.words import Names, message


def known(number: float) -> float | None:
    """Give a number as models have it: None where the engine does not know."""
    return None if math.isnan(number) else float(number)


def _nearest(transition: Records, checkpoint: Checkpoint | None) -> list[Nearest] | None:
    if checkpoint is None:
        return None
    away_m = distance_m((transition.lon, transition.lat), (checkpoint.lon, checkpoint.lat))
    return [Nearest(kind="checkpoint", name=checkpoint.name, distance_m=away_m)]


def alert_of(
    transition: Records,
    convoy_id: str,
    vehicle_id: str,
    checkpoint: Checkpoint | None = None,
    others: Sequence[str] = (),
) -> Alert:
    """Make the alert of one TRANSITION row; `checkpoint` and the vehicles `others` are those that it speaks of."""
    kind, reason = KINDS[transition.kind], REASONS[transition.reason]
    step = TRANSITIONS[transition.transition]
    names = Names(vehicle_id, checkpoint.name if checkpoint else "")
    onset_ms, at_ms = int(transition.onset_ms), int(transition.at_ms)
    return Alert(
        alert_id=alert_id(convoy_id, vehicle_id, kind, onset_ms),
        transition=step,
        kind=kind,
        severity=SEVERITIES[transition.severity],
        convoy_id=convoy_id,
        vehicle_id=vehicle_id,
        other_vehicle_ids=list(others),
        onset_ms=onset_ms,
        at_ms=at_ms,
        detected_at_ms=int(transition.detected_ms),
        lat=known(transition.lat),
        lon=known(transition.lon),
        progress_m=known(transition.progress_m),
        lateral_m=known(transition.lateral_m),
        value=known(transition.value),
        threshold=known(transition.threshold),
        unit=UNITS[transition.kind],
        peak=known(transition.peak),
        reason=reason,
        message=message((kind, step, reason), names, float(transition.value), (at_ms - onset_ms) / 1000),
        nearest=_nearest(transition, checkpoint),
        **({"late": True} if transition.late else {}),
    )
