"""What a webhook is sent: one message a group of alarms, never with a position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.book import Entry
from console.records import tell
from console.webhooks import Webhook
from console.words import KINDS, SEVERITIES, pick
from models.alert import RANK, Severity

LINES_MAX = 20
"""A chat refuses long messages."""

SIGNS = {"critical": "🔴", "high": "🟠", "medium": "🟡", "low": "🔵"}
OVER = ("over", "selesai")


def message_of(hook: Webhook, entries: Sequence[Entry]) -> Any:
    """Give the message of a group's alarms in the hook's own form."""
    return {"kawal": _kawal, "telegram": _telegram, "alertmanager": _alertmanager}[hook.template](hook, entries)


def _kawal(hook: Webhook, entries: Sequence[Entry]) -> dict[str, Any]:
    head = entries[0].head
    return {
        "version": 1,
        "group": entries[0].group,
        "convoy_id": head.convoy_id,
        "kind": head.kind,
        "severity": worst(entries),
        "condition": "active" if _any_active(entries) else "gone",
        "alarms": [
            {
                "alert_id": entry.head.alert_id,
                "vehicle_id": entry.head.vehicle_id,
                "severity": entry.now.severity,
                "condition": "active" if entry.now.gone_ms is None else "gone",
                "raised_at": entry.head.detected_at,
                "message": _words(entry, hook.lang),
            }
            for entry in entries
        ],
    }


def _telegram(hook: Webhook, entries: Sequence[Entry]) -> dict[str, Any]:
    head, severity = entries[0].head, worst(entries)
    sign = SIGNS[severity] if _any_active(entries) else "🟢"
    title = (
        f"{sign} {pick(SEVERITIES[severity], hook.lang).upper()} {head.convoy_id}: {pick(KINDS[head.kind], hook.lang)}"
    )
    lines = [title if _any_active(entries) else f"{title} ({pick(OVER, hook.lang)})"]
    lines += [_words(entry, hook.lang) for entry in entries[:LINES_MAX]]
    if len(entries) > LINES_MAX:
        lines.append(f"+ {len(entries) - LINES_MAX}")
    return {"chat_id": hook.chat_id, "text": "\n".join(lines)}


def _alertmanager(hook: Webhook, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    return [
        {
            "labels": {
                "alertname": f"kawal-{entry.head.kind}",
                "severity": entry.now.severity,
                "convoy": entry.head.convoy_id,
                "vehicle": entry.head.vehicle_id or "",
                "alert_id": entry.head.alert_id,
            },
            "annotations": {"summary": _words(entry, hook.lang)},
            "startsAt": entry.head.detected_at,
        }
        | ({} if entry.now.gone_ms is None else {"endsAt": entry.steps[-1].told.detected_at})
        for entry in entries
    ]


def worst(entries: Sequence[Entry]) -> Severity:
    """Give the worst severity among alarms."""
    return max((entry.now.severity for entry in entries), key=RANK.__getitem__)


def _any_active(entries: Sequence[Entry]) -> bool:
    return any(entry.now.gone_ms is None for entry in entries)


def _words(entry: Entry, lang: str) -> str:
    return tell(entry.steps[-1].value).message.get(lang, "")
