"""GeoJSON (RFC 7946): WGS 84, [lon, lat]."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from models.routes.raw import VALUE_MAX, Fix, Line, Place, RouteError, RouteFile, lines_with_points, text_of

DEPTH_MAX = 10

_NUMBERS = (int, float)
_KINDS = frozenset({"LineString", "MultiLineString", "Point", "MultiPoint", "Polygon", "MultiPolygon"})


def read_geojson(content: bytes) -> RouteFile:
    """Return the lines and named points of a file. Raises RouteError."""
    try:
        return of_geojson(json.loads(text_of(content)))
    except (json.JSONDecodeError, RecursionError) as error:
        raise RouteError(f"is no JSON: {error}") from error
    except ValueError as error:  # an integer of more digits than Python reads
        raise error if isinstance(error, RouteError) else RouteError(f"is no JSON: {error}") from error


def of_geojson(document: Any) -> RouteFile:
    """Return the lines and named points of a geometry, feature or collection. Raises RouteError."""
    if isinstance(document, Mapping) and document.get("crs") is not None:
        raise RouteError("names a crs: only WGS 84 is GeoJSON, convert it")
    lines, places, unused = [], [], Counter[str]()
    for name, geometry in _geometries(document, "", 0):
        kind, coordinates = geometry["type"], geometry.get("coordinates")
        if kind in ("LineString", "MultiLineString"):
            segments = [coordinates] if kind == "LineString" else coordinates
            lines.append(Line(name, [_fixes(segment) for segment in _listed(segments)]))
        elif kind == "Point" and name:
            places.append(Place(name, *_fixes([coordinates])[0][:2]))
        else:
            unused[kind] += 1
    if not lines_with_points(lines):
        raise RouteError("holds no LineString with points")
    return RouteFile(lines_with_points(lines), places, [f"{count} {kind} not used" for kind, count in unused.items()])


def _geometries(item: Any, name: str, depth: int) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    if depth > DEPTH_MAX:
        raise RouteError(f"has more than {DEPTH_MAX} collections within each other")
    match item:
        case {"type": "FeatureCollection", "features": list(features)}:
            for feature in features:
                yield from _geometries(feature, "", depth + 1)
        case {"type": "Feature", "geometry": Mapping() as geometry}:
            yield from _geometries(geometry, _name(item.get("properties")), depth + 1)
        case {"type": "GeometryCollection", "geometries": list(geometries)}:
            for geometry in geometries:
                yield from _geometries(geometry, name, depth + 1)
        case {"type": str(kind)} if kind in _KINDS:
            yield name, item


def _name(properties: Any) -> str:
    name = properties.get("name") if isinstance(properties, Mapping) else None
    return name.strip() if isinstance(name, str) else ""


def _listed(items: Any) -> list[Any]:
    if not isinstance(items, list):
        raise RouteError("the coordinates of its LineString are no list")
    return items


def _fixes(items: Any) -> list[Fix]:
    return [_fix(position, item) for position, item in enumerate(_listed(items), start=1)]


def _fix(position: int, item: Any) -> Fix:
    if isinstance(item, list) and len(item) >= 2:
        lon, lat = item[:2]
        # neither true, nor NaN, nor an integer that no float can hold
        if type(lon) in _NUMBERS and type(lat) in _NUMBERS and abs(lon) < VALUE_MAX and abs(lat) < VALUE_MAX:
            return Fix(float(lon), float(lat))
    raise RouteError(f"point {position} is no [lon, lat]")
