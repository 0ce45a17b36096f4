"""What trackers send over real connections becomes pings and dead letters on Kafka, or is refused without trace."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest
from aiokafka import ConsumerRecord

from bench.running_gateway import Gateway
from bus.follow import following
from models.dead_letter import CODE
from models.ping import PING, Ping

NOW_S = int(time.time())
STRANGER = "marker-stranger"


def instant(at_s: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))


def keyed(device: str, ago_s: int, **more: Any) -> str:
    keys = {"id": device, "timestamp": NOW_S - ago_s, "lat": -7.25, "lon": 112.75} | more
    return "&".join(f"{key}={value}" for key, value in keys.items())


def v9(device: str, ago_s: int) -> str:
    location = {"timestamp": instant(NOW_S - ago_s), "coords": {"latitude": -7.25, "longitude": 112.75}}
    return json.dumps({"device_id": device, "location": location})


def native(vehicle: str, ago_s: int, **more: Any) -> dict[str, Any]:
    return {"vehicle_id": vehicle, "time": instant(NOW_S - ago_s), "lat": -7.25, "lon": 112.75} | more


def located(ago_s: int, **more: Any) -> str:
    said = {"_type": "location", "tst": NOW_S - ago_s, "lat": -7.25, "lon": 112.75, "vel": 36, "tid": "xx"}
    return json.dumps(said | more)


class Case(NamedTuple):
    """A request: its format, whose token is in its path, and its body or, with a `?`, its query."""

    form: str
    device: str
    body: str
    code: str = ""

    @property
    def marker(self) -> str:
        return self.body[self.body.index("marker-") :][:8]


GOOD = [
    Case("traccar-client", "1001", f"?{keyed('1001', 1, speed=10)}"),
    Case("traccar-client", "1001", v9("1001", 2)),
    Case("traccar-client", "1001", keyed("1001", 3, speed=10)),
    Case("traccar-client", "1001", f"?{keyed('1001', 4, alarm='sos')}"),
    Case("osmand", "2001", f"?{keyed('2001', 5, speed=10)}"),
    Case("owntracks", "3001", located(6)),
    Case("owntracks", "3001", json.dumps({"_type": "lwt", "tst": 1})),
    Case("owntracks", "3001", json.dumps({"_type": "card"})),
    Case("owntracks", "3001", ""),
    Case("traccar-client", "1001", ""),
    *(Case("traccar-client", "1001", keyed("1001", 7, alarm=alarm)) for alarm in ("", "sos", "sos", "")),
    Case("traccar-client", "2001", keyed("2001", 8 + 619_315_200)),
    Case("traccar-client", "2001", keyed("2001", -90_000, alarm="sos")),
]

BAD = [
    Case("traccar-client", "1001", '{"marker-1', "bad-json"),
    Case("traccar-client", "1001", "id=1001&lat=marker-2&lon=1", "bad-field"),
    Case("traccar-client", "1001", keyed("1001", -86_400, x="marker-3"), "bad-time"),
    Case("traccar-client", "1001", keyed("nobody", 0, x="marker-4"), "identity-mismatch"),
    Case("traccar-client", "stray", keyed("stray", 0, x="marker-5"), "unknown-device"),
    Case("owntracks", "3001", '{"_type": "encrypted", "data": "marker-6"}', "encrypted"),
    Case("pings", "2001", json.dumps(native("TRUCK-9", 0, source="marker-8")), "identity-mismatch"),
    Case("osmand", "1001", "?id=1001&lat=1&lon=1&timestamp=marker-9", "bad-field"),
]

FOREIGN = [
    Case("traccar-client", "1001", f"?{keyed('2001', 0, x='marker-f')}"),
    Case("traccar-client", "1001", keyed("2001", 0, x="marker-f")),
    Case("traccar-client", "1001", v9("2001", 0).replace("{", '{"x": "marker-f", ', 1)),
    Case("osmand", "1001", f"?{keyed('TRUCK-2', 0, x='marker-f')}"),
    Case("owntracks", "3001", located(0, topic="owntracks/x/2001", x="marker-f")),
    Case("pings", "2001", json.dumps([native("TRUCK-2", 0, source="marker-f"), native("TRUCK-1", 0)])),
    Case("pings", "2001", json.dumps(native("revoked", 0, source="marker-f"))),
]
"""With a good token, in the name of another device."""

STRANGERS = [
    ("/v1/traccar-client", {}, 401),
    ("/v1/traccar-client/wrong", {}, 401),
    ("/v1/traccar-client/{revoked}", {}, 403),
    ("/v1/owntracks", {"authorization": "Basic eDp5"}, 401),
    ("/v1/owntracks", {"authorization": "Basic ?"}, 401),
    ("/v1/pings", {"authorization": "Bearer wrong"}, 401),
    ("/v1/pings", {"authorization": "Digest x"}, 401),
]

LARGE = b"id=1001&marker-large=" + b"x" * 1_000_000


class Heard:
    """The answers that trackers got, and what was on the topics afterwards."""

    def __init__(self, gateway: Gateway, client: httpx.Client) -> None:
        self.refusals = [
            client.post(
                gateway.url + url.format(revoked=gateway.tokens["revoked"]), headers=headers, content=f"x={STRANGER}"
            )
            for url, headers, _ in STRANGERS
        ]
        self.foreign = [self.send(gateway, client, case) for case in FOREIGN]
        self.answers = {case: self.send(gateway, client, case) for case in GOOD + BAD}
        self.natives = self.send_natives(gateway, client)
        self.large = client.post(gateway.path("traccar-client", "1001"), content=LARGE)
        self.records = asyncio.run(read(gateway))

    def send(self, gateway: Gateway, client: httpx.Client, case: Case) -> httpx.Response:
        path = gateway.path(case.form, case.device)
        return client.post(path + case.body) if case.body[:1] == "?" else client.post(path, content=case.body)

    def send_natives(self, gateway: Gateway, client: httpx.Client) -> list[Any]:
        headers = {"authorization": f"Bearer {gateway.tokens['GUARD-1']}"}
        array = [native("GUARD-1", 21), native("GUARD-1", 22, lat=91)]
        lines = "\n".join(json.dumps(native("GUARD-1", ago_s)) for ago_s in (23, 24))
        bodies = (json.dumps(array[0]), json.dumps(array), lines, "[]")
        url = f"{gateway.url}/v1/pings"
        return [client.post(url, content=body, headers=headers).json()["results"] for body in bodies]

    def pings(self, ago_s: int, topic: str = "convoy-pings") -> list[Ping]:
        pings = [PING.validate_json(record.value) for record in self.records if record.topic.endswith(f".{topic}")]
        return [ping for ping in pings if ping.time.timestamp() == NOW_S - ago_s]

    def letters(self, part: bytes) -> list[tuple[str, ConsumerRecord]]:
        letters = [record for record in self.records if record.topic.endswith("-dlt")]
        return [(dict(record.headers)[CODE].decode(), record) for record in letters if part in record.value]


async def read(gateway: Gateway) -> list[ConsumerRecord]:
    topics = gateway.topics
    names = [topics.convoy_pings, topics.escort_pings, topics.dlt(topics.gateway)]
    async with following(gateway.broker, names, from_beginning=True) as follower:
        return [record for name in names for record in await follower.read_to_end(name)]


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=15) as made:
        yield made


@pytest.fixture(scope="module")
def heard(gateway: Gateway, client: httpx.Client) -> Heard:
    return Heard(gateway, client)


def test_every_message_of_a_known_device_gets_200_and_owntracks_a_body_that_it_understands(heard: Heard) -> None:
    for case, answer in heard.answers.items():
        assert answer.status_code == 200, case
        if case.form == "owntracks":
            assert (answer.content, answer.headers["content-type"]) == (b"[]", "application/json")
        elif case.form != "pings":
            assert answer.content == b""


def test_each_generation_of_traccar_client_is_heard(heard: Heard) -> None:
    pings = [ping for ago_s in (1, 2, 3, 4) for ping in heard.pings(ago_s)]
    assert {(ping.vehicle_id, ping.convoy_id, ping.tracker_id) for ping in pings} == {("TRUCK-1", "C-1", "1001")}
    assert [ping.source for ping in pings] == [f"traccar-client/{number}" for number in (8, 9, 10, 8)]
    assert [ping.sos for ping in pings] == [False, False, False, True]
    assert pings[0].speed_mps == pings[2].speed_mps == pytest.approx(5.14444)


def test_osmand_and_owntracks_are_heard_and_escorts_have_their_topic(heard: Heard) -> None:
    (osmand,), (owntracks,) = heard.pings(5), heard.pings(6, "escort-pings")
    assert (osmand.vehicle_id, osmand.speed_mps) == ("TRUCK-2", 10)
    assert (owntracks.vehicle_id, owntracks.source, owntracks.speed_mps) == ("GUARD-1", "owntracks/http", 10)


def test_native_pings_get_an_answer_each_and_a_vehicle_is_its_own_device(heard: Heard) -> None:
    one, array, lines, empty = heard.natives
    assert one == [{"status": "accepted"}]
    assert [(result["status"], result.get("code")) for result in array] == [
        ("duplicate", None),
        ("dead-letter", "bad-field"),
    ]
    assert [result["status"] for result in lines] == ["accepted", "accepted"]
    assert empty == []
    assert [len(heard.pings(ago_s, "escort-pings")) for ago_s in (21, 22, 23, 24)] == [1, 0, 1, 1]


def test_a_second_copy_that_calls_for_help_is_no_duplicate(heard: Heard) -> None:
    assert [ping.sos for ping in heard.pings(7)] == [False, True]


def test_a_lost_roll_over_of_the_gps_week_is_mended(heard: Heard) -> None:
    assert [ping.vehicle_id for ping in heard.pings(8)] == ["TRUCK-2"]


def test_a_call_for_help_goes_on_without_the_clock_that_is_wrong(heard: Heard) -> None:
    (record,) = [record for record in heard.records if b"TRUCK-2" in record.value and b'"sos":true' in record.value]
    ping = PING.validate_json(record.value)
    assert ping.lat is None
    assert ping.time.timestamp() == pytest.approx(record.timestamp / 1000, abs=60)


@pytest.mark.parametrize("case", BAD, ids=lambda case: f"{case.form}-{case.code}")
def test_what_would_fail_again_is_taken_off_the_client_and_kept(heard: Heard, case: Case) -> None:
    ((code, record),) = heard.letters(case.marker.encode())
    assert (code, record.value, record.key) == (case.code, case.body.encode(), case.device.encode())


def test_a_body_that_is_too_large_keeps_its_beginning(heard: Heard) -> None:
    ((code, record),) = heard.letters(b"marker-large")
    assert heard.large.status_code == 200
    assert (code, record.value) == ("too-large", LARGE[: 256 * 1024 + 1])


def test_a_stranger_leaves_no_trace_but_a_count(heard: Heard, gateway: Gateway, client: httpx.Client) -> None:
    assert [answer.status_code for answer in heard.refusals] == [status for *_, status in STRANGERS]
    assert [record for record in heard.records if STRANGER.encode() in record.value] == []
    told = client.get(gateway.metrics_url).text
    for outcome, protocol, count in (("unauthorized", "native", 2), ("forbidden", "traccar-client", 1)):
        assert f'kawal_gateway_requests_total{{outcome="{outcome}",protocol="{protocol}"}} {count}.0' in told


def test_a_device_that_speaks_for_another_is_refused_and_leaves_no_trace_but_a_count(
    heard: Heard, gateway: Gateway, client: httpx.Client
) -> None:
    assert [answer.status_code for answer in heard.foreign] == [403] * len(FOREIGN)
    assert [record for record in heard.records if b"marker-f" in record.value] == []
    told = client.get(gateway.metrics_url).text
    for protocol, count in (("traccar-client", 3), ("osmand", 1), ("owntracks", 1), ("native", 2)):
        assert f'kawal_gateway_requests_total{{outcome="identity-mismatch",protocol="{protocol}"}} {count}.0' in told


def test_basic_auth_belongs_to_one_user(gateway: Gateway, client: httpx.Client) -> None:
    url, token = f"{gateway.url}/v1/owntracks", gateway.tokens["3001"]
    assert client.post(url, content=b"", auth=("1001", token)).status_code == 401
    assert client.post(url, content=b"", auth=("3001", token)).status_code == 200


def test_there_is_no_redirect_and_no_token_in_the_log(gateway: Gateway, client: httpx.Client) -> None:
    path = gateway.path("traccar-client", "1001")
    assert client.post(f"{path}/", content=keyed("1001", 0)).status_code == 200
    assert client.get(f"{gateway.url}/v1/").status_code == 404
    assert [token for token in gateway.tokens.values() if token in gateway.text] == []


def test_a_device_that_floods_is_slowed_then_refused_and_others_are_not(gateway: Gateway, client: httpx.Client) -> None:
    url, headers = f"{gateway.url}/v1/pings", {"authorization": f"Bearer {gateway.tokens['flood']}"}
    many = json.dumps([native("flood", 0)] * 900)
    answers = [client.post(url, content=many, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 503]
    assert int(answers[1].headers["retry-after"]) > 0
    assert client.post(gateway.path("osmand", "2001"), content=keyed("2001", 0)).status_code == 200


def test_swollen_and_slow_heads_end_only_their_own_connection(gateway: Gateway, client: httpx.Client) -> None:
    slow = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(200)]
    for connection in slow:
        connection.sendall(b"POST /v1/pings HTTP/1.1\r\nx: ")
    assert client.post(gateway.path("osmand", "2001"), content=keyed("2001", 0)).status_code == 200
    slow[0].sendall(b"y" * 40_000)
    assert slow[0].recv(100).startswith(b"HTTP/1.1 431")
    for connection in slow:
        connection.close()
