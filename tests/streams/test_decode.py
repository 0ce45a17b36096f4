"""Every record becomes a ping in its place of the columns, or a hole with the reason why; nothing raises."""

import json
from collections.abc import Sequence
from dataclasses import fields

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.instants import BUFFERED_MS_MAX, FIRST_MS, FUTURE_MS, LAST_MS, ROLLOVER_MS, format_instant, parse_instant
from models.ping import PING, Ping
from streams.decode import (
    VALUE_BYTES_MAX,
    Columns,
    HotPing,
    Rejected,
    decode,
)
from streams.engine.dtypes import HOLE, TICK
from streams.engine.dtypes import PING as PING_KIND
from streams.recording import Arrival
from tests.streams.pings import FULL, LEAST, TIME_MS

KEY = b"BTG-07"
NUMBERS = ("lat", "lon", "speed_mps", "heading_deg", "accuracy_m", "battery_pct")
ROW_FLOAT_MAX = float(np.finfo(np.float32).max)


def written(**more: object) -> bytes:
    return json.dumps(FULL | more).encode()


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in FULL.items() if key != name}).encode()


def raw(members: bytes) -> bytes:
    """A good ping with more members, written as they are."""
    return written()[:-1] + b"," + members + b"}"


GOOD = written()


def record(value: bytes | None, key: bytes | None = KEY, received_ms: int = TIME_MS, rank: int = 0) -> Arrival:
    return Arrival(received_ms, key, value, rank)  # type: ignore[arg-type]


def read(batch: Sequence[Arrival]) -> tuple[Columns, list[Rejected]]:
    return decode(
        batch,
        np.array([arrival.rank for arrival in batch], np.int8),
        np.array([arrival.received_ms for arrival in batch], np.int64),
    )


def names(columns: Columns) -> list[tuple[str, str] | None]:
    """Whose each ping is, None for ticks and holes."""
    kinds = columns.fixes.kind
    everyone = columns.names(np.arange(len(kinds)))
    return [name if kind == PING_KIND else None for name, kind in zip(everyone, kinds.tolist(), strict=True)]


def fault(value: bytes | None, key: bytes | None = KEY, received_ms: int = TIME_MS) -> Rejected:
    columns, rejected = read([record(value, key, received_ms)])
    assert columns.fixes.kind.tolist() == [HOLE]
    assert names(columns) == [None]
    assert columns.fix_ms.tolist() == [0]
    return rejected[0]


