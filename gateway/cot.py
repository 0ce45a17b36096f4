"""Cursor on Target in: a stream of XML events over TCP, from devices that prove who they are first.

There are no answers and nothing comes again, so while Kafka is away the stream is not read on: the sender waits.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from bus.listen import listener
from gateway.credentials import Credential, authenticate
from gateway.http import Parts
from gateway.intake import Delivery
from gateway.listen import BindError, server_tls
from gateway.protocols.cot import END, take
from gateway.writer import Unavailable
from models.settings import Settings

CONNECTIONS_MAX = 1000
READ_BYTES = 64 * 1024

EVENT_BYTES_MAX = 64 * 1024
"""A position has one or two thousand; what brings more without an end is no stream of events."""

AUTH_BYTES_MAX = 1024
AUTH_S = 10.0
EVENT_S = 30.0
"""From the first byte of an event to its last."""

IDLE_S = 300.0
"""The apps send at least once a minute; a connection that is only half there tells nothing of its end."""

AUTH_END = b"</auth>"

log = logging.getLogger(__name__)


class _Refused(Exception):
    """The connection ends; the text is the outcome that is counted."""


class _Speaker(NamedTuple):
    """Who sends: a device, or None for a relay that vouches for the uid of each event."""

    device: str | None
    token: str | None = None


class CotInput:
    """Listens where the settings say. Raises BindError where it may not."""

    def __init__(self, port: int, settings: Settings, insecure: bool) -> None:
        self._tls = server_tls(settings, settings.gateway_cot_bind, insecure)
        if authority := settings.gateway_cot_client_ca:
            _ask_for_certificate(self._tls, str(authority))
        self._listener = listener(settings.gateway_cot_bind, port, "KAWAL_GATEWAY_COT_PORT")
        self._relays = frozenset(filter(None, (settings.gateway_cot_relays or "").split(",")))
        self._open: set[asyncio.Task[Any]] = set()

    async def run(self, parts: Parts) -> NoReturn:
        """Take in every connection's events."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(reader, writer, parts)

        handshake_s = AUTH_S if self._tls else None
        server = await asyncio.start_server(
            serve, sock=self._listener, ssl=self._tls, ssl_handshake_timeout=handshake_s, limit=READ_BYTES
        )
        host, port = self._listener.getsockname()[:2]
        log.info("Cursor on Target at %s://%s:%d", "tls" if self._tls else "tcp", host, port)
        try:
            await server.serve_forever()
        finally:
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)
        raise AssertionError("it serves until it is cancelled")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, parts: Parts) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            if len(self._open) >= CONNECTIONS_MAX:
                raise _Refused("too-many")
            self._open.add(task)
            stream = _Stream(reader)
            speaker = await self._speaker(stream, writer, parts)
            while events := await stream.events():
                await _take(speaker, events, parts)
            if stream.is_oversized:
                message = bytes(stream.buffer)
                await _take(speaker, [message], parts, is_oversized=True)
        except _Refused as refusal:
            parts.metrics.count("cot", str(refusal))
        except OSError:
            log.debug("a connection broke off")
        finally:
            self._open.discard(task)
            writer.transport.abort()  # who does not read would keep a connection that closes in order

    async def _speaker(self, stream: _Stream, writer: asyncio.StreamWriter, parts: Parts) -> _Speaker:
        """Who sends, by the client's certificate or what comes first in the stream. Raises _Refused."""
        name = _common_name(writer.get_extra_info("peercert") or {})
        if name is not None:
            return _Speaker(None if name in self._relays else name)
        credential = _credential(await stream.greeting())
        device = authenticate(parts.directory, credential)
        if isinstance(device, str):
            raise _Refused(device)
        return _Speaker(device.device_id, credential.token if credential else None)


