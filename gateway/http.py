"""HTTP in: each format on its own path, and one answer that a client can live with.

A client that queues sends its oldest message again until it gets 2xx, and one that it cannot get rid of blinds the
vehicle. So a message that would fail again gets 200 and becomes a dead letter; 503 is for what may succeed later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.credentials import authenticate, credential_of
from gateway.directory import Directory
from gateway.intake import MESSAGE_BYTES_MAX, Delivery, Forbidden, Intake, Outcome, split
from gateway.metrics import Metrics
from gateway.openapi import description
from gateway.throttle import Throttle
from gateway.upkeep import Upkeep
from gateway.writer import Unavailable, Writer

BUFFERED_BYTES_MAX = 64 * 1024 * 1024
"""Bodies that are still coming in, of all connections together."""

DRAINED_BYTES_MAX = 16 * 1024 * 1024
"""A body that is too large is read to its end all the same: else the client never sees the answer."""

VERSION = "/v1/"

PATHS: Mapping[str, tuple[str, frozenset[str]]] = {
    f"{VERSION}traccar-client": ("traccar-client", frozenset({"GET", "POST"})),
    f"{VERSION}osmand": ("osmand", frozenset({"GET", "POST"})),
    f"{VERSION}owntracks": ("owntracks", frozenset({"POST"})),
    f"{VERSION}pings": ("native", frozenset({"POST"})),
}
"""Where each format comes in, and by which methods; the token may follow as one more step of the path."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the ways in share."""

    intake: Intake
    directory: Directory
    writer: Writer
    metrics: Metrics
    upkeep: Upkeep
    throttle: Throttle


class Answer(NamedTuple):
    """What a client hears; headers as ASGI has them."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def send(self, send: Send) -> None:
        """Send it."""
        length = (b"content-length", str(len(self.body)).encode())
        await send({"type": "http.response.start", "status": self.status, "headers": [*self.headers, length]})
        await send({"type": "http.response.body", "body": self.body})


JSON = ((b"content-type", b"application/json"),)
BASIC = (b"www-authenticate", b'Basic realm="kawal"')

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Door:
    """The ingest path of one format, as an ASGI application without a framework's objects: a third of the time."""

    path: str
    form: str
    methods: frozenset[str]
    parts: Parts
    buffered: list[int]  # bytes of bodies that are coming in, shared by all doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            answer = await self._answer(scope, receive)
        except ClientDisconnect:
            return
        await answer.send(send)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] not in self.methods:
            return Answer(405, headers=((b"allow", ", ".join(sorted(self.methods)).encode()),))
        token = scope["path"][len(self.path) :].strip("/")
        authorization = "" if token else _header(scope, b"authorization") or ""
        device = authenticate(self.parts.directory, credential_of(token, authorization))
        if device == "unauthorized":
            return self._refusal(401, device)
        if device == "forbidden":
            return self._refusal(403, device)
        try:
            body = await self._body(receive)
            deliveries = self._deliveries(scope, body, device.device_id, authorization)
            if delay_s := self.parts.throttle.admit(device.device_id, len(deliveries)):
                await asyncio.sleep(delay_s)
            return self._reply(await self.parts.intake.take(deliveries))
        except Forbidden:
            log.warning("a token was used in the name of another device device=%r", device.device_id)
            return self._refusal(403, "identity-mismatch")
        except Unavailable as error:
            return self._refusal(503, "unavailable", (b"retry-after", str(error.retry_after_s).encode()))

    def _refusal(self, status: int, outcome: str, header: tuple[bytes, bytes] = BASIC) -> Answer:
        self.parts.metrics.count(self.form, outcome)
        return Answer(status, headers=(header,))

    async def _body(self, receive: Receive) -> bytes:
        """Read the body; of one that is too large the beginning, a byte more than allowed. Raises Unavailable."""
        chunks: list[bytes] = []
        size = kept = 0
        try:
            while True:
                chunk, is_last = await _chunk(receive)
                if is_last and not chunks:
                    return chunk[: MESSAGE_BYTES_MAX + 1]
                size += len(chunk)
                room = chunk[: max(MESSAGE_BYTES_MAX + 1 - kept, 0)]
                kept += len(room)
                self.buffered[0] += len(room)
                chunks.append(room)
                if self.buffered[0] > BUFFERED_BYTES_MAX:
                    raise Unavailable("too many large bodies at once")
                if is_last or size > DRAINED_BYTES_MAX:
                    return b"".join(chunks)
        finally:
            self.buffered[0] -= kept

    def _deliveries(self, scope: Scope, body: bytes, device_id: str, authorization: str) -> list[Delivery]:
        if self.form == "owntracks":
            return [_owntracks(scope, body, device_id, authorization)]
        query = scope["query_string"]
        is_json = body.lstrip()[:1] in (b"{", b"[")
        if self.form in ("traccar-client", "osmand") and query and not is_json:
            # A query in the server's URL would hide the form behind it; so both are read, and the form wins.
            body = b"?" + query + (b"&" + body if body else b"")
        if is_json:
            return split(self.form, body, device_id)
        return [Delivery(form=self.form, message=body, authenticated=device_id)]

    def _reply(self, outcomes: Sequence[Outcome]) -> Answer:
        if self.form == "native":
            results = [_result(outcome) for outcome in outcomes]
            return Answer(200, msgspec.json.encode({"results": results}), JSON)
        if self.form == "owntracks":
            # Exactly this: the app reads the body, and sends again for ever what it does not understand.
            return Answer(200, b"[]", JSON)
        return Answer(200)


