"""A plan file as one page for people: each convoy on a map and along its route, with its vehicles, places and limits.

The page is a tree of elements until it is written, so whatever a plan says stays text; it asks for nothing from
anywhere.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring
from zoneinfo import ZoneInfo

from draw.plan_map import (
    CHECKPOINT,
    CORRIDOR,
    ROUTE,
    STOP,
    Box,
    Frame,
    add_directions,
    add_map,
    add_ring,
    add_route,
    add_scale,
    add_stretch,
    fit,
    part_of,
)
from draw.route_strip import draw_strip
from draw.svg import Pixel, add, add_circle, add_disc, add_line, add_text, clean, new_svg
from models.geometry import Nearest, Point, distance_m, length_m, nearest_on_line
from models.limits import OVERSPEED_MPS, Limits
from models.plan import Checkpoint, ConvoyPlan, Stop

MAP = Box(0.0, 0.0, 860.0, 480.0)
LEGEND_PX = 26.0
NO_SIGNAL = "#e03131"
END_PX = 6.0
START, END = "#1864ab", "#212529"
SITE = "#5c5f66"

STYLE = """
body {
  font: 15px/1.45 system-ui, "DejaVu Sans", Verdana, sans-serif;
  color: #212529; max-width: 1180px; margin: 24px auto; padding: 0 16px;
}
h1 { font-size: 24px; margin: 0 0 4px; }
h2 { font-size: 19px; margin: 40px 0 4px; border-top: 2px solid #dee2e6; padding-top: 16px; }
h3 { font-size: 14px; margin: 0 0 4px; }
p { margin: 0 0 12px; color: #495057; }
svg { width: 100%; height: auto; display: block; margin-bottom: 12px; }
table { border-collapse: collapse; margin-bottom: 16px; font-size: 13px; }
th, td { text-align: left; padding: 3px 14px 3px 0; border-bottom: 1px solid #e9ecef; }
th, summary { font-weight: 600; color: #495057; }
nav a { margin-right: 14px; }
summary { cursor: pointer; font-size: 13px; margin-bottom: 8px; }
.columns { display: flex; flex-wrap: wrap; gap: 0 48px; }
@media print { h2 { break-before: page; } nav { display: none; } }
"""

POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_Row = Sequence[str]


class _Placed(NamedTuple):
    """A checkpoint or stop with the mark that it has on the map, and where on the route it is."""

    mark: str
    place: Checkpoint | Stop
    on: Nearest


def plan_page(plans: Sequence[ConvoyPlan]) -> str:
    """Write the page of all convoys of a plan file as HTML."""
    html = Element("html", lang="en")
    head = SubElement(html, "head")
    SubElement(head, "meta", charset="utf-8")
    SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": POLICY})
    SubElement(head, "meta", name="viewport", content="width=device-width")
    _text(head, "title", plans[0].operation)
    SubElement(head, "style").text = STYLE
    body = SubElement(html, "body")
    _text(body, "h1", plans[0].operation)
    zone = plans[0].timezone
    _text(body, "p", f"{len(plans)} {'convoys' if len(plans) > 1 else 'convoy'}. All times are in {zone}.")
    if len(plans) > 1:
        contents = SubElement(body, "nav")
        for number, plan in enumerate(plans):
            _text(contents, "a", plan.convoy_id, href=f"#c{number}")
    for number, plan in enumerate(plans):
        _add_convoy(body, plan, number)
    return "<!DOCTYPE html>\n" + tostring(html, encoding="unicode", method="html") + "\n"


def _add_convoy(body: Element, plan: ConvoyPlan, number: int) -> None:
    zone = ZoneInfo(plan.timezone)
    checkpoints = [_placed(str(n), place, plan) for n, place in enumerate(plan.checkpoints, 1)]
    stops = [_placed(_letters(n), place, plan) for n, place in enumerate(plan.stops)]
    _text(body, "h2", f"{plan.convoy_id}: {plan.name}", id=f"c{number}")
    _text(body, "p", _facts(plan, zone))
    body.append(_map(plan, checkpoints, stops, f"map{number}"))
    body.append(draw_strip(plan, [(it.mark, it.place, it.on.along_m) for it in (*checkpoints, *stops)], zone))
    columns = SubElement(body, "div", {"class": "columns"})
    _add_vehicles(columns, plan)
    _add_places(columns, checkpoints, stops, zone)
    _add_stretches(columns, plan)
    _add_sites(columns, plan)
    _add_limits(body, plan.limits)


def _facts(plan: ConvoyPlan, zone: ZoneInfo) -> str:
    facts = [f"Stage {plan.stage}", f"risk {plan.risk}", f"{length_m(plan.route) / 1000:,.1f} km"]
    facts.append(f"{len(plan.route):,} points")
    for word, moment in (("departs", plan.depart_at), ("arrives by", plan.arrive_by)):
        facts.append(f"{word} {_local(moment, zone)}" if moment else f"{word}: no time planned")
    return ", ".join(facts) + "."


def _map(plan: ConvoyPlan, checkpoints: Sequence[_Placed], stops: Sequence[_Placed], name: str) -> Element:
    svg = new_svg(int(MAP.width), int(MAP.height + LEGEND_PX), f"Map of {plan.convoy_id}")
    places = [(it.place.lon, it.place.lat) for it in (*checkpoints, *stops)]
    frame = fit(MAP, [*plan.route, *places])
    shown = add_map(svg, MAP, name)
    add_route(shown, frame, plan)
    for stretch in plan.no_signal:
        part = part_of(plan.route, stretch.from_m, stretch.to_m)
        add_stretch(shown, frame, part, stroke=NO_SIGNAL, stroke_width=7, stroke_opacity=0.5)
    for colour, group in ((CHECKPOINT, checkpoints), (STOP, stops)):
        for mark, place, _ in group:
            at = add_ring(shown, frame, (place.lon, place.lat), place.radius_m, colour, place.name)
            add_disc(shown, at, mark, place.name, colour)
    for site in plan.sites:
        _add_site(shown, frame.pixel(site.lat, site.lon), f"{site.kind}: {site.name}")
    add_directions(shown, frame, plan.route)
    _add_ends(shown, frame, plan.route)
    add_scale(svg, frame)
    _add_legend(svg, plan)
    return svg


def _add_site(parent: Element, at: Pixel, hint: str = "") -> None:
    square = add(
        parent, "rect", x=at[0] - 5, y=at[1] - 5, width=10, height=10, fill="#ffffff", stroke=SITE, stroke_width=3
    )
    if hint:
        _text(square, "title", hint)


def _add_ends(parent: Element, frame: Frame, route: Sequence[Point]) -> None:
    ends = [(route[0], "start", START), (route[-1], "end", END)]
    if distance_m(route[0], route[-1]) * frame.per_m < 2 * END_PX:
        ends = [(route[0], "start and end", START)]
    for (lon, lat), said, colour in ends:
        x, y = frame.pixel(lat, lon)
        add_circle(parent, (x, y), END_PX, said, fill=colour, stroke="#ffffff", stroke_width=2)
        add_text(parent, (x, y - 12), said, 12, fill=colour, text_anchor="middle", font_weight="bold")


def _add_legend(svg: Element, plan: ConvoyPlan) -> None:
    y = MAP.height + 17
    add_line(svg, [(4.0, y - 4), (28.0, y - 4)], stroke=CORRIDOR, stroke_width=12)
    add_line(svg, [(4.0, y - 4), (28.0, y - 4)], stroke=ROUTE, stroke_width=2.5)
    add_text(svg, (34.0, y), f"route, {plan.limits.deviation_raise_m:g} m to each side", 12)
    add_line(svg, [(250.0, y - 4), (274.0, y - 4)], stroke=NO_SIGNAL, stroke_width=7, stroke_opacity=0.5)
    add_text(svg, (280.0, y), "no signal expected", 12)
    for x, colour, said in ((430.0, CHECKPOINT, "checkpoint"), (550.0, STOP, "authorised stop")):
        add_circle(svg, (x, y - 4), 6.0, fill=colour)
        add_text(svg, (x + 12, y), said, 12)
    if plan.sites:
        _add_site(svg, (700.0, y - 4))
        add_text(svg, (712.0, y), "site", 12)


def _add_vehicles(parent: Element, plan: ConvoyPlan) -> None:
    rows = [
        (str(n), it.vehicle_id, it.role, it.mode, f"{it.ping_interval_s:g} s", ", ".join(it.device_ids))
        for n, it in enumerate(plan.vehicles, 1)
    ]
    _add_table(
        parent, "Vehicles, in the order of the file", ("", "vehicle", "role", "mode", "reports each", "devices"), rows
    )


def _add_places(parent: Element, checkpoints: Sequence[_Placed], stops: Sequence[_Placed], zone: ZoneInfo) -> None:
    passes = [
        (it.mark, it.place.name, *_where(it), _local(it.place.planned_at, zone) if it.place.planned_at else "")
        for it in checkpoints
        if isinstance(it.place, Checkpoint)
    ]
    rests = [
        (it.mark, it.place.name, *_where(it), f"{it.place.max_dwell_s / 60:g} min")
        for it in stops
        if isinstance(it.place, Stop)
    ]
    where = ("along the route", "off it", "radius")
    _add_table(parent, "Checkpoints", ("", "name", *where, "planned at"), passes)
    _add_table(parent, "Authorised stops", ("", "name", *where, "at most"), rests)


def _where(it: _Placed) -> _Row:
    return f"km {it.on.along_m / 1000:.1f}", f"{it.on.away_m:,.0f} m", f"{it.place.radius_m:g} m"


def _add_stretches(parent: Element, plan: ConvoyPlan) -> None:
    rows = [(f"km {it.from_m / 1000:.1f}", f"km {it.to_m / 1000:.1f}") for it in plan.no_signal]
    _add_table(parent, "No signal expected", ("from", "to"), rows)


def _add_sites(parent: Element, plan: ConvoyPlan) -> None:
    placed = [(site, nearest_on_line((site.lon, site.lat), plan.route)) for site in plan.sites]
    rows = [(site.kind, site.name, f"km {on.along_m / 1000:.1f}", f"{on.away_m:,.0f} m") for site, on in placed]
    _add_table(parent, "Sites near the route", ("kind", "name", "along the route", "off it"), rows)


def _add_limits(body: Element, limits: Limits) -> None:
    """Add what the plan sets itself in sight, and all of them folded."""
    usual, rows = Limits(), []
    for name in Limits.model_fields:
        value, default = getattr(limits, name), getattr(usual, name)
        rows.append((name, _number(value), _number(default) if value != default else ""))
    own = [row for row in rows if row[2]]
    _add_table(body, "Limits that the plan sets", ("limit", "value", "usually"), own)
    folded = SubElement(body, "details")
    _text(folded, "summary", f"All {len(rows)} limits")
    _add_table(folded, "", ("limit", "value", "usually"), rows)


def _number(value: float | None) -> str:
    return f"{value:g}" if value is not None else ", ".join(f"{mode} {mps:g}" for mode, mps in OVERSPEED_MPS.items())


def _add_table(parent: Element, title: str, heads: _Row, rows: Iterable[_Row]) -> None:
    rows = list(rows)
    if not rows:
        return
    section = SubElement(parent, "section")
    if title:
        _text(section, "h3", title)
    table = SubElement(section, "table")
    for tag, cells in (("th", heads), *(("td", row) for row in rows)):
        line = SubElement(table, "tr")
        for cell in cells:
            _text(line, tag, cell)


def _text(parent: Element, tag: str, text: str, **attributes: str) -> None:
    SubElement(parent, tag, attributes).text = clean(text)


def _placed(mark: str, place: Checkpoint | Stop, plan: ConvoyPlan) -> _Placed:
    return _Placed(mark, place, nearest_on_line((place.lon, place.lat), plan.route))


def _letters(number: int) -> str:
    """Number as spreadsheets name columns: A to Z, AA, AB."""
    return (_letters(number // 26 - 1) if number >= 26 else "") + chr(65 + number % 26)


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"
