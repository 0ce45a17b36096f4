"""What each format means: its units, what it writes for unknown, and which messages are no ping."""

import json
from typing import Any

import pytest

from gateway.protocols import FORMATS
from gateway.protocols.report import Ignored, Report, Undecodable

T = 1732665600
T_MS = T * 1000
ISO = "2024-11-27T00:00:00Z"
KEYED = f"id=A&timestamp={T}&lat=-7.25&lon=112.75"
COORDS = {"latitude": -7.25, "longitude": 112.75}
LOCATION = {"_type": "location", "tst": T, "lat": -7.25, "lon": 112.75}
POSITION = {"fixTime": ISO, "latitude": -7.25, "longitude": 112.75, "valid": True}


def v9(**location: Any) -> str:
    return json.dumps({"device_id": "A", "location": {"timestamp": ISO, "coords": COORDS} | location})


def owntracks(**said: Any) -> str:
    return json.dumps(LOCATION | said)


def forward(device: Any = "A", attributes: Any = None, **position: Any) -> str:
    return json.dumps({"position": POSITION | {"attributes": attributes} | position, "device": {"uniqueId": device}})


def event(kind: str = "alarm", alarm: str = "sos", **more: Any) -> str:
    said = {"type": kind, "eventTime": ISO, "attributes": {"alarm": alarm}}
    return json.dumps({"event": said, "device": {"uniqueId": "A"}} | more)


def cot(
    kind: str = "a-f-G", how: str = "m-g", point: str = 'lat="-7.25" lon="112.75"', more: str = "", detail: str = ""
) -> str:
    times = f'start="{ISO}" {more}' if "start" not in more else more
    return f'<event uid="A" type="{kind}" how="{how}" {times}><point {point}/><detail>{detail}</detail></event>'


def native(**said: Any) -> str:
    return json.dumps({"vehicle_id": "A", "time": ISO, "lat": -7.25, "lon": 112.75} | said)


