"""The shift report as a page to read and to print: how good the alarms were, each one, and who hands over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from console.book import Book, Entry
from console.flood import BEGINS_ABOVE, WINDOW_MS
from console.quality import ack_ms, quality
from console.records import tell
from console.report import Asked, deed, entries_of, refusal, state_of
from console.words import FAULTS, HEADINGS, KINDS, PAGE_HEADINGS, SENTENCES, SEVERITIES, pick
from models.alert import RANK, TOLD_ONCE
from models.instants import format_instant
from models.plan import ConvoyPlan

NONE = "-"
BARS_MAX = 160
CHART_PX = 960
BAR_PX = 110
LEFT_PX, RIGHT_PX, TOP_PX, BELOW_PX = 30, 22, 8, 26
MIN_MS = 60_000
HOUR_MS = 60 * MIN_MS
DAY_MS = 24 * HOUR_MS
STEPS_MS = (10 * MIN_MS, 30 * MIN_MS, *(hours * HOUR_MS for hours in (1, 2, 3, 6, 12)), DAY_MS, 2 * DAY_MS, 7 * DAY_MS)
TIMES_MAX = 14
"""More times would touch each other below the bars."""


def report_html(book: Book, plans: Mapping[str, ConvoyPlan], asked: Asked) -> str:
    """Give the page; times are those of the convoy's plan, and carry their zone."""
    lang = asked.lang
    entries = entries_of(book, asked)
    zones = {name: ZoneInfo(plan.timezone) for name, plan in plans.items()}
    usual = _most_common(zones.values())
    figures = quality(book, asked.begin_ms, asked.end_ms)
    rates = _rates(figures["rate_10_min"], asked.begin_ms, usual, lang)
    parts = [
        _heading(asked, usual),
        _section("quality", lang, _figures(figures, lang), rates),
        _section("counts", lang, _counts(entries, lang) if entries else _paragraph("none", lang)),
        _section("alarms", lang, _alarms(entries, zones, lang) if entries else _paragraph("none", lang)),
        _handover(lang),
    ]
    return _document(_say("title", lang), "".join(parts), lang)


def refused_html(code: str, lang: str) -> str:
    """Give the page that says why there is no report."""
    words = escape(pick(FAULTS[code], lang))
    back = f'<p><a href="/#/report">{_say("back", lang)}</a></p>'
    return _document(_say("no-report", lang), f"<h1>{_say('no-report', lang)}</h1><p>{words}</p>{back}", lang)


def _document(title: str, content: str, lang: str) -> str:
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title} · Kawal</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="/static/favicon.svg" type="image/svg+xml">'
        f'<link rel="stylesheet" href="/static/css/report.css"></head><body><main>{content}</main></body></html>'
    )


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


