"""The topics' records as the console reads them: only the fields it judges by, checked; the rest stays as it came."""

from __future__ import annotations

from typing import Any

import msgspec

from models.alert import Kind, Severity, Transition, tells_of_past
from models.convoy_status import Link, State
from models.plan import Role


class AlertRecord(msgspec.Struct, frozen=True, gc=False):
    """What the alarm list judges a transition by."""

    alert_id: str
    transition: Transition
    kind: Kind
    severity: Severity
    convoy_id: str
    at: str
    detected_at: str
    vehicle_id: str | None = None
    late: bool = False
    peak: float | None = None

    @property
    def is_past(self) -> bool:
        """Whether it tells of the past."""
        return tells_of_past(self.late, self.kind)


class Telling(msgspec.Struct, frozen=True, gc=False):
    """What the list tells of each transition."""

    transition: str
    at: str
    detected_at: str
    severity: str
    reason: str
    message: dict[str, str]
    value: float | None = None
    peak: float | None = None
    lat: float | None = None
    lon: float | None = None
    progress_m: float | None = None


class VehicleRecord(msgspec.Struct, gc=False):
    """A vehicle of a convoy's status."""

    vehicle_id: str
    role: Role
    link: Link
    time: str | None = None
    lat: float | None = None
    lon: float | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    progress_m: float | None = None
    lateral_m: float | None = None
    battery_pct: float | None = None


class StatusRecord(msgspec.Struct, gc=False):
    """A convoy's status."""

    convoy_id: str
    at: str
    state: State
    route_length_m: float
    vehicles: list[VehicleRecord]
    progress_m: float | None = None
    eta: str | None = None
    lateness_s: float | None = None
    open_alerts: list[str] = []


read_alert = msgspec.json.Decoder(AlertRecord).decode
tell = msgspec.json.Decoder(Telling).decode
read_status = msgspec.json.Decoder(StatusRecord).decode


def alert_id_of(value: bytes | None) -> str | None:
    """Give the alert that a record tells of; None for what is no alert."""
    try:
        return read_alert(value or b"").alert_id
    except msgspec.MsgspecError:
        return None


def fields(struct: msgspec.Struct) -> dict[str, Any]:
    """Give a record's fields by name."""
    return {name: getattr(struct, name) for name in struct.__struct_fields__}
