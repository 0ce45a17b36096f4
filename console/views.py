"""What the browser is given of an alarm or a convoy, as plain values; instants are text in UTC."""

from __future__ import annotations

from typing import Any

import msgspec

from console.book import Entry
from console.fold import Refusal
from console.records import StatusRecord, fields, tell
from models.alert_action import AlertAction
from models.instants import format_instant

POSITIONAL = ("lat", "lon", "progress_m", "lateral_m", "nearest")
"""What the report desk does not see of an alert."""

ETA_STEP_MS = 10_000
LATENESS_STEP_S = 10.0


def alarm_view(entry: Entry) -> dict[str, Any]:
    """Give an alarm as the pages and reports have it."""
    alarm, head = entry.now, entry.head
    ack, shelved, closed = alarm.ack, alarm.shelved, alarm.closed
    return {
        "alert_id": head.alert_id,
        "group": entry.group,
        "alert": msgspec.Raw(entry.steps[-1].value),
        "raised_at": head.detected_at,
        "severity": alarm.severity,
        "condition": "active" if alarm.gone_ms is None else "gone",
        "state": alarm.state,
        "ack": None
        if ack is None
        else _by(ack.action) | {"note": ack.action.note, "expires_at": _instant(ack.expires_ms)},
        "returned": alarm.returned,
        "escalation": alarm.escalation,
        "assignee": alarm.assignee,
        "shelved": None
        if shelved is None
        else _by(shelved) | {"until": _instant(shelved.until_ms), "reason": shelved.reason},
        "suppressed": None if entry.suppressed is None else {"rule": entry.suppressed},
        "closed": None if closed is None else _by(closed) | {"reason": closed.reason},
        "notification": alarm.notification,
        "transitions": [fields(tell(step.value)) for step in entry.steps],
        "actions": [
            action_view(entry, action) if alarm.refused else msgspec.Raw(action.to_json()) for action in entry.actions
        ],
    }


def action_view(entry: Entry, action: AlertAction) -> dict[str, Any]:
    """Give an action as its record has it, and with `refused` where it changed nothing: why, and who was first."""
    told: dict[str, Any] = msgspec.json.decode(action.to_json())
    refusal = entry.now.refused.get(str(action.action_id))
    return told if refusal is None else told | {"refused": refusal_view(refusal)}


def refusal_view(refusal: Refusal) -> dict[str, Any]:
    """Give why an action changed nothing, and who was first, if anybody."""
    winner = refusal.winner
    told = None if winner is None else {"actor": winner.actor, "at": format_instant(winner.at_ms)}
    return {"error": refusal.error, "winner": told}


def without_position(view: dict[str, Any]) -> dict[str, Any]:
    """Give the same without where it was, for the report desk."""
    alert = msgspec.json.decode(view["alert"])
    transitions = [_less(transition) for transition in view["transitions"]]
    return view | {"alert": _less(alert), "transitions": transitions}


def convoy_view(status: StatusRecord) -> dict[str, Any]:
    """Give a convoy's status as precisely as a screen can show it: what is sent each second stays small."""
    view = fields(status)
    view["progress_m"] = _whole(status.progress_m)
    view["lateness_s"] = None if status.lateness_s is None else round(status.lateness_s / LATENESS_STEP_S) * 10
    view["eta"] = None if status.eta is None else status.eta[:18] + "0Z"
    view["vehicles"] = {vehicle.vehicle_id: _vehicle_view(fields(vehicle)) for vehicle in status.vehicles}
    return view


def _vehicle_view(vehicle: dict[str, Any]) -> dict[str, Any]:
    if vehicle["time"] is not None:
        vehicle["time"] = vehicle["time"][:19] + "Z"
    for name in ("heading_deg", "progress_m", "lateral_m", "battery_pct"):
        vehicle[name] = _whole(vehicle[name])
    for name in ("lat", "lon"):
        vehicle[name] = None if vehicle[name] is None else round(vehicle[name], 5)
    return vehicle


def convoy_whole(view: dict[str, Any]) -> dict[str, Any]:
    """Give the whole of a convoy's view for a snapshot."""
    return view | {"vehicles": list(view["vehicles"].values())}


def convoy_delta(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any] | None:
    """Give what changed in a convoy; None if nothing that is shown did."""
    delta = _changed(old, new, ("at", "vehicles"))
    vehicles = [
        {"vehicle_id": name} | changed
        for name, vehicle in new["vehicles"].items()
        if (changed := _changed(old["vehicles"].get(name, {}), vehicle, ("vehicle_id",)))
    ]
    if vehicles:
        delta["vehicles"] = vehicles
    if gone := [name for name in old["vehicles"] if name not in new["vehicles"]]:
        delta["gone"] = gone
    return {"convoy_id": new["convoy_id"], **delta} if delta else None


def _changed(old: dict[str, Any], new: dict[str, Any], besides: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in new.items() if name not in besides and old.get(name, ...) != value}


def _less(alert: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in alert.items() if name not in POSITIONAL}


def _by(action: AlertAction) -> dict[str, Any]:
    return {"actor": action.actor, "post": action.post, "at": format_instant(action.at_ms)}


def _instant(ms: int | None) -> str | None:
    return None if ms is None else format_instant(ms)


def _whole(number: float | None) -> int | None:
    return None if number is None else round(number)
