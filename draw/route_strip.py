"""A convoy's route as a straight strip: kilometres, checkpoints with their times, stops, stretches without signal."""

import math
from collections.abc import Sequence
from datetime import datetime
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

from draw.plan_map import CHECKPOINT, ROUTE, STOP
from draw.svg import add, add_disc, add_line, add_text, new_svg, nice_step
from models.geometry import length_m
from models.plan import Checkpoint, ConvoyPlan, Stop

WIDTH, LEFT, RIGHT = 860.0, 40.0, 820.0
LINE_PX = 34.0
ROW_PX = 24.0
ROWS_MAX = 6
LABEL_PX = 78.0
"""Places nearer to each other than a time is wide stand below each other."""


def draw_strip(plan: ConvoyPlan, places: Sequence[tuple[str, Checkpoint | Stop, float]], zone: ZoneInfo) -> Element:
    """Draw the strip; each place comes with its mark and its distance along the route in metres."""
    route_m = max(length_m(plan.route), 0.01)
    rows = _rows([LEFT + (RIGHT - LEFT) * along_m / route_m for _, _, along_m in places])
    height = LINE_PX + ROW_PX * (max(rows, default=0) + 1) + 12
    svg = new_svg(int(WIDTH), int(height), f"Along the route of {plan.convoy_id}")

    def x_of(along_m: float) -> float:
        return LEFT + (RIGHT - LEFT) * min(along_m, route_m) / route_m

    for stretch in plan.no_signal:
        begin, end = x_of(stretch.from_m), x_of(stretch.to_m)
        add(svg, "rect", x=begin, y=LINE_PX - 7, width=end - begin, height=14, fill="#ffc9c9")
    add_line(svg, [(LEFT, LINE_PX), (RIGHT, LINE_PX)], stroke=ROUTE, stroke_width=3)
    step_m = nice_step(route_m, 10)
    for number in range(math.floor(route_m / step_m) + 1):
        x = x_of(number * step_m)
        add_line(svg, [(x, LINE_PX - 6), (x, LINE_PX)], stroke=ROUTE)
        add_text(svg, (x, LINE_PX - 12), f"km {number * step_m / 1000:g}", 11, text_anchor="middle", fill="#495057")
    for (mark, place, along_m), row in zip(places, rows, strict=True):
        y = LINE_PX + ROW_PX * (row + 1)
        x = x_of(along_m)
        colour, said = _said(place, zone)
        add_line(svg, [(x, LINE_PX), (x, y)], stroke=colour, stroke_width=1)
        add_disc(svg, (x, y), mark, place.name, colour)
        add_text(svg, (x + 14, y + 4), said, 11, fill=colour)
    return svg


def _rows(positions: Sequence[float]) -> list[int]:
    """Give each place the first row in which it covers no other; the last row takes what fits nowhere."""
    taken: list[list[float]] = [[] for _ in range(ROWS_MAX)]
    rows = []
    for x in positions:
        free = (row for row in range(ROWS_MAX - 1) if all(abs(x - other) >= LABEL_PX for other in taken[row]))
        row = next(free, ROWS_MAX - 1)
        taken[row].append(x)
        rows.append(row)
    return rows


def _said(place: Checkpoint | Stop, zone: ZoneInfo) -> tuple[str, str]:
    if isinstance(place, Stop):
        return STOP, f"{place.max_dwell_s / 60:g} min"
    return CHECKPOINT, _clock(place.planned_at, zone) if place.planned_at else ""


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%H:%M}"
