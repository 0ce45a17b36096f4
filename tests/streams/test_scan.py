"""What devices usually write is read in one pass, exactly; everything else is left alone."""

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.instants import EPOCH, FUTURE_MS, ONE_MS, format_instant
from streams.engine.dtypes import FIX, HOLE, PING, Row
from streams.scan import (
    DIGITS_MAX,
    FIELDS,
    OLD_MS,
    POWERS_OF_TEN,
    VALUE_BYTES_MAX,
    YEAR_LAST,
    found,
    quotient,
    scan,
)
from tests.streams.pings import FULL as EVERY_FIELD
from tests.streams.pings import LEAST, TIME_MS

# as ASCII writes it the letter is an escape, which the scanner leaves alone
FULL = EVERY_FIELD | {"tracker_id": None}


def scanned(value: bytes | str, key: bytes = b"BTG-07", received_ms: int = TIME_MS) -> Row | None:
    """The row that is read from a record between two others, None where the scanner leaves it alone."""
    value = value.encode() if isinstance(value, str) else value
    values, keys = [b"{", value, json.dumps(FULL).encode()], [b"x", key, b"BTG-07"]
    begin = np.cumsum([0] + [len(part) + 1 for part in values + keys])
    fixes, spans = np.zeros(3, FIX).view(np.recarray), np.zeros((3, 4), np.int64)
    fixes["kind"], fixes["received_ms"] = HOLE, received_ms
    scan(np.frombuffer(b"\0".join([*values, *keys, b""]), np.uint8), begin, fixes, spans, FIELDS, found())
    assert fixes.kind[0] == HOLE
    if received_ms == TIME_MS:
        assert fixes.kind[2] == PING  # whatever its neighbours are
    if fixes.kind[1] == HOLE:
        assert not spans[1].any()
        return None
    convoy, convoy_end, vehicle, vehicle_end = (spans[1] - begin[1]).tolist()
    assert value[convoy:convoy_end] == key
    assert value[vehicle:vehicle_end].decode() == json.loads(value)["vehicle_id"]
    return fixes[1]


def with_member(member: str) -> str:
    return json.dumps(FULL)[:-1] + f", {member}}}"


def test_a_ping_becomes_its_row() -> None:
    row = scanned(json.dumps(FULL))
    assert row is not None
    assert (row.kind, row.fix_ms, row.lat, row.lon, row.sos, row.mock) == (PING, TIME_MS, -0.26, 117.24, 1, 0)
    assert [row.speed_mps, row.heading_deg, row.accuracy_m, row.battery_pct] == [13.5, 210, 4.5, 81]


def test_what_a_ping_does_not_say_is_unknown() -> None:
    for text in (json.dumps(LEAST), json.dumps(FULL | dict.fromkeys(["lat", "lon", "speed_mps"]))):
        row = scanned(text)
        assert row is not None
        assert np.isnan([row.lat, row.lon, row.speed_mps]).all()


def test_a_mock_position_is_told() -> None:
    row = scanned(json.dumps(FULL | {"mock": True, "sos": False}))
    assert row is not None
    assert (row.mock, row.sos) == (1, 0)


def test_order_and_white_space_do_not_matter() -> None:
    backwards = json.dumps(dict(reversed(FULL.items())), indent="\t").replace(":", " \r\n:  ", 1)
    plain, spread = scanned(json.dumps(FULL, separators=(",", ":"))), scanned(f" {backwards}\n ")
    assert plain is not None
    assert spread is not None
    assert plain.tobytes() == spread.tobytes()


@pytest.mark.parametrize(
    "member",
    ['"x":"any text"', '"x":true', '"x" : false', '"x":null', '"x":-12.50', '"a_name_of_twenty_letters":1', '"":0'],
)
def test_a_field_that_no_ping_has_is_passed_over(member: str) -> None:
    assert scanned(with_member(member)) is not None


@pytest.mark.parametrize(
    "member",
    [
        *('"x":[]', '"x":{}', '"x":1e5', '"x":1E5', '"x":.5', '"x":1.', '"x":01', '"x":-', '"x":1234567890123456789'),
        *('"x":tru', '"x":falsy', '"x":nul', '"x":NaN', '"x":"\\n"', '"x":"\u00e9"', '"x":"\t"', '"x":"open', '"x'),
        *('"x\\u0041":1', '"x" 1', '"x"', "x:1", '"lat":1', '"vehicle_id":"KT-8123-LM"', '"x":1,', '"x":1 2', '"x":1]'),
    ],
)
def test_what_is_unusual_is_left_alone(member: str) -> None:
    assert scanned(with_member(member)) is None