REPORTS = [
    ("traccar-client", f"?{KEYED}&speed=10&bearing=0", {"speed_mps": pytest.approx(5.14444), "heading_deg": 0}),
    (
        "traccar-client",
        f"?{KEYED}&speed=0&bearing=0&accuracy=0",
        {"speed_mps": 0, "heading_deg": None, "accuracy_m": None},
    ),
    ("traccar-client", f"{KEYED}&bearing=0", {"heading_deg": 0, "speed_mps": None, "source": "traccar-client/10"}),
    ("traccar-client", f"/token?{KEYED}&bearing=360&speed=1", {"heading_deg": 0, "source": "traccar-client/8"}),
    (
        "traccar-client",
        f"{KEYED}&accuracy=-1&batt=-1&speed=",
        {"accuracy_m": None, "battery_pct": None, "speed_mps": None},
    ),
    ("traccar-client", f"{KEYED}&alarm=tampering,sos", {"sos": True}),
    ("traccar-client", f"{KEYED}&id=B", {"device": "B"}),
    ("traccar-client", f"{KEYED}&valid=0&speed=3", {"lat": None, "lon": None, "speed_mps": None, "time_ms": T_MS}),
    ("traccar-client", f"id=A&timestamp={T}&lat=0.0&lon=0.0&alarm=sos", {"lat": None, "sos": True}),
    (
        "traccar-client",
        f'{{"id": 7, "timestamp": {T}, "lat": -7.25, "lon": 112.75, "speed": 10}}',
        {"device": "7", "lat": -7.25},
    ),
    ("traccar-client", v9(battery={"level": 0.5}, extras={"alarm": "sos"}), {"battery_pct": 50, "sos": True}),
    (
        "traccar-client",
        v9(coords=COORDS | {"speed": 10, "heading": 0}, alarm="sos"),
        {"speed_mps": 10, "heading_deg": 0, "sos": True},
    ),
    ("traccar-client", v9(coords=None), {"lat": None, "time_ms": T_MS}),
    ("traccar-client", v9(timestamp=None), {"time_ms": None, "repairs": ("time-missing",)}),
    ("osmand", f"?{KEYED}&speed=10&hdop=6", {"speed_mps": 10, "accuracy_m": 6}),
    ("osmand", f"?id=A&timestamp={T_MS + 5}&lat=1&lon=2", {"time_ms": T_MS + 5}),
    ("osmand", f"?id=A&timestamp={2**31 - 1}&lat=1&lon=2", {"time_ms": 2**31 - 1}),
    ("osmand", "?id=A&timestamp=2024-11-27T08:00:00%2B08:00&lat=1&lon=2", {"time_ms": T_MS, "repairs": ()}),
    (
        "owntracks",
        owntracks(vel=36, cog=0, acc=0),
        {"speed_mps": pytest.approx(10), "heading_deg": 0, "accuracy_m": None},
    ),
    ("owntracks", owntracks(t="p"), {"lat": None, "lon": None, "time_ms": T_MS}),
    ("owntracks", owntracks(t="u"), {"lat": -7.25, "sos": False}),
    ("owntracks", owntracks(topic="owntracks/u/d", tid="AB"), {"device": "u/d"}),
    ("owntracks", owntracks(topic="other/u/d", tid="AB"), {"device": "AB"}),
    ("owntracks", owntracks(), {"device": None, "speed_mps": None}),
    (
        "traccar-forward",
        forward(speed=10, course=0, accuracy=0),
        {"speed_mps": pytest.approx(5.14444), "accuracy_m": None},
    ),
    ("traccar-forward", forward(valid=False), {"lat": None, "time_ms": T_MS}),
    ("traccar-forward", forward(attributes={"approximate": True}), {"lat": None}),
    ("traccar-forward", forward(fixTime="1980-01-06T05:00:00.000+0500"), {"lat": None, "time_ms": None}),
    ("traccar-forward", forward(attributes={"alarm": "powerCut,sos", "index": 7}), {"sos": True, "seq": 7}),
    (
        "traccar-forward",
        forward(attributes={"index": "7", "battery": 12.1, "mock": True}),
        {"seq": None, "battery_pct": None, "mock": True},
    ),
    ("traccar-forward", event(position=POSITION), {"sos": True, "lat": -7.25, "source": "traccar-event"}),
    ("traccar-forward", event(), {"sos": True, "lat": None, "time_ms": T_MS}),
    (
        "cot",
        cot(detail='<track speed="9999999" course="90"/><status battery="50"/>'),
        {"speed_mps": None, "heading_deg": 90, "battery_pct": 50},
    ),
    ("cot", cot("b-a-o-tbl"), {"sos": True, "lat": -7.25}),
    ("cot", cot("b-a-o-can"), {"sos": False}),
    ("cot", cot("b-a-o-tbl", "h-e"), {"sos": True, "lat": None}),
    ("cot", cot(point='lat="999.0" lon="999.0" ce="9999999.0"'), {"lat": None, "accuracy_m": None}),
    (
        "native",
        native(speed_mps=3, seq=9, tracker_id="x", source="mine"),
        {"speed_mps": 3, "seq": 9, "tracker_id": "x", "source": "mine"},
    ),
    ("native", native(lat=0, lon=0), {"lat": None, "source": "native"}),
]


@pytest.mark.parametrize(("name", "message", "wanted"), REPORTS)
def test_a_message_says_what_its_format_means(name: str, message: str, wanted: dict[str, Any]) -> None:
    report = FORMATS[name].decode(message.encode())
    assert isinstance(report, Report)
    assert {key: getattr(report, key) for key in wanted} == wanted


