"""The event stream: what changed goes to every client, at its own pace and within bounds."""

from __future__ import annotations

import asyncio
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

RESYNC = b"event: resync\ndata: {}\n\n"


@dataclass(slots=True)
class Event:
    """One event as it is sent; `desk`: what the report desk is given, None for nothing."""

    seq: int
    full: bytes
    desk: bytes | None


@dataclass(eq=False, slots=True)
class Client:
    """One open stream of a session. An empty value in the queue ends it."""

    session: Session
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
            self.queue.put_nowait(chunk)
        except asyncio.QueueFull:
            self.end(RESYNC)
            return False
        return True

    def end(self, *last: bytes) -> None:
        """Drop what waits, and end the stream with these events."""
        while not self.queue.empty():
            self.queue.get_nowait()
        for chunk in (*last, b""):
            self.queue.put_nowait(chunk)

    async def events(self) -> AsyncIterator[bytes]:
        """Yield what is sent, until the end."""
        while chunk := await self.queue.get():
            yield chunk


class Stream:
    """Numbers events, remembers the newest, and hands them to the clients."""

    def __init__(self, boot: str) -> None:
        self.boot = boot
        self.seq = 0
        self.clients: set[Client] = set()
        self.dropped: Callable[[], object] = lambda: None
        self._ring: deque[Event] = deque()
        self._ring_bytes = 0

    def publish(self, name: str, value: Any, desk: Any = None) -> None:
        """Send an event that a client which was away is given again; `desk` is what the report desk sees of it."""
        self.seq += 1
        event = Event(self.seq, self._chunk(name, value), None if desk is None else self._chunk(name, desk))
        self._ring.append(event)
        self._ring_bytes += len(event.full) + len(event.desk or b"")
        while len(self._ring) > RING_EVENTS_MAX or (self._ring_bytes > RING_BYTES_MAX and len(self._ring) > 1):
            old = self._ring.popleft()
            self._ring_bytes -= len(old.full) + len(old.desk or b"")
        self._send(event)

    def tell(self, name: str, value: Any) -> None:
        """Send an event that is of no use later, to everybody."""
        chunk = b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(value))
        self._send(Event(self.seq, chunk, chunk))

    def open(self, client: Client, last_event_id: str, snapshot: Callable[[], Any]) -> None:
        """Begin a client's stream where it left off, or with a snapshot."""
        missed = self._since(last_event_id)
        if missed is None or not all(map(client.put, missed)):
            client.end()
            client.queue.get_nowait()  # what ends it; it only begins
            client.put(self._only(snapshot()))
        self.clients.add(client)

    def _since(self, last_event_id: str) -> list[Event] | None:
        boot, _, text = last_event_id.rpartition("-")
        if boot != self.boot or not text.isdecimal() or int(text) > self.seq:
            return None
        seq = int(text)
        if seq < self.seq and (not self._ring or self._ring[0].seq > seq + 1):
            return None
        return [event for event in self._ring if event.seq > seq]

    def _only(self, value: Any) -> Event:
        chunk = self._chunk("snapshot", value)
        return Event(self.seq, chunk, chunk)

    def _chunk(self, name: str, value: Any) -> bytes:
        return b"id: %b-%d\nevent: %b\ndata: %b\n\n" % (
            self.boot.encode(),
            self.seq,
            name.encode(),
            msgspec.json.encode(value),
        )

    def _send(self, event: Event) -> None:
        for client in list(self.clients):
            if not client.put(event):
                self.clients.discard(client)
                self.dropped()
