"""Reads the values of a message: JSON numbers or text, unknown where they say nothing, never a wrong number.

Only what makes a position (identity, time, latitude, longitude) can make a message undecodable. A speed, heading,
accuracy, altitude or charge that is missing, no number or not possible is unknown: the vehicle stays visible.
"""

import re
from math import isfinite
from typing import Any

import msgspec

from gateway.protocols.report import Undecodable
from models.instants import FIRST_MS, LAST_MS, parse_instant
from models.ping import INT64_MAX, NAME_MAX

KNOT_MPS = 1852 / 3600
KMH_MPS = 1000 / 3600

QUANTITY_MAX = 1e6
"""Nothing on a road has a million metres or metres per second; formats write 9999999 for unknown."""

LAST_32_BIT_S = 2**31 - 1

Members = dict[str, Any]

_REQUEST_LINE = re.compile(rb"^(GET|POST) +| +HTTP/[0-9.]+$")
_SPACED = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?", re.ASCII)


def json_of(data: bytes) -> Any:
    """Read JSON. Raises Undecodable."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Undecodable("bad-json", "is not JSON in UTF-8") from None


def object_of(data: bytes) -> Members:
    """Read a JSON object. Raises Undecodable."""
    value = json_of(data)
    if not isinstance(value, dict):
        raise Undecodable("bad-json", "is not a JSON object")
    return value


def members(value: Any) -> Members:
    """The members of a nested object; none where there is no object."""
    return value if isinstance(value, dict) else {}


def split_json(data: bytes) -> list[bytes]:
    """Cut an array, or objects one a line, into the bytes of each; anything else is one message."""
    if data.lstrip()[:1] == b"[":
        return split_array(data)
    lines = [line for line in data.splitlines() if line.strip()]
    if len(lines) < 2 or not all(line.lstrip()[:1] == b"{" and line.rstrip()[-1:] == b"}" for line in lines):
        return [data]
    return lines


def split_array(data: bytes) -> list[bytes]:
    """Cut a JSON array into the bytes of its items; what is no array is one message."""
    try:
        return [bytes(item) for item in msgspec.json.decode(data, type=list[msgspec.Raw])]
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return [data]


def split_lines(data: bytes) -> list[bytes]:
    """The lines that hold anything, without space around them, nor the method and version of a request line."""
    return [_REQUEST_LINE.sub(b"", line.strip()) for line in data.splitlines() if line.strip()]


def number(value: Any) -> float | None:
    """A finite number, also from text; None for anything else."""
    kind = type(value)
    if kind is str:
        # float() would read 1_000 and digits of every script
        if not value.isascii() or "_" in value:
            return None
    elif kind is not float and kind is not int:
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if isfinite(result) else None


def speed(value: Any, unit_mps: float = 1.0) -> float | None:
    """A speed in m/s; negative is unknown, a sent 0 stays 0."""
    amount = number(value)
    return amount * unit_mps if amount is not None and 0 <= amount <= QUANTITY_MAX else None


def heading(value: Any) -> float | None:
    """Degrees from 0 to below 360; 360 is 0, anything outside of that is unknown."""
    degrees = number(value)
    return degrees % 360 if degrees is not None and 0 <= degrees <= 360 else None


def heading_or_zero(value: Any, speed_mps: float | None) -> float | None:
    """The heading of a format that writes 0 for unknown: a 0 counts only while the vehicle moves."""
    degrees = heading(value)
    return degrees if degrees or (speed_mps or 0) > 0 else None


def accuracy(value: Any) -> float | None:
    """A radius in metres; 0 means unknown or good, never perfect, so it is unknown."""
    radius = number(value)
    return radius if radius is not None and 0 < radius <= QUANTITY_MAX else None


def altitude(value: Any) -> float | None:
    """Metres."""
    metres_up = number(value)
    return metres_up if metres_up is not None and abs(metres_up) <= QUANTITY_MAX else None


def battery(value: Any, full: float = 100.0) -> float | None:
    """A charge in per cent; negative or more than `full` is unknown."""
    charge = number(value)
    return charge * 100 / full if charge is not None and 0 <= charge <= full else None


def flag(value: Any) -> bool:
    """Whether something is said to be true."""
    return value is True or value == 1 or (isinstance(value, str) and value.lower() in ("true", "1"))


def has_sos(alarm: Any) -> bool:
    """Whether a list of alarms with commas between them holds `sos`."""
    return isinstance(alarm, str) and "sos" in [name.strip() for name in alarm.split(",")]


def identity(value: Any) -> str:
    """The name that a device goes by. Raises Undecodable where it has none."""
    name = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if name is None or name == "":
        raise Undecodable("bad-field", "the id of the device is missing")
    if not is_name(name):
        raise Undecodable("bad-field", f"the id of the device is no text of 1 to {NAME_MAX} printable characters")
    return str(name)


def is_name(value: Any) -> bool:
    """Whether a value can be the name of a device."""
    return isinstance(value, str) and 0 < len(value) <= NAME_MAX and value.isprintable()


def position(lat: Any, lon: Any) -> tuple[float, float] | None:
    """Degrees; None where there is no fix: both are absent, or exactly 0,0. Raises Undecodable."""
    if lat in (None, "") and lon in (None, ""):
        return None
    lat_deg, lon_deg = number(lat), number(lon)
    if lat_deg is None or lon_deg is None:
        raise Undecodable("bad-field", "latitude or longitude is missing or no number")
    if not (-90 <= lat_deg <= 90 and -180 <= lon_deg <= 180):
        raise Undecodable("bad-field", "latitude or longitude is out of range")
    return None if lat_deg == 0 and lon_deg == 0 else (lat_deg, lon_deg)


def epoch_ms(value: Any, unit_ms: int = 1000) -> int:
    """Milliseconds from a number of seconds, or of `unit_ms` each. Raises Undecodable."""
    count = number(value)
    if count is None:
        raise Undecodable("bad-field", "the time is missing or no number")
    return checked_ms(count * unit_ms)


def checked_ms(count: float) -> int:
    """Whole milliseconds since 1970 that a calendar can name. Raises Undecodable."""
    if not FIRST_MS <= count <= LAST_MS:
        raise Undecodable("bad-time", "the time is outside of the years 1 to 9999")
    # to the microsecond first: a decimal fraction of a second is seldom a binary one
    return int(round(count, 3))


def instant(value: Any) -> tuple[int, tuple[str, ...]]:
    """Milliseconds and repairs from ISO text; without a zone it is read as UTC. Raises Undecodable."""
    if not isinstance(value, str):
        raise Undecodable("bad-field", "the time is missing or no text")
    is_bare = _SPACED.fullmatch(value) is not None
    try:
        return parse_instant(f"{value}Z" if is_bare else value), ("zone-assumed",) if is_bare else ()
    except ValueError as error:
        raise Undecodable("bad-field", f"the time {error}") from None


def loose_time(value: Any) -> tuple[int | None, tuple[str, ...]]:
    """Milliseconds and repairs from a time as Traccar's server reads it: seconds, milliseconds or text.

    None where there is none. Raises Undecodable.
    """
    if value in (None, ""):
        return None, ("time-missing",)
    count = number(value)
    if count is None:
        return instant(value)
    return checked_ms(count * 1000 if count < LAST_32_BIT_S else count), ()


def whole(value: Any) -> int | None:
    """An integer that a ping can carry; None for anything else."""
    is_whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= INT64_MAX
    return value if is_whole else None
