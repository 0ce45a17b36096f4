"""Answers about what is past: trails, pings, playback, reports, quality, audit."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from functools import wraps
from operator import itemgetter
from typing import Any

import msgspec
from aiokafka.errors import KafkaError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bus.follow import following
from console.book import Book
from console.desk import Desk
from console.pings import HISTORY_MS_MAX, frames, newest, read_pings, trail
from console.quality import quality
from console.recall import KEPT_MS, open_within, read_alarms
from console.report import Asked, report_csv
from console.report_page import report_html
from console.security import error
from models.alert import TOLD_ONCE
from models.alert_action import AlertAction
from models.instants import format_instant, parse_instant

PLAYBACK_MS_MAX = 3_600_000
PLAYBACK_POINTS_MAX = 150_000
REPORT_MS_MAX = 31 * 86_400_000
PINGS_MAX = 200
PINGS_BACK_MS = 3_600_000
AUDIT_MAX = 500
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

Handler = Callable[[Desk, Request], Awaitable[Response]]


class BadQuery(ValueError):
    """A query that cannot be answered: which part of it, and why."""

    def __init__(self, part: str, why: str) -> None:
        super().__init__(why)
        self.part = part


def answering(handler: Handler) -> Handler:
    """Turn what cannot be asked, or not be read, into an answer that says so."""

    @wraps(handler)
    async def answer(desk: Desk, request: Request) -> Response:
        try:
            return await handler(desk, request)
        except BadQuery as fault:
            return error(422, str(fault), field=fault.part)
        except KafkaError:
            return error(503, "broker-away")

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
            "actions": list(map(_raw, actions)),
            "told_once": sorted(TOLD_ONCE),
        }
    )


@answering
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
    """The newest actions and sign-ins before an instant."""
    limit = _number(request, "limit", 100, AUDIT_MAX)
    before_ms = _instant(request, "before") if "before" in request.query_params else desk.now_ms() + DAY_MS
    actions = [it for entry in desk.room.book.entries.values() for it in entry.actions if it.at_ms < before_ms]
    signed = await asyncio.to_thread(desk.journal.newest, format_instant(before_ms), limit)
    both = [(action.at_ms, _raw(action)) for action in actions] + [(parse_instant(it["at"]), it) for it in signed]
    both = heapq.nlargest(limit, both, key=itemgetter(0))
    return _json({"entries": [value for _, value in both]})


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
        raise BadQuery("lang", "must be id or en")
    session = request.state.session
    return Asked(begin_ms, end_ms, lang, session.user, session.post, desk.now_ms())


def _span(request: Request, length_ms_max: int) -> tuple[int, int]:
    begin_ms, end_ms = _instant(request, "from"), _instant(request, "to")
    if not begin_ms < end_ms <= begin_ms + length_ms_max:
        raise BadQuery("to", f"must be after from, by {length_ms_max // 60_000} minutes at most")
    return begin_ms, end_ms


def _instant(request: Request, name: str) -> int:
    try:
        return parse_instant(request.query_params.get(name, ""))
    except ValueError as fault:
        raise BadQuery(name, str(fault)) from fault


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= most):
        raise BadQuery(name, f"must be 1 to {most}")
    return int(text)


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


def _raw(action: AlertAction) -> msgspec.Raw:
    return msgspec.Raw(action.to_json())
