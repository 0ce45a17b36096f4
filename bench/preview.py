"""A picture of a dashboard's data, for a first look where there is no Grafana; what Grafana draws looks different."""

import math
import re
from collections.abc import Iterator
from html import escape
from typing import Any, NamedTuple

from bench.panels import all_of, panels, queries
from bench.prometheus import Prometheus, Series

CELL_PX, LINE_PX = 50, 30
MARGIN_PX = 10
TITLE_PX = 22
SHOWN_MAX = 6
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf")


class Line(NamedTuple):
    """One series and what it is called."""

    name: str
    series: Series


def preview(board: dict[str, Any], prometheus: Prometheus, begin_s: float, end_s: float) -> str:
    """Draw the panels where the dashboard has them, as SVG."""
    places = [panel["gridPos"] for panel in board["panels"]]
    height_px = max(place["y"] + place["h"] for place in places) * LINE_PX + LINE_PX
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {24 * CELL_PX} {height_px}" font-family="sans-serif">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="{MARGIN_PX}" y="20" font-size="16">{escape(board["title"])} (preview, not Grafana)</text>',
    ]
    for panel in panels(board):
        found = list(_lines(board, panel["title"], prometheus, begin_s, end_s))
        parts += _panel(panel, found[:SHOWN_MAX], begin_s, end_s)
    return "\n".join([*parts, "</svg>\n"])


def _lines(board: dict[str, Any], title: str, prometheus: Prometheus, begin_s: float, end_s: float) -> Iterator[Line]:
    for query in queries(board):
        if query.panel == title:
            for series in query.run(prometheus, begin_s, end_s, all_of(board, "job")).series:
                labels = series.labels
                yield Line(re.sub(r"{{(\w+)}}", lambda name: labels.get(name[1], ""), query.legend), series)  # noqa: B023


def _panel(panel: dict[str, Any], lines: list[Line], begin_s: float, end_s: float) -> Iterator[str]:
    place = panel["gridPos"]
    x_px, y_px = place["x"] * CELL_PX + MARGIN_PX / 2, place["y"] * LINE_PX + LINE_PX
    width_px, height_px = place["w"] * CELL_PX - MARGIN_PX, place["h"] * LINE_PX - MARGIN_PX
    yield f'<g transform="translate({x_px},{y_px})" font-size="12">'
    yield f'<rect width="{width_px}" height="{height_px}" fill="#f6f8fa" stroke="#c0c4c8"/>'
    yield f'<text x="6" y="16">{escape(panel["title"])}</text>'
    highest = max((value for line in lines for value in _finite(line.series)), default=math.nan)
    if panel["type"] == "stat" or math.isnan(highest):
        unit = panel["fieldConfig"]["defaults"]["unit"]
        newest = next((f"{line.series.points[-1][1]:.3g} {unit}" for line in lines), "nothing told")
        yield f'<text x="6" y="56" font-size="26">{newest}</text>'
    else:
        yield f'<text x="6" y="32" fill="#666">{highest:.3g} {panel["fieldConfig"]["defaults"]["unit"]}</text>'
        for place_of, line in enumerate(lines):
            colour = COLOURS[place_of]
            yield _curve(line.series, (begin_s, end_s, highest), (width_px - 160, height_px - 2 * TITLE_PX), colour)
            at_px = 2 * TITLE_PX + 15 * place_of
            yield f'<text x="{width_px - 150}" y="{at_px}" fill="{colour}">{escape(line.name)}</text>'
    yield "</g>"


def _curve(series: Series, scale: tuple[float, float, float], size: tuple[float, float], colour: str) -> str:
    begin_s, end_s, highest = scale
    points = [
        f"{(at_s - begin_s) / (end_s - begin_s) * size[0]:.1f},"
        f"{TITLE_PX + size[1] * (1 - value / (highest or 1)) + 10:.1f}"
        for at_s, value in series.points
        if math.isfinite(value)
    ]
    # A lone point, as of what happens seldom, is a line of no length: its round ends show.
    path = " ".join(points * 2 if len(points) == 1 else points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="3" stroke-linecap="round"/>'


def _finite(series: Series) -> Iterator[float]:
    return (value for _, value in series.points if math.isfinite(value))