BAD_JSON = {
    "nothing at all": b"",
    "no JSON": b"hello",
    "cut in the middle": GOOD[:40],
    "cut before the end": GOOD[:-1],
    "random bytes": bytes(range(256)),
    "UTF-16": GOOD.decode().encode("utf-16"),
    "Latin-1 in a known field": GOOD.replace("ö".encode("unicode_escape"), b"\xf6").replace(b"\\u00f6", b"\xf6"),
    "Latin-1 in an unknown field": raw(b'"x":"\xf6"'),
    "Latin-1 in the name of a field": raw(b'"\xf6":1'),
    "an encoded surrogate in an unknown field": raw(b'"x":"\xed\xa0\x80"'),
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "a lone surrogate": raw(b'"source":"\\ud800"'),
    "a lone surrogate in an unknown field": raw(b'"x":"\\ud800"'),
    "a lone surrogate in the id": written().replace(b"KT-8123-LM", b"\\udfff"),
    "nested 10,000 deep": raw(b'"x":' + b"[" * 10_000 + b"]" * 10_000),
    "nested objects, 10,000 deep and cut": raw(b'"x":' + b'{"a":' * 10_000),
    "5,000 digits": raw(b'"seq":1' + b"0" * 5000),
    "a leading zero": raw(b'"x":01'),
    "a line break in a text": raw(b'"x":"a\nb"'),
    "an object after it": GOOD + b"{}",
    "a comma and an object after it": GOOD + b"," + GOOD,
    "a null byte after it": GOOD + b"\0",
}
BAD_FIELD = {
    "null": b"null",
    "a list": b"[" + GOOD + b"]",
    "a number": b"17",
    "a text": b'"ping"',
    "an empty object": b"{}",
    "no vehicle": without("vehicle_id"),
    "no convoy": without("convoy_id"),
    "no time": without("time"),
    "latitude 91": written(lat=91),
    "latitude a hair above 90": written(lat=90.00000000000001),
    "longitude -180.5": written(lon=-180.5),
    "latitude alone": without("lon"),
    "longitude alone": without("lat"),
    "latitude with longitude null": written(lon=None),
    "latitude as text": written(lat="1"),
    "latitude as bool": written(lat=True),
    "NaN": raw(b'"lat":NaN'),
    "minus infinity": raw(b'"altitude_m":-Infinity'),
    "1e999": raw(b'"altitude_m":1e999'),
    "400 digits": raw(b'"altitude_m":1' + b"0" * 400),
    "negative speed": written(speed_mps=-0.1),
    "heading 361": written(heading_deg=361),
    "negative accuracy": written(accuracy_m=-1),
    "battery 101": written(battery_pct=101),
    "sos as number": written(sos=1),
    "sos as text": written(sos="true"),
    "sos null": written(sos=None),
    "seq with a fraction": written(seq=1.5),
    "seq beyond 63 bits": written(seq=2**63),
    "source as number": written(source=5),
    "an empty vehicle": written(vehicle_id=""),
    "an empty convoy": written(convoy_id=""),
    "a vehicle of 65 characters": written(vehicle_id="x" * 65),
    "a vehicle as number": written(vehicle_id=8123),
    "a vehicle null": written(vehicle_id=None),
    "time without a zone": written(time="2024-11-27T00:00:10"),
    "time as number": written(time=1732665610),
    "time as digits": written(time="1732665610"),
    "time null": written(time=None),
    "a date": written(time="2024-11-27"),
    "February the 30th": written(time="2024-02-30T00:00:00Z"),
    "second 60": written(time="2024-11-27T00:00:60Z"),
    "year 0": written(time="0000-01-01T00:00:00Z"),
    "a time before year 1 in UTC": written(time="0001-01-01T00:00:00+14:00"),
}


@pytest.mark.parametrize("value", BAD_JSON.values(), ids=BAD_JSON.keys())
def test_a_record_that_is_no_json_is_refused(value: bytes) -> None:
    assert fault(value).code == "bad-json"


@pytest.mark.parametrize("value", BAD_FIELD.values(), ids=BAD_FIELD.keys())
def test_a_record_with_a_field_that_is_none_is_refused(value: bytes) -> None:
    assert fault(value).code == "bad-field"


def test_a_time_after_the_year_9999_in_utc_is_refused() -> None:
    assert fault(written(time="9999-12-31T23:59:59-10:00"), received_ms=LAST_MS).code in ("bad-field", "bad-time")


def test_a_record_without_a_value_is_refused() -> None:
    assert fault(None).code == "no-value"


def test_a_value_of_a_mebibyte_is_read_and_a_byte_more_is_refused() -> None:
    padding = VALUE_BYTES_MAX - len(raw(b'"x":""'))
    at_the_limit = raw(b'"x":"' + b"x" * padding + b'"')
    assert len(at_the_limit) == VALUE_BYTES_MAX
    assert read([record(at_the_limit)])[1] == []
    assert fault(at_the_limit + b" ").code == "too-large"


@pytest.mark.parametrize("key", [None, b"", b"BTG-08", b"BTG-07 ", b"btg-07", b"\xff"])
def test_a_key_that_is_not_the_convoy_is_refused(key: bytes | None) -> None:
    assert fault(GOOD, key).code == "wrong-key"


def test_a_fix_may_be_two_minutes_ahead_of_its_receipt_and_not_a_millisecond_more() -> None:
    assert read([record(GOOD, received_ms=TIME_MS - FUTURE_MS)])[1] == []
    rejected = fault(GOOD, received_ms=TIME_MS - FUTURE_MS - 1)
    assert (rejected.code, rejected.message) == ("bad-time", "the fix is 120 s ahead of its receipt")


def test_ids_of_64_characters_are_read_whatever_their_bytes() -> None:
    name = "ß€😀" * 21 + "x"
    columns, rejected = read([record(written(convoy_id=name, vehicle_id=name), name.encode())])
    assert rejected == []
    assert names(columns) == [(name, name)]


