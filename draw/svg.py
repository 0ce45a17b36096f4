"""A small part of SVG: shapes and text in pixels. Whatever text says, it stays text."""

from collections.abc import Iterable
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring
from zoneinfo import ZoneInfo

from models.text import is_shown

Pixel = tuple[float, float]

NAMESPACE = "http://www.w3.org/2000/svg"
FONT = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"


def clean(text: str) -> str:
    """Replace what no XML may hold, escaped or not."""
    return "".join(letter if is_shown(letter) else "\ufffd" for letter in text)


def new_svg(width: int, height: int, title: str) -> Element:
    """Make an empty white picture with a title for those who cannot see it."""
    box = f"0 0 {width} {height}"
    size = {"width": str(width), "height": str(height), "viewBox": box}
    svg = Element("svg", {"xmlns": NAMESPACE, "role": "img", "font-family": FONT, **size})
    SubElement(svg, "title").text = clean(title)
    SubElement(svg, "rect", width="100%", height="100%", fill="#ffffff")
    return svg


def write(svg: Element) -> str:
    """Write a picture as a file's text."""
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(svg, encoding="unicode") + "\n"


def add(parent: Element, tag: str, **attributes: str | float) -> Element:
    """Add an element; `_` in an attribute's name stands for `-`, numbers are written to a tenth."""
    texts = {
        name.strip("_").replace("_", "-"): f"{value:.1f}" if isinstance(value, float) else str(value)
        for name, value in attributes.items()
    }
    return SubElement(parent, tag, texts)


def add_text(parent: Element, at: Pixel, text: str, size: int = 13, **attributes: str | float) -> Element:
    """Add a line of text whose base line begins at a pixel, with a white edge that keeps it legible on lines."""
    edge: dict[str, str | float] = {"stroke": "#ffffff", "stroke_width": 3, "stroke_linejoin": "round"}
    style: dict[str, str | float] = {"fill": "#212529", "paint_order": "stroke", **edge, **attributes}
    line = add(parent, "text", x=at[0], y=at[1], font_size=size, **style)
    line.text = clean(text)
    return line


def add_line(parent: Element, points: Iterable[Pixel], **attributes: str | float) -> Element:
    """Add a line through pixels, without filling."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return add(parent, "polyline", points=path, fill="none", **attributes)


def add_circle(parent: Element, at: Pixel, radius: float, hint: str = "", **attributes: str | float) -> None:
    """Add a circle; `hint` is shown where the pointer rests on it."""
    circle = add(parent, "circle", cx=at[0], cy=at[1], r=radius, **attributes)
    if hint:
        SubElement(circle, "title").text = clean(hint)


def add_disc(parent: Element, at: Pixel, text: str, hint: str, fill: str) -> None:
    """Add a disc with a number or letter in it."""
    add_circle(parent, at, 10.0, hint, fill=fill, stroke="#ffffff", stroke_width=1.5)
    place = (at[0], at[1] + 4.5)
    add_text(parent, place, text, text_anchor="middle", fill="#ffffff", stroke="none", font_weight="bold")


def clock(ms: int, zone: ZoneInfo) -> str:
    """Write an instant as the time of day in a zone."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone):%H:%M:%S}"


def nice_step(span: float, parts: int) -> float:
    """Give the step of 1, 2 or 5 times a power of ten that divides a span into about so many parts."""
    rough = max(span, 1e-9) / parts
    power = 10.0 ** len(str(int(rough))) / 10.0 if rough >= 1 else 10.0 ** -len(f"{1 / rough:.0f}")
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0) if step * power >= rough)
