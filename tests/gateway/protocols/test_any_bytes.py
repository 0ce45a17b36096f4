"""Whatever comes, a decoder gives a report that is a ping, says that it is none, or raises its one exception."""

import json
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.protocols import FORMATS
from gateway.protocols.report import Report, Undecodable
from models.dead_letter import Code
from models.ping import PING

TEXTS = st.one_of(
    st.sampled_from(
        ["", "0", "-1", "NaN", "inf", "1e999", "91", "9" * 400, "true", "sos", "location", "1732665600", "\ud800"]
    ),
    st.sampled_from(
        ["2024-11-27T00:00:00Z", "2024-11-27 00:00:00", "0001-01-01T00:00:00+14:00", "1_000", "٣", "-7.25"]
    ),
    st.text(max_size=5),
)
NUMBERS = st.one_of(
    st.sampled_from([0, -1, 91, 360, 2**31, 10**30, 10**310, -(10**18), 1e308, 1732665600, 1732665600123]),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
JSON_KEYS = [
    *("_type", "tst", "lat", "lon", "vel", "cog", "acc", "alt", "batt", "t", "topic", "tid", "device_id", "id", "time"),
    *(
        "timestamp",
        "speed",
        "altitude",
        "accuracy",
        "heading",
        "level",
        "latitude",
        "longitude",
        "uniqueId",
        "vehicle_id",
    ),
    *("fixTime", "valid", "batteryLevel", "index", "alarm", "course", "speed_mps", "heading_deg", "seq", "sos", "type"),
]
FLAT = st.dictionaries(st.sampled_from(JSON_KEYS), SCALARS, max_size=12)
NESTS = ["location", "coords", "battery", "extras", "position", "device", "attributes", "event"]
OBJECTS = st.recursive(
    FLAT,
    lambda inner: st.builds(dict.__or__, FLAT, st.dictionaries(st.sampled_from(NESTS), inner, max_size=4)),
    max_leaves=6,
)
QUERY_KEYS = [
    "id",
    "deviceid",
    "timestamp",
    "lat",
    "lon",
    "speed",
    "bearing",
    "location",
    "valid",
    "batt",
    "alarm",
    "hdop",
]
QUERIES = st.lists(st.tuples(st.sampled_from(QUERY_KEYS), TEXTS), max_size=10).map(
    lambda pairs: "?" + "&".join(f"{key}={value}" for key, value in pairs)
)
XML_NAMES = ["uid", "type", "time", "start", "stale", "how", "lat", "lon", "hae", "ce", "speed", "course", "battery"]
XML_VALUES = st.one_of(
    st.sampled_from(
        ["a-f-G", "b-a-o-tbl", "b-a-o-can", "m-g", "h-e", "9999999.0", "2024-11-27T00:00:00Z", "NaN", "999"]
    ),
    st.from_regex(r"[0-9a-z.-]{0,8}", fullmatch=True),
)
ATTRIBUTES = st.dictionaries(st.sampled_from(XML_NAMES), XML_VALUES).map(
    lambda them: " ".join(f'{name}="{value}"' for name, value in them.items())
)
EVENTS = st.builds("<event {}><point {}/><detail><track {}/><status {}/></detail></event>".format, *[ATTRIBUTES] * 4)

LIKELY = {
    "traccar-client": st.one_of(QUERIES, OBJECTS.map(json.dumps)),
    "osmand": QUERIES,
    "cot": EVENTS,
    "owntracks": FLAT.map(lambda said: json.dumps({"_type": "location", "tst": 1732665600} | said)),
    "traccar-forward": OBJECTS.map(json.dumps),
    "native": FLAT.map(lambda said: json.dumps({"vehicle_id": "x", "time": "2024-11-27T00:00:00Z"} | said)),
}
DEEP = b"[" * 20_000
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><event uid="&a;"/>'


def hold(name: str, data: bytes) -> None:
    for message in FORMATS[name].split(data):
        try:
            said = FORMATS[name].decode(message)
        except Undecodable as error:
            assert error.code in get_args(Code)  # noqa: PT017 - any other outcome is as good
            continue
        if isinstance(said, Report):
            ping = said.ping(said.device or "unknown", "convoy", received_ms=0)
            assert PING.validate_json(PING.dump_json(ping)) == ping


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.binary(max_size=60))
@example(DEEP)
@example(b'{"a":' * 20_000)
@example(BOMB)
@example(b"<a>" * 20_000)
@example(b"\xef\xbb\xbf{}")
@example(b'{"_type":"location","tst":' + b"9" * 6_000 + b"}")
@example(b"?" + b"a=&" * 5_000)
def test_any_bytes_do_no_harm(name: str, data: bytes) -> None:
    hold(name, data)


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
def test_any_values_in_the_right_places_do_no_harm(name: str, data: Any) -> None:
    hold(name, data.draw(LIKELY[name]).encode(errors="surrogatepass"))
