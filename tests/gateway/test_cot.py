"""Cursor on Target over real sockets: who proves who he is becomes pings, and nobody can hold the others up."""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest
import trustme
from aiokafka import ConsumerRecord

from bench.running_gateway import Gateway, running
from gateway.cot import CotInput
from gateway.listen import BindError
from models.dead_letter import CODE
from models.ping import PING, Ping
from models.settings import load_settings
from tests.gateway.posts import send_until_stuck
from tests.gateway.test_http import NOW_S, instant, read

LAUGHS = '<!DOCTYPE event [<!ENTITY a "ha">]><event uid="1001" mark="{mark}">&a;</event>'


def event(uid: str, ago_s: int, mark: str) -> bytes:
    times = f'time="{instant(NOW_S - ago_s)}" start="{instant(NOW_S - ago_s)}" stale="{instant(NOW_S + 60)}"'
    point = '<point lat="-7.25" lon="112.75" hae="9999999" ce="12" le="9999999"/><detail><track speed="7"/></detail>'
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    said = f'uid="{uid}" type="a-f-G-U-C" how="m-g" {times} mark="{mark}"'
    return f'{head}<event version="2.0" {said}>{point}</event>'.encode()


class Post:
    """A gateway with Cursor on Target, and what it has written."""

    def __init__(self, gateway: Gateway, authority: trustme.CA) -> None:
        self.gateway = gateway
        self.authority = authority
        self.records: list[ConsumerRecord] = []

    @property
    def port(self) -> int:
        line = next(line for line in self.gateway.text.splitlines() if "Cursor on Target at" in line)
        return int(line.rsplit(":", 1)[1])

    def plain(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def connect(self, name: str | None = None) -> ssl.SSLSocket:
        """Connect, with a certificate of this name."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        if name is not None:
            self.authority.issue_cert(common_name=name).configure_cert(context)
        return context.wrap_socket(self.plain(), server_hostname="127.0.0.1")

    def wait_for(self, mark: bytes) -> None:
        end_s = time.monotonic() + 30
        while not any(mark in record.value for record in self.records):
            assert time.monotonic() < end_s, self.gateway.text
            self.records = asyncio.run(read(self.gateway))

    def pings(self, ago_s: int) -> list[Ping]:
        pings = [PING.validate_json(it.value) for it in self.records if not it.topic.endswith("-dlt")]
        return [ping for ping in pings if (ping.source, ping.time.timestamp()) == ("cot", NOW_S - ago_s)]

    def codes(self, mark: str) -> list[str]:
        letters = [it for it in self.records if it.topic.endswith("-dlt") and mark.encode() in it.value]
        return [dict(it.headers)[CODE].decode() for it in letters]

    def counted(self, outcome: str) -> float:
        told = httpx.get(self.gateway.metrics_url).text
        name = f'kawal_gateway_requests_total{{outcome="{outcome}",protocol="cot"}}'
        return sum(float(line.rsplit(" ", 1)[1]) for line in told.splitlines() if line.startswith(name))


@pytest.fixture(scope="module")
def post(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    folder, authority = tmp_path_factory.mktemp("cot"), trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    more = {
        "KAWAL_GATEWAY_TLS_CERT": str(folder / "cert.pem"),
        "KAWAL_GATEWAY_TLS_KEY": str(folder / "key.pem"),
        "KAWAL_GATEWAY_COT_PORT": "0",
        "KAWAL_GATEWAY_COT_CLIENT_CA": str(folder / "ca.pem"),
        "KAWAL_GATEWAY_COT_RELAYS": "tak-server",
    }
    with running(Gateway(gateway.broker, gateway.topics, folder / "log", gateway.tokens, more)) as made:
        yield Post(made, authority)


def is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except OSError:
        return True


def test_a_token_a_login_and_a_certificate_speak_for_one_device_and_a_relay_for_all(post: Post) -> None:
    token = post.gateway.tokens["1001"]
    login = f'<auth><cot username="2001" password="{post.gateway.tokens["2001"]}" uid="x"/></auth>\n'
    with (
        post.connect() as line,
        post.connect() as atak,
        post.connect("GUARD-1") as guard,
        post.connect("tak-server") as relay,
    ):
        stream = token.encode() + b"\n" + event("1001", 71, "a") + event("2001", 72, "cot-2") + event("1001", 73, "c")
        for begin in range(0, len(stream), 100):  # what is one event comes in many pieces
            line.sendall(stream[begin : begin + 100])
        atak.sendall(login.encode() + event("TRUCK-2", 74, "d"))
        guard.sendall(event("GUARD-1", 75, "e") + b"\n" + event("TRUCK-1", 76, "cot-6"))
        relay.sendall(event("2001", 77, "g") + event("nobody", 78, "cot-8") + event("revoked", 79, "cot-9"))
        line.sendall(LAUGHS.format(mark="cot-laughs").encode())
        for mark in (b"cot-laughs", b"cot-6", b"cot-9", instant(NOW_S - 74).encode()):
            post.wait_for(mark)
    assert [ping.vehicle_id for ago_s in (71, 73, 74, 75, 77) for ping in post.pings(ago_s)] == [
        *("TRUCK-1", "TRUCK-1", "TRUCK-2", "GUARD-1", "TRUCK-2")
    ]
    assert post.codes("cot-2") == post.codes("cot-6") == post.codes("cot-9") == ["identity-mismatch"]
    assert post.codes("cot-8") == ["unknown-device"]
    assert post.codes("cot-laughs") == ["bad-field"]
    assert token not in post.gateway.text


@pytest.mark.parametrize(
    ("greeting", "outcome"),
    [
        (b"wrong\n", "unauthorized"),
        (b"<auth><cot/></auth>", "unauthorized"),
        (b"<event/>" + b"x" * 2000, "unauthorized"),
        (b"\xff\n", "unauthorized"),
        (b"revoked", "forbidden"),
    ],
)
def test_a_stranger_is_turned_away(post: Post, greeting: bytes, outcome: str) -> None:
    before = post.counted(outcome)
    known = post.gateway.tokens.get(greeting.decode(errors="replace"))
    with post.connect() as connection:
        connection.sendall((known.encode() + b"\n" if known else greeting) + event("1001", 90, "cot-stranger"))
        assert is_closed(connection)
    assert post.counted(outcome) == before + 1
    assert post.codes("cot-stranger") == post.pings(90) == []


def test_a_certificate_of_another_authority_is_no_certificate(post: Post) -> None:
    context = ssl.create_default_context()
    post.authority.configure_trust(context)
    trustme.CA().issue_cert(common_name="GUARD-1").configure_cert(context)
    try:
        with context.wrap_socket(post.plain(), server_hostname="127.0.0.1") as connection:
            connection.sendall(event("GUARD-1", 91, "cot-other"))
            assert is_closed(connection)
    except OSError:
        pass  # TLS 1.3 tells the client at any time after its own handshake
    post.records = asyncio.run(read(post.gateway))
    assert post.codes("cot-other") == post.pings(91) == []


def test_silent_and_swollen_connections_hold_nobody_up(post: Post) -> None:
    silent = [post.plain() for _ in range(200)]
    with post.connect("1001") as swollen, post.connect("2001") as other:
        swollen.sendall(b'<event mark="cot-large' + b"x" * 70_000)
        other.sendall(event("2001", 92, "k"))
        post.wait_for(b"cot-large")
        post.wait_for(instant(NOW_S - 92).encode())
        assert is_closed(swollen)
    assert post.codes("cot-large") == ["too-large"]
    for connection in silent:
        connection.close()


def test_a_device_that_floods_is_read_at_its_pace_and_held_in_no_memory(post: Post) -> None:
    assert post.gateway.process is not None
    process = psutil.Process(post.gateway.process.pid)
    flood = event("flood", 93, "flood") * 80_000
    with post.connect("flood") as floods, post.connect("2001") as other:
        before = process.memory_info().rss
        assert send_until_stuck(floods, flood) < len(flood)
        assert process.memory_info().rss < before + len(flood) // 2
        other.sendall(event("2001", 94, "l"))
        post.wait_for(instant(NOW_S - 94).encode())


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("KAWAL_GATEWAY_COT_BIND", "0.0.0.0", "--insecure"), ("KAWAL_GATEWAY_COT_CLIENT_CA", "missing", "needs TLS")],
)
def test_it_says_why_it_does_not_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BindError, match=told):
        CotInput(0, load_settings(), insecure=False)
