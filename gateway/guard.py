"""Keeps slow and swollen requests out: each connection has a time for a request and a size for its head."""

from __future__ import annotations

import asyncio
import resource
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX = 16 * 1024
REQUEST_S_MAX = 30.0
"""A phone on the edge of a cell needs seconds for a few hundred bytes; who needs longer sends on purpose."""

SWEEP_S = 5.0
CONNECTIONS_MAX = 25_000
SPARE_FILES = 1200
"""Of the open files that the system allows, for Kafka and Cursor on Target: else a full house cuts them off."""


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a limit on the head, and the time since when a request is awaited or under way."""

    since_s: float | None = None
    _head_bytes = 0
    _in_head = True

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
        super().on_message_begin()
        self._in_head = True
        if self.since_s is None:
            self.since_s = self.loop.time()

    def on_headers_complete(self) -> None:
        """The head is there; the body has its own limit."""
        self._in_head, self._head_bytes = False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is there."""
        self.since_s, self._in_head = None, True
        super().on_message_complete()


def connections_max() -> int:
    """So many connections may be open at once: each is an open file."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(CONNECTIONS_MAX, files - SPARE_FILES)


def close_slow(connections: set[Any], now_s: float) -> int:
    """Close the connections whose request has taken too long to arrive; returns how many."""
    slow = [one for one in connections if one.since_s is not None and now_s - one.since_s > REQUEST_S_MAX]
    for connection in slow:
        connection.transport.abort()
    return len(slow)
