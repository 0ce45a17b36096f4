"""What `kawal tune` shows: a table for people, a JSON object a trial for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec
from rich.table import Table

from streams.tune import KIND_OF, Count, Trial, Tuned

UNITS = {"_mps": "m/s", "_pct": "%", "_m": "m", "_s": "s"}
NOTHING = Count(0, 0)
PLANNED = "as planned"
ALIKE = "all alike"
HOUR_S = 3600.0

WIDTH = 130
"""Where the table goes to a file nothing in it is cut short."""


class _Row(NamedTuple):
    """A trial and what it gave."""

    trial: Trial
    counts: Mapping[str, Count]


def json_lines(trials: Sequence[Trial], tuned: Tuned) -> Iterator[str]:
    """Give a line a trial, that of the plan first: its limit (null), values a convoy, and the counts by kind."""
    planned = trials[0]
    for trial, counts in zip(trials, tuned.counts, strict=True):
        record = {
            "limit": trial.limit or None,
            "factor": trial.factor,
            "limits": {
                convoy_id: _changed(planned, trial, convoy_id) for convoy_id in (trial.limits if trial.limit else ())
            },
            "recording_s": tuned.recording_s,
            "alerts": {kind: count._asdict() for kind, count in counts.items()},
        }
        yield msgspec.json.encode(record).decode()


def _changed(planned: Trial, trial: Trial, convoy_id: str) -> dict[str, float]:
    """Give the limits of a convoy that a trial sets, the one tried first."""
    before, after = planned.limits[convoy_id], trial.limits[convoy_id]
    others = [name for name in type(after).model_fields if getattr(before, name) != getattr(after, name)]
    return {name: getattr(after, name) for name in dict.fromkeys([trial.limit, *others])}


def table(trials: Sequence[Trial], tuned: Tuned) -> Table:
    """Give a section a limit, a row a value and kind; the values of the plan stand among those tried."""
    shown = Table(title=_title(tuned.recording_s), title_justify="left")
    shown.add_column("Limit", overflow="fold")
    for heading in ("Value", "", "Alert"):
        shown.add_column(heading)
    for heading in ("Raised", "an hour", "Sounding", "an hour"):
        shown.add_column(heading, justify="right")
    planned, *others = [_Row(*row) for row in zip(trials, tuned.counts, strict=True)]
    for limit, rows in groupby(others, key=lambda row: row.trial.limit):
        _add_section(shown, limit, planned, list(rows), tuned.recording_s)
    return shown


def _title(recording_s: float) -> str:
    minutes = round(recording_s / 60)
    return f"Alerts of {minutes // 60} h {minutes % 60} min of recording, by limit"


def _add_section(shown: Table, limit: str, planned: _Row, others: Sequence[_Row], recording_s: float) -> None:
    rows = sorted([planned, *others], key=lambda row: _values(limit, row.trial))
    kinds = _kinds(limit, rows)
    companions = _companions(limit, planned.trial, others)
    name = "\n".join([limit, *(f"with {other}" for other in companions)])
    if not any(_differs(kind, planned, row) for kind in kinds for row in others):
        span = f"{_range(_values(limit, rows[0].trial) + _values(limit, rows[-1].trial))} {_unit(limit)}"
        for kind in kinds or [""]:
            shown.add_row(name, span, ALIKE, kind, *_figures(planned.counts.get(kind, NOTHING), recording_s))
            name = ""
    else:
        for kind in kinds:
            for row in rows:
                _add_row(shown, (name, limit, kind), row, recording_s)
                name = ""
    shown.add_section()


def _add_row(shown: Table, told: tuple[str, str, str], row: _Row, recording_s: float) -> None:
    name, limit, kind = told
    value = f"{_range(_values(limit, row.trial))} {_unit(limit)}"
    is_planned = not row.trial.limit
    factor = "" if row.trial.factor is None else f"x {row.trial.factor:g}"
    figures = _figures(row.counts.get(kind, NOTHING), recording_s)
    style = "bold" if is_planned else ""
    shown.add_row(name, value, PLANNED if is_planned else factor, kind, *figures, style=style)


def _kinds(limit: str, rows: Sequence[_Row]) -> list[str]:
    """Name the kinds to show: the limit's own, and others whose counts it changes."""
    own = KIND_OF.get(limit)
    told = sorted({kind for row in rows for kind in row.counts} - {own})
    changed = [kind for kind in told if any(_differs(kind, rows[0], row) for row in rows)]
    return ([own] if own else []) + changed


def _differs(kind: str, one: _Row, other: _Row) -> bool:
    return one.counts.get(kind, NOTHING) != other.counts.get(kind, NOTHING)


def _companions(limit: str, planned: Trial, others: Sequence[_Row]) -> list[str]:
    """Name the limits that move with the one that is tried."""
    changed = [_changed(planned, row.trial, convoy_id) for row in others for convoy_id in row.trial.limits]
    return [name for name in dict.fromkeys(name for names in changed for name in names) if name != limit]


def _values(limit: str, trial: Trial) -> list[float]:
    """Give the values of a limit in the convoys, from the lowest; none where it follows from the vehicles' modes."""
    values = {getattr(limits, limit) for limits in trial.limits.values()} - {None}
    return sorted(values)


def _range(values: Sequence[float]) -> str:
    if not values:
        return "by mode"
    low, high = f"{min(values):g}", f"{max(values):g}"
    return low if low == high else f"{low} - {high}"


def _unit(limit: str) -> str:
    return next(unit for ending, unit in UNITS.items() if limit.endswith(ending))


def _figures(count: Count, recording_s: float) -> list[str]:
    """Give raised and sounding, each with how many that is an hour."""
    hours = recording_s / HOUR_S
    return [text for n in count for text in (f"{n:,}", f"{n / hours:,.1f}" if hours else "")]
