"""The shift report as a page to read and to print: how good the alarms were, each one, and who hands over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from console.book import Book, Entry
from console.flood import BEGINS_ABOVE
from console.quality import quality
from console.report import Asked, Row, entries_of, row_of
from console.words import HEADINGS, KINDS, SENTENCES, SEVERITIES, pick
from models.alert import RANK
from models.plan import ConvoyPlan

NONE = "-"
BARS_MAX = 160
BAR_HEIGHT = 100
PAGE_HEADINGS = HEADINGS | {"time_to_ack_s": ("acknowledged after", "diakui setelah")}


def report_html(book: Book, plans: Mapping[str, ConvoyPlan], asked: Asked) -> str:
    """Give the page; times are those of the convoy's plan, and carry their zone."""
    lang = asked.lang
    entries = entries_of(book, asked)
    zones = {name: ZoneInfo(plan.timezone) for name, plan in plans.items()}
    figures = quality(book, asked.begin_ms, asked.end_ms)
    parts = [
        _heading(asked, _most_common(zones.values())),
        _section("quality", lang, _figures(figures, lang), _rates(figures["rate_10_min"], lang)),
        _section("counts", lang, _counts(entries, lang) if entries else _paragraph("none", lang)),
        _section("alarms", lang, _alarms(entries, zones, lang) if entries else _paragraph("none", lang)),
        _handover(lang),
    ]
    head = (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{_say("title", lang)} · Kawal</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="/static/favicon.svg" type="image/svg+xml">'
        '<link rel="stylesheet" href="/static/css/report.css"></head><body><main>'
    )
    return head + "".join(parts) + "</main></body></html>"


def _heading(asked: Asked, zone: ZoneInfo) -> str:
    lang = asked.lang
    begin, end, now = (_local(ms, zone, lang) for ms in (asked.begin_ms, asked.end_ms, asked.now_ms))
    span = escape(_say("span", lang).format(begin=begin, end=end))
    made = escape(_say("made", lang).format(at=now, user=asked.user, post=asked.post))
    return f'<header><h1>{_say("title", lang)}</h1><p class="span">{span}</p><p>{made}</p></header>'


def _section(name: str, lang: str, *content: str) -> str:
    return f"<section><h2>{_say(name, lang)}</h2>{''.join(content)}</section>"


def _paragraph(name: str, lang: str) -> str:
    return f"<p>{_say(name, lang)}</p>"


def _figures(figures: dict[str, Any], lang: str) -> str:
    told = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in _told(figures, lang))
    return f'<dl>{told}</dl><p class="source">{_say("source", lang)}</p>'


def _told(figures: dict[str, Any], lang: str) -> Iterator[tuple[str, str]]:
    mix, took = figures["mix"], figures["time_to_ack_s"]
    counts = ", ".join(f"{mix[severity]} {pick(SEVERITIES[severity], lang)}" for severity in _worst_first())
    yield _say("sounding", lang), f"{sum(mix.values())} ({counts})"
    yield _say("flood", lang), f"{_number(figures['flood_share_pct'], lang)} %"
    yield _say("ack", lang), " / ".join(_span(took[name], lang) for name in ("median", "p95"))
    yield _say("stale", lang), str(len(figures["stale"]))
    top = (f"{row['convoy_id']} ({row['count']})" for row in figures["top5"])
    yield _say("top", lang), ", ".join(top) or NONE
    yield _say("chattering", lang), ", ".join(_group(row["group"], lang) for row in figures["chattering"]) or NONE


def _group(group: str, lang: str) -> str:
    convoy_id, _, name = group.rpartition("|")
    return next((f"{convoy_id} {pick(pair, lang)}" for kind, pair in KINDS.items() if kind == name), group)


