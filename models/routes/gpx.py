"""GPX 1.0 and 1.1."""

from collections.abc import Iterable
from xml.etree.ElementTree import Element

from models.routes.raw import Fix, Line, Place, RouteError, RouteFile, lines_with_points, number, time_ms
from models.routes.xml_tree import parse_xml


def read_gpx(content: bytes) -> RouteFile:
    """Return the tracks, else the routes, else the waypoints as one line; beside a line, waypoints are places.

    Beside a track, the route of the same file is often no path but a list of turns. Raises RouteError.
    """
    root = parse_xml(content, "gpx")
    tracks = [
        Line(_name(track), [_fixes(segment.iterfind("trkpt")) for segment in track.iterfind("trkseg")])
        for track in root.iterfind("trk")
    ]
    routes = [Line(_name(route), [_fixes(route.iterfind("rtept"))]) for route in root.iterfind("rte")]
    waypoints = list(root.iterfind("wpt"))
    fixes = _fixes(waypoints)
    lines = lines_with_points(tracks) or lines_with_points(routes)
    if lines:
        named = zip(map(_name, waypoints), fixes, strict=True)
        return RouteFile(lines, [Place(name, fix.lon, fix.lat) for name, fix in named if name])
    if not fixes:
        raise RouteError("holds neither a track, a route nor waypoints")
    return RouteFile([Line("", [fixes])], notes=["has waypoints only: they are the line, in their order"])


def _name(element: Element) -> str:
    return (element.findtext("name") or "").strip()


def _fixes(points: Iterable[Element]) -> list[Fix]:
    return [
        Fix(
            number(point.get("lon"), f"lon of point {position}"),
            number(point.get("lat"), f"lat of point {position}"),
            time_ms(point.findtext("time")),
        )
        for position, point in enumerate(points, start=1)
    ]
