"""What people do with alarms: written to the topic, read back, folded, and only then answered.

The order of the topic decides between two people; both attempts stay on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from aiokafka.errors import KafkaError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from console.desk import Desk
from console.fold import Refusal, refusal_of
from console.security import error, read_body
from console.sessions import Session
from console.views import refusal_view
from models.alert_action import ActionName, AlertAction
from models.instants import InstantMs

READ_BACK_S = 5.0
ALERTS_MAX = 500


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    action: ActionName
    alert_ids: list[str] = Field(min_length=1, max_length=ALERTS_MAX)
    assignee: str | None = None
    until_ms: InstantMs | None = Field(default=None, alias="until")
    reason: str | None = None
    note: str | None = None


class _Unusable(Exception):
    """An action that cannot be; `field` says which part of it."""

    def __init__(self, code: str, part: str) -> None:
        super().__init__(code)
        self.code = code
        self.part = part


async def act(desk: Desk, request: Request) -> Response:
    """Answer a POST of an action on some alerts."""
    body = await read_body(request)
    if body is None:
        return error(413, "too-large")
    try:
        asked = _Asked.model_validate_json(body)
        actions, results = _prepare(desk, asked, request.state.session)
    except ValidationError as fault:
        return _unusable(fault)
    except _Unusable as fault:
        return error(422, fault.code, field=fault.part)
    if actions:
        try:
            await _write(desk, actions)
        except (KafkaError, TimeoutError):
            return error(503, "not-confirmed", alert_ids=[action.alert_id for action in actions])
    return _answer(asked, results | {action.alert_id: _outcome(desk, action) for action in actions})


def _prepare(desk: Desk, asked: _Asked, session: Session) -> tuple[list[AlertAction], dict[str, Any]]:
    """Make the actions that can be, and the answers for those that cannot. Raises ValidationError, _Unusable."""
    entries, actions, results = desk.room.book.entries, [], {}
    alert_ids = list(dict.fromkeys(asked.alert_ids))
    _check_flood(desk, asked, alert_ids)
    for alert_id in alert_ids:
        entry = entries.get(alert_id)
        if entry is None:
            results[alert_id] = _refused(alert_id, Refusal("unknown"))
            continue
        action = AlertAction(
            action_id=uuid4(),
            alert_id=alert_id,
            action=asked.action,
            actor=session.user,
            post=session.post,
            # never before what its actor has seen, whichever machine's clock is ahead
            at_ms=max(desk.now_ms(), entry.steps[-1].seen_ms),
            severity=entry.now.severity,
            assignee=asked.assignee,
            until_ms=asked.until_ms,
            reason=asked.reason,
            note=asked.note,
        )
        refusal = refusal_of(entry.now, action)
        if refusal is not None and refusal.winner is None:
            results[alert_id] = _refused(alert_id, refusal)
        else:
            actions.append(action)
    return actions, results


def _check_flood(desk: Desk, asked: _Asked, alert_ids: Iterable[str]) -> None:
    """In a flood, whoever takes several rows at once says why."""
    entries = desk.room.book.entries
    groups = {entries[alert_id].group for alert_id in alert_ids if alert_id in entries}
    is_flood = desk.room.book.flood.since_ms is not None
    if asked.action == "acknowledge" and is_flood and len(groups) > 1 and not (asked.note or "").strip():
        raise _Unusable("note-needed-in-flood", "note")


async def _write(desk: Desk, actions: list[AlertAction]) -> None:
    """Write actions and wait until all were read back. Raises KafkaError, TimeoutError."""
    topic = desk.room.topics.alert_actions
    async with asyncio.timeout(READ_BACK_S):
        sent = [await desk.producer.send(topic, it.to_json(), key=it.alert_id.encode()) for it in actions]
        for written in await asyncio.gather(*sent):
            await desk.read_back.wait_for(topic, written.partition, written.offset)


def _outcome(desk: Desk, action: AlertAction) -> dict[str, Any]:
    entry = desk.room.book.entries.get(action.alert_id)
    refusal = None if entry is None else entry.now.refused.get(str(action.action_id))
    return {"alert_id": action.alert_id, "ok": True} if refusal is None else _refused(action.alert_id, refusal)


def _refused(alert_id: str, refusal: Refusal) -> dict[str, Any]:
    return {"alert_id": alert_id, "ok": False, **refusal_view(refusal)}


def _answer(asked: _Asked, results: dict[str, Any]) -> Response:
    """200 where anything went through, 409 where others were first, else 422 with the reason."""
    rows = [results[alert_id] for alert_id in dict.fromkeys(asked.alert_ids)]
    if any(row["ok"] for row in rows):
        return JSONResponse({"results": rows})
    if any(row["winner"] for row in rows):
        return JSONResponse({"results": rows}, 409)
    return JSONResponse({"error": rows[0]["error"], "field": "alert_ids", "results": rows}, 422)


def _unusable(fault: ValidationError) -> Response:
    first = fault.errors(include_url=False, include_context=False)[0]
    part = str(first["loc"][0]) if first["loc"] else first["msg"].removeprefix("Value error, ").split()[0]
    return error(422, first["msg"].removeprefix("Value error, "), field=part)
