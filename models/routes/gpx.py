"""GPX 1.0 and 1.1."""

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

import gpxpy
from gpxpy.gpx import GPXException, GPXRoutePoint, GPXTrackPoint, GPXWaypoint

from models.instants import format_instant, instant_ms
from models.routes.raw import Fix, Line, Place, RouteError, RouteFile, lines_with_points, number, time_ms
from models.routes.xml_tree import parse_xml

POINTS = ("trkpt", "rtept", "wpt")

PARTS = {"gpx": ("wpt", "rte", "trk"), "rte": ("name", "rtept"), "trk": ("name", "trkseg"), "trkseg": ("trkpt",)}
"""What a route is made of; the rest of a file is as people's programs write it."""

Point = GPXTrackPoint | GPXRoutePoint | GPXWaypoint


def read_gpx(content: bytes) -> RouteFile:
    """Return the tracks, else the routes, else the waypoints as one line; beside a line, waypoints are places.

    Beside a track, the route of the same file is often no path but a list of turns. Raises RouteError.
    """
    bare = _bare(parse_xml(content, "gpx"))
    try:
        gpx = gpxpy.parse(tostring(bare, encoding="unicode"))
    except GPXException as error:
        raise RouteError(f"is no GPX: {error}") from error
    tracks = [Line(track.name or "", [_fixes(segment.points) for segment in track.segments]) for track in gpx.tracks]
    routes = [Line(route.name or "", [_fixes(route.points)]) for route in gpx.routes]
    fixes = _fixes(gpx.waypoints)
    lines = lines_with_points(tracks) or lines_with_points(routes)
    if lines:
        names = [(point.name or "").strip() for point in gpx.waypoints]
        places = [Place(name, fix.lon, fix.lat) for name, fix in zip(names, fixes, strict=True) if name]
        return RouteFile(lines, places)
    if not fixes:
        raise RouteError("holds neither a track, a route nor waypoints")
    return RouteFile([Line("", [fixes])], notes=["has waypoints only: they are the line, in their order"])


def _bare(element: Element) -> Element:
    """Copy what a route is made of, the places of its points checked. Raises RouteError.

    gpxpy takes "nan" for a degree, names no point in its errors, and refuses a whole file for one height or time that
    it cannot read.
    """
    copy = Element(element.tag)
    copy.text = element.text
    for name in PARTS.get(element.tag, ()):
        for position, part in enumerate(element.findall(name), start=1):
            copy.append(_bare_point(part, position) if name in POINTS else _bare(part))
    return copy


def _bare_point(point: Element, position: int) -> Element:
    place = {key: repr(number(point.get(key), f"{key} of point {position}")) for key in ("lon", "lat")}
    copy = Element(point.tag, place)
    ms = time_ms(point.findtext("time"))
    if ms is not None:
        SubElement(copy, "time").text = format_instant(ms)
    SubElement(copy, "name").text = point.findtext("name")
    return copy


def _fixes(points: Iterable[Point]) -> Sequence[Fix]:
    return [
        Fix(point.longitude, point.latitude, None if point.time is None else instant_ms(point.time)) for point in points
    ]
