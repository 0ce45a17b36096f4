"""A plan on a map: from degrees to pixels, the route with its corridor, places as rings, a scale."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import atan2, cos, sin
from typing import NamedTuple
from xml.etree.ElementTree import Element

from draw.svg import Pixel, add, add_circle, add_line, add_text, nice_step
from models.geometry import Point, distance_m, length_m, offset_m
from models.plan import ConvoyPlan

ROUTE, CORRIDOR, STOP, CHECKPOINT = "#343a40", "#d0ebff", "#2b8a3e", "#862e9c"

SPAN_M_MIN = 300.0
"""A vehicle that stands fills the map with its noise otherwise."""

EDGE = 0.12


class Box(NamedTuple):
    """A part of the picture in pixels."""

    left: float
    top: float
    width: float
    height: float


class Frame(NamedTuple):
    """From degrees to pixels of a box: north is up, a metre is as long both ways."""

    box: Box
    origin: Point
    centre_m: Point
    per_m: float

    def pixel(self, lat: float, lon: float) -> Pixel:
        """Where a place is."""
        east_m, north_m = offset_m(self.origin, (lon, lat))
        x = self.box.left + self.box.width / 2 + (east_m - self.centre_m[0]) * self.per_m
        return x, self.box.top + self.box.height / 2 - (north_m - self.centre_m[1]) * self.per_m

    def shows(self, lat: float, lon: float) -> bool:
        """Whether a place is inside of the box."""
        x, y = self.pixel(lat, lon)
        box = self.box
        return box.left <= x <= box.left + box.width and box.top <= y <= box.top + box.height


def fit(box: Box, places: Sequence[Point]) -> Frame:
    """Give the frame that shows all places, with some room around them."""
    origin = places[0]
    east_m, north_m = zip(*(offset_m(origin, place) for place in places), strict=True)
    width_m = max((max(east_m) - min(east_m)) * (1 + 2 * EDGE), SPAN_M_MIN)
    height_m = max((max(north_m) - min(north_m)) * (1 + 2 * EDGE), SPAN_M_MIN)
    centre_m = ((max(east_m) + min(east_m)) / 2, (max(north_m) + min(north_m)) / 2)
    return Frame(box, origin, centre_m, min(box.width / width_m, box.height / height_m))


def add_map(svg: Element, box: Box, name: str) -> Element:
    """Add an empty map and return the group that is cut off at its edges; `name` is unique in the document."""
    clip = add(svg, "clipPath", id=name)
    for parent, style in ((clip, {}), (svg, {"fill": "#f8f9fa", "stroke": "#ced4da"})):
        add(parent, "rect", x=box.left, y=box.top, width=box.width, height=box.height, **style)
    return add(svg, "g", clip_path=f"url(#{name})")


def add_route(parent: Element, frame: Frame, plan: ConvoyPlan) -> None:
    """Add the route, and around it the corridor beyond which a deviation begins."""
    line = _pixels(frame, plan.route)
    width = 2 * plan.limits.deviation_raise_m * frame.per_m
    ends = {"stroke_linejoin": "round", "stroke_linecap": "round"}
    add_line(parent, line, stroke=CORRIDOR, stroke_width=width, **ends)
    add_line(parent, line, stroke=ROUTE, stroke_width=2.5, **ends)


def add_stretch(parent: Element, frame: Frame, line: Sequence[Point], **style: str | float) -> None:
    """Add a part of the route on top of it."""
    add_line(parent, _pixels(frame, line), **style)


def add_directions(parent: Element, frame: Frame, line: Sequence[Point]) -> None:
    """Add arrows that say which way a line runs."""
    route_m = length_m(line)
    for quarter in (1, 2, 3):
        at_m = route_m * quarter / 4
        if len(part := _pixels(frame, part_of(line, at_m - 1, at_m))) < 2:
            return  # a line of no length that a number could hold
        before, after = part[-2:]
        angle = atan2(after[1] - before[1], after[0] - before[0])
        wings = [(after[0] - 9 * cos(angle + turn), after[1] - 9 * sin(angle + turn)) for turn in (-0.6, 0.6)]
        add_line(parent, [wings[0], after, wings[1]], stroke=ROUTE, stroke_width=2.5)


def add_ring(parent: Element, frame: Frame, place: Point, radius_m: float, colour: str, hint: str = "") -> Pixel:
    """Add a circle of so many metres around a place, and return where the place is."""
    at = frame.pixel(place[1], place[0])
    dashes: dict[str, str | float] = {"stroke_width": 1.5, "stroke_dasharray": "5 4"}
    add_circle(parent, at, radius_m * frame.per_m, hint, fill="none", stroke=colour, **dashes)
    return at


def add_scale(svg: Element, frame: Frame) -> None:
    """Add a scale bar and an arrow to the north."""
    box = frame.box
    step_m = nice_step(box.width / frame.per_m, 6)
    x, y = box.left + 16, box.top + box.height - 16
    end = x + step_m * frame.per_m
    add_line(svg, [(x, y - 6), (x, y), (end, y), (end, y - 6)], stroke=ROUTE, stroke_width=2)
    said = f"{step_m / 1000:g} km" if step_m >= 1000 else f"{step_m:g} m"
    add_text(svg, ((x + end) / 2, y - 8), said, text_anchor="middle")
    top = (box.left + box.width - 24, box.top + 20)
    add_text(svg, top, "N", 14, text_anchor="middle", font_weight="bold")
    add_line(svg, [(top[0], top[1] + 30), (top[0], top[1] + 6)], stroke=ROUTE, stroke_width=2)
    add_line(svg, [(top[0] - 4, top[1] + 13), (top[0], top[1] + 6), (top[0] + 4, top[1] + 13)], stroke=ROUTE)


def part_of(line: Sequence[Point], from_m: float, to_m: float) -> list[Point]:
    """Return the part of a line between two distances along it."""
    part: list[Point] = []
    done_m = 0.0
    for start, end in pairwise(line):
        step_m = distance_m(start, end)
        shares = [(bound - done_m) / step_m if step_m else 0.0 for bound in (from_m, to_m)]
        low, high = max(shares[0], 0.0), min(shares[1], 1.0)
        if low < high:
            ends = [(start[0] + at * (end[0] - start[0]), start[1] + at * (end[1] - start[1])) for at in (low, high)]
            part += ends if not part else ends[1:]
        done_m += step_m
    return part


def _pixels(frame: Frame, line: Iterable[Point]) -> list[Pixel]:
    return [frame.pixel(lat, lon) for lon, lat in line]
