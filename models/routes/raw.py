"""What a reader of a route file gives: lines with their points as they stand in the file, and named places."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from math import inf
from typing import NamedTuple

from models.instants import FIRST_MS, LAST_MS, instant_ms

ROUTE_BYTES_MAX = 16 * 1024 * 1024

VALUE_MAX = 1e9
"""More than any coordinate or sequence number, and little enough to reckon with."""

# Neither nan, inf nor 1_000, all of which float() takes.
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


class RouteError(ValueError):
    """A route that cannot be used; the text says why."""


class Fix(NamedTuple):
    """A point of a line, degrees as the file has them; its time in milliseconds since the epoch where it has one."""

    lon: float
    lat: float
    time_ms: int | None = None


class Line(NamedTuple):
    """A line of one or more segments; recorders cut a track where they lose signal."""

    name: str
    segments: Sequence[Sequence[Fix]]


class Place(NamedTuple):
    """A named point beside the lines."""

    name: str
    lon: float
    lat: float


class RouteFile(NamedTuple):
    """All that a file holds; `notes` say what it holds besides and is not used."""

    lines: Sequence[Line]
    places: Sequence[Place] = ()
    notes: Sequence[str] = ()


def number(text: str | None, where: str) -> float:
    """Read a decimal number. Raises RouteError."""
    bare = (text or "").strip()
    if not bare:
        raise RouteError(f"{where} is missing")
    value = float(bare) if _NUMBER.fullmatch(bare) else inf
    if abs(value) > VALUE_MAX:
        raise RouteError(f"{where} {bare[:40]!r} is no number")
    return value


def time_ms(text: str | None) -> int | None:
    """Read an ISO 8601 time, UTC where it names no zone; None for what is none."""
    try:
        moment = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    ms = instant_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return ms if FIRST_MS <= ms <= LAST_MS else None


def text_of(content: bytes) -> str:
    """Decode a text file. Raises RouteError."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RouteError(f"is not UTF-8: byte {error.start}") from error


def lines_with_points(lines: Iterable[Line]) -> list[Line]:
    """Leave out empty segments, and lines that have no others."""
    full = [Line(line.name.strip(), [segment for segment in line.segments if segment]) for line in lines]
    return [line for line in full if line.segments]
