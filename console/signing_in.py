"""Signing in and out, and the first supervisor."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from console.desk import Desk
from console.journal import Event
from console.people import PASSWORD_CHARS_MAX, PeopleError, User
from console.security import Guard, address_of, error, is_same_origin, read_body
from console.sessions import Session
from models.plan import Name

log = logging.getLogger(__name__)

HASHES_AT_ONCE = 2
"""Each takes 64 MiB and a core for some 50 ms: a flood of sign-ins must not take the machine."""

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=PASSWORD_CHARS_MAX)]


class _Login(msgspec.Struct):
    user: Short
    password: Password
    post: Short


class _First(msgspec.Struct):
    token: Short
    user: Short
    password: Password
    post: Short


_read_login = msgspec.json.Decoder(_Login).decode
_read_first = msgspec.json.Decoder(_First).decode
_post_of = TypeAdapter(Name).validate_python  # what every action of the session will carry


class SigningIn:
    """The routes of sessions."""

    def __init__(self, desk: Desk, guard: Guard) -> None:
        self._desk = desk
        self._guard = guard
        self._hashing = asyncio.Semaphore(HASHES_AT_ONCE)

    def routes(self, everybody: Sequence[str]) -> list[Route]:
        """The routes."""
        return [
            Route("/api/session", self.session),
            Route("/api/login", self.login, methods=["POST"]),
            Route("/api/first", self.first, methods=["POST"]),
            Route("/api/logout", self._guard.only(*everybody)(self.logout), methods=["POST"]),
        ]

    async def session(self, request: Request) -> Response:
        """Who is signed in."""
        session = self._guard.session_of(request)
        return error(401, "no-session") if session is None else JSONResponse(self._view(session))

    async def login(self, request: Request) -> Response:
        """Sign in with name and password."""
        asked = await self._read(request, _read_login)
        if isinstance(asked, Response):
            return asked
        keys = [f"user {asked.user}", f"address {address_of(request)}"]
        if wait_s := self._desk.brake.wait_s(keys, self._desk.wall_s()):
            return _later(wait_s)
        try:
            user = await self._hash(self._desk.people.check, asked.user, asked.password)
        except PeopleError as fault:
            return _refused(fault)
        if user is None:
            self._desk.brake.failed(keys, self._desk.wall_s())
            self._note("refused", request, asked.user, asked.post)
            return error(401, "bad-login")
        self._desk.brake.succeeded(keys)
        self._note("signed-in", request, user.name, asked.post)
        return self._begin(user, asked.post)

    async def first(self, request: Request) -> Response:
        """Make the first supervisor with the link of the terminal, and sign in."""
        asked = await self._read(request, _read_first)
        if isinstance(asked, Response):
            return asked
        keys = [f"address {address_of(request)}"]
        if wait_s := self._desk.brake.wait_s(keys, self._desk.wall_s()):
            return _later(wait_s)
        if not self._desk.first.matches(asked.token):
            self._desk.brake.failed(keys, self._desk.wall_s())
            return error(401, "bad-link")
        try:
            user = await self._hash(self._desk.people.add, asked.user, "supervisor", asked.password, True)
        except PeopleError as fault:
            return _refused(fault)
        self._desk.first.use_up()
        self._note("first-supervisor", request, user.name, asked.post)
        return self._begin(user, asked.post)

    async def logout(self, request: Request) -> Response:
        """Sign out."""
        session = request.state.session
        self._note("signed-out", request, session.user, session.post)
        self._desk.sessions.end(request.cookies[self._desk.cookie.name], self._desk.wall_s())
        response = JSONResponse({})
        self._desk.cookie.clear(response)
        return response

    def _note(self, event: Event, request: Request, user: str, post: str) -> None:
        self._desk.journal.note(self._desk.now_ms(), event, user, post, address_of(request))

    async def _read(self, request: Request, read: Callable[[bytes], Any]) -> Any:
        """Give what is asked, or the answer to what cannot be read."""
        if not is_same_origin(request):
            return error(403, "csrf")
        body = await read_body(request)
        if body is None:
            return error(413, "too-large")
        try:
            asked = read(body)
            return msgspec.structs.replace(asked, post=_post_of(asked.post))
        except msgspec.MsgspecError as fault:
            return error(422, "bad-request", message=str(fault))
        except ValidationError:
            return error(422, "post")

    async def _hash(self, work: Callable[..., Any], *arguments: Any) -> Any:
        async with self._hashing:
            return await asyncio.to_thread(work, *arguments)

    def _begin(self, user: User, post: str) -> Response:
        token, session = self._desk.sessions.begin(user.name, user.role, post, self._desk.wall_s())
        response = JSONResponse(self._view(session))
        self._desk.cookie.set(response, token)
        return response

    def _view(self, session: Session) -> dict[str, Any]:
        return {
            "user": session.user,
            "role": session.role,
            "post": session.post,
            "csrf": session.csrf,
            "languages": ["id", "en"],
            "basemap": "pmtiles" if self._desk.options.basemap else None,
            "boot": self._desk.room.stream.boot,
            "demo": self._desk.options.demo,
        }


def _refused(fault: PeopleError) -> Response:
    if fault.code != "people":
        return error(422, fault.code, message=str(fault))
    log.error("nobody can sign in: %s", fault)  # it names a file, which is no business of whoever asks
    return error(503, fault.code)


def _later(wait_s: float) -> Response:
    response = error(429, "too-many-failures")
    response.headers["Retry-After"] = str(int(wait_s) + 1)
    return response