def _rates(rates: Sequence[int], lang: str) -> str:
    """A bar for each ten minutes; for a long span each shows the worst ten minutes of several."""
    a_bar = -(-len(rates) // BARS_MAX)
    worst = [max(rates[at : at + a_bar]) for at in range(0, len(rates), a_bar)]
    top, width = max(BEGINS_ABOVE * 1.2, *worst), 800 / len(worst)
    limit = BAR_HEIGHT - BEGINS_ABOVE / top * BAR_HEIGHT
    bars = "".join(
        f'<rect x="{number * width + 0.5:.1f}" y="{BAR_HEIGHT - value / top * BAR_HEIGHT:.1f}"'
        f' width="{max(1.0, width - 1):.1f}" height="{value / top * BAR_HEIGHT:.1f}"'
        f' class="{"flood" if value > BEGINS_ABOVE else "calm"}"/>'
        for number, value in enumerate(worst)
    )
    caption = _say("rate", lang).format(minutes=10 * a_bar) if a_bar > 1 else _say("rate-10", lang)
    return (
        f'<figure><svg viewBox="0 0 800 {BAR_HEIGHT + 2}" preserveAspectRatio="none" role="img"'
        f' aria-label="{escape(caption)}">{bars}'
        f'<line x1="0" x2="800" y1="{BAR_HEIGHT}" y2="{BAR_HEIGHT}"/>'
        f'<line class="limit" x1="0" x2="800" y1="{limit:.1f}" y2="{limit:.1f}"/></svg>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _counts(entries: Sequence[Entry], lang: str) -> str:
    """How many alarms of each kind and severity."""
    severities = _worst_first()
    counts = Counter((entry.head.kind, entry.now.severity) for entry in entries)
    kinds = [kind for kind in KINDS if any(counts[kind, severity] for severity in severities)]
    heads = [pick(HEADINGS["kind"], lang), *(pick(SEVERITIES[severity], lang) for severity in severities)]
    rows = [[pick(KINDS[kind], lang), *(str(counts[kind, it] or NONE) for it in severities)] for kind in kinds]
    return _table(heads, rows, "counts")


def _alarms(entries: Iterable[Entry], zones: Mapping[str, ZoneInfo], lang: str) -> str:
    usual, span = _most_common(zones.values()), partial(_span, lang=lang)
    rows: list[Row] = [
        row_of(entry, lang, partial(_shown, zone=zones.get(entry.head.convoy_id, usual), lang=lang), span)
        for entry in entries
    ]
    heads = [pick(PAGE_HEADINGS[name], lang) for name in HEADINGS]
    return _table(heads, [list(row.values()) for row in rows], "alarms")


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]], name: str) -> str:
    top = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    return (
        f'<div class="wide" tabindex="0"><table class="{name}"><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _handover(lang: str) -> str:
    boxes = "".join(f"<p>{_say(name, lang)}</p>" for name in ("handed-over", "taken-over"))
    return f'<section class="handover" aria-label="{_say("handover", lang)}">{boxes}</section>'


def _worst_first() -> list[Any]:
    return sorted(RANK, key=lambda severity: -RANK[severity])


def _most_common(zones: Iterable[ZoneInfo]) -> ZoneInfo:
    counted = Counter(zone.key for zone in zones).most_common(1)
    return ZoneInfo(counted[0][0]) if counted else ZoneInfo("UTC")


def _say(name: str, lang: str) -> str:
    return pick(SENTENCES[name], lang)


def _number(value: float, lang: str) -> str:
    return f"{value:g}".replace(".", "," if lang == "id" else ".")


def _span(seconds: float | None, lang: str) -> str:
    """Minutes and seconds, as the pages write them."""
    if seconds is None:
        return NONE
    minutes, rest = divmod(round(seconds), 60)
    return _say("seconds" if minutes == 0 else "minutes", lang).format(minutes=minutes, seconds=rest)


def _local(ms: int, zone: ZoneInfo, lang: str) -> str:
    mark = "." if lang == "id" else ":"
    return f"{datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone):%d/%m/%Y %H{mark}%M{mark}%S %Z}"


def _shown(instant: str, zone: ZoneInfo, lang: str) -> str:
    return _local(round(datetime.fromisoformat(instant).timestamp() * 1000), zone, lang)
