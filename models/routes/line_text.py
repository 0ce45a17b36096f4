"""Lines in one piece of text: Traccar's WKT and encoded polylines."""

import re
from collections.abc import Iterator

from models.routes.box import fits
from models.routes.raw import Fix, Line, RouteError, RouteFile, number, text_of

_LINESTRING = re.compile(r"\s*LINESTRING\s*\(([^()]*)\)\s*", re.IGNORECASE)

# Latitude and longitude as steps of 32 bits: seven letters of five bits each.
_LETTERS_MAX = 7


def read_wkt(content: bytes) -> RouteFile:
    """Return the line of a Traccar geofence, `LINESTRING (lat lon, ...)`: latitude first. Raises RouteError."""
    match = _LINESTRING.fullmatch(text_of(content))
    if match is None:
        raise RouteError("is no LINESTRING (lat lon, ...)")
    return RouteFile([Line("", [[_pair(position, pair) for position, pair in enumerate(match[1].split(","), 1)]])])


def _pair(position: int, pair: str) -> Fix:
    lat, lon = [*pair.split(), "", ""][:2]
    return Fix(number(lon, f"lon of point {position}"), number(lat, f"lat of point {position}"))


def read_polyline5(content: bytes) -> RouteFile:
    """Return the line of an encoded polyline of five decimals, as Google writes. Raises RouteError."""
    return _polyline(content, 5, 6)


def read_polyline6(content: bytes) -> RouteFile:
    """Return the line of an encoded polyline of six decimals, as Valhalla and OSRM write. Raises RouteError."""
    return _polyline(content, 6, 5)


def _polyline(content: bytes, digits: int, other: int) -> RouteFile:
    text = text_of(content).strip()
    fixes = list(_fixes(text, digits))
    if not fits(fixes) and fits(list(_fixes(text, other))):
        raise RouteError(f"lies in Indonesia only when read with {other} decimals: name it .polyline{other}")
    return RouteFile([Line("", [fixes])])


def _fixes(text: str, digits: int) -> Iterator[Fix]:
    steps = list(_steps(text))
    if len(steps) % 2:
        raise RouteError("ends within a point")
    lat = lon = 0
    for north, east in zip(steps[::2], steps[1::2], strict=True):
        lat, lon = lat + north, lon + east
        yield Fix(lon / 10**digits, lat / 10**digits)


def _steps(text: str) -> Iterator[int]:
    value = letters = 0
    for position, letter in enumerate(text, start=1):
        bits = ord(letter) - 63
        if not 0 <= bits < 64 or letters == _LETTERS_MAX:
            raise RouteError(f"letter {position} is of no encoded polyline")
        value |= (bits & 31) << 5 * letters
        letters += 1
        if bits < 32:
            yield ~(value >> 1) if value & 1 else value >> 1
            value = letters = 0
    if letters:
        raise RouteError("ends within a number")
