"""An alert as a picture: the route with its corridor, the pings coloured by their limit, and what was measured."""

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

from draw.plan_map import CHECKPOINT, CORRIDOR, ROUTE, STOP, Box, Frame, add_map, add_ring, add_route, add_scale, fit
from draw.svg import add, add_circle, add_line, add_text, clock, new_svg, write
from streams.chart import BEYOND, UNKNOWN, WITHIN, add_number, colour_of, draw_chart
from streams.explain import Sample, Story
from streams.marks import Mark, marks_of

WIDTH, HEIGHT = 1200, 820
MAP = Box(20.0, 74.0, 860.0, 500.0)
CHART = Box(66.0, 630.0, 814.0, 150.0)
PANEL_X = 904.0
PANEL_LETTERS = 36
TITLE_LETTERS = 60
HEAD_LETTERS = 130
MARKS_SHOWN = 6
"""More would cover each other, and the panel has no room for them."""

NOT_SAME = "These pings and this plan do not give the alert again: pings are missing, or the plan was another."


def draw(story: Story) -> str:
    """Draw the picture of an alert as SVG; no text in it can become anything but text."""
    first, zone = story.alerts[0], ZoneInfo(story.plan.timezone)
    title = f"{first.kind}: {first.vehicle_id or first.convoy_id}"
    day = datetime.fromtimestamp(first.onset_ms / 1000, zone).strftime("%Y-%m-%d, times in %Z")
    head = textwrap.shorten(f"{first.convoy_id}, {story.plan.name}", HEAD_LETTERS - len(day))
    svg = new_svg(WIDTH, HEIGHT, f"{title}. {first.message.en}")
    marks = _fitting(marks_of(story))
    add_text(svg, (20.0, 32.0), textwrap.shorten(title, TITLE_LETTERS), 22, font_weight="bold")
    add_text(svg, (20.0, 56.0), f"{head}, {day}", fill="#495057")
    add_text(svg, (WIDTH - 20.0, 32.0), first.alert_id, 11, fill="#495057", text_anchor="end")
    _draw_map(svg, story, marks, zone)
    draw_chart(svg, CHART, story, marks, zone)
    _draw_panel(svg, story, marks, zone)
    return write(svg)


def _fitting(marks: Sequence[Mark]) -> Sequence[Mark]:
    """Give the marks that there is room for: the first ones and the last."""
    return marks if len(marks) <= MARKS_SHOWN else [*marks[: MARKS_SHOWN - 1], marks[-1]]


def _positions(story: Story, marks: Sequence[Mark]) -> list[tuple[float, float]]:
    """Give what the map must show, as (lon, lat): spikes that were held need not be on it; without pings, the route."""
    shown: Sequence[Sample | Mark] = [*(s for s in story.samples if s.result == "accepted"), *marks]
    places = [(it.lon, it.lat) for it in shown if it.lat is not None and it.lon is not None]
    first = story.alerts[0]
    near = (first.nearest or ()) if first.kind == "missed-checkpoint" else ()
    missed = {place.name for place in near if place.kind == "checkpoint"}
    places += [(place.lon, place.lat) for place in story.plan.checkpoints if place.name in missed]
    return places or list(story.plan.route)


def _draw_map(svg: Element, story: Story, marks: Sequence[Mark], zone: ZoneInfo) -> None:
    frame = fit(MAP, _positions(story, marks))
    shown = add_map(svg, MAP, "map")
    add_route(shown, frame, story.plan)
    _draw_places(shown, story, frame)
    _draw_pings(shown, story, frame, zone)
    for mark in marks:
        if mark.lat is not None and mark.lon is not None:
            x, y = frame.pixel(mark.lat, mark.lon)
            # to the side, on a lead: the ping itself stays to be seen, and two marks of one ping apart
            aside = (x + 38.0, y + 24.0 * (mark.number - (len(marks) + 1) / 2))
            add_line(shown, [(x, y), aside], stroke=ROUTE)
            add_number(shown, aside, mark)
    add_scale(svg, frame)


