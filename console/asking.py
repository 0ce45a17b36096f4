"""Answers about what is past: trails, pings, playback, reports, quality, audit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import msgspec
from aiokafka.errors import KafkaError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bus.follow import following
from console.audit import LAST, page
from console.book import Book
from console.desk import Desk
from console.pings import HISTORY_MS_MAX, frames, newest, read_pings, trail
from console.quality import quality
from console.recall import KEPT_MS, open_within, read_alarms
from console.report import Asked, report_csv
from console.report_page import refused_html, report_html
from console.security import error
from console.trail import Place
from models.alert import TOLD_ONCE
from models.instants import format_instant, parse_instant

PLAYBACK_MS_MAX = 3_600_000
PLAYBACK_POINTS_MAX = 150_000
REPORT_MS_MAX = 31 * 86_400_000
PINGS_MAX = 200
PINGS_BACK_MS = 3_600_000
AUDIT_MAX = 500
END_MS = parse_instant("3000-01-01T00:00:00Z")
"""Kafka's times begin in 1970, and zones end with the year 9999: what is beyond could only fail."""

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

Handler = Callable[[Desk, Request], Awaitable[Response]]


class BadQuery(ValueError):
    """A query that cannot be answered: which part of it, a code, and why."""

    def __init__(self, part: str, code: str, why: str) -> None:
        super().__init__(why)
        self.part = part
        self.code = code


def answering(handler: Handler) -> Handler:
    """Turn what cannot be asked, or not be read, into an answer that says so."""

    @wraps(handler)
    async def answer(desk: Desk, request: Request) -> Response:
        try:
            return await handler(desk, request)
        except BadQuery as fault:
            return error(422, fault.code, field=fault.part, detail=str(fault))
        except KafkaError:
            return error(503, "broker-away")

    return answer


def answering_with_a_page(handler: Handler) -> Handler:
    """The same for what opens in a tab of its own, where somebody reads the answer."""

    @wraps(handler)
    async def answer(desk: Desk, request: Request) -> Response:
        lang = "en" if request.query_params.get("lang") == "en" else "id"
        try:
            return await handler(desk, request)
        except BadQuery as fault:
            return HTMLResponse(refused_html(fault.code, lang), 422)
        except KafkaError:
            return HTMLResponse(refused_html("broker-away", lang), 503)

    return answer


@answering
async def history(desk: Desk, request: Request) -> Response:
    """A convoy's trail within a span of receive time."""
    convoy_id = request.path_params["convoy_id"]
    begin_ms, end_ms = _span(request, HISTORY_MS_MAX)
    async with desk.reading:
        pings = await read_pings(desk.broker, desk.room.topics, begin_ms, end_ms, convoy_id)
    plan = desk.room.plans.by_convoy.get(convoy_id)
    return _json({"convoy_id": convoy_id, **await asyncio.to_thread(trail, pings, plan)})


@answering
async def pings(desk: Desk, request: Request) -> Response:
    """A vehicle's newest pings of the last hour, with how long each took."""
    limit, newest_ms = _number(request, "limit", 20, PINGS_MAX), max(desk.room.newest_ms, desk.now_ms())
    vehicle_id = request.query_params.get("vehicle_id", "")
    begin_ms = min(newest_ms, desk.room.status_ms(request.path_params["convoy_id"]) or newest_ms) - PINGS_BACK_MS
    async with desk.reading:
        found = await read_pings(
            desk.broker, desk.room.topics, begin_ms, newest_ms + DAY_MS, request.path_params["convoy_id"]
        )
    return _json({"vehicle_id": vehicle_id, "pings": newest(found, vehicle_id, limit)})


