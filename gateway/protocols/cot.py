"""Cursor on Target: XML events of the TAK apps. Metres, metres per second, 9999999 for unknown."""

from typing import Any
from xml.etree.ElementTree import Element, ParseError  # what defusedxml gives; it parses, not this

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from gateway.protocols import values
from gateway.protocols.report import Ignored, Report, Undecodable

END = b"</event>"
NO_FIX_DEG = 999.0


def split(data: bytes) -> list[bytes]:
    """Cut a stream of documents, each behind the other, at the ends of their events; the rest is one more message."""
    events, rest = take(data)
    return events + ([rest] if rest.strip() else [])


def take(data: bytes) -> tuple[list[bytes], bytes]:
    """The complete events at the beginning of a stream, and what is left of it."""
    *events, rest = data.split(END)
    return [event.strip() + END for event in events], rest


def decode(data: bytes) -> Report | Ignored:
    """Read one event. Raises Undecodable."""
    event = _parse(data)
    kind, how = event.get("type", ""), event.get("how", "")
    is_emergency = kind.startswith("b-a-o")
    if not (kind.startswith("a-") or is_emergency):
        return Ignored("delete" if kind == "t-x-d-d" else "other")
    start_ms, stale_ms = _time_ms(event, "start"), _time_ms(event, "stale")
    if start_ms is not None and stale_ms is not None and stale_ms <= start_ms:
        return Ignored("stale")
    if how.startswith("h") and not is_emergency:
        return Ignored("entered-by-hand")
    point, track, status = (_child(event, path) for path in ("point", "detail/track", "detail/status"))
    report = Report(
        device=values.identity(event.get("uid")),
        source="cot",
        time_ms=_time_ms(event, "time") if start_ms is None else start_ms,
        speed_mps=values.speed(track.get("speed")),
        heading_deg=values.heading(track.get("course")),
        accuracy_m=values.accuracy(point.get("ce")),
        altitude_m=values.altitude(point.get("hae")),
        battery_pct=values.battery(status.get("battery")),
        sos=is_emergency and not kind.endswith("-can"),
    )
    return report.at(None if how.startswith("h") else _position(point))


def _parse(data: bytes) -> Element:
    try:
        event: Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        raise Undecodable("bad-field", "has a document type or an entity, which are refused") from None
    except (ParseError, ValueError, LookupError):
        raise Undecodable("bad-field", "is not XML") from None
    if event.tag != "event":
        raise Undecodable("bad-field", "is no event")
    return event


def _child(event: Element, path: str) -> dict[str, Any]:
    found = event.find(path)
    return {} if found is None else found.attrib


def _position(point: dict[str, Any]) -> tuple[float, float] | None:
    lat, lon = values.number(point.get("lat")), values.number(point.get("lon"))
    if lat is not None and lon is not None and abs(lat) >= NO_FIX_DEG and abs(lon) >= NO_FIX_DEG:
        return None
    return values.position(point.get("lat"), point.get("lon"))


def _time_ms(event: Element, name: str) -> int | None:
    text = event.get(name)
    return None if text is None else values.instant(text)[0]