def _draw_places(parent: Element, story: Story, frame: Frame) -> None:
    plan, first = story.plan, story.alerts[0]
    rings = [(stop.lat, stop.lon, stop.radius_m, STOP, stop.name) for stop in plan.stops]
    rings += [(place.lat, place.lon, place.radius_m, CHECKPOINT, place.name) for place in plan.checkpoints]
    if first.kind == "stall" and first.lat is not None and first.lon is not None:
        rings.append((first.lat, first.lon, plan.limits.stall_radius_m, BEYOND, ""))
    for lat, lon, radius_m, colour, name in rings:
        at = add_ring(parent, frame, (lon, lat), radius_m, colour, name)
        if name and frame.shows(lat, lon):
            add(parent, "rect", x=at[0] - 5, y=at[1] - 5, width=10, height=10, fill=colour, stroke="#ffffff")
            # towards the middle, where there is room for it
            side, anchor = (9, "start") if at[0] < MAP.left + MAP.width / 2 else (-9, "end")
            add_text(parent, (at[0] + side, at[1] + 18), name, 12, fill=colour, text_anchor=anchor)


def _draw_pings(parent: Element, story: Story, frame: Frame, zone: ZoneInfo) -> None:
    unit = story.alerts[0].unit or ""
    placed = [(s, frame.pixel(s.lat, s.lon)) for s in story.samples if s.lat is not None and s.lon is not None]
    way = sorted((sample.fix_ms, at) for sample, at in placed if sample.result == "accepted")
    add_line(parent, [at for _, at in way], stroke="#868e96", stroke_width=1)
    for sample, at in placed:
        value = "" if sample.value is None else f", {sample.value:.1f} {unit}"
        hint = f"{clock(sample.fix_ms, zone)} {sample.result}{value}"
        accepted = sample.result == "accepted"
        fill, edge = (colour_of(sample), "#ffffff") if accepted else ("#ffffff", UNKNOWN)
        add_circle(parent, at, 5.0, hint, fill=fill, stroke=edge, stroke_width=1)


def _panel_lines(marks: Sequence[Mark], zone: ZoneInfo) -> Iterator[tuple[Mark | None, str]]:
    for mark in marks:
        yield mark, f"{clock(mark.at_ms, zone)}  {mark.name}"
        for line in textwrap.wrap(mark.message, PANEL_LETTERS):
            yield None, line


def _draw_panel(svg: Element, story: Story, marks: Sequence[Mark], zone: ZoneInfo) -> None:
    y = MAP.top + 12
    for mark, line in _panel_lines(marks, zone):
        if mark is not None:
            y += 10
            add_number(svg, (PANEL_X + 8, y - 4), mark)
        add_text(svg, (PANEL_X + 26, y), line, 13 if mark else 12, font_weight="bold" if mark else "normal")
        y += 19
    if not story.same:
        for line in textwrap.wrap(NOT_SAME, PANEL_LETTERS):
            add_text(svg, (PANEL_X, y + 10), line, 12, fill=BEYOND)
            y += 17
    _draw_legend(svg, story)


def _draw_legend(svg: Element, story: Story) -> None:
    y = MAP.top + MAP.height - 132
    raise_m = story.plan.limits.deviation_raise_m
    add_line(svg, [(PANEL_X, y), (PANEL_X + 24, y)], stroke=CORRIDOR, stroke_width=14)
    add_line(svg, [(PANEL_X, y), (PANEL_X + 24, y)], stroke=ROUTE, stroke_width=2.5)
    add_text(svg, (PANEL_X + 34, y + 4), f"route, {raise_m:g} m to each side", 12)
    for colour, edge, said in (
        (WITHIN, WITHIN, "ping within the limit"),
        (BEYOND, BEYOND, "ping beyond the limit"),
        (UNKNOWN, UNKNOWN, "ping that does not say"),
        ("#ffffff", UNKNOWN, "ping that was not accepted"),
    ):
        y += 20
        add_circle(svg, (PANEL_X + 12, y), 5.0, fill=colour, stroke=edge)
        add_text(svg, (PANEL_X + 34, y + 4), said, 12)
    for colour, said in ((CHECKPOINT, "checkpoint"), (STOP, "authorised stop")):
        y += 20
        add(svg, "rect", x=PANEL_X + 7, y=y - 5, width=10, height=10, fill=colour)
        add_text(svg, (PANEL_X + 34, y + 4), said, 12)
