"""HTTP in: each format on its own path, and one answer that a client can live with.

A client that queues sends its oldest message again until it gets 2xx, and one that it cannot get rid of blinds the
vehicle. So a message that would fail again gets 200 and becomes a dead letter; 503 is for what may succeed later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gateway.credentials import authenticate, credential_of
from gateway.directory import Directory
from gateway.intake import MESSAGE_BYTES_MAX, Delivery, Intake, Outcome, split
from gateway.metrics import Metrics
from gateway.openapi import description
from gateway.throttle import Throttle
from gateway.writer import Unavailable, Writer

BUFFERED_BYTES_MAX = 64 * 1024 * 1024
"""Bodies that are still coming in, of all connections together."""

DRAINED_BYTES_MAX = 16 * 1024 * 1024
"""A body that is too large is read to its end all the same: else the client never sees the answer."""

JSON = "application/json"

PATHS: Sequence[tuple[str, str, list[str]]] = (
    ("/v1/traccar-client", "traccar-client", ["GET", "POST"]),
    ("/v1/osmand", "osmand", ["GET", "POST"]),
    ("/v1/owntracks", "owntracks", ["POST"]),
    ("/v1/pings", "native", ["POST"]),
)
"""Where each format comes in; the token may follow as one more step of the path."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the ways in share."""

    intake: Intake
    directory: Directory
    writer: Writer
    metrics: Metrics
    throttle: Throttle = field(default_factory=Throttle)


@dataclass(slots=True)
class Door:
    """The ingest path of one format, as an ASGI application."""

    form: str
    parts: Parts
    buffered: list[int]  # bytes of bodies that are coming in, shared by all doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method == "HEAD":
            return Response(status_code=405, headers={"allow": "GET, POST"})
        token = request.path_params.get("token", "").strip("/")
        credential = credential_of(token, request.headers.get("authorization", ""))
        device = authenticate(self.parts.directory, credential)
        if isinstance(device, str):
            self.parts.metrics.requests.labels(self.form, device).inc()
            status = 403 if device == "forbidden" else 401
            return Response(status_code=status, headers={"www-authenticate": 'Basic realm="kawal"'})
        try:
            body = await self._body(request)
            deliveries = self._deliveries(request, body, device.device_id)
            if delay_s := self.parts.throttle.admit(device.device_id, len(deliveries)):
                await asyncio.sleep(delay_s)
            return self._reply(await self.parts.intake.take(deliveries))
        except Unavailable as error:
            self.parts.metrics.requests.labels(self.form, "unavailable").inc()
            return Response(status_code=503, headers={"retry-after": str(error.retry_after_s)})

    async def _body(self, request: Request) -> bytes:
        """Read the body; of one that is too large the beginning, a byte more than allowed. Raises Unavailable."""
        chunks: list[bytes] = []
        size = kept = 0
        try:
            async for chunk in request.stream():
                size += len(chunk)
                if size > DRAINED_BYTES_MAX:
                    break
                room = chunk[: max(MESSAGE_BYTES_MAX + 1 - kept, 0)]
                kept += len(room)
                self.buffered[0] += len(room)
                chunks.append(room)
                if self.buffered[0] > BUFFERED_BYTES_MAX:
                    raise Unavailable("too many large bodies at once")
        finally:
            self.buffered[0] -= kept
        return b"".join(chunks)

    def _deliveries(self, request: Request, body: bytes, device_id: str) -> list[Delivery]:
        if self.form == "owntracks":
            return [_owntracks(request, body, device_id)]
        query = request.scope["query_string"]
        is_json = body.lstrip()[:1] in (b"{", b"[")
        if self.form in ("traccar-client", "osmand") and query and not is_json:
            # A query in the server's URL would hide the form behind it; so both are read, and the form wins.
            body = b"?" + query + (b"&" + body if body else b"")
        if is_json:
            return split(self.form, body, device_id)
        return [Delivery(form=self.form, message=body, authenticated=device_id)]

    def _reply(self, outcomes: Sequence[Outcome]) -> Response:
        if self.form == "native":
            results = [_result(outcome) for outcome in outcomes]
            return Response(msgspec.json.encode({"results": results}), media_type=JSON)
        if self.form == "owntracks":
            # Exactly this: the app reads the body, and sends again for ever what it does not understand.
            return Response(b"[]", media_type=JSON)
        return Response()


def _owntracks(request: Request, body: bytes, device_id: str) -> Delivery:
    """A message of OwnTracks; with HTTP Basic its user is the device, and the user in the header must be the same."""
    is_basic = request.headers.get("authorization", "").lower().startswith("basic ")
    user = request.headers.get("x-limit-u")
    labels = (user, request.headers.get("x-limit-d"), *map(request.query_params.get, "ud"))
    return Delivery(
        form="owntracks",
        message=body,
        authenticated=device_id,
        claimed=user if is_basic and not request.path_params.get("token") else None,
        labels=tuple(name for name in labels if name),
        source="owntracks/http",
    )


def create_app(parts: Parts) -> Starlette:
    """The gateway's HTTP application: ingest, health and its own description."""
    buffered = [0]

    async def describe(_: Request) -> Response:
        return JSONResponse(description())

    async def live(_: Request) -> Response:
        return JSONResponse({"live": True})

    async def ready(_: Request) -> Response:
        faults = ["Kafka does not answer"] if parts.writer.is_stalled else []
        return JSONResponse({"ready": not faults, "faults": faults}, status_code=503 if faults else 200)

    def doors(path: str, form: str, methods: list[str]) -> list[Route]:
        door = Door(form, parts, buffered)
        return [Route(place, door, methods=methods) for place in (path + "/{token:path}", path)]

    app = Starlette(
        routes=[
            *(route for path, form, methods in PATHS for route in doors(path, form, methods)),
            Route("/openapi.json", describe),
            Route("/livez", live),
            Route("/readyz", ready),
        ]
    )
    app.router.redirect_slashes = False  # a redirect on the way in is silent loss: clients count it as delivered
    return app


def _result(outcome: Outcome) -> Mapping[str, str]:
    result: dict[str, str] = {"status": outcome.status}
    if outcome.code is not None:
        result |= {"code": outcome.code, "reason": outcome.reason}
    return result