@pytest.mark.parametrize(
    "change",
    [
        *(
            {"lat": 90.5},
            {"lat": -91},
            {"lon": 180.0001},
            {"speed_mps": -1},
            {"heading_deg": 361},
            {"battery_pct": 101},
        ),
        *({"lat": None}, {"lat": "1"}, {"lat": True}, {"sos": None}, {"sos": 1}, {"seq": 1.5}, {"seq": 10**18}),
        *({"source": 1}, {"altitude_m": 0.1234567890123456789e-3}, {"vehicle_id": ""}, {"vehicle_id": "x" * 65}),
        *({"vehicle_id": None}, {"vehicle_id": 5}, {"convoy_id": "BTG-08"}, {"convoy_id": "BTG-0"}, {"time": None}),
        *({"time": time} for time in ("2024-11-27", "2024-11-27t00:00:10Z", "2024-11-27T00:00:10", "1732665610")),
        *(
            {"time": f"2024-{rest}Z"}
            for rest in ("13-27T00:00:10", "00-27T00:00:10", "11-31T00:00:10", "11-00T00:00:10")
        ),
        *({"time": f"2024-11-27T{rest}Z"} for rest in ("24:00:10", "00:60:10", "00:00:60", "00:00:10.", "0:00:10")),
        *(
            {"time": f"2024-11-27T00:00:10{zone}"}
            for zone in ("+0800", "+08:60", "+24:00", "+08-00", "z", "Zx", "+8:00:")
        ),
        *({"time": "2024-11-27T00:00:10.1234567Z"}, {"time": "1969-12-31T23:59:59Z"}, {"time": "9999-01-01T00:00:00Z"}),
    ],
    ids=json.dumps,
)
def test_a_field_that_is_none_is_left_alone(change: dict[str, object]) -> None:
    assert scanned(json.dumps(FULL | change)) is None


@pytest.mark.parametrize("name", LEAST)
def test_a_ping_without_a_field_that_it_must_have_is_left_alone(name: str) -> None:
    assert scanned(json.dumps({key: value for key, value in FULL.items() if key != name})) is None


@pytest.mark.parametrize("value", ["", "{}", "null", "[]", "{", json.dumps(FULL) + "x", json.dumps(FULL)[:-1], "\0"])
def test_what_is_no_object_is_left_alone(value: str) -> None:
    assert scanned(value) is None


def test_a_value_of_a_mebibyte_is_read_and_a_byte_more_is_not() -> None:
    at_the_limit = json.dumps(FULL).ljust(VALUE_BYTES_MAX)
    assert scanned(at_the_limit) is not None
    assert scanned(at_the_limit + " ") is None


def test_a_fix_from_far_off_in_time_is_left_alone() -> None:
    text = json.dumps(FULL)
    assert scanned(text, received_ms=TIME_MS - FUTURE_MS) is not None
    assert scanned(text, received_ms=TIME_MS - FUTURE_MS - 1) is None
    assert scanned(text, received_ms=TIME_MS + OLD_MS) is not None
    assert scanned(text, received_ms=TIME_MS + OLD_MS + 1) is None


@given(st.integers(0, 10**DIGITS_MAX - 1), st.integers(0, DIGITS_MAX))
@example(2**53 + 1, 0)
@example(2**53 + 3, 0)
@example(2**54 - 1, 0)
@settings(max_examples=500, deadline=None)
def test_a_number_is_the_nearest_double_or_left_alone(digits: int, decimals: int) -> None:
    exact = Fraction(digits, 10**decimals)
    read = quotient(digits, POWERS_OF_TEN[decimals])
    if np.isnan(read):
        # nearly in the middle between two doubles; below a power of two they are nearer to each other
        nearest = np.float64(exact)
        gaps = [Fraction(float(np.spacing(double))) for double in (nearest, np.nextafter(nearest, 0))]
        off = abs(exact - Fraction(float(nearest)))
        assert min(abs(2 * off / gap - 1) for gap in gaps) < Fraction(1, 2**29)
    else:
        assert read == float(exact)


@given(st.floats(-90, 90))
@settings(max_examples=200, deadline=None)
def test_a_position_in_full_precision_is_read_exactly(lat: float) -> None:
    text = f"{lat:.15f}"
    row = scanned(json.dumps(FULL).replace("-0.26", text))
    assert row is not None
    assert row.lat == float(text)


YEARS = [datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (1971, YEAR_LAST)]


@given(st.datetimes(*YEARS, timezones=st.just(UTC)), st.integers(-1439, 1439))
@example(datetime(2000, 2, 29, 23, 59, 59, 999_999, UTC), 0)
@example(datetime(2100, 2, 28, 23, 59, 59, 999_999, UTC), -60)
@example(datetime(2024, 12, 31, 23, 59, 59, 999_999, UTC), 480)
@settings(max_examples=300, deadline=None)
def test_an_instant_is_exact_to_the_millisecond_and_rounded_down(moment: datetime, ahead_min: int) -> None:
    moment_ms = (moment - EPOCH) // ONE_MS
    hours, minutes = divmod(abs(ahead_min), 60)
    local = (moment + timedelta(minutes=ahead_min)).replace(tzinfo=None)
    zone = f"{'-' if ahead_min < 0 else '+'}{hours:02}:{minutes:02}"
    for text in (format_instant(moment_ms), f"{local.isoformat()}{zone}"):
        row = scanned(json.dumps(LEAST | {"time": text}), received_ms=moment_ms)
        assert row is not None
        assert row.fix_ms == moment_ms
