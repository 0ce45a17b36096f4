"""One HTTP connection: leads each request to its door, and keeps slow and swollen ones out.

uvicorn's protocol goes on to parse, to keep the order of what a client sends ahead, and to lead whoever asks for
anything else than a door to ASGI.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.exchange import Exchange
from gateway.guard import HEAD_BYTES_MAX, connections_max
from gateway.http import VERSION, Door
from gateway.request import Head


class Connection(HttpToolsProtocol):
    """uvicorn's protocol with doors, a limit on the head, and the time since when a request arrives or none does."""

    # Python looks up attributes quickly, and keeps them small, while an object has at most 30 outside of slots; uvicorn
    # itself needs 28.
    __slots__ = ("_doors", "_head_bytes", "_in_head", "idle_s", "since_s", "unread")

    cycle: Any  # uvicorn's or an Exchange
    pipeline: deque[tuple[Any, Any]]

    def __init__(self, doors: Mapping[str, Door], **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self._doors = doors
        self._head_bytes = 0
        self._in_head = True
        self.since_s: float | None = None
        """A request is awaited since the connection was made, or under way."""
        self.idle_s: float | None = None
        """Everything is answered since then."""
        self.unread: Exchange | None = None
        """Its answer waits in this process until the client reads; nothing goes on before."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuse what is too many."""
        super().connection_made(transport)
        self.since_s = self.loop.time()
        if len(self.connections) > connections_max():
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Count the head before it is parsed."""
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES_MAX:
            self.transport.write(b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\r\n")
            self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins."""
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._in_head, self.idle_s = True, None
        if self.since_s is None:
            self.since_s = self.loop.time()

    def on_headers_complete(self) -> None:
        """The head is there, the body has its own limit: lead the request to its door."""
        self._in_head, self._head_bytes = False, 0
        path, query = _target(self.url)
        end = path.find("/", len(VERSION))
        door = self._doors.get(path if end < 0 else path[:end])
        if door is None:
            self._lead_to_asgi()
            return
        method = self.parser.get_method().decode("ascii")
        rest = path[end:].strip("/") if end > 0 else ""
        exchange = Exchange(self, door, Head(method, rest, query, self.headers))
        before, self.cycle = self.cycle, exchange
        if before is None or before.response_complete:
            exchange.start()
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((exchange, self.app))

    def _lead_to_asgi(self) -> None:
        said = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.headers, self.expect_100_continue = said
        self.scope["headers"] = self.headers
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass on a piece of a body."""
        if isinstance(self.cycle, Exchange):
            self.cycle.feed(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there."""
        self.since_s, self._in_head = None, True
        if isinstance(self.cycle, Exchange):
            self.cycle.end()
        else:
            super().on_message_complete()
        if self.cycle.response_complete:  # it was refused before its body came
            self.idle_s = self.loop.time()

    def on_response_complete(self) -> None:
        """Go on with what the client has sent ahead; only when that is done more is read."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self.flow.resume_reading()
        if self.since_s is None:
            self.idle_s = self.loop.time()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        if isinstance(cycle, Exchange):
            self.loop.call_soon(cycle.start)  # a thousand requests sent ahead would be a thousand calls deep
        else:
            super()._start_asgi_task(cycle, app)

    def resume_writing(self) -> None:
        """The client has read."""
        super().resume_writing()
        if self.unread is not None:
            self.unread.finish()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give back the memory of what is not answered."""
        super().connection_lost(exc)
        for cycle in (self.cycle, *(cycle for cycle, _ in self.pipeline)):
            if isinstance(cycle, Exchange):
                cycle.leave()


def _target(url: bytes) -> tuple[str, bytes]:
    """Path and query of what is asked for; what a phone asks for has no scheme and no fragment and is quickly cut."""
    if url.startswith(b"/") and b"#" not in url:
        raw, _, query = url.partition(b"?")
    else:
        parsed = httptools.parse_url(url)
        raw, query = parsed.path, parsed.query or b""
    path = raw.decode("ascii")
    return unquote(path) if "%" in path else path, query
