"""The shift report: what was raised in a span of time and what was done about it, line by line and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass

from console.book import Book, Entry
from console.quality import ack_ms
from console.records import tell
from console.words import CLOSE_REASONS, HEADINGS, KINDS, SEVERITIES, STATES, pick
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
        writer.writerow({name: _cell(text) for name, text in row_of(entry, asked.lang, str, str).items()})
    return b"\xef\xbb\xbf" + out.getvalue().encode()  # without the mark a spreadsheet guesses the letters


def entries_of(book: Book, asked: Asked) -> list[Entry]:
    """Give the alarms that were raised in the span, the oldest first."""
    begin, end = format_instant(asked.begin_ms), format_instant(asked.end_ms)
    found = [entry for entry in book.entries.values() if begin <= entry.head.detected_at < end]
    return sorted(found, key=lambda entry: (entry.head.detected_at, entry.head.alert_id))


def row_of(entry: Entry, lang: str, shown: Callable[[str], str], span: Callable[[int], str]) -> Row:
    """Give an alarm's line: `shown` writes an instant of the records, `span` a number of seconds."""
    alarm, head = entry.now, entry.head
    acks = [action for action in entry.actions if action.action == "acknowledge"]
    took_ms = ack_ms(entry)
    reason = alarm.closed.reason if alarm.closed else None
    return {
        "raised": shown(head.detected_at),
        "convoy": head.convoy_id,
        "vehicle": head.vehicle_id or "",
        "kind": pick(KINDS[head.kind], lang),
        "severity": pick(SEVERITIES[alarm.severity], lang),
        "state": pick(STATES[alarm.state], lang),
        "acknowledged_by": acks[0].actor if acks else "",
        "time_to_ack_s": "" if took_ms is None else span(round(took_ms / 1000)),
        "over": "" if alarm.gone_ms is None else shown(tell(entry.values[-1]).detected_at),
        "closed_by": alarm.closed.actor if alarm.closed else "",
        "reason": "" if reason is None else pick(CLOSE_REASONS.get(reason, (reason, reason)), lang),
        "message": tell(entry.values[0]).message.get(lang, ""),
        "notes": "; ".join(f"{action.actor}: {action.note}" for action in entry.actions if action.note),
    }


def _cell(text: str) -> str:
    # a spreadsheet would take these for a formula, and run it
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