def _owntracks(scope: Scope, body: bytes, device_id: str, authorization: str) -> Delivery:
    """A message of OwnTracks; with HTTP Basic its user is the device, and the user in the header must be the same."""
    user, query = _header(scope, b"x-limit-u"), QueryParams(scope["query_string"])
    labels = (user, _header(scope, b"x-limit-d"), *map(query.get, "ud"))
    return Delivery(
        form="owntracks",
        message=body,
        authenticated=device_id,
        claimed=user if authorization.lower().startswith("basic ") else None,
        labels=tuple(name for name in labels if name),
        source="owntracks/http",
    )


def _header(scope: Scope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


async def _chunk(receive: Receive) -> tuple[bytes, bool]:
    """The next piece of a body, and whether it is the last. Raises ClientDisconnect."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), not message.get("more_body", False)


@dataclass(frozen=True, slots=True)
class Front:
    """Leads each tracker to its door at once, and everybody else through Starlette."""

    doors: Mapping[str, Door]
    others: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["path"]
        end = path.find("/", len(VERSION))
        app = self.doors.get(path if end < 0 else path[:end], self.others)
        await app(scope, receive, send)


def create_app(parts: Parts) -> Front:
    """The gateway's HTTP application: ingest, health and its own description."""
    buffered = [0]

    async def describe(_: Request) -> Response:
        return JSONResponse(description())

    async def live(_: Request) -> Response:
        return JSONResponse({"live": True})

    async def ready(_: Request) -> Response:
        faults = ["Kafka does not answer"] if parts.writer.is_away else parts.upkeep.faults
        return JSONResponse({"ready": not faults, "faults": faults}, status_code=503 if faults else 200)

    others = Starlette(
        routes=[Route("/openapi.json", describe), Route("/livez", live), Route("/readyz", ready)],
    )
    others.router.redirect_slashes = False  # a redirect on the way in is silent loss: clients count it as delivered
    return Front({path: Door(path, *what, parts, buffered) for path, what in PATHS.items()}, others)


def _result(outcome: Outcome) -> Mapping[str, str]:
    result: dict[str, str] = {"status": outcome.status}
    if outcome.code is not None:
        result |= {"code": outcome.code, "reason": outcome.reason}
    return result
