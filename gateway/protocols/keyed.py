"""Positions as keys and values, in a query string, a form or a flat JSON object: Traccar Client and OsmAnd."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from gateway.protocols import values
from gateway.protocols.report import Report, Undecodable
from gateway.protocols.values import Members

KEYS_MAX = 200


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one sender means its keys; `zero_heading` where it writes 0 for an unknown heading."""

    source: str
    speed_unit_mps: float
    accuracy_keys: tuple[str, ...] = ("accuracy",)
    zero_heading: bool = True


def parse(text: bytes) -> Members:
    """Read `key=value&...`; the last of several equal keys wins. Raises Undecodable."""
    try:
        pairs = text.decode().split("&", KEYS_MAX)
        if len(pairs) <= KEYS_MAX:
            keys: Members = {}
            for pair in pairs:
                key, _, keys[key] = pair.partition("=")
            if b"%" in text or b"+" in text:
                return {key: unquote_to_bytes(value.replace("+", " ")).decode() for key, value in keys.items()}
            return keys
    except ValueError:
        pass
    raise Undecodable("bad-field", f"is no key=value&... in UTF-8 of at most {KEYS_MAX} keys")


def report(keys: Members, dialect: Dialect) -> Report:
    """What the keys say. Raises Undecodable."""
    device = values.identity(keys.get("id") or keys.get("deviceid"))
    time_ms, repairs = values.loose_time(keys.get("timestamp"))
    speed_mps = values.speed(keys.get("speed"), dialect.speed_unit_mps)
    bearing = keys.get("bearing", keys.get("heading"))
    position = _position(keys) if values.flag(keys.get("valid", True)) else None
    lat, lon = position or (None, None)
    said = Report(
        device=device,
        source=dialect.source,
        time_ms=time_ms,
        lat=lat,
        lon=lon,
        speed_mps=speed_mps,
        heading_deg=values.heading_or_zero(bearing, speed_mps) if dialect.zero_heading else values.heading(bearing),
        accuracy_m=values.accuracy(_first(keys, dialect.accuracy_keys)),
        altitude_m=values.altitude(keys.get("altitude")),
        battery_pct=values.battery(keys.get("batt")),
        sos=values.has_sos(keys.get("alarm")),
        mock=values.flag(keys.get("mock")),
        repairs=repairs,
    )
    return said if position else said.at(None)


def _position(keys: Members) -> tuple[float, float] | None:
    location = keys.get("location")
    if not isinstance(location, str):
        return values.position(keys.get("lat"), keys.get("lon"))
    lat, _, lon = location.partition(",")
    return values.position(lat, lon)


def _first(keys: Members, names: tuple[str, ...]) -> Any:
    for name in names:
        if name in keys:
            return keys[name]
    return None