def test_a_good_ping_becomes_its_numbers() -> None:
    columns, rejected = read([record(GOOD, received_ms=TIME_MS + 250)])
    assert rejected == []
    assert names(columns) == [("BTG-07", "KT-8123-LM")]
    fix = columns.fixes[0]
    assert (fix.kind, fix.fix_ms, fix.received_ms, fix.sos) == (PING_KIND, TIME_MS, TIME_MS + 250, 1)
    assert [float(fix[name]) for name in NUMBERS] == [-0.26, 117.24, 13.5, 210.0, 4.5, 81.0]


def test_what_a_ping_does_not_say_is_unknown() -> None:
    fixes = read([record(json.dumps(LEAST).encode()), record(written(**dict.fromkeys(NUMBERS)))])[0].fixes
    assert np.isnan([[fix[name] for name in NUMBERS] for fix in fixes]).all()
    assert fixes.sos.tolist() == [0, 1]


def test_a_number_that_a_row_cannot_hold_is_read_as_the_largest_that_it_can() -> None:
    columns, rejected = read([record(written(speed_mps=1e300, accuracy_m=1.7976931348623157e308))])
    assert rejected == []
    assert np.isfinite([columns.fixes.speed_mps[0], columns.fixes.accuracy_m[0]]).all()
    assert min(columns.fixes.speed_mps[0], columns.fixes.accuracy_m[0]) > 1e38


def test_a_batch_of_ticks_holds_no_ping() -> None:
    columns, rejected = read([record(None, None, rank=2), record(b"anything", b"x", rank=2)])
    assert (columns.fixes.kind.tolist(), names(columns), rejected) == ([TICK, TICK], [None, None], [])


def test_no_records_are_no_columns() -> None:
    columns, rejected = read([])
    assert (len(columns.fixes), names(columns), rejected) == (0, [], [])


SAMPLES = [
    (GOOD, KEY, 0),
    (written(vehicle_id="POL-41-07", lat=0.5), KEY, 1),
    (written(convoy_id="x"), b"x", 0),
    (b"", b"", 2),
    (None, None, 2),
    (None, KEY, 0),
    (written(lat=91), KEY, 1),
    (without("lat"), KEY, 0),
    (GOOD, b"x", 0),
    (written(time="2025-01-01T00:00:00Z"), KEY, 0),
    (GOOD[:-1], KEY, 0),
    (GOOD[:60], KEY, 0),
    (GOOD[60:], KEY, 0),
    (GOOD + b"," + GOOD, KEY, 0),
    (b"]," + GOOD, KEY, 0),
    (raw(b'"x":"\xff"'), KEY, 0),
    (GOOD.replace(b'"seq"', b'"seq'), KEY, 0),
    (b'{"vehicle_id":"open', KEY, 0),
    (b" " * VALUE_BYTES_MAX + GOOD, KEY, 0),
]


@given(st.lists(st.sampled_from(SAMPLES), min_size=1, max_size=12))
@settings(deadline=None)
def test_neighbours_do_not_matter(samples: list[tuple[bytes | None, bytes | None, int]]) -> None:
    batch = [record(value, key, rank=rank) for value, key, rank in samples]
    columns, rejected = read(batch)
    alone = [read([one]) for one in batch]
    assert columns.fixes.tobytes() == b"".join(fixes.tobytes() for (fixes, _), _ in map(unfolded, alone))
    assert names(columns) == [whose[0] for (_, whose), _ in map(unfolded, alone)]
    expected = [(index, reason.code, reason.message) for index, (_, reasons) in enumerate(alone) for reason in reasons]
    assert [(reason.index, reason.code, reason.message) for reason in rejected] == expected


def unfolded(result: tuple[Columns, list[Rejected]]) -> tuple[tuple[np.ndarray, list], list[Rejected]]:
    columns, rejected = result
    return (columns.fixes, names(columns)), rejected


def test_reasons_hold_no_value_of_the_record() -> None:
    values = [
        written(lat=91.23456, lon=117.98765),
        written(lon="117.98765"),
        written(time="1732665610.98765"),
        written(time="2024-13-98T76:54:32Z"),
        written(vehicle_id="98765" * 20),
        written(lon=None, lat=9.8765),
        written(convoy_id="98765"),
        raw(b'"seq":98765.5'),
        raw(b"98765"),
        raw(b'"source":"98765\\ud800"'),
        written(sos="98765"),
    ]
    _, rejected = read([record(value) for value in values])
    assert [reason.index for reason in rejected] == list(range(len(values)))
    assert [reason.message for reason in rejected if "9876" in reason.message or "9.87" in reason.message] == []
    assert all(reason.message and "\n" not in reason.message for reason in rejected)


