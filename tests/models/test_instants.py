"""Instants on the wire and inside."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from models.instants import EPOCH, FIRST_MS, LAST_MS, Moment, format_instant, instant_ms, parse_instant

DAY_MS = 86_400_000
MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


@given(st.integers(FIRST_MS, LAST_MS))
def test_an_instant_survives_the_wire(ms: int) -> None:
    text = format_instant(ms)
    assert parse_instant(text) == ms
    assert len(text) == len("2024-11-27T00:00:10.000Z")


@given(st.integers(FIRST_MS + DAY_MS, LAST_MS - DAY_MS), st.integers(-14 * 60, 14 * 60))
def test_an_instant_is_the_same_in_every_zone(ms: int, offset_minutes: int) -> None:
    zone = timezone(timedelta(minutes=offset_minutes))
    moment = (EPOCH + timedelta(milliseconds=ms)).astimezone(zone)
    assert parse_instant(moment.isoformat()) == instant_ms(moment) == ms


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2024-11-27T00:00:10Z", "2024-11-27T00:00:10.000Z"),
        ("2024-11-27T00:00:10.1239Z", "2024-11-27T00:00:10.123Z"),
        ("2024-11-27T08:00:10+08:00", "2024-11-27T00:00:10.000Z"),
        ("2024-11-27T08:00:10+0800", "2024-11-27T00:00:10.000Z"),
        ("2024-11-27 00:00:10z", "2024-11-27T00:00:10.000Z"),
        ("2024-02-29T23:59:59.999-10:00", "2024-03-01T09:59:59.999Z"),
        ("1969-12-31T23:59:59.9995Z", "1969-12-31T23:59:59.999Z"),
    ],
)
def test_an_instant_is_written_in_utc_to_the_millisecond(text: str, written: str) -> None:
    assert format_instant(parse_instant(text)) == written


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2024-11-27T00:00:10", "no zone"),
        ("1732665610", "is not an instant"),
        ("2024-11-27", "is not an instant"),
        ("20241127T000010Z", "is not an instant"),
        ("2024-11-27T00:00:10Z ", "is not an instant"),
        ("2024-02-30T00:00:10Z", "day is out of range"),
        ("2024-11-27T23:59:60Z", "second must be in"),
        ("0001-01-01T00:00:00+14:00", "outside of the years"),
    ],
)
def test_what_is_no_instant_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_instant(text)


def test_a_planned_moment_is_kept_in_utc_to_the_millisecond() -> None:
    moment = MOMENT.validate_python("2024-11-28T06:00:00.123456+08:00")
    assert moment == datetime(2024, 11, 27, 22, 0, 0, 123000, tzinfo=UTC)
    assert MOMENT.dump_json(moment) == b'"2024-11-27T22:00:00.123Z"'


@pytest.mark.parametrize("value", ["2024-11-28T06:00:00", "2024-11-28", 1732665610, 1.5, "0001-01-01T00:00:00+14:00"])
def test_a_planned_moment_without_a_zone_or_as_a_number_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_python(value)
