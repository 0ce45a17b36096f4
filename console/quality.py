"""Alarm quality: the figures of ISA-18.2 and EEMUA 191, as others quote them (docs/console.md says who)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from console.book import CHATTER_MS, CHATTER_TIMES, Book, Entry
from console.flood import WINDOW_MS, Flood
from models.alert import RANK

STALE_MS = 86_400_000


def quality(book: Book, begin_ms: int, end_ms: int) -> dict[str, Any]:
    """Give the figures of a span that the book remembers, of what called for an operator."""
    sounds = [sound for sound in book.flood.sounds if begin_ms <= sound.at_ms < end_ms]
    raised = [entry for entry in book.entries.values() if begin_ms <= (entry.now.raised_ms or 0) < end_ms]
    buckets = Counter((sound.at_ms - begin_ms) // WINDOW_MS for sound in sounds)
    by_convoy = Counter(sound.group.rpartition("|")[0] for sound in sounds)
    mix = Counter(sound.severity for sound in sounds)
    return {
        "rate_10_min": [buckets[number] for number in range(-(-(end_ms - begin_ms) // WINDOW_MS))],
        "flood_share_pct": flood_share_pct(book.flood, begin_ms, end_ms),
        "top5": [{"convoy_id": name, "count": count} for name, count in by_convoy.most_common(5)],
        "stale": [entry.head.alert_id for entry in stale(book, end_ms)],
        "chattering": chattering(raised),
        "mix": {severity: mix[severity] for severity in RANK},
        "time_to_ack_s": _spread([ms / 1000 for entry in raised if (ms := ack_ms(entry)) is not None]),
    }


def flood_share_pct(flood: Flood, begin_ms: int, end_ms: int) -> float:
    """Give the share of a span that was spent in a flood."""
    spent_ms = sum(max(0, min(span.end_ms or end_ms, end_ms) - max(span.begin_ms, begin_ms)) for span in flood.spans)
    return round(100 * spent_ms / max(1, end_ms - begin_ms), 2)


def stale(book: Book, now_ms: int) -> list[Entry]:
    """Give the alarms that have been active for more than a day."""
    return [entry for entry in book.active() if now_ms - (entry.now.raised_ms or now_ms) > STALE_MS]


def chattering(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Give the groups in which one vehicle's alarm came three times within a minute, and how often it came."""
    times: defaultdict[tuple[str, str | None], list[int]] = defaultdict(list)
    for entry in entries:
        times[entry.group, entry.head.vehicle_id].append(entry.now.raised_ms or 0)
    worst: Counter[str] = Counter()
    for (group, _), raised_ms in times.items():
        raised_ms.sort()
        if any(
            late - early <= CHATTER_MS for early, late in zip(raised_ms, raised_ms[CHATTER_TIMES - 1 :], strict=False)
        ):
            worst[group] = max(worst[group], len(raised_ms))
    return [{"group": group, "count": count} for group, count in worst.most_common()]


def ack_ms(entry: Entry) -> int | None:
    """Give how long the first acknowledgement took; None where there is none."""
    alarm = entry.now
    return None if alarm.first_ack_ms is None or alarm.raised_ms is None else alarm.first_ack_ms - alarm.raised_ms


def _spread(values_s: Sequence[float]) -> dict[str, float | None]:
    if not values_s:
        return {"median": None, "p95": None}
    ordered = sorted(values_s)
    return {
        "median": round(ordered[(len(ordered) - 1) // 2], 1),
        "p95": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 1),
    }