def test_a_ping_as_devices_write_it_is_read_the_fast_way() -> None:
    hot = msgspec.json.decode(GOOD, type=HotPing)
    ping = PING.validate_json(GOOD)
    assert HotPing.__struct_fields__ == tuple(field.name for field in fields(Ping))
    assert [getattr(hot, name) for name in HotPing.__struct_fields__] == [
        getattr(ping, field.name) for field in fields(Ping)
    ]
    assert msgspec.json.decode(json.dumps(LEAST), type=HotPing).lat is None


TOKENS = [
    *("null", "true", "false", "0", "-0", "-0.0", "1", "1.0", "1e2", "-1", "90", "90.5", "-180", "180.0000001", "360"),
    *("1e-400", "1e308", "1e309", "-1e999", "NaN", "Infinity", "01", "1.", ".5", "+1", "0x1", "9223372036854775807"),
    *("9223372036854775808", "-9223372036854775808", "123456789012345678901234567890", "1" + "0" * 400),
    *('""', '"1"', '"x"', '"KT-1"', '"ü😀"', '"\\u00fc\\ud83d\\ude00"', '"\\ud800"', '"\\u0000"', '"\\x"', '"a\tb"'),
    *('"a', json.dumps("x" * 64), json.dumps("😀" * 64), json.dumps("x" * 65), "'x'"),
    *("[]", "{}", "[[[]]]", '{"lat":1}', "[1,]"),
    *('"2024-11-27T00:00:10Z"', '"2024-11-27t00:00:10.5z"', '"2024-11-27T00:00:10+08:00"', '"2024-11-27 00:00:10Z"'),
    *('"2024-11-27T00:00:10+0800"', '"2024-11-27T00:00:10"', '"2024-11-27T00:00:10+24:00"', '"2024-11-27T00:00Z"'),
    *('"2024-11-27T24:00:00Z"', '"2024-02-29T00:00:00-00:00"', '"2023-02-29T00:00:00Z"', '"0001-01-01T00:00:00Z"'),
    *('"0001-01-01T00:00:00+00:01"', '"9999-12-31T23:59:59.999999Z"', '"9999-12-31T23:59:59-00:01"'),
    *('"2024-11-27T00:00:10,5Z"', '"20241127T000010Z"', '"2024-11-27T00:00:10.Z"'),
]  # fmt: skip
NAMES = [*(field.name for field in fields(Ping)), "x", "Lat", "received", "\\u006cat"]


@st.composite
def near_pings(draw: st.DrawFn) -> bytes:
    """The bytes of an object that is a ping or nearly one."""
    members = {name: json.dumps(value) for name, value in FULL.items() if draw(st.integers(0, 9)) > 0}
    changes = draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(TOKENS)), max_size=2))
    texts = [f'"{name}":{token}' for name, token in (members | dict(changes)).items()]
    texts += [
        f'"{name}" : {token}' for name, token in draw(st.lists(st.sampled_from(changes or [("x", "1")]), max_size=1))
    ]
    value = ("{" + ", ".join(texts) + "}").encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 3)) == 0:
        place, length = draw(st.integers(0, len(value))), draw(st.integers(0, 3))
        value = value[:place] + draw(st.binary(max_size=2)) + value[place + length :]
    return value


def verdict_of_models(value: bytes) -> Ping | None:
    try:
        return PING.validate_json(value)
    except ValidationError:
        return None


@given(near_pings())
@example(raw(b'"x":NaN'))
@example(written(speed_mps=1e308))
@example(raw(b'"vehicle_id":1,"vehicle_id":"w"'))
@settings(max_examples=250, deadline=None)
def test_the_fast_way_accepts_what_the_models_accept(value: bytes) -> None:
    ping = verdict_of_models(value)
    columns, rejected = read([record(value, ping.convoy_id.encode() if ping else KEY, LAST_MS)])
    if ping is None:
        assert [reason.code for reason in rejected] in (["bad-json"], ["bad-field"])
        return
    assert rejected == []
    assert names(columns) == [(ping.convoy_id, ping.vehicle_id)]
    numbers = [np.nan if getattr(ping, name) is None else getattr(ping, name) for name in NUMBERS]
    np.testing.assert_allclose(
        [float(columns.fixes[name][0]) for name in NUMBERS], np.clip(numbers, -ROW_FLOAT_MAX, ROW_FLOAT_MAX), 1e-6
    )
    assert columns.fixes.sos[0] == ping.sos


