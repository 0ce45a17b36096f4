"""A connection answers all that a client sends, in order, whatever it looks like, and nobody else notices."""

import random
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import httpx
import pytest

from bench.running_gateway import Gateway, running
from tests.gateway.posts import send_until_stuck
from tests.gateway.test_http import keyed

EMPTY_200 = (200, b"")


class Raw:
    """A client that sends bytes and reads answers."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=15)
        self.heard = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self) -> tuple[int, bytes]:
        head = self._until(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        while len(self.heard) < length:
            self._read()
        body, self.heard = self.heard[:length], self.heard[length:]
        return int(head[9:12]), body

    def interim(self) -> bytes:
        return self._until(b"\r\n\r\n")

    def is_closed(self) -> bool:
        return self.heard == b"" and self.socket.recv(1) == b""

    def read_to_end(self) -> None:
        with suppress(ConnectionError):
            while self.socket.recv(65536):
                pass

    def _until(self, end: bytes) -> bytes:
        while end not in self.heard:
            self._read()
        found, _, self.heard = self.heard.partition(end)
        return found

    def _read(self) -> None:
        data = self.socket.recv(65536)
        assert data, "the connection was closed"
        self.heard += data


@pytest.fixture(scope="module")
def gateway(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One of its own: other tests count what theirs refuses."""
    log = tmp_path_factory.mktemp("connection") / "log"
    with running(Gateway(gateway.broker, gateway.topics, log, gateway.tokens)) as made:
        yield made


@contextmanager
def connected(gateway: Gateway) -> Iterator[Raw]:
    raw = Raw(gateway.port)
    with closing(raw.socket):
        yield raw


def request(path: str, body: bytes = b"", *, more: str = "", version: str = "1.1") -> bytes:
    head = f"POST {path} HTTP/{version}\r\nHost: x\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def to(gateway: Gateway, form: str = "traccar-client", device: str = "1001") -> str:
    return f"/v1/{form}/{gateway.tokens[device]}"


def assert_serves(gateway: Gateway) -> None:
    """A good client is heard."""
    assert httpx.post(gateway.path("osmand", "2001"), content=keyed("2001", 900)).status_code == 200


def test_what_is_sent_ahead_is_answered_in_its_order(gateway: Gateway) -> None:
    good, stranger = request(to(gateway), keyed("1001", 901).encode()), request("/v1/osmand/wrong", b"x=1")
    health = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    with connected(gateway) as raw:
        raw.send((good + stranger + health + stranger + good) * 20)
        answers = [raw.answer() for _ in range(100)]
    assert answers == [EMPTY_200, (401, b""), (200, b'{"live":true}'), (401, b""), EMPTY_200] * 20


def test_thousands_sent_ahead_wait_until_the_client_reads(gateway: Gateway) -> None:
    count = 300_000
    with connected(gateway) as raw:
        one = request("/v1/osmand/wrong")
        sent = send_until_stuck(raw.socket, one * count)
        assert sent < len(one) * count, "it does not take in what it cannot answer"
        assert_serves(gateway)
        assert [raw.answer()[0] for _ in range(sent // len(one))] == [401] * (sent // len(one))


@pytest.mark.parametrize("pieces", [1, 7, 100])
def test_a_request_may_come_in_pieces(gateway: Gateway, pieces: int) -> None:
    whole = request(to(gateway), keyed("1001", 902).encode())
    with connected(gateway) as raw:
        raw.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(whole), pieces):
            raw.send(whole[start : start + pieces])
        assert raw.answer() == EMPTY_200


def test_a_body_may_come_in_chunks(gateway: Gateway) -> None:
    body = keyed("1001", 903).encode()
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:10], body[10:])) + b"0\r\n\r\n"
    head = f"POST {to(gateway)} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    with connected(gateway) as raw:
        raw.send((head + chunks) * 2)
        assert [raw.answer(), raw.answer()] == [EMPTY_200] * 2


def test_who_asks_before_sending_a_body_is_told_to_go_on(gateway: Gateway) -> None:
    body = keyed("1001", 904).encode()
    whole = request(to(gateway), body, more="Expect: 100-continue\r\n")
    with connected(gateway) as raw:
        raw.send(whole[: -len(body)])
        assert raw.interim() == b"HTTP/1.1 100 Continue"
        raw.send(body)
        assert raw.answer() == EMPTY_200


def test_who_asks_before_sending_a_body_and_is_refused_starts_anew(gateway: Gateway) -> None:
    with connected(gateway) as raw:
        raw.send(request("/v1/osmand/wrong", b"x" * 10, more="Expect: 100-continue\r\n")[:-10])
        assert raw.answer() == (401, b"")
        assert raw.is_closed()


@pytest.mark.parametrize(("version", "more"), [("1.0", ""), ("1.1", "Connection: close\r\n")])
def test_a_connection_for_one_request_is_closed_behind_it(gateway: Gateway, version: str, more: str) -> None:
    with connected(gateway) as raw:
        raw.send(request(to(gateway), keyed("1001", 905).encode(), more=more, version=version))
        assert raw.answer() == EMPTY_200
        assert raw.is_closed()


def test_a_stranger_with_a_large_body_is_refused_and_may_go_on(gateway: Gateway) -> None:
    with connected(gateway) as raw:
        raw.send(request("/v1/osmand/wrong", b"x" * 1_000_000))
        raw.send(request(to(gateway), keyed("1001", 906).encode()))
        assert [raw.answer(), raw.answer()] == [(401, b""), EMPTY_200]


@pytest.mark.parametrize(
    "path",
    ["http://any.host/v1/traccar-client/{}", "/v1/traccar%2Dclient/{}", "/v1/osmand/{}/", "/v1/osmand/{}#there"],
)
def test_a_path_may_be_written_in_other_ways(gateway: Gateway, path: str) -> None:
    with connected(gateway) as raw:
        raw.send(request(path.format(gateway.tokens["1001"]), keyed("1001", 907).encode()))
        assert raw.answer() == EMPTY_200


def test_no_bytes_end_more_than_their_own_connection(gateway: Gateway) -> None:
    chance = random.Random(7)
    good = request(to(gateway), keyed("1001", 908).encode()) + request("/livez") + request("/v1/pings", b"[]")
    for _ in range(300):
        data = bytearray(good * 3)
        for _ in range(chance.randrange(1, 6)):
            start = chance.randrange(len(data))
            data[start : start + chance.randrange(0, 9)] = chance.randbytes(chance.randrange(0, 9))
        with connected(gateway) as raw:
            raw.send(bytes(data[: chance.randrange(1, len(data))]))
            raw.socket.shutdown(socket.SHUT_WR)
            raw.read_to_end()
    assert_serves(gateway)
    assert "Traceback" not in gateway.text


def test_who_goes_in_the_middle_leaves_nothing_behind(gateway: Gateway) -> None:
    swollen = request(to(gateway), b"x" * 200_000)
    for _ in range(500):  # of each 150 kB: together more than all connections may hold at once
        with connected(gateway) as raw:
            raw.send(swollen[:150_000])
    assert_serves(gateway)
    assert httpx.post(gateway.path("traccar-client", "1001"), content=b"x" * 300_000).status_code == 200
