"""The shift report: what was raised in a span of time and what was done about it, line by line and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from console.book import Book, Entry
from console.quality import ack_ms
from console.records import tell
from console.words import CLOSE_REASONS, DONE, HEADINGS, INFORMATION, KINDS, REFUSALS, SEVERITIES, STATES, pick
from models.alert_action import AlertAction
from models.instants import format_instant

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which report: a span of times at which alarms were raised, the language, and who asks."""

    begin_ms: int
    end_ms: int
    lang: str
    user: str
    post: str
    now_ms: int


def report_csv(book: Book, asked: Asked) -> bytes:
    """Give one line an alarm; instants in UTC, headings in English, for programs as well as for a spreadsheet."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(HEADINGS))
    writer.writeheader()
    for entry in entries_of(book, asked):
        writer.writerow({name: _cell(text) for name, text in row_of(entry, asked.lang).items()})
    return b"\xef\xbb\xbf" + out.getvalue().encode()  # without the mark a spreadsheet guesses the letters


def entries_of(book: Book, asked: Asked) -> list[Entry]:
    """Give the alarms that were raised in the span, the oldest first."""
    begin, end = format_instant(asked.begin_ms), format_instant(asked.end_ms)
    found = [entry for entry in book.entries.values() if begin <= entry.head.detected_at < end]
    return sorted(found, key=lambda entry: (entry.head.detected_at, entry.head.alert_id))


def row_of(entry: Entry, lang: str) -> Row:
    """Give an alarm's line; instants as in the records."""
    alarm, head = entry.now, entry.head
    valid = [action for action in entry.actions if refusal(entry, action, lang) is None]
    acks, shelved = ([it for it in valid if it.action == name] for name in ("acknowledge", "shelve"))
    took_ms = ack_ms(entry)
    reason = alarm.closed.reason if alarm.closed else None
    return {
        "raised": head.detected_at,
        "convoy": head.convoy_id,
        "vehicle": head.vehicle_id or "",
        "kind": pick(KINDS[head.kind], lang),
        "severity": pick(SEVERITIES[alarm.severity], lang),
        "state": state_of(entry, lang),
        "acknowledged_by": acks[0].actor if acks else "",
        "time_to_ack_s": "" if took_ms is None else str(round(took_ms / 1000)),
        "over": "" if alarm.gone_ms is None else entry.steps[-1].told.detected_at,
        "closed_by": alarm.closed.actor if alarm.closed else "",
        "reason": reason_of(reason, lang),
        "message": tell(entry.steps[0].value).message.get(lang, ""),
        "shelved": "; ".join(f"{it.actor}: {shown_ms(it.until_ms, str)}, {it.reason}" for it in shelved),
        "notes": "; ".join(_notes(entry, lang)),
    }


def state_of(entry: Entry, lang: str) -> str:
    """Give an alarm's state in words; a notification has none, for nobody was to do anything."""
    return pick(INFORMATION if entry.now.notification else STATES[entry.now.state], lang)


def reason_of(reason: str | None, lang: str) -> str:
    """Give a reason in words: those of its code, or what somebody wrote."""
    return "" if reason is None else pick(CLOSE_REASONS.get(reason, (reason, reason)), lang)


def refusal(entry: Entry, action: AlertAction, lang: str) -> str | None:
    """Say why an action changed nothing, and who was first; None where it did change something."""
    refused = entry.now.refused.get(str(action.action_id))
    if refused is None:
        return None
    if refused.winner is not None:
        return pick(REFUSALS["first"], lang).format(who=refused.winner.actor)
    return pick(REFUSALS.get(refused.error, REFUSALS["other"]), lang)


def deed(action: AlertAction, lang: str, shown: Callable[[str], str]) -> str:
    """Say what somebody did; `shown` writes an instant."""
    words = pick(DONE[action.action], lang)
    return words.format(
        to=action.assignee, until=shown_ms(action.until_ms, shown), reason=reason_of(action.reason, lang)
    )


def shown_ms(ms: int | None, shown: Callable[[str], str]) -> str:
    """Write an instant that an action carries."""
    return "" if ms is None else shown(format_instant(ms))


def _notes(entry: Entry, lang: str) -> Iterator[str]:
    for action in entry.actions:
        if action.note:
            yield f"{action.actor}: {action.note}"
        if refused := refusal(entry, action, lang):
            yield f"{action.actor}: {deed(action, lang, str)} ({refused})"


def _cell(text: str) -> str:
    # a spreadsheet would take these for a formula, and run it
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
