"""Phones as a load: clients that keep their connection, and queue and send again as Traccar Client does."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

ANSWER_S_MAX = 15.0
"""Traccar Client gives up an answer after this time."""


class Connection:
    """One HTTP connection that is kept and, when it breaks, made anew."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self, head: bytes) -> int:
        """Send a request and return the status of its answer. Raises OSError or TimeoutError."""
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                if self._streams is None:
                    self._streams = await asyncio.open_connection("127.0.0.1", self._port)
                reader, writer = self._streams
                writer.write(head)
                answer = await reader.readuntil(b"\r\n\r\n")
                length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r")[0] or 0)
                await reader.readexactly(length)
                return int(answer[9:12])
        except (OSError, EOFError, TimeoutError):
            self.close()
            raise

    def close(self) -> None:
        """Break it off."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def query(token: str, device: str, at_s: int) -> bytes:
    """A position as Traccar Client up to version 8 sends it."""
    place = "lat=-7.25&lon=112.75&speed=12.5&bearing=63.0&altitude=20.0&accuracy=0.0&batt=87.0"
    keys = f"id={device}&timestamp={at_s}&{place}"
    return f"POST /v1/traccar-client/{token}?{keys} HTTP/1.1\r\nHost: gateway\r\nContent-Length: 0\r\n\r\n".encode()


@dataclass(slots=True)
class Phone:
    """Measures a position each `every_s`, keeps what is not delivered, and sends the oldest first, one at a time."""

    device: str
    token: str
    port: int
    every_s: float
    retry_s: float
    begin_s: int
    waiting: deque[int] = field(default_factory=deque)
    refused: int = 0

    async def run(self, positions: int) -> None:
        """Measure so many positions and return when all are delivered."""
        measuring = asyncio.create_task(self._measure(positions))
        connection = Connection(self.port)
        while not measuring.done() or self.waiting:
            if not self.waiting:
                await asyncio.wait([measuring], timeout=self.every_s)
            elif await self._deliver(connection, self.waiting[0]):
                self.waiting.popleft()
            else:
                self.refused += 1
                await asyncio.sleep(self.retry_s)
        connection.close()

    async def _measure(self, positions: int) -> None:
        for number in range(positions):
            self.waiting.append(self.begin_s + number)
            await asyncio.sleep(self.every_s)

    async def _deliver(self, connection: Connection, at_s: int) -> bool:
        try:
            return await connection.request(query(self.token, self.device, at_s)) < 400  # as the app judges
        except (OSError, EOFError, TimeoutError):
            return False