class _Stream:
    """Cuts what comes into the greeting and events, within sizes and times."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._due_s = asyncio.get_running_loop().time() + AUTH_S
        self.buffer = bytearray()
        self.is_oversized = False

    async def greeting(self) -> bytes:
        """The first line, or an `<auth>` element. Raises _Refused."""
        while True:
            end = AUTH_END if self.buffer.lstrip()[:1] == b"<" else b"\n"
            head, found, rest = self.buffer.partition(end)
            if found:
                self.buffer = rest
                return bytes(head + found).strip()
            if len(self.buffer) > AUTH_BYTES_MAX or not await self._more():
                raise _Refused("unauthorized")

    async def events(self) -> list[bytes]:
        """The events that are complete; none at the end, or where what has come is too large. Raises _Refused."""
        if END in self.buffer:  # came with the greeting
            return self._complete()
        self._restart()
        while True:
            scanned = max(0, len(self.buffer) - len(END))
            was_idle = not self.buffer
            if not await self._more():
                return []
            if was_idle:
                self._restart()
            if self.buffer.find(END, scanned) >= 0:
                return self._complete()
            if len(self.buffer) > EVENT_BYTES_MAX:
                self.is_oversized = True
                return []

    def _complete(self) -> list[bytes]:
        events, rest = take(bytes(self.buffer))
        self.buffer = bytearray(rest.lstrip())
        return events

    def _restart(self) -> None:
        self._due_s = asyncio.get_running_loop().time() + (EVENT_S if self.buffer else IDLE_S)

    async def _more(self) -> bool:
        try:
            async with asyncio.timeout_at(self._due_s):
                data = await self._reader.read(READ_BYTES)
        except TimeoutError:
            raise _Refused("too-slow") from None
        self.buffer += data
        return bool(data)


async def _take(speaker: _Speaker, events: list[bytes], parts: Parts, is_oversized: bool = False) -> None:
    """Take events in, at the pace that a device may have. Raises _Refused when it has been revoked meanwhile."""
    device = speaker.device
    if device is not None:
        _check_again(speaker, parts)
        await _wait_turn(device, len(events), parts)
    await parts.intake.take_patiently(
        [Delivery(form="cot", message=event, authenticated=device, is_oversized=is_oversized) for event in events]
    )


def _check_again(speaker: _Speaker, parts: Parts) -> None:
    if speaker.token is not None:
        found = authenticate(parts.directory, Credential(speaker.token))
        if isinstance(found, str):
            raise _Refused(found)
    elif speaker.device is not None and parts.directory.is_revoked(speaker.device):
        raise _Refused("forbidden")


async def _wait_turn(device: str, events: int, parts: Parts) -> None:
    while True:
        try:
            delay_s = parts.throttle.admit(device, events)
        except Unavailable as error:
            await asyncio.sleep(error.retry_after_s)
        else:
            await asyncio.sleep(delay_s)
            return


def _credential(greeting: bytes) -> Credential | None:
    """The token of a first line, or user and password of the element that the TAK apps send first."""
    if not greeting.startswith(b"<"):
        return Credential(greeting.decode(errors="replace"))
    try:
        said = fromstring(greeting, forbid_dtd=True).find("cot")
    except (DefusedXmlException, ParseError, ValueError, LookupError):
        return None
    return None if said is None else Credential(said.get("password", ""), said.get("username"))


def _common_name(certificate: Mapping[str, Any]) -> str | None:
    names = [value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"]
    return names[0] if names else None


def _ask_for_certificate(context: ssl.SSLContext | None, authority: str) -> None:
    """Let a client show a certificate of this authority; one without can still give its token."""
    if context is None:
        raise BindError("KAWAL_GATEWAY_COT_CLIENT_CA needs TLS: set KAWAL_GATEWAY_TLS_CERT and KAWAL_GATEWAY_TLS_KEY.")
    try:
        context.load_verify_locations(authority)
    except (OSError, ssl.SSLError) as error:
        raise BindError(f"KAWAL_GATEWAY_COT_CLIENT_CA={authority} cannot be used: {error}") from error
    context.verify_mode = ssl.CERT_OPTIONAL
