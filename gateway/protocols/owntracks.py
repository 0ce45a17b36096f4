"""OwnTracks: JSON of many types, of which only a location is a ping. Speed in km/h, time in seconds."""

from gateway.protocols import values
from gateway.protocols.report import Ignored, Report, Undecodable
from gateway.protocols.values import KMH_MPS, Members

OLD_FIX_TRIGGERS = frozenset({"p", "L"})
"""A ping has the time of now and an old position; a Greenwich tracker's `L` is its last position, without GPS."""

KINDS = frozenset(
    {"lwt", "transition", "waypoint", "waypoints", "card", "cmd", "configuration", "status", "steps", "beacon", "dump"}
)


def split(data: bytes) -> list[bytes]:
    """Cut a file: one object, an array, or one object a line."""
    return values.split_json(data)


def decode(data: bytes) -> Report | Ignored:
    """Read one message; empty ones are legal. Raises Undecodable."""
    if not data.strip():
        return Ignored("empty")
    said = values.object_of(data)
    kind = said.get("_type")
    if kind == "location":
        return _location(said)
    if kind == "encrypted":
        raise Undecodable("encrypted", "is encrypted: turn the encryption of the app off, the connection has its own")
    if not isinstance(kind, str):
        raise Undecodable("bad-field", "_type is missing")
    return Ignored(kind if kind in KINDS else "other")


def _location(said: Members) -> Report:
    report = Report(
        device=_device(said),
        source="owntracks",
        time_ms=values.epoch_ms(said.get("tst")),
        speed_mps=values.speed(said.get("vel"), KMH_MPS),
        heading_deg=values.heading(said.get("cog")),
        accuracy_m=values.accuracy(said.get("acc")),
        altitude_m=values.altitude(said.get("alt")),
        battery_pct=values.battery(said.get("batt")),
    )
    position = values.position(said.get("lat"), said.get("lon"))
    if position is None and "lat" not in said:
        raise Undecodable("bad-field", "latitude or longitude is missing or no number")
    return report.at(None if said.get("t") in OLD_FIX_TRIGGERS else position)


def _device(said: Members) -> str | None:
    """The device that the message names: `user/device` of its topic, else its two letters, which are not unique."""
    topic = said.get("topic")
    if isinstance(topic, str):
        named = device_of_topic(topic)
        if named is not None:
            return named
    return said["tid"] if values.is_name(said.get("tid")) else None


def device_of_topic(topic: str) -> str | None:
    """`user/device` of an MQTT topic `owntracks/user/device`; None for any other."""
    root, _, device = topic.partition("/")
    return device if root == "owntracks" and device.count("/") == 1 and values.is_name(device) else None
