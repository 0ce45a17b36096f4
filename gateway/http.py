"""HTTP in: each format on its own path, and one answer that a client can live with.

A client that queues sends its oldest message again until it gets 2xx, and one that it cannot get rid of blinds the
vehicle. So a message that would fail again gets 200 and becomes a dead letter; 503 is for what may succeed later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.credentials import authenticate, credential_of
from gateway.directory import Directory
from gateway.intake import Delivery, Forbidden, Intake, Outcome, split
from gateway.metrics import Metrics
from gateway.openapi import description
from gateway.request import Answer, Buffered, Head
from gateway.throttle import Throttle
from gateway.upkeep import Upkeep
from gateway.writer import Unavailable, Writer
from models.device import Device

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


JSON = ((b"content-type", b"application/json"),)
ACCEPTED = Answer(200)
BASIC = (b"www-authenticate", b'Basic realm="kawal"')

Reply = Callable[[Answer], None]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Door:
    """The ingest path of one format."""

    path: str
    form: str
    methods: frozenset[str]
    parts: Parts
    buffered: Buffered  # shared by all doors

    def admit(self, head: Head) -> Device | Answer:
        """The device that a request comes from, or why it is refused."""
        if head.method not in self.methods:
            return Answer(405, headers=((b"allow", ", ".join(sorted(self.methods)).encode()),))
        device = authenticate(self.parts.directory, credential_of(head.rest, _authorization(head)))
        if isinstance(device, Device):
            return device
        return self._refusal(401 if device == "unauthorized" else 403, device)

    def take(self, head: Head, body: bytes, device: Device, reply: Reply) -> None:
        """Take in what a device sent; `reply` hears the answer when Kafka has it. Raises Unavailable, Forbidden."""
        deliveries = self._deliveries(head, body, device.device_id)
        if delay_s := self.parts.throttle.admit(device.device_id, len(deliveries)):
            asyncio.get_running_loop().call_later(delay_s, self._take_late, deliveries, reply)
        else:
            self._take(deliveries, reply)

    def _take(self, deliveries: Sequence[Delivery], reply: Reply) -> None:
        self.parts.intake.begin(deliveries, lambda result: reply(self.answer(result)))

    def _take_late(self, deliveries: Sequence[Delivery], reply: Reply) -> None:
        try:
            self._take(deliveries, reply)
        except Exception as error:
            reply(self.answer(error))

    def answer(self, result: Sequence[Outcome] | Exception) -> Answer:
        """What a client hears about what became of its messages."""
        if not isinstance(result, Exception):
            return self._accepted(result)
        if isinstance(result, Unavailable):
            return self._refusal(503, "unavailable", (b"retry-after", b"%d" % result.retry_after_s))
        if isinstance(result, Forbidden):
            log.warning("a token was used in the name of another device device=%r", result.device)
            return self._refusal(403, "identity-mismatch")
        log.error("a request failed", exc_info=result)
        return Answer(500)

    def _refusal(self, status: int, outcome: str, header: tuple[bytes, bytes] = BASIC) -> Answer:
        self.parts.metrics.count(self.form, outcome)
        return Answer(status, headers=(header,))

    def _deliveries(self, head: Head, body: bytes, device_id: str) -> list[Delivery]:
        if self.form == "owntracks":
            return [_owntracks(head, body, device_id)]
        is_json = body.lstrip()[:1] in (b"{", b"[")
        if self.form in ("traccar-client", "osmand") and head.query and not is_json:
            # A query in the server's URL would hide the form behind it; so both are read, and the form wins.
            body = b"?" + head.query + (b"&" + body if body else b"")
        if is_json:
            return split(self.form, body, device_id)
        return [Delivery(form=self.form, message=body, authenticated=device_id)]

    def _accepted(self, outcomes: Sequence[Outcome]) -> Answer:
        if self.form == "native":
            results = [_result(outcome) for outcome in outcomes]
            return Answer(200, msgspec.json.encode({"results": results}), JSON)
        if self.form == "owntracks":
            # Exactly this: the app reads the body, and sends again for ever what it does not understand.
            return Answer(200, b"[]", JSON)
        return ACCEPTED


def _owntracks(head: Head, body: bytes, device_id: str) -> Delivery:
    """A message of OwnTracks; with HTTP Basic its user is the device, and the user in the header must be the same."""
    user, query = head.header(b"x-limit-u"), QueryParams(head.query)
    labels = (user, head.header(b"x-limit-d"), *map(query.get, "ud"))
    return Delivery(
        form="owntracks",
        message=body,
        authenticated=device_id,
        claimed=user if _authorization(head).lower().startswith("basic ") else None,
        labels=tuple(name for name in labels if name),
        source="owntracks/http",
    )


def _authorization(head: Head) -> str:
    """What the header says who sends; a token in the path goes before it."""
    return "" if head.rest else head.header(b"authorization") or ""


def doors(parts: Parts) -> Mapping[str, Door]:
    """Where trackers come in, by path."""
    buffered = Buffered()
    return {path: Door(path, *what, parts, buffered) for path, what in PATHS.items()}


def create_app(parts: Parts) -> Starlette:
    """What everybody else asks for: health, and the gateway's own description."""

    async def describe(_: Request) -> Response:
        return JSONResponse(description())

    async def live(_: Request) -> Response:
        return JSONResponse({"live": True})

    async def ready(_: Request) -> Response:
        faults = ["Kafka does not answer"] if parts.writer.is_away else parts.upkeep.faults
        return JSONResponse({"ready": not faults, "faults": faults}, status_code=503 if faults else 200)

    app = Starlette(routes=[Route("/openapi.json", describe), Route("/livez", live), Route("/readyz", ready)])
    app.router.redirect_slashes = False  # a redirect on the way in is silent loss: clients count it as delivered
    return app


def _result(outcome: Outcome) -> Mapping[str, str]:
    result: dict[str, str] = {"status": outcome.status}
    if outcome.code is not None:
        result |= {"code": outcome.code, "reason": outcome.reason}
    return result
