"""A load of HTTP requests on connections that are kept, cheap enough to leave the core to what is measured."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.measure import BenchError

CONNECTIONS = 512
"""The gateway answers when Kafka has a position, some ten milliseconds later: so many are under way at once."""

END = b"\r\n\r\n"
OK, EMPTY = b"HTTP/1.1 200", b"content-length: 0\r\n\r\n"
PACE_S = 0.002
DRIBBLE_S = 1.0


@dataclass(frozen=True, slots=True)
class Load:
    """What a load took: answers, seconds, and the time of each answer in milliseconds."""

    answers: int
    seconds: float
    latencies_ms: list[float]


class _Run:
    """The answers of all connections, and when the last one is there."""

    def __init__(self, requests: int) -> None:
        self.begin(requests)

    def begin(self, requests: int) -> None:
        """Count from here, until so many are answered."""
        self.requests = requests
        self.latencies_ms: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def answered(self, due_s: float) -> None:
        self.latencies_ms.append((time.perf_counter() - due_s) * 1000)
        if len(self.latencies_ms) == self.requests and not self.done.done():
            self.done.set_result(None)

    def fail(self, reason: str) -> None:
        if not self.done.done():
            self.done.set_exception(BenchError(reason))


class _Sender(asyncio.Protocol):
    """One connection: sends one request after the other, each when it is due and the one before is answered."""

    def __init__(self, run: _Run, requests: Iterable[bytes], is_paced: bool) -> None:
        self._run = run
        self._left = deque(requests)
        self._due_s: deque[float] = deque()
        self._is_paced = is_paced
        self._heard = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def push(self, due_s: float) -> None:
        """Let the next request be due."""
        self._due_s.append(due_s)
        if len(self._due_s) == 1:
            self._transport.write(self._left.popleft())

    def data_received(self, data: bytes) -> None:
        if data.endswith(EMPTY) and data.startswith(OK) and not self._heard:  # as nearly all: without looking closer
            self._next()
        else:
            self._look_at(data)

    def _look_at(self, data: bytes) -> None:
        self._heard += data
        head, end, body = self._heard.partition(END)
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0] or 0)
        if not end or len(body) < length:
            return
        if head[9:12] != b"200":
            self._run.fail(f"an answer was {head[9:12].decode(errors='replace')}, not 200")
            return
        self._heard = b""
        self._next()

    def _next(self) -> None:
        self._run.answered(self._due_s.popleft())
        if self._due_s:
            self._transport.write(self._left.popleft())
        elif self._left and not self._is_paced:
            self.push(time.perf_counter())

    def connection_lost(self, _: Exception | None) -> None:
        self._run.fail("a connection was closed before its time")

    def close(self) -> None:
        """End it, with nothing more to hear."""
        self._transport.abort()


async def load(port: int, requests: Sequence[Sequence[bytes]], rate_per_s: float | None = None) -> Load:
    """Send the requests of each connection one after the other, all connections at once, as fast as they are answered.

    With `rate_per_s` all together at that rate, evenly; the latency then counts from when a request was due. The first
    request of each connection comes before that and does not count: its answer tells that the server has taken the
    connection on, and a connection that is kept is a new one once. Raises BenchError where an answer is not 200.
    """
    count, loop = sum(map(len, requests)), asyncio.get_running_loop()
    run = _Run(count)
    made = [
        loop.create_connection(lambda mine=mine: _Sender(run, mine, rate_per_s is not None), "127.0.0.1", port)  # type: ignore[misc]
        for mine in requests
        if mine
    ]
    senders = [sender for _, sender in await asyncio.gather(*made)]
    try:
        if rate_per_s is not None and count > len(senders):
            run.begin(len(senders))
            await _paced(run, senders, None)
            run.begin(count - len(senders))
        seconds = await _paced(run, senders, rate_per_s)
        return Load(run.requests, seconds, run.latencies_ms)
    finally:
        for sender in senders:
            sender.close()


async def _paced(run: _Run, senders: Sequence[_Sender], rate_per_s: float | None) -> float:
    """Let requests be due until those of the run are answered; returns how many seconds that took."""
    begin_s = time.perf_counter()
    pacing = asyncio.create_task(_pace(senders, run.requests, rate_per_s, begin_s))
    try:
        await run.done
        return time.perf_counter() - begin_s
    finally:
        pacing.cancel()


async def _pace(senders: Sequence[_Sender], requests: int, rate_per_s: float | None, begin_s: float) -> None:
    """Let requests be due, one connection after the other; without a rate one each, and each answer brings the next."""
    if rate_per_s is None:
        for sender in senders:
            sender.push(begin_s)
        return
    number = 0
    while number < requests:
        due = min(int((time.perf_counter() - begin_s) * rate_per_s) + 1, requests)
        for index in range(number, due):
            senders[index % len(senders)].push(begin_s + index / rate_per_s)
        number = due
        await asyncio.sleep(PACE_S)


async def dribble(port: int, connections: int) -> None:
    """Open connections that send their request a byte a second and never end it; until cancelled."""
    opened = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(connections)))
    for _, writer in opened:
        writer.write(b"POST /v1/pings HTTP/1.1\r\nx: ")
    try:
        while True:
            await asyncio.sleep(DRIBBLE_S)
            for _, writer in opened:
                writer.write(b"y")
    finally:
        for _, writer in opened:
            writer.transport.abort()