DOUBLES = st.one_of(st.floats(-90, 90), st.floats(-90, 90).map(lambda number: round(number, 6)), st.integers(-90, 90))


@given(st.one_of(near_pings(), st.builds(lambda lat, lon: written(lat=lat, lon=lon), DOUBLES, DOUBLES)))
@settings(max_examples=300, deadline=None)
def test_a_ping_is_the_same_row_whether_it_is_scanned_or_read_with_care(value: bytes) -> None:
    # the scanner reads no lists
    with_care = value[:-1] + b',"x":[]}'
    scanned, _ = read([record(value, received_ms=LAST_MS)])
    read_with_care, _ = read([record(with_care, received_ms=LAST_MS)])
    if scanned.fixes.kind[0] == PING_KIND:
        assert scanned.fixes.tobytes() == read_with_care.fixes.tobytes()
        assert names(scanned) == names(read_with_care)


@pytest.mark.parametrize(
    "token", [b"[" * 300 + b"]" * 300, b"1" + b"0" * 5000], ids=["nested 300 deep", "5,000 digits"]
)
def test_more_than_the_models_can_read_does_no_harm_in_a_field_that_is_ignored(token: bytes) -> None:
    value = raw(b'"x":' + token)
    assert verdict_of_models(value) is None
    assert read([record(value)])[1] == []


WRITTEN_INSTANTS = st.builds(
    "{}.{:0{}d}{}".format,
    st.datetimes().map(lambda moment: moment.replace(microsecond=0).isoformat()),
    st.integers(0, 9),
    st.integers(1, 6),
    st.one_of(
        st.just("Z"), st.builds("{}{:02d}:{:02d}".format, st.sampled_from("+-"), st.integers(0, 23), st.integers(0, 59))
    ),
)


@given(
    st.lists(st.one_of(WRITTEN_INSTANTS, st.integers(FIRST_MS, LAST_MS).map(format_instant)), min_size=1, max_size=5)
)
@example(["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
@example(["1969-12-31T23:59:59.9999Z", "9999-12-31T23:59:59.000999Z", "0001-01-01T00:00:00.001Z"])
@settings(deadline=None, max_examples=200)
def test_instants_are_exact_to_the_millisecond_and_rounded_down(texts: list[str]) -> None:
    columns, rejected = read([record(written(time=text), received_ms=LAST_MS) for text in texts])
    refused = {reason.index for reason in rejected}
    for index, text in enumerate(texts):
        try:
            fix_ms = parse_instant(text)
        except ValueError:
            assert index in refused
            continue
        if not -BUFFERED_MS_MAX <= fix_ms + ROLLOVER_MS - LAST_MS <= FUTURE_MS:
            assert columns.fix_ms[index] == fix_ms


def test_digits_beyond_the_microsecond_are_rounded() -> None:
    columns, _ = read(
        [record(written(time=f"2024-11-27T00:00:10.{digits}Z")) for digits in ("0009994", "0009999", "1239999999")]
    )
    assert (columns.fix_ms - TIME_MS).tolist() == [0, 1, 124]


@pytest.mark.parametrize(
    ("behind_receipt_ms", "repaired"),
    [(BUFFERED_MS_MAX, True), (BUFFERED_MS_MAX + 1, False), (0, True), (-FUTURE_MS, True), (-FUTURE_MS - 1, False)],
)
def test_a_fix_1024_weeks_back_is_repaired_where_that_makes_it_a_recent_one(
    behind_receipt_ms: int, repaired: bool
) -> None:
    received_ms = TIME_MS + ROLLOVER_MS + behind_receipt_ms
    columns, rejected = read([record(GOOD, received_ms=received_ms)])
    assert rejected == []
    assert columns.fix_ms[0] == TIME_MS + (ROLLOVER_MS if repaired else 0)