@answering
async def playback(desk: Desk, request: Request) -> Response:
    """Everybody's positions of a past span of an hour at most, with the alarms and actions as they came."""
    begin_ms, end_ms = _span(request, PLAYBACK_MS_MAX)
    async with desk.reading:
        found = await read_pings(desk.broker, desk.room.topics, begin_ms, end_ms)
        shown = await asyncio.to_thread(frames, found, begin_ms, PLAYBACK_POINTS_MAX)
    entries = list((await _book_of(desk, begin_ms)).entries.values())
    alerts, actions = await asyncio.to_thread(open_within, entries, begin_ms, end_ms)
    return _json(
        {
            "from": format_instant(begin_ms),
            "to": format_instant(end_ms),
            "complete": found.complete,
            "frames": shown,
            "alerts": list(map(msgspec.Raw, alerts)),
            "actions": actions,
            "told_once": sorted(TOLD_ONCE),
        }
    )


@answering_with_a_page
async def report(desk: Desk, request: Request) -> Response:
    """The shift report as a page."""
    asked = _asked(desk, request)
    return HTMLResponse(report_html(await _book_of(desk, asked.begin_ms), desk.room.plans.by_convoy, asked))


@answering
async def report_file(desk: Desk, request: Request) -> Response:
    """The shift report as CSV."""
    asked = _asked(desk, request)
    name = f"kawal-{format_instant(asked.begin_ms)[:16].replace(':', '')}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(report_csv(await _book_of(desk, asked.begin_ms), asked), 200, headers, "text/csv; charset=utf-8")


@answering
async def figures(desk: Desk, request: Request) -> Response:
    """The quality of the alarms of the last hours: a day's, or as many as asked, a week's at most."""
    hours = _number(request, "hours", 24, KEPT_MS // HOUR_MS)
    return _json(quality(desk.room.book, desk.now_ms() - hours * HOUR_MS, desk.now_ms()))


@answering
async def audit(desk: Desk, request: Request) -> Response:
    """The newest actions and sign-ins, or those before the place at which a page left off."""
    limit = _number(request, "limit", 100, AUDIT_MAX)
    before = LAST if (text := request.query_params.get("before")) is None else _place(text)
    found = await page(desk, before, limit)
    return _json({"entries": found.entries, "older": found.older})


async def _book_of(desk: Desk, begin_ms: int) -> Book:
    """The alarms since a time: those in memory, or for what is older than that, read from the topics."""
    if begin_ms >= desk.now_ms() - KEPT_MS:
        return desk.room.book
    topics = desk.room.topics
    async with desk.reading, following(desk.broker, [topics.alerts, topics.alert_actions], False) as follower:
        return await read_alarms(follower, topics, begin_ms, desk.now_ms())


def _asked(desk: Desk, request: Request) -> Asked:
    begin_ms, end_ms = _span(request, REPORT_MS_MAX)
    lang = request.query_params.get("lang", "id")
    if lang not in ("id", "en"):
        raise BadQuery("lang", "bad-language", "must be id or en")
    session = request.state.session
    return Asked(begin_ms, end_ms, lang, session.user, session.post, desk.now_ms())


def _span(request: Request, length_ms_max: int) -> tuple[int, int]:
    begin_ms, end_ms = (_instant(name, request.query_params.get(name, "")) for name in ("from", "to"))
    if not begin_ms < end_ms:
        raise BadQuery("to", "bad-order", "must be after from")
    if end_ms > begin_ms + length_ms_max:
        raise BadQuery("to", "span-too-long", f"must be after from by {length_ms_max // 60_000} minutes at most")
    return begin_ms, end_ms


def _place(text: str) -> Place:
    at, _, name = text.partition("/")
    return Place(format_instant(_instant("before", at)), name)


def _instant(part: str, text: str) -> int:
    try:
        ms = parse_instant(text)
    except ValueError as fault:
        raise BadQuery(part, "bad-instant", str(fault)) from fault
    if not 0 <= ms < END_MS:
        raise BadQuery(part, "instant-too-far", "must be within the years 1970 to 2999")
    return ms


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= most):
        raise BadQuery(name, "bad-number", f"must be 1 to {most}")
    return int(text)


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
