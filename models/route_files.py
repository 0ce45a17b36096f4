"""Route files: GPX and GeoJSON in, a line of [lon, lat] out."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import gpxpy
from gpxpy.gpx import GPX, GPXException

from models.geometry import Point, distance_m

ROUTE_BYTES_MAX = 16 * 1024 * 1024
JOIN_GAP_M = 200.0
"""Recorders split a track where they lose signal for a moment; across a larger gap the way would be a guess."""

# 1 cm; longer numbers only make the record on the topic larger
COORDINATE_DIGITS = 7


class RouteError(ValueError):
    """A route that cannot be used; the text says why."""


def read_route(path: Path) -> list[Point]:
    """Return the line in a .gpx, .geojson or .json file as [lon, lat], without exact repetitions.

    GPX: the one track, else the one route; segments of a track are joined across gaps up to 200 m.
    GeoJSON: the one LineString, bare or as a feature. Raises RouteError.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise RouteError(f"{path.name} cannot be read: a route is a .gpx or .geojson file")
    try:
        with path.open("rb") as file:
            content = file.read(ROUTE_BYTES_MAX + 1)
    except OSError as error:
        raise RouteError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > ROUTE_BYTES_MAX:
        raise RouteError(f"{path.name} is larger than {ROUTE_BYTES_MAX // 1024 // 1024} MiB")
    try:
        return reader(content)
    except RouteError as error:
        raise RouteError(f"{path.name}: {error}") from error


def line_of_geojson(document: Any) -> list[Point]:
    """Return the one LineString of a geometry, feature or feature collection. Raises RouteError."""
    lines = list(_line_strings(document))
    if len(lines) != 1:
        raise RouteError(f"holds {len(lines)} LineStrings, one is needed")
    if not isinstance(lines[0], list):
        raise RouteError("the coordinates of its LineString are no list")
    return _clean(_position(number, item) for number, item in enumerate(lines[0], start=1))


def _read_geojson(content: bytes) -> list[Point]:
    try:
        return line_of_geojson(json.loads(content.decode("utf-8-sig")))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise RouteError(f"is no JSON: {error}") from error


def _line_strings(document: Any) -> Iterable[Any]:
    match document:
        case {"type": "LineString"}:
            yield document.get("coordinates")
        case {"type": "Feature", "geometry": Mapping() as geometry}:
            yield from _line_strings(geometry)
        case {"type": "FeatureCollection", "features": list(features)}:
            for feature in features:
                yield from _line_strings(feature) if _is_feature(feature) else ()


def _is_feature(item: Any) -> bool:
    # a collection within a collection is no GeoJSON, and could be nested without end
    return isinstance(item, Mapping) and item.get("type") == "Feature"


def _position(number: int, item: Any) -> Point:
    match item:
        case [lon, lat, *_] if _is_number(lon) and _is_number(lat):
            return float(lon), float(lat)
    raise RouteError(f"point {number} is no [lon, lat]")


def _is_number(value: Any) -> bool:
    # neither true, nor NaN, nor an integer that no float can hold
    return type(value) in (int, float) and abs(value) < 1e9


def _read_gpx(content: bytes) -> list[Point]:
    try:
        gpx = gpxpy.parse(content)
    except (GPXException, ValueError, RecursionError) as error:
        raise RouteError(f"is no GPX: {error}") from error
    return _clean(_line_of_gpx(gpx))


def _line_of_gpx(gpx: GPX) -> list[Point]:
    tracks = [[_points(segment.points) for segment in track.segments if segment.points] for track in gpx.tracks]
    # beside a track, the route of the same file is often no path but a list of turns
    routes = [[_points(route.points)] for route in gpx.routes if route.points]
    for name, lines in (("tracks", [track for track in tracks if track]), ("routes", routes)):
        if len(lines) > 1:
            raise RouteError(f"holds {len(lines)} {name}: leave one in it")
        if lines:
            return _joined(lines[0])
    raise RouteError("holds neither a track nor a route with points")


def _points(points: Iterable[Any]) -> list[Point]:
    return [(float(point.longitude), float(point.latitude)) for point in points]


def _joined(segments: Sequence[list[Point]]) -> list[Point]:
    for number, (before, after) in enumerate(pairwise(segments), start=1):
        gap_m = distance_m(before[-1], after[0])
        if gap_m > JOIN_GAP_M:
            raise RouteError(
                f"segments {number} and {number + 1} of its track are {gap_m:,.0f} m apart, "
                f"more than {JOIN_GAP_M:.0f}: join them in an editor"
            )
    return [point for segment in segments for point in segment]


def _clean(points: Iterable[Point]) -> list[Point]:
    line: list[Point] = []
    for number, (lon, lat) in enumerate(points, start=1):
        if not (abs(lon) <= 180 and abs(lat) <= 90):
            raise RouteError(f"point {number} is outside of the globe: lon {lon:g}, lat {lat:g}")
        point = round(lon, COORDINATE_DIGITS), round(lat, COORDINATE_DIGITS)
        if not line or line[-1] != point:
            line.append(point)
    return line


_READERS: dict[str, Callable[[bytes], list[Point]]] = {
    ".gpx": _read_gpx,
    ".geojson": _read_geojson,
    ".json": _read_geojson,
}
