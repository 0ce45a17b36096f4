"""How one alert reads on one line of a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rich.text import Text

from cli.words import Lang, word
from models.alert import Alert, Severity

SEVERITY_STYLE: dict[Severity, str] = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "bold yellow",
    "low": "cyan",
}
CLEARED_STYLE = "green"
WIDTHS = (13, 8, 8, 8, 12)


def clock(ms: int, zone: ZoneInfo) -> str:
    """An instant as people read it: `06:07:12 WITA`; the zone is always said."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone):%H:%M:%S %Z}"


def alert_cells(alert: Alert, zone: ZoneInfo, lang: Lang) -> list[Text]:
    """Time of the transition, severity, transition, convoy, vehicle, sentence; colour only repeats the words."""
    over = alert.transition == "cleared"
    return [
        Text(clock(alert.at_ms, zone)),
        Text(word(alert.severity, lang), CLEARED_STYLE if over else SEVERITY_STYLE[alert.severity]),
        Text(word(alert.transition, lang), CLEARED_STYLE if over else ""),
        Text(alert.convoy_id, "bold"),
        Text(alert.vehicle_id or "", "bold"),
        Text(alert.message.id if lang is Lang.ID else alert.message.en),
    ]


def alert_line(alert: Alert, zone: ZoneInfo, lang: Lang) -> Text:
    """The cells of an alert on one line, in columns as far as their texts fit."""
    *cells, sentence = alert_cells(alert, zone, lang)
    for cell, width in zip(cells, WIDTHS, strict=True):
        cell.pad_right(max(width - len(cell), 0))
    return Text("  ").join([*cells, sentence])
