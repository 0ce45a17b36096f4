"""The event stream: what changed goes to every client, at its own pace and within bounds."""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from console.sessions import Session

RING_EVENTS_MAX = 10_000
RING_BYTES_MAX = 32 * 1024 * 1024
"""What a client that was away for a while is given again; of a second of a thousand convoys that is some 40 kB."""

QUEUE_EVENTS_MAX = 1_000

GZIP_BEGIN = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""What a gzip stream begins with (RFC 1952). Nothing else of it belongs to one client alone."""


class Chunk:
    """Bytes for many clients, packed at most once for all of them.

    What is packed is a piece of a deflate stream that looks back to nothing before it and ends on a byte: behind
    GZIP_BEGIN, such pieces make one stream in any order.
    """

    __slots__ = ("_packed", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._packed: bytes | None = None

    def __len__(self) -> int:
        return len(self.raw)

    @property
    def packed(self) -> bytes:
        """The same, deflated."""
        if self._packed is None:
            deflate = zlib.compressobj(1 if len(self.raw) > PACKED_FAST_ABOVE else 6, wbits=-zlib.MAX_WBITS)
            self._packed = deflate.compress(self.raw) + deflate.flush(zlib.Z_SYNC_FLUSH)
        return self._packed


PACKED_FAST_ABOVE = 100_000
"""A snapshot may have megabytes: packing it well would make everybody else wait for a quarter of a second."""

RESYNC = Chunk(b"event: resync\ndata: {}\n\n")


@dataclass(slots=True)
class Event:
    """One event as it is sent; `desk`: what the report desk is given, None for nothing."""

    seq: int
    full: Chunk
    desk: Chunk | None


@dataclass(eq=False, slots=True)
class Client:
    """One open stream of a session; `packs`: gzipped. An empty value in the queue ends it."""

    session: Session
    packs: bool = False
    queue: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(QUEUE_EVENTS_MAX))

    @property
    def is_desk(self) -> bool:
        """Whether it must not see positions."""
        return self.session.role == "report-desk"

    def put(self, event: Event) -> bool:
        """Queue an event; gives False where the client does not keep up."""
        chunk = event.desk if self.is_desk else event.full
        if chunk is None:
            return True
        try:
            self.queue.put_nowait(self._bytes_of(chunk))
        except asyncio.QueueFull:
            self.end(RESYNC)
            return False
        return True

    def end(self, *last: Chunk) -> None:
        """Drop what waits, and end the stream with these events."""
        while not self.queue.empty():
            self.queue.get_nowait()
        for chunk in (*map(self._bytes_of, last), b""):
            self.queue.put_nowait(chunk)

    async def events(self) -> AsyncIterator[bytes]:
        """Yield what is sent, until the end. What waits goes out at once: sending costs more than what is sent."""
        if self.packs:
            yield GZIP_BEGIN
        chunks = [b"-"]
        while chunks[-1]:
            chunks = [await self.queue.get()]
            while chunks[-1] and not self.queue.empty():
                chunks.append(self.queue.get_nowait())
            if sent := b"".join(chunks):
                yield sent

    def _bytes_of(self, chunk: Chunk) -> bytes:
        return chunk.packed if self.packs else chunk.raw


class Stream:
    """Numbers events, remembers the newest, and hands them to the clients."""

    def __init__(self, boot: str) -> None:
        self.boot = boot
        self.seq = 0
        self.clients: set[Client] = set()
        self.dropped: Callable[[], object] = lambda: None
        self._ring: deque[Event] = deque()
        self._ring_bytes = 0
        self._whole: dict[bool, Event] = {}

    def publish(self, name: str, value: Any, desk: Any = None) -> None:
        """Send an event that a client which was away is given again; `desk` is what the report desk sees of it."""
        self.seq += 1
        event = Event(self.seq, self._chunk(name, value), None if desk is None else self._chunk(name, desk))
        self._ring.append(event)
        self._ring_bytes += len(event.full) + len(event.desk or ())
        while len(self._ring) > RING_EVENTS_MAX or (self._ring_bytes > RING_BYTES_MAX and len(self._ring) > 1):
            old = self._ring.popleft()
            self._ring_bytes -= len(old.full) + len(old.desk or ())
        self._send(event)

    def tell(self, name: str, value: Any) -> None:
        """Send an event that is of no use later, to everybody."""
        chunk = Chunk(b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(value)))
        self._send(Event(self.seq, chunk, chunk))

    def forget_snapshots(self) -> None:
        """Let the next client that needs a snapshot have a new one: a second has passed."""
        self._whole.clear()

    def open(self, client: Client, last_event_id: str, snapshot: Callable[[], Any]) -> None:
        """Begin a client's stream where it left off, or with a snapshot.

        All who come within a second share one, and are given what has changed since: after a restart everybody comes.
        """
        missed = self._missed(last_event_id)
        if missed is None or not all(map(client.put, missed)):
            client.end()
            client.queue.get_nowait()  # what ends it; it only begins
            shared = self._whole.get(client.is_desk)
            since = None if shared is None else self._since(shared.seq)
            if shared is None or since is None or not all(map(client.put, [shared, *since])):
                shared = self._whole[client.is_desk] = self._only(snapshot())
                client.end()
                client.queue.get_nowait()
                client.put(shared)
        self.clients.add(client)

    def _missed(self, last_event_id: str) -> list[Event] | None:
        boot, _, text = last_event_id.rpartition("-")
        if boot != self.boot or not text.isdecimal() or int(text) > self.seq:
            return None
        return self._since(int(text))

    def _since(self, seq: int) -> list[Event] | None:
        if seq < self.seq and (not self._ring or self._ring[0].seq > seq + 1):
            return None
        return [event for event in self._ring if event.seq > seq]

    def _only(self, value: Any) -> Event:
        chunk = self._chunk("snapshot", value)
        return Event(self.seq, chunk, chunk)

    def _chunk(self, name: str, value: Any) -> Chunk:
        return Chunk(
            b"id: %b-%d\nevent: %b\ndata: %b\n\n"
            % (self.boot.encode(), self.seq, name.encode(), msgspec.json.encode(value))
        )

    def _send(self, event: Event) -> None:
        for client in list(self.clients):
            if not client.put(event):
                self.clients.discard(client)
                self.dropped()
