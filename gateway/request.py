"""A request of a tracker as it comes in, and the answer to it."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from gateway.intake import MESSAGE_BYTES_MAX
from gateway.writer import Unavailable

BUFFERED_BYTES_MAX = 64 * 1024 * 1024
"""Bodies that are still coming in, of all connections together."""

DRAINED_BYTES_MAX = 16 * 1024 * 1024
"""A body that is too large is read to its end all the same: else the client never sees the answer."""

Headers = list[tuple[bytes, bytes]]


class Head(Struct, frozen=True):
    """The head of a request: `rest` is what follows its door in the path; the names of headers are in lower case."""

    method: str
    rest: str
    query: bytes
    headers: Headers

    def header(self, name: bytes) -> str | None:
        """The first value of a header."""
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return None


class Buffered:
    """How many bytes of bodies are coming in on all connections together."""

    bytes = 0


class Body:
    """The body of a request as it comes in; of one too large the beginning is kept, a byte more than allowed."""

    __slots__ = ("_all", "_chunks", "_kept", "_size")

    def __init__(self, buffered: Buffered) -> None:
        self._all = buffered
        self._chunks: list[bytes] = []
        self._kept = self._size = 0

    def add(self, chunk: bytes) -> None:
        """Take in the next piece."""
        room = chunk[: max(MESSAGE_BYTES_MAX + 1 - self._kept, 0)]
        self._size += len(chunk)
        self._kept += len(room)
        self._all.bytes += len(room)
        self._chunks.append(room)

    @property
    def is_enough(self) -> bool:
        """Whether no more of it is read. Raises Unavailable if that is so because of the others."""
        if self._kept and self._all.bytes > BUFFERED_BYTES_MAX:
            raise Unavailable("too many large bodies at once")
        return self._size > DRAINED_BYTES_MAX

    def take(self) -> bytes:
        """What is kept of it; it is empty from now on."""
        body = b"".join(self._chunks)
        self._all.bytes -= self._kept
        self._chunks, self._kept = [], 0
        return body


class Answer(NamedTuple):
    """What a client hears."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def to_bytes(self, more: Headers, is_last: bool) -> bytes:
        """The answer as it goes out, with more headers; `is_last` where the connection is closed behind it."""
        return _head(self.status, (*more, *self.headers), len(self.body), is_last) + self.body


@lru_cache(maxsize=64)  # of a second: the date is in it
def _head(status: int, headers: tuple[tuple[bytes, bytes], ...], body_bytes: int, is_last: bool) -> bytes:
    lines = [*headers, (b"content-length", b"%d" % body_bytes)]
    if is_last:
        lines.append((b"connection", b"close"))
    return b"".join([STATUS_LINE[status], *(b"%b: %b\r\n" % line for line in lines), b"\r\n"])
