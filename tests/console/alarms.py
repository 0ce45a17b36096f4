"""Alerts and actions for tests: times are minutes after T_MS."""

from typing import Any
from uuid import UUID

from models.alert import Alert, alert_id
from models.alert_action import AlertAction

T_MS = 1_795_000_000_000  # 2026-11-18T11:06:40Z
MIN_MS = 60_000


def alert(minute: float = 0, transition: str = "raised", **more: Any) -> Alert:
    at_ms = T_MS + round(minute * MIN_MS)
    fields = {
        "convoy_id": "BTG-01",
        "vehicle_id": "KT-1",
        "kind": "stall",
        "severity": "high",
        "onset_ms": T_MS,
        "lat": -0.1,
        "lon": 117.4,
        "progress_m": 1234.0,
        "reason": "standing",
        "message": {"en": "KT-1 has stood still.", "id": "KT-1 berhenti."},
    } | more
    name = alert_id(fields["convoy_id"], fields["vehicle_id"], fields["kind"], fields["onset_ms"])
    given = {"alert_id": name, "transition": transition, "at_ms": at_ms, "detected_at_ms": at_ms}
    return Alert.model_validate(given | fields)


def action(number: int, name: str, minute: float, actor: str = "ani", **more: Any) -> AlertAction:
    at_ms = more.get("at_ms", T_MS + round(minute * MIN_MS))
    parts = {
        "assign": {"assignee": "Patwal 2"},
        "shelve": {"until_ms": at_ms + 30 * MIN_MS, "reason": "known"},
        "note": {"note": "seen"},
        "close": {"reason": "resolved"},
    }.get(name, {})
    given = {
        "action_id": UUID(int=number),
        "alert_id": alert().alert_id,
        "action": name,
        "actor": actor,
        "at_ms": at_ms,
    }
    return AlertAction.model_validate(given | parts | more)
