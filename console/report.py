"""The shift report: what was raised in a span of time and what was done about it, as a page and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from console.book import Book, Entry
from console.quality import ack_ms, quality
from console.records import tell
from console.words import HEADINGS, KINDS, SENTENCES, SEVERITIES, STATES, pick
from models.instants import format_instant
from models.plan import ConvoyPlan

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
    for entry in _entries(book, asked):
        writer.writerow({name: _cell(text) for name, text in _row(entry, asked.lang, None).items()})
    return b"\xef\xbb\xbf" + out.getvalue().encode()  # without the mark a spreadsheet guesses the letters


def report_html(book: Book, plans: Mapping[str, ConvoyPlan], asked: Asked) -> str:
    """Give a page to print; times in the zone of the convoy's plan."""
    lang = asked.lang
    zones = {name: ZoneInfo(plan.timezone) for name, plan in plans.items()}
    zone = next(iter(zones.values()), ZoneInfo("UTC"))
    rows = [_row(entry, lang, zones.get(entry.head.convoy_id, zone)) for entry in _entries(book, asked)]
    span = _say("span", lang).format(begin=_local(asked.begin_ms, zone), end=_local(asked.end_ms, zone))
    made = _say("made", lang).format(at=_local(asked.now_ms, zone), user=asked.user, post=asked.post)
    parts = [
        f"<h1>{_say('title', lang)}</h1>",
        f"<p>{escape(span)}</p><p>{escape(made)}</p>",
        f"<h2>{_say('quality', lang)}</h2>",
        _figures(quality(book, asked.begin_ms, asked.end_ms), lang),
        f"<h2>{_say('alarms', lang)} ({len(rows)})</h2>",
        _table(rows, lang) if rows else f"<p>{_say('none', lang)}</p>",
    ]
    head = (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{_say("title", lang)}</title>'
        '<link rel="stylesheet" href="/static/css/report.css"></head><body>'
    )
    return head + "".join(parts) + "</body></html>"


def _entries(book: Book, asked: Asked) -> list[Entry]:
    begin, end = format_instant(asked.begin_ms), format_instant(asked.end_ms)
    found = [entry for entry in book.entries.values() if begin <= entry.head.detected_at < end]
    return sorted(found, key=lambda entry: (entry.head.detected_at, entry.head.alert_id))


def _row(entry: Entry, lang: str, zone: ZoneInfo | None) -> Row:
    alarm, head = entry.now, entry.head
    last = tell(entry.values[-1])
    acks = [action for action in entry.actions if action.action == "acknowledge"]
    took_ms = ack_ms(entry)
    over = last.detected_at if alarm.gone_ms is not None else ""
    return {
        "raised": _shown(head.detected_at, zone),
        "convoy": head.convoy_id,
        "vehicle": head.vehicle_id or "",
        "kind": pick(KINDS[head.kind], lang),
        "severity": pick(SEVERITIES[alarm.severity], lang),
        "state": pick(STATES[alarm.state], lang),
        "acknowledged_by": acks[0].actor if acks else "",
        "time_to_ack_s": "" if took_ms is None else str(round(took_ms / 1000)),
        "over": _shown(over, zone) if over else "",
        "closed_by": alarm.closed.actor if alarm.closed else "",
        "reason": (alarm.closed.reason or "") if alarm.closed else "",
        "message": tell(entry.values[0]).message.get(lang, ""),
        "notes": "; ".join(f"{action.actor}: {action.note}" for action in entry.actions if action.note),
    }


def _table(rows: list[Row], lang: str) -> str:
    heads = "".join(f"<th>{escape(pick(pair, lang))}</th>" for pair in HEADINGS.values())
    body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row.values()) + "</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _figures(figures: dict[str, Any], lang: str) -> str:
    return (
        "<dl>"
        + "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in _told(figures, lang))
        + "</dl>"
    )


def _told(figures: dict[str, Any], lang: str) -> Iterator[tuple[str, str]]:
    mix, took = figures["mix"], figures["time_to_ack_s"]
    counts = ", ".join(f"{pick(pair, lang)} {mix[severity]}" for severity, pair in SEVERITIES.items())
    yield _say("sounding", lang), f"{sum(mix.values())} ({counts})"
    yield _say("flood", lang), f"{figures['flood_share_pct']:g} %"
    yield (
        _say("ack", lang),
        " / ".join("-" if took[name] is None else f"{took[name]:g} s" for name in ("median", "p95")),
    )
    yield _say("stale", lang), str(len(figures["stale"]))
    yield _say("chattering", lang), ", ".join(row["group"].replace("|", " ") for row in figures["chattering"]) or "-"


def _say(name: str, lang: str) -> str:
    return pick(SENTENCES[name], lang)


def _local(ms: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def _shown(instant: str, zone: ZoneInfo | None) -> str:
    return instant if zone is None else f"{datetime.fromisoformat(instant).astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def _cell(text: str) -> str:
    # a spreadsheet would take these for a formula, and run it
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
