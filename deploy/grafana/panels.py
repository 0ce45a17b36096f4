"""Panels and dashboards as this house makes them: each with title, description, unit and the same two variables."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase
from typing import NamedTuple, TypeVar

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
    VariableOption,
    VariableRefresh,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from deploy.grafana.promql import RARE_STEP, Line

DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
TAG = "kawal"
WIDTH = 24
HEIGHT = 8
JOBS = "kawal.*"

COLOURS = {
    # severities
    "critical": "dark-red",
    "high": "red",
    "medium": "orange",
    "low": "blue",
    # how fresh a vehicle's word is
    "live": "green",
    "late": "yellow",
    "stale": "orange",
    "lost": "red",
    # what became of a checkpoint
    "committed": "green",
    "aborted": "orange",
    "fenced": "red",
}

Panel = timeseries.Panel | stat.Panel
P = TypeVar("P", timeseries.Panel, stat.Panel)


class Row(NamedTuple):
    """A heading and the panels under it."""

    title: str
    panels: Sequence[Panel]


class Limits(NamedTuple):
    """From where on a value is a warning, and from where on it is bad; without a warning it is bad at once."""

    warn: float | None
    bad: float


def graph(
    title: str, description: str, unit: str, lines: Sequence[Line], limits: Limits | None = None
) -> timeseries.Panel:
    """Values over time, half the width; limits are drawn as lines."""
    panel = _framed(timeseries.Panel(), title, description, unit, lines)
    panel.span(WIDTH // 2).height(HEIGHT).min(0)
    panel.fill_opacity(10).show_points(kinds.VisibilityMode.AUTO)
    panel.legend(
        common.VizLegendOptions()
        .display_mode(kinds.LegendDisplayMode.TABLE)
        .placement(kinds.LegendPlacement.RIGHT)
        .show_legend(True)
        .calcs(["lastNotNull", "max"])
    )
    panel.tooltip(common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI).sort(kinds.SortOrder.DESCENDING))
    for name, colour in COLOURS.items():
        if any(name == line.legend or line.legend in ("{{severity}}", "{{link}}", "{{outcome}}") for line in lines):
            panel.override_by_name(name, [DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})])
    if limits is not None:
        panel.thresholds(_steps(limits))
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(kinds.GraphThresholdsStyleMode.DASHED))
    return panel


def stack(title: str, description: str, unit: str, lines: Sequence[Line]) -> timeseries.Panel:
    """Parts of a whole over time, half the width."""
    panel = graph(title, description, unit, lines)
    panel.stacking(common.StackingConfig().mode(kinds.StackingMode.NORMAL))
    return panel.fill_opacity(60).line_width(0)


def number(title: str, description: str, unit: str, line: Line, limits: Limits | None = None) -> stat.Panel:
    """The newest value, a sixth of the width. Where nothing is told it says so: never a zero that nobody counted."""
    panel = _framed(stat.Panel(), title, description, unit, [line])
    panel.span(WIDTH // 6).height(HEIGHT // 2).no_value("nothing told")
    panel.reduce_options(common.ReduceDataOptions().calcs(["last"]).values(False))
    panel.graph_mode(kinds.BigValueGraphMode.AREA)
    panel.color_mode(kinds.BigValueColorMode.VALUE if limits else kinds.BigValueColorMode.NONE)
    if limits is not None:
        panel.thresholds(_steps(limits))
    return panel


def board(uid: str, title: str, description: str, rows: Sequence[Row]) -> dashboard.Dashboard:
    """A dashboard: rows from top to bottom, panels numbered in that order."""
    built = (
        dashboard.Dashboard(f"Kawal: {title}")
        .uid(uid)
        .description(description)
        .tags([TAG])
        .readonly()
        .timezone("browser")
        .refresh("10s")
        .time("now-1h", "now")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .with_variable(_job())
        .link(
            dashboard.DashboardLink("Kawal")
            .type(DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .as_dropdown(True)
            .keep_time(True)
            .include_vars(True)
        )
    )
    number_of = 0
    for row in rows:
        number_of += 1
        built.with_row(dashboard.Row(row.title).id(number_of))
        for panel in row.panels:
            number_of += 1
            built.with_panel(panel.id(number_of))
    return built


def _job() -> dashboard.QueryVariable:
    everything = VariableOption(text="All", value="$__all", selected=True)
    return (
        dashboard.QueryVariable("job")
        .label("Process")
        .datasource(DATASOURCE)
        .query("label_values(kawal_build_info, job)")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        # A process that is down has no kawal_build_info any more; it belongs to all of them still.
        .all_value(JOBS)
        .current(everything)
    )


def _framed(panel: P, title: str, description: str, unit: str, lines: Sequence[Line]) -> P:
    panel.title(title).description(description).unit(unit).datasource(DATASOURCE)
    for place, line in enumerate(lines):
        panel.with_target(_query(ascii_uppercase[place], line))
    return panel


def _query(letter: str, line: Line) -> prometheus.Dataquery:
    query = prometheus.Dataquery().ref_id(letter).datasource(DATASOURCE).format(PromQueryFormat.TIME_SERIES).range()
    query.expr(line.expr).legend_format(line.legend)
    return query.interval(RARE_STEP) if line.rare else query


def _steps(limits: Limits) -> dashboard.ThresholdsConfig:
    steps = [Threshold(value=None, color="green")]
    if limits.warn is not None:
        steps.append(Threshold(value=limits.warn, color="orange"))
    steps.append(Threshold(value=limits.bad, color="red"))
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
