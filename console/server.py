"""The console's HTTP: pages, the event stream, and the API behind a session."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from os import PathLike, stat_result
from pathlib import Path

from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from console import asking
from console.acting import act
from console.desk import Desk
from console.security import Guard, SafeHeaders
from console.signing_in import SigningIn
from console.sound_test import sound_tested
from console.stream import Client

EVERYBODY = ("viewer", "operator", "supervisor", "report-desk")
SEES_POSITIONS = ("viewer", "operator", "supervisor")
ACTS = ("operator", "supervisor")
SUPERVISES = ("supervisor",)

SEND_TIMEOUT_S = 5.0
"""A client that takes nothing for so long is cut: it would only hold memory."""

IMMUTABLE = "public, max-age=31536000, immutable"
NO_PAGES = "The pages are missing: they come with the package `kawal[console]`, or with scripts/setup console."


class _Files(StaticFiles):
    """Files that browsers ask for anew, but those named with their version."""

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Answer with a file."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        is_versioned = scope.get("query_string", b"").startswith(b"v=")
        response.headers["Cache-Control"] = IMMUTABLE if is_versioned else "no-cache"
        return response


def create_app(desk: Desk) -> Starlette:
    """The application over a desk."""
    guard = Guard(desk.sessions, desk.cookie, desk.wall_s)
    options = desk.options

    def guarded(
        path: str, handler: Callable[[Desk, Request], Awaitable[Response]], roles: tuple[str, ...], method: str = "GET"
    ) -> Route:
        return Route(path, guard.only(*roles)(partial(handler, desk)), methods=[method])

    routes = [
        Route("/", partial(_shell, options.static)),
        *SigningIn(desk, guard).routes(EVERYBODY),
        guarded("/api/stream", stream, EVERYBODY),
        guarded("/api/actions", act, ACTS, "POST"),
        guarded("/api/sound-test", sound_tested, EVERYBODY, "POST"),
        guarded("/api/convoys/{convoy_id}/history", asking.history, SEES_POSITIONS),
        guarded("/api/convoys/{convoy_id}/pings", asking.pings, SEES_POSITIONS),
        guarded("/api/playback", asking.playback, SEES_POSITIONS),
        guarded("/api/report", asking.report, EVERYBODY),
        guarded("/api/report.csv", asking.report_file, EVERYBODY),
        guarded("/api/quality", asking.figures, EVERYBODY),
        guarded("/api/audit", asking.audit, SUPERVISES),
        Route("/basemap/land.json", partial(_land, options.vendor)),
        Mount("/static", _Files(directory=options.static, check_dir=False)),
        Mount("/vendor", _Files(directory=options.vendor, check_dir=False)),
    ]
    if options.basemap is not None:
        routes.append(Route("/basemap/user.pmtiles", guard.only(*EVERYBODY)(partial(_basemap, options.basemap))))
    return Starlette(routes=routes, middleware=[Middleware(SafeHeaders, secure=options.secure)])


async def stream(desk: Desk, request: Request) -> Response:
    """Everything that changes, from where the client left off or from a snapshot."""
    packs = "gzip" in request.headers.get("accept-encoding", "")
    client = Client(request.state.session, packs)
    last_event_id = request.headers.get("last-event-id", "")

    async def events() -> AsyncIterator[bytes]:
        desk.room.open(client, last_event_id, desk.now_ms(), desk.steady_s())
        try:
            async for chunk in client.events():
                yield chunk
        finally:
            desk.room.stream.clients.discard(client)

    headers = {"Content-Encoding": "gzip"} if packs else {}
    # no comments to keep it open: there is a heartbeat each second
    return EventSourceResponse(
        events(), headers={**headers, "Vary": "Accept-Encoding"}, ping=0, send_timeout=SEND_TIMEOUT_S
    )


def _shell(static: Path, request: Request) -> Response:
    if not (static / "index.html").is_file():
        return PlainTextResponse(NO_PAGES, 503)
    return FileResponse(static / "index.html", headers={"Cache-Control": "no-cache"})


def _land(vendor: Path, request: Request) -> Response:
    if not (vendor / "land.json").is_file():
        return PlainTextResponse(NO_PAGES, 503)
    return FileResponse(vendor / "land.json", headers={"Cache-Control": "no-cache"})


async def _basemap(path: Path, request: Request) -> Response:
    return FileResponse(path)  # answers ranges, which is all that PMTiles needs