@pytest.mark.parametrize(
    ("name", "message", "kind"),
    [
        ("owntracks", "", "empty"),
        ("owntracks", '{"_type": "waypoint", "tst": 1}', "waypoint"),
        ("owntracks", '{"_type": "something new"}', "other"),
        ("traccar-forward", event("deviceOffline"), "event"),
        ("traccar-forward", event(alarm="jamming"), "event"),
        ("cot", cot("t-x-d-d"), "delete"),
        ("cot", cot("b-m-p"), "other"),
        ("cot", cot(how="h-g-i-g-o"), "entered-by-hand"),
        ("cot", cot(more=f'start="{ISO}" stale="{ISO}"'), "stale"),
    ],
)
def test_a_message_that_is_no_ping_is_ignored_by_name(name: str, message: str, kind: str) -> None:
    assert FORMATS[name].decode(message.encode()) == Ignored(kind)


@pytest.mark.parametrize(
    ("name", "message", "code"),
    [
        ("traccar-client", f"?timestamp={T}&lat=1&lon=2", "bad-field"),
        ("traccar-client", f"?id=A&timestamp={T}&lat=1", "bad-field"),
        ("traccar-client", f"?id=A&timestamp={T}&lat=NaN&lon=1", "bad-field"),
        ("traccar-client", f"?id=A&timestamp={T}&lat=91&lon=1", "bad-field"),
        ("traccar-client", "?id=A&timestamp=yesterday&lat=1&lon=1", "bad-field"),
        ("traccar-client", "?id=A&timestamp=9999999999999999&lat=1&lon=1", "bad-time"),
        ("traccar-client", "?id=%00&lat=1&lon=1", "bad-field"),
        ("traccar-client", "{", "bad-json"),
        ("osmand", f"?id=A&timestamp={T}&lat=1&lon=%FF", "bad-field"),
        ("owntracks", "{}", "bad-field"),
        ("owntracks", "[]", "bad-json"),
        ("owntracks", '{"_type": "encrypted", "data": "x"}', "encrypted"),
        ("owntracks", '{"_type": "location", "tst": 1}', "bad-field"),
        ("owntracks", '{"_type": "location", "lat": 1, "lon": 2}', "bad-field"),
        ("traccar-forward", "{}", "bad-field"),
        ("traccar-forward", forward(device=None), "bad-field"),
        ("traccar-forward", forward(fixTime=None), "bad-field"),
        ("cot", "<event", "bad-field"),
        ("cot", '<!DOCTYPE x [<!ENTITY a "a">]><event/>', "bad-field"),
        ("cot", cot(point='lat="91" lon="1"'), "bad-field"),
        ("native", native(lat=91), "bad-field"),
        ("native", native(lat=None), "bad-field"),
        ("native", native(time=T), "bad-field"),
        ("native", native(speed_mps=-1), "bad-field"),
    ],
)
def test_a_message_that_cannot_be_used_gets_its_code(name: str, message: str, code: str) -> None:
    with pytest.raises(Undecodable) as caught:
        FORMATS[name].decode(message.encode())
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("name", "data", "messages"),
    [
        ("native", b'[{"a": 1},\n{"b":2} ]', [b'{"a": 1}', b'{"b":2}']),
        ("native", b'{"a":1}\n\n{"b":2}\n', [b'{"a":1}', b'{"b":2}']),
        ("native", b'{\n "a": {"b": 2}\n}', [b'{\n "a": {"b": 2}\n}']),
        ("native", b"[]", []),
        ("native", b"[{", [b"[{"]),
        ("traccar-client", b"POST /t?id=1 HTTP/1.1\r\n\r\nid=2\n", [b"/t?id=1", b"id=2"]),
        ("traccar-client", b'[{"id":1},{"id":2}]', [b'{"id":1}', b'{"id":2}']),
        ("cot", b"<event></event>\n<event></event><ev", [b"<event></event>", b"<event></event>", b"<ev"]),
    ],
)
def test_what_came_at_once_is_cut_into_messages(name: str, data: bytes, messages: list[bytes]) -> None:
    assert FORMATS[name].split(data) == messages
