"""Instants: text with a zone on the wire, integer milliseconds since 1970-01-01T00:00:00Z inside."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, PlainSerializer, WithJsonSchema

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_BARE = EPOCH.replace(tzinfo=None)  # isoformat would write a zone as +00:00
ONE_MS = timedelta(milliseconds=1)
FIRST_MS = (datetime.min.replace(tzinfo=UTC) - EPOCH) // ONE_MS
LAST_MS = (datetime.max.replace(tzinfo=UTC) - EPOCH) // ONE_MS

ROLLOVER_MS = 1024 * 7 * 86_400_000
"""GPS counts weeks modulo 1,024: an old receiver's fixes lie this far in the past."""

FUTURE_MS = 120_000
"""A fix may be so far ahead of its receipt: clocks of phones differ by seconds; more is a clock that is wrong."""

BUFFERED_MS_MAX = 7 * 86_400_000
"""A fix this old may come from a device's memory; the ping topics themselves keep no more."""

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII)


def parse_instant(text: str) -> int:
    """Read an RFC 3339 instant and return milliseconds since the epoch, rounded down.

    Raises ValueError with the reason: not RFC 3339, no zone, or no such date.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("is not an instant like 2024-11-27T00:00:10.000Z")
    if match[2] is None:
        raise ValueError("has no zone: end it in Z or an offset like +08:00")
    return _checked_ms(datetime.fromisoformat(text.upper()))


def format_instant(ms: int) -> str:
    """Write milliseconds since the epoch as RFC 3339 in UTC with milliseconds, ending in Z."""
    return f"{(_EPOCH_BARE + timedelta(milliseconds=ms)).isoformat(timespec='milliseconds')}Z"


def instant_ms(moment: datetime) -> int:
    """Return milliseconds since the epoch of a moment that carries a zone, rounded down."""
    return (moment - EPOCH) // ONE_MS


def _checked_ms(moment: datetime) -> int:
    ms = instant_ms(moment)
    if not FIRST_MS <= ms <= LAST_MS:
        raise ValueError("is outside of the years 1 to 9999 in UTC")
    return ms


def _read_ms(value: Any) -> Any:
    return parse_instant(value) if isinstance(value, str) else value


def _no_number(value: Any) -> Any:
    if isinstance(value, int | float):
        raise ValueError("is a number: write it as 2024-11-28T06:00:00+08:00")
    return value


def _whole_ms_utc(moment: datetime) -> datetime:
    return EPOCH + timedelta(milliseconds=_checked_ms(moment))


_SCHEMA = WithJsonSchema({"type": "string", "format": "date-time"})

InstantMs = Annotated[
    int,
    Field(ge=FIRST_MS, le=LAST_MS),
    BeforeValidator(_read_ms),
    PlainSerializer(format_instant, return_type=str, when_used="json"),
    _SCHEMA,
]
"""An integer of milliseconds inside, an instant in JSON."""

Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_no_number),
    AfterValidator(_whole_ms_utc),
    PlainSerializer(lambda moment: format_instant(instant_ms(moment)), return_type=str, when_used="json"),
    _SCHEMA,
]
"""A datetime in UTC cut to milliseconds inside, an instant in JSON; any zone is accepted, none is refused."""
