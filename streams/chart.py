"""The lower part of an alert's picture: what was measured in time, against the limit."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

from draw.plan_map import Box
from draw.svg import Pixel, add, add_circle, add_disc, add_line, add_text, clock, nice_step
from streams.explain import Sample, Story
from streams.marks import Mark

BEYOND, WITHIN, UNKNOWN = "#c92a2a", "#1864ab", "#868e96"
LIMIT = "#e67700"
MARK = "#212529"
NUMBER_PX = 22.0
TIME_STEPS_S = (10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400, 604800)


class _Scales(NamedTuple):
    """From time and value to pixels."""

    box: Box
    times_ms: tuple[int, int]
    values: tuple[float, float]

    def pixel(self, ms: int, value: float) -> Pixel:
        first, last = self.times_ms
        low, high = self.values
        x = self.box.left + self.box.width * (ms - first) / (last - first)
        return x, self.box.top + self.box.height * (1 - (value - low) / (high - low))


def colour_of(sample: Sample) -> str:
    """Colour a ping by the side of the limit that it is on."""
    if sample.beyond is None:
        return UNKNOWN
    return BEYOND if sample.beyond else WITHIN


def add_number(parent: Element, at: Pixel, mark: Mark) -> None:
    """Add the number of a mark in a disc."""
    add_disc(parent, at, str(mark.number), f"{mark.name} {mark.message}", MARK)


def draw_chart(svg: Element, box: Box, story: Story, marks: Sequence[Mark], zone: ZoneInfo) -> None:
    """Draw the measured values, the limit and the marks; without values it says so."""
    measured = sorted((s for s in story.samples if s.value is not None), key=lambda sample: sample.fix_ms)
    unit = story.alerts[0].unit or ""
    add_text(svg, (box.left, box.top - 18), f"{story.measure}, {unit}", font_weight="bold")
    add(svg, "rect", x=box.left, y=box.top, width=box.width, height=box.height, fill="#f8f9fa", stroke="#ced4da")
    if not measured:
        add_text(svg, (box.left + 12, box.top + 24), "No ping around the alert has such a value.")
        return
    scales = _scales(box, measured, story, marks)
    _draw_axes(svg, scales, zone)
    if (limit := story.alerts[0].threshold) is not None:
        ends = [scales.pixel(ms, limit) for ms in scales.times_ms]
        add_line(svg, ends, stroke=LIMIT, stroke_width=2, stroke_dasharray="7 4")
        add_text(svg, (box.left + box.width - 6, ends[1][1] - 5), f"limit {limit:g} {unit}", 12, text_anchor="end")
    for mark in marks:
        x, _ = scales.pixel(mark.at_ms, 0.0)
        add_line(svg, [(x, box.top), (x, box.top + box.height)], stroke=MARK, stroke_width=1)
    points = [(scales.pixel(sample.fix_ms, sample.value or 0.0), sample) for sample in measured]
    add_line(svg, [point for point, _ in points], stroke="#adb5bd", stroke_width=1)
    for point, sample in points:
        add_circle(svg, point, 3.5, f"{clock(sample.fix_ms, zone)} {sample.value:.1f} {unit}", fill=colour_of(sample))
    _draw_numbers(svg, scales, marks)


def _draw_numbers(svg: Element, scales: _Scales, marks: Sequence[Mark]) -> None:
    """Draw the numbers on the upper edge, each that would cover the one before it below that."""
    before = (-math.inf, 0.0)
    for mark in marks:
        x, _ = scales.pixel(mark.at_ms, 0.0)
        y = before[1] + NUMBER_PX if x - before[0] < NUMBER_PX else scales.box.top
        before = (x, y)
        add_number(svg, before, mark)


def _scales(box: Box, measured: list[Sample], story: Story, marks: Sequence[Mark]) -> _Scales:
    times_ms = [sample.fix_ms for sample in measured] + [mark.at_ms for mark in marks]
    values = [sample.value or 0.0 for sample in measured] + [story.alerts[0].threshold or 0.0, 0.0]
    low, high = min(values), max(values)
    room = 0.12 * (high - low) or 1.0
    first_ms, last_ms = min(times_ms), max(times_ms)
    edge_ms = max((last_ms - first_ms) // 50, 1000)
    return _Scales(box, (first_ms - edge_ms, last_ms + edge_ms), (low - room if low < 0 else 0.0, high + room))


def _draw_axes(svg: Element, scales: _Scales, zone: ZoneInfo) -> None:
    box = scales.box
    for value in _steps(*scales.values, nice_step(scales.values[1] - scales.values[0], 4)):
        y = scales.pixel(scales.times_ms[0], value)[1]
        add_line(svg, [(box.left, y), (box.left + box.width, y)], stroke="#dee2e6")
        add_text(svg, (box.left - 6, y + 4), f"{value:g}", 11, text_anchor="end")
    span_s = (scales.times_ms[1] - scales.times_ms[0]) / 1000
    step_s = next((step for step in TIME_STEPS_S if span_s / step <= 8), TIME_STEPS_S[-1])
    for ms in _steps(*scales.times_ms, 1000.0 * step_s):
        x = scales.pixel(int(ms), 0.0)[0]
        add_line(svg, [(x, box.top + box.height), (x, box.top + box.height + 4)], stroke="#868e96")
        add_text(svg, (x, box.top + box.height + 17), clock(int(ms), zone), 11, text_anchor="middle")


def _steps(low: float, high: float, step: float) -> Iterator[float]:
    for number in range(math.ceil(low / step), math.floor(high / step) + 1):
        yield number * step
