"""The sound test: a page cannot know how loud its machine is, so whoever tested it says whether it was heard."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from console.desk import Desk
from console.journal import Event
from console.security import address_of, error, read_body


class _Told(msgspec.Struct, forbid_unknown_fields=True):
    heard: bool


_read = msgspec.json.Decoder(_Told).decode


async def sound_tested(desk: Desk, request: Request) -> Response:
    """Note in the journal whether a person heard the test tone at a post."""
    body = await read_body(request)
    try:
        told = _read(body or b"")
    except msgspec.MsgspecError as fault:
        return error(422, "bad-request", message=str(fault))
    session = request.state.session
    event: Event = "sound-heard" if told.heard else "sound-not-heard"
    desk.journal.note(desk.now_ms(), event, session.user, session.post, address_of(request))
    return JSONResponse({})