def _rates(rates: Sequence[int], begin_ms: int, zone: ZoneInfo, lang: str) -> str:
    """A bar for each ten minutes; for a long span each shows the worst ten minutes of several."""
    a_bar = -(-len(rates) // BARS_MAX)
    worst = [max(rates[at : at + a_bar]) for at in range(0, len(rates), a_bar)]
    top, width_px = max(BEGINS_ABOVE * 1.2, *worst), CHART_PX / len(rates) * a_bar
    bars = "".join(
        f'<rect x="{LEFT_PX + number * width_px:.1f}" y="{BAR_PX - value / top * BAR_PX + TOP_PX:.1f}"'
        f' width="{max(1.0, width_px - 1):.1f}" height="{value / top * BAR_PX:.1f}"'
        f' class="{"flood" if value > BEGINS_ABOVE else "calm"}"/>'
        for number, value in enumerate(worst)
    )
    caption = _say("rate", lang).format(minutes=10 * a_bar) if a_bar > 1 else _say("rate-10", lang)
    axes = _levels(top) + _times(begin_ms, len(rates) * WINDOW_MS, zone, lang)
    return (
        f'<figure><svg viewBox="0 0 {LEFT_PX + CHART_PX + RIGHT_PX} {TOP_PX + BAR_PX + BELOW_PX}" role="img"'
        f' aria-label="{escape(caption)}">{axes}{bars}</svg><figcaption>{escape(caption)}</figcaption></figure>'
    )


def _levels(top: float) -> str:
    """The numbers of alarms beside the bars, and the line above which it is a flood."""
    step = BEGINS_ABOVE * max(1, round(top / 40))
    levels = [(value, BAR_PX - value / top * BAR_PX + TOP_PX) for value in range(0, int(top) + 1, step)]
    limit_px = BAR_PX - BEGINS_ABOVE / top * BAR_PX + TOP_PX
    lines = "".join(
        f'<line x1="{LEFT_PX}" x2="{LEFT_PX + CHART_PX}" y1="{y_px:.1f}" y2="{y_px:.1f}"/>'
        f'<text x="{LEFT_PX - 6}" y="{y_px + 4:.1f}" class="level">{value}</text>'
        for value, y_px in levels
    )
    return (
        f'{lines}<line class="limit" x1="{LEFT_PX}" x2="{LEFT_PX + CHART_PX}" y1="{limit_px:.1f}" y2="{limit_px:.1f}"/>'
    )


def _times(begin_ms: int, length_ms: int, zone: ZoneInfo, lang: str) -> str:
    """The hours below the bars, or the days of a long span, where they begin in the zone."""
    step_ms = next((step for step in STEPS_MS if length_ms / step <= TIMES_MAX), STEPS_MS[-1])
    offset_ms = round((_moment(begin_ms, zone).utcoffset() or timedelta()).total_seconds() * 1000)
    first_ms = -(-(begin_ms + offset_ms) // step_ms) * step_ms - offset_ms
    marks = []
    for at_ms in range(first_ms, begin_ms + length_ms + 1, step_ms):
        moment, x_px = _moment(at_ms, zone), LEFT_PX + (at_ms - begin_ms) / length_ms * CHART_PX
        is_day = moment.hour == moment.minute == 0
        words = f"{moment:%d/%m}" if is_day else f"{moment:%H{_mark(lang)}%M}"
        marks.append(
            f'<line x1="{x_px:.1f}" x2="{x_px:.1f}" y1="{TOP_PX + BAR_PX}" y2="{TOP_PX + BAR_PX + 5}"/>'
            f'<text x="{x_px:.1f}" y="{TOP_PX + BAR_PX + 18}" class="{"day" if is_day else "hour"}">{words}</text>'
        )
    return "".join(marks)


def _counts(entries: Sequence[Entry], lang: str) -> str:
    """How many alarms of each kind and severity."""
    severities = _worst_first()
    counts = Counter((entry.head.kind, entry.now.severity) for entry in entries)
    kinds = [kind for kind in KINDS if any(counts[kind, severity] for severity in severities)]
    heads = [pick(HEADINGS["kind"], lang), *(pick(SEVERITIES[severity], lang) for severity in severities)]
    rows = [[pick(KINDS[kind], lang), *(str(counts[kind, it] or NONE) for it in severities)] for kind in kinds]
    return _table(heads, rows, "counts")


def _alarms(entries: Iterable[Entry], zones: Mapping[str, ZoneInfo], lang: str) -> str:
    """Every alarm: what it was, what became of it, and what each person did."""
    usual = _most_common(zones.values())
    rows = [_alarm(entry, zones.get(entry.head.convoy_id, usual), lang) for entry in entries]
    return _table_of([escape(pick(pair, lang)) for pair in PAGE_HEADINGS.values()], rows, "alarms")


def _alarm(entry: Entry, zone: ZoneInfo, lang: str) -> list[str]:
    head, severity, took_ms = entry.head, entry.now.severity, ack_ms(entry)
    day, clock = _local(_ms(head.detected_at), zone, lang).split(" ", 1)
    is_over = entry.now.gone_ms is not None and entry.head.kind not in TOLD_ONCE
    over = _say("over-at", lang).format(at=_clock(entry.steps[-1].told.detected_at, zone, lang)) if is_over else ""
    return [
        f"<time>{escape(clock)}</time><small>{day}</small>",
        f"<b>{escape(head.convoy_id)}</b><small>{escape(head.vehicle_id or '')}</small>",
        f'<span class="severity {severity}">{pick(SEVERITIES[severity], lang)}</span> '
        f"<b>{pick(KINDS[head.kind], lang)}</b><p>{escape(tell(entry.steps[0].value).message.get(lang, ''))}</p>",
        f"{state_of(entry, lang)}<small>{over}</small>",
        "" if took_ms is None else _span(took_ms / 1000, lang),
        _deeds(entry, zone, lang),
    ]


def _deeds(entry: Entry, zone: ZoneInfo, lang: str) -> str:
    """What people did, each on a line; what was refused is struck out and says why."""
    clock = partial(_clock, zone=zone, lang=lang)
    lines = []
    for action in entry.actions:
        words, refused = escape(deed(action, lang, clock)), refusal(entry, action, lang)
        note = f": {escape(action.note)}" if action.note else ""
        told = f"{words}{note}" if refused is None else f"<s>{words}</s>{note} <em>{escape(refused)}</em>"
        at = clock(format_instant(action.at_ms))
        lines.append(f"<li><time>{at}</time> <b>{escape(action.actor)}</b> {told}</li>")
    return f"<ul>{''.join(lines)}</ul>" if lines else ""


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]], name: str) -> str:
    return _table_of(map(escape, heads), (map(escape, row) for row in rows), name)


def _table_of(heads: Iterable[str], rows: Iterable[Iterable[str]], name: str) -> str:
    """A table of markup."""
    top = "".join(f'<th scope="col">{text}</th>' for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{text}</td>" for text in row) + "</tr>" for row in rows)
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


def _mark(lang: str) -> str:
    return "." if lang == "id" else ":"


def _moment(ms: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone)


def _local(ms: int, zone: ZoneInfo, lang: str) -> str:
    """The day, the time and the zone, parted by blanks."""
    mark = _mark(lang)
    return f"{_moment(ms, zone):%d/%m/%Y %H{mark}%M{mark}%S %Z}"


def _clock(instant: str, zone: ZoneInfo, lang: str) -> str:
    mark = _mark(lang)
    return f"{_moment(_ms(instant), zone):%H{mark}%M{mark}%S}"


def _ms(instant: str) -> int:
    return round(datetime.fromisoformat(instant).timestamp() * 1000)
