"""What Traccar's own server forwards: positions `{position, device}`, and events `{event, position?, device}`.

Speed is in knots, course and accuracy are 0 where unknown, and the only identity is `device.uniqueId`.
"""

from msgspec.structs import replace

from gateway.protocols import values
from gateway.protocols.report import Ignored, Report, Undecodable
from gateway.protocols.values import KNOT_MPS, Members, members

DAY_MS = 86_400_000
NEVER_FIXED_MS = (0, 315_964_800_000)
"""Traccar's time of a device that never had a fix: the first day of 1970 or of GPS, in older versions in local time."""


def split(data: bytes) -> list[bytes]:
    """Cut a file: one object, an array, or one object a line."""
    return values.split_json(data)


def decode(data: bytes) -> Report | Ignored:
    """Read one message. Raises Undecodable."""
    said = values.object_of(data)
    if "event" in said:
        return _event(said, members(said["event"]))
    if not isinstance(said.get("position"), dict):
        raise Undecodable("bad-field", "position is missing")
    return _position(said, said["position"])


def _position(said: Members, position: Members) -> Report:
    attributes = members(position.get("attributes"))
    time_ms, repairs = values.instant(position.get("fixTime"))
    has_time = all(abs(time_ms - never_ms) >= DAY_MS for never_ms in NEVER_FIXED_MS)
    speed_mps = values.speed(position.get("speed"), KNOT_MPS)
    report = Report(
        device=_device(said),
        source="traccar-kafka",
        time_ms=time_ms if has_time else None,
        speed_mps=speed_mps,
        heading_deg=values.heading_or_zero(position.get("course"), speed_mps),
        accuracy_m=values.accuracy(position.get("accuracy")),
        altitude_m=values.altitude(position.get("altitude")),
        battery_pct=values.battery(attributes.get("batteryLevel")),
        sos=values.has_sos(attributes.get("alarm")),
        mock=values.flag(attributes.get("mock")),
        seq=values.whole(attributes.get("index")),
        repairs=repairs,
        repeat_is_presence=True,
    )
    is_fix = has_time and position.get("valid") is not False and not values.flag(attributes.get("approximate"))
    return report.at(values.position(position.get("latitude"), position.get("longitude")) if is_fix else None)


def _event(said: Members, event: Members) -> Report | Ignored:
    """Of all events only a call for help is news: it upgrades the ping of its position, or is a presence of its own."""
    if event.get("type") != "alarm" or not values.has_sos(members(event.get("attributes")).get("alarm")):
        return Ignored("event")
    position = said.get("position")
    if isinstance(position, dict):
        return replace(_position(said, position), source="traccar-event", sos=True, repeat_is_presence=False)
    time_ms, repairs = values.instant(event.get("eventTime"))
    return Report(device=_device(said), source="traccar-event", time_ms=time_ms, sos=True, repairs=repairs)


def _device(said: Members) -> str:
    return values.identity(members(said.get("device")).get("uniqueId"))
