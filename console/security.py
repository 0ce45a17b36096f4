"""What every answer carries, and what every request must: a session, and on each POST its token."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.sessions import Session, Sessions

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; worker-src 'self'; style-src 'self'; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}
BODY_BYTES_MAX = 64 * 1024

Handler = Callable[[Request], Awaitable[Response]]


def error(status: int, code: str, **more: object) -> JSONResponse:
    """An answer that says what is wrong by a code."""
    return JSONResponse({"error": code, **more}, status)


class SafeHeaders:
    """Puts the headers on every answer, whatever made it, and keeps the API's answers out of caches."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self._app = app
        self._headers = HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                if scope["path"].startswith("/api"):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self._app(scope, receive, with_headers)


@dataclass(frozen=True, slots=True)
class Cookie:
    """The session's cookie; over TLS its name binds it to this host and to TLS."""

    secure: bool

    @property
    def name(self) -> str:
        """Its name."""
        return "__Host-kawal-session" if self.secure else "kawal-session"

    def set(self, response: Response, token: str) -> None:
        """Put it on an answer."""
        response.set_cookie(self.name, token, path="/", secure=self.secure, httponly=True, samesite="strict")

    def clear(self, response: Response) -> None:
        """Take it away."""
        response.delete_cookie(self.name, path="/", secure=self.secure, httponly=True, samesite="strict")


class Guard:
    """Knows whose request it is, and refuses those that are nobody's."""

    def __init__(self, sessions: Sessions, cookie: Cookie, clock_s: Callable[[], float]) -> None:
        self._sessions = sessions
        self._cookie = cookie
        self._clock_s = clock_s

    def session_of(self, connection: HTTPConnection) -> Session | None:
        """Give the session of a request, if it has one that lasts."""
        token = connection.cookies.get(self._cookie.name)
        return self._sessions.find(token, self._clock_s()) if token else None

    def only(self, *roles: str) -> Callable[[Handler], Handler]:
        """Let only these roles through; on a POST only with the session's token."""

        def wrap(handler: Handler) -> Handler:
            async def guarded(request: Request) -> Response:
                session = self.session_of(request)
                if session is None:
                    return error(401, "no-session")
                if request.method == "POST" and not self._is_own(request, session):
                    return error(403, "csrf")
                if session.role not in roles:
                    return error(403, "role")
                request.state.session = session
                return await handler(request)

            return guarded

        return wrap

    def _is_own(self, request: Request, session: Session) -> bool:
        given = request.headers.get("x-kawal-csrf", "")
        return is_same_origin(request) and secrets.compare_digest(given.encode(), session.csrf.encode())


def is_same_origin(request: Request) -> bool:
    """Whether a browser sent it from a page of this very host; what is no browser sends no Origin."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def address_of(request: Request) -> str:
    """Whence a request came."""
    return request.client.host if request.client else "unknown"


async def read_body(request: Request) -> bytes | None:
    """Give the body of a request; None where it is too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            return None
    return body
