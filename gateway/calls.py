"""Calls for help that Kafka could not take: kept on disk until it can.

Traccar Client sends a call once and does not try again. So while Kafka is away a call is acknowledged as soon as it
lies on this machine's disk, and goes to Kafka when it is back, also after a crash of the gateway.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from gateway.writer import Outgoing, Unavailable, Writer

LOOK_S = 1.0
KEPT_BYTES_MAX = 16 * 1024 * 1024
"""Some thirty thousand calls; a fault that makes phones call without end must not fill the disk."""

log = logging.getLogger(__name__)


class CallsError(RuntimeError):
    """The folder of the calls cannot be used; the text says what to do."""


class Calls:
    """A file of records in `folder`; one gateway at a time. Raises CallsError."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = folder / "calls-for-help.jsonl"
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CallsError(f"Another gateway uses {folder}: give this one its own KAWAL_GATEWAY_DIR.") from None
        except OSError as error:
            raise CallsError(f"{folder} cannot be used ({error.strerror}): set KAWAL_GATEWAY_DIR.") from error

    def keep(self, records: Sequence[Outgoing]) -> None:
        """Put records on the disk. Raises Unavailable where it does not take them."""
        lines = b"".join(msgspec.json.encode(record) + b"\n" for record in records)
        size = os.fstat(self._file).st_size
        if size + len(lines) > KEPT_BYTES_MAX:
            raise Unavailable("too many calls for help wait for Kafka")
        try:
            if os.write(self._file, lines) < len(lines):
                os.ftruncate(self._file, size)
                raise Unavailable("the disk is full")
            os.fsync(self._file)
        except OSError as error:
            raise Unavailable("neither Kafka nor the disk takes it") from error
        log.warning("Kafka does not answer: calls for help are kept on disk count=%d", len(records))

    async def deliver(self, writer: Writer) -> None:
        """Write to Kafka what is kept, whenever that is possible; never returns."""
        while True:
            with suppress(Unavailable):  # then they stay where they are
                await self._deliver_kept(writer)
            await asyncio.sleep(LOOK_S)

    async def _deliver_kept(self, writer: Writer) -> None:
        while size := os.fstat(self._file).st_size:
            kept = os.pread(self._file, size, 0)
            await writer.write([record for line in kept.splitlines() if (record := _record(line))])
            # Only if none came meanwhile; else all are sent once more, which to the worker are duplicates.
            if os.fstat(self._file).st_size == size:
                os.ftruncate(self._file, 0)
                log.warning("calls for help that were kept on disk are delivered")

    def close(self) -> None:
        """Let another gateway use the folder."""
        os.close(self._file)


def _record(line: bytes) -> Outgoing | None:
    try:
        return msgspec.json.decode(line, type=Outgoing)
    except msgspec.MsgspecError:
        log.warning("a call for help was cut off on its way to the disk; it was not acknowledged")
        return None
