"""Traccar Client, three generations: query string up to version 8, JSON of version 9, form body from version 10.

A query string begins with `?` or with a path before it, as in the request line; a form does not. Versions 8 and 10 tell
the speed in knots, 9 in metres per second.
"""

from gateway.protocols import keyed, values
from gateway.protocols.keyed import Dialect
from gateway.protocols.report import Report
from gateway.protocols.values import KNOT_MPS, Members, members

CLASSIC = Dialect("traccar-client/8", KNOT_MPS)
FORM = Dialect("traccar-client/10", KNOT_MPS, zero_heading=False)
FORK = Dialect("traccar-client", KNOT_MPS, zero_heading=False)


def split(data: bytes) -> list[bytes]:
    """Cut a body or a file: JSON objects, or one request a line."""
    return values.split_json(data) if data.lstrip()[:1] in (b"{", b"[") else values.split_lines(data)


def decode(data: bytes) -> Report:
    """Read one message. Raises Undecodable."""
    if data.lstrip()[:1] in (b"{", b"["):
        said = values.object_of(data)
        location = said.get("location")
        return _version_9(said, location) if isinstance(location, dict) else keyed.report(said, FORK)
    before, mark, query = data.partition(b"?")
    if mark and b"=" not in before:
        return keyed.report(keyed.parse(query), CLASSIC)
    return keyed.report(keyed.parse(data), FORM)


def _version_9(said: Members, location: Members) -> Report:
    coords, extras = members(location.get("coords")), members(location.get("extras"))
    if location.get("timestamp") is None:
        time_ms, repairs = values.loose_time(None)
    else:
        time_ms, repairs = values.instant(location["timestamp"])
    report = Report(
        device=values.identity(said.get("device_id")),
        source="traccar-client/9",
        time_ms=time_ms,
        speed_mps=values.speed(coords.get("speed")),
        heading_deg=values.heading(coords.get("heading")),
        accuracy_m=values.accuracy(coords.get("accuracy")),
        altitude_m=values.altitude(coords.get("altitude")),
        battery_pct=values.battery(members(location.get("battery")).get("level"), full=1.0),
        sos=values.has_sos(extras.get("alarm")) or values.has_sos(location.get("alarm")),
        mock=values.flag(location.get("mock")),
        repairs=repairs,
    )
    return report.at(values.position(coords.get("latitude"), coords.get("longitude")))
