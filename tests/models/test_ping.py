"""Pings as they come from vehicles."""

import json
import math
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.ping import PING, RANGES, Ping, ping_fault

LEAST = {"vehicle_id": "KT-8123-LM", "convoy_id": "BTG-07", "time": "2024-11-27T00:00:10.000Z"}


def read(**more: object) -> Ping:
    return PING.validate_json(json.dumps(LEAST | more))


def fault(text: str | bytes) -> str:
    with pytest.raises(ValidationError) as caught:
        PING.validate_json(text)
    return ping_fault(caught.value)


def test_a_ping_without_a_position_is_a_presence() -> None:
    ping = read()
    assert ping.lat is None
    assert ping.lon is None
    assert not ping.sos


def test_unknown_fields_are_ignored() -> None:
    assert read(colour={"red": [1]}) == read()


def test_whole_numbers_are_numbers() -> None:
    ping = read(lat=0, lon=-180, heading_deg=360, battery_pct=100, speed_mps=0)
    assert (ping.lat, ping.lon, ping.heading_deg) == (0.0, -180.0, 360.0)


def test_null_is_unknown() -> None:
    assert read(lat=None, lon=None, speed_mps=None, seq=None, source=None) == read()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"lat": 1.0}, "both or neither"),
        ({"lon": 1.0, "lat": None}, "both or neither"),
        ({"lat": "1", "lon": 2}, "lat: Input should be a valid number"),
        ({"lat": True, "lon": 2}, "lat: Input should be a valid number"),
        ({"lat": 90.1, "lon": 2}, "lat: Input should be less than or equal to 90"),
        ({"lat": 0, "lon": -181}, "lon: Input should be greater than or equal to -180"),
        ({"lat": math.nan, "lon": 2}, "lat: Input should be a finite number"),
        ({"altitude_m": math.inf}, "altitude_m: Input should be a finite number"),
        ({"speed_mps": -1}, "speed_mps: Input should be greater"),
        ({"heading_deg": 360.5}, "heading_deg: Input should be less"),
        ({"accuracy_m": -0.1}, "accuracy_m: Input should be greater"),
        ({"battery_pct": 101}, "battery_pct: Input should be less"),
        ({"sos": 1}, "sos: Input should be a valid boolean"),
        ({"sos": "true"}, "sos: Input should be a valid boolean"),
        ({"mock": None}, "mock: Input should be a valid boolean"),
        ({"seq": 1.5}, "seq: Input should be a valid integer"),
        ({"seq": 10**30}, "seq: Input should be less"),
        ({"vehicle_id": ""}, "vehicle_id: String should have at least 1"),
        ({"vehicle_id": "x" * 65}, "vehicle_id: String should have at most 64"),
        ({"convoy_id": 7}, "convoy_id: Input should be a valid string"),
        ({"time": "2024-11-27T00:00:10"}, "time: Value error, has no zone"),
        ({"time": "1732665610"}, "time: Value error, is not an instant"),
        ({"time": 1732665610}, "time: Value error, must be a text"),
        ({"time": None}, "time: "),
    ],
)
def test_a_bad_field_is_refused_with_its_name_and_the_reason(more: dict[str, object], reason: str) -> None:
    assert reason in fault(json.dumps(LEAST | more))


@pytest.mark.parametrize("text", [b"", b"{", b"null", b"[]", b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * 10_000, b"{}"])
def test_what_is_no_ping_is_refused(text: bytes) -> None:
    assert fault(text)


def test_every_fault_of_a_ping_is_told_on_one_line_without_its_values() -> None:
    text = fault(json.dumps({"vehicle_id": "x", "lat": 91.25, "lon": 117.245}))
    assert text.startswith("convoy_id: Field required; time: Field required; lat: ")
    assert "91.25" not in text
    assert "117.245" not in text


def test_ranges_name_every_measured_field() -> None:
    assert dict(RANGES) == {
        "lat": (-90.0, 90.0),
        "lon": (-180.0, 180.0),
        "speed_mps": (0.0, math.inf),
        "heading_deg": (0.0, 360.0),
        "accuracy_m": (0.0, math.inf),
        "altitude_m": (-math.inf, math.inf),
        "battery_pct": (0.0, 100.0),
    }
    assert set(RANGES) < {field.name for field in fields(Ping)}


@given(st.sampled_from(sorted(RANGES.keys() - {"lat", "lon"})), st.floats(allow_nan=False, allow_infinity=False))
def test_ranges_say_what_validation_accepts(name: str, value: float) -> None:
    low, high = RANGES[name]
    try:
        read(**{name: value})
    except ValidationError:
        assert not low <= value <= high
    else:
        assert low <= value <= high


@given(st.floats(-90, 90), st.floats(-180, 180), st.text(min_size=1, max_size=64), st.booleans())
def test_a_ping_survives_the_wire(lat: float, lon: float, vehicle_id: str, sos: bool) -> None:
    ping = read(lat=lat, lon=lon, vehicle_id=vehicle_id, sos=sos)
    assert PING.validate_json(PING.dump_json(ping)) == ping
