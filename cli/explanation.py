"""What `kawal explain` prints: the episode, the rule, and the pings around it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.alert_line import CLEARED_STYLE, SEVERITY_STYLE
from cli.why import rule_lines
from models.alert import Alert
from models.instants import format_instant
from streams.explain import Sample, Story
from streams.picture import NOT_SAME

NEAR = 12
"""Pings shown on each side of the onset and of each transition; the picture and --json have all."""

SLOW_S = 5.0
"""A ping that took longer to arrive has its delay told."""


def json_record(story: Story) -> str:
    """Give everything as one JSON object."""
    samples = [
        {
            "received": format_instant(sample.received_ms),
            "time": format_instant(sample.fix_ms),
            **{name: value for name, value in sample._asdict().items() if not name.endswith("_ms")},
        }
        for sample in story.samples
    ]
    first = story.alerts[0]
    record = {
        "alert_id": first.alert_id,
        "transitions": [msgspec.Raw(alert.to_json()) for alert in story.alerts],
        "rule": rule_lines(first.kind, story.plan.limits),
        "limits": story.plan.limits.model_dump(),
        "measured": story.measure,
        "unit": first.unit,
        "limit": first.threshold,
        "same": story.same,
        "pings": samples,
    }
    return msgspec.json.encode(record).decode()


def explanation(story: Story) -> RenderableType:
    """Give the text for people; times are in the zone of the plan."""
    first, zone = story.alerts[0], ZoneInfo(story.plan.timezone)
    who = f"{first.vehicle_id or 'the convoy'} of {first.convoy_id}, {story.plan.name}"
    parts: list[RenderableType] = [Text(f"{first.kind}: {who}", "bold"), Text(f"alert {first.alert_id}"), Text("")]
    parts.append(Text(f"{_when(first.onset_ms, zone)}  onset"))
    parts += [_transition(alert, zone) for alert in story.alerts]
    parts += [Text(""), *(Text(line) for line in rule_lines(first.kind, story.plan.limits))]
    if not story.same:
        parts += [Text(""), Text(NOT_SAME, "yellow")]
    parts += [Text(""), _table(story, zone) if story.samples else Text("There are no pings of it from that time.")]
    return Group(*parts)


def _when(ms: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, zone):%Y-%m-%d %H:%M:%S %Z}"


def _transition(alert: Alert, zone: ZoneInfo) -> Text:
    style = CLEARED_STYLE if alert.transition == "cleared" else SEVERITY_STYLE[alert.severity]
    line = Text(f"{_when(alert.at_ms, zone)}  ")
    line.append(f"{alert.transition} {alert.severity}", style)
    line.append(f"  {alert.message.en} ({_evidence(alert)})")
    return line


def _evidence(alert: Alert) -> str:
    """Say what was measured, against what, why, and when it was known if that was later."""
    unit = alert.unit or ""
    parts = [] if alert.value is None else [f"measured {alert.value:g} {unit}"]
    parts += [] if alert.threshold is None else [f"limit {alert.threshold:g} {unit}"]
    parts += [f"reason {alert.reason}", f"{alert.duration_s:g} s after the onset"]
    parts += [f"known {alert.delay_s:g} s later"] if alert.delay_s > SLOW_S else []
    return ", ".join(parts)


def _table(story: Story, zone: ZoneInfo) -> Table:
    first = story.alerts[0]
    table = Table(title="Pings of the vehicle, in the order of their arrival", title_justify="left")
    table.add_column("Time")
    for heading in ("Off route", "Along route", "Speed", "Silence", f"{story.measure}, {first.unit or ''}"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for sample in _shown(story):
        if isinstance(sample, str):
            table.add_row(sample, style="dim")
        else:
            table.add_row(*_cells(sample, story, zone), style="bold red" if sample.beyond else "")
    return table


def _cells(sample: Sample, story: Story, zone: ZoneInfo) -> list[str]:
    delay_s = (sample.received_ms - sample.fix_ms) / 1000
    notes = [] if sample.result == "accepted" else [sample.result]
    notes += [f"received {delay_s:.0f} s later"] if delay_s > SLOW_S else []
    own_ms = (sample.fix_ms, sample.received_ms)
    notes += ["onset"] if story.alerts[0].onset_ms in own_ms else []
    notes += [alert.transition for alert in story.alerts if alert.at_ms in own_ms]
    notes += ["beyond"] if sample.beyond and sample.value is None else []
    return [
        f"{datetime.fromtimestamp(sample.fix_ms / 1000, zone):%H:%M:%S}",
        _figure(sample.lateral_m, "m"),
        _figure(sample.progress_m, "m"),
        _figure(sample.speed_mps, "m/s", 1),
        _figure(sample.silence_s, "s", 1),
        _figure(sample.value, "", 1),
        ", ".join(notes),
    ]


def _figure(value: float | None, unit: str, digits: int = 0) -> str:
    return "" if value is None else f"{value:,.{digits}f} {unit}".strip()


def _shown(story: Story) -> Iterator[Sample | str]:
    """Give the pings near the onset and the transitions, and for those between how many they are."""
    moments_ms = [story.alerts[0].onset_ms, *(alert.at_ms for alert in story.alerts)]
    near = _near([sample.fix_ms for sample in story.samples], moments_ms)
    passed = 0
    for number, sample in enumerate(story.samples):
        if number not in near:
            passed += 1
            continue
        if passed:
            yield f"... {passed:,} more"
        passed = 0
        yield sample
    if passed:
        yield f"... {passed:,} more"


def _near(times_ms: Sequence[int], moments_ms: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for moment_ms in moments_ms:
        place = min(range(len(times_ms)), key=lambda number: abs(times_ms[number] - moment_ms))
        found.update(range(place - NEAR, place + NEAR + 1))
    return found
