"""Transitions to alerts: the engine's numbers get names, an id and words."""

import math

from models.alert import Alert, alert_id
from streams.engine.dtypes import KINDS, REASONS, SEVERITIES, TRANSITIONS, UNITS, Records
from streams.words import message


def known(number: float) -> float | None:
    """Give a number as models have it: None where the engine does not know."""
    return None if math.isnan(number) else float(number)


def alert_of(transition: Records, convoy_id: str, vehicle_id: str) -> Alert:
    """Make the alert of one TRANSITION row."""
    kind, reason = KINDS[transition.kind], REASONS[transition.reason]
    step = TRANSITIONS[transition.transition]
    onset_ms, at_ms = int(transition.onset_ms), int(transition.at_ms)
    return Alert(
        alert_id=alert_id(convoy_id, vehicle_id, kind, onset_ms),
        transition=step,
        kind=kind,
        severity=SEVERITIES[transition.severity],
        convoy_id=convoy_id,
        vehicle_id=vehicle_id,
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
        message=message((kind, step, reason), vehicle_id, float(transition.value), (at_ms - onset_ms) / 1000),
    )
