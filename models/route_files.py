"""Route files: GPX, GeoJSON, KML, KMZ, GTFS shapes, CSV, WKT or an encoded polyline in, a route out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from models.routes.clean import Route, route_of
from models.routes.geojson import of_geojson, read_geojson
from models.routes.gpx import read_gpx
from models.routes.kml import read_kml, read_kmz
from models.routes.line_text import read_polyline5, read_polyline6, read_wkt
from models.routes.raw import ROUTE_BYTES_MAX, RouteError, RouteFile
from models.routes.table import read_table

__all__ = ["Route", "RouteError", "read_route", "route_of_geojson"]

_READERS: dict[str, Callable[[bytes], RouteFile]] = {
    ".gpx": read_gpx,
    ".geojson": read_geojson,
    ".json": read_geojson,
    ".kml": read_kml,
    ".kmz": read_kmz,
    ".csv": read_table,
    ".txt": read_table,
    ".wkt": read_wkt,
    ".polyline5": read_polyline5,
    ".polyline6": read_polyline6,
}


def read_route(path: Path) -> Route:
    """Return the route in a file, whose suffix says the format; FILE#NAME chooses one of several lines.

    Raises RouteError.
    """
    file, wanted = _parted(path)
    try:
        return route_of(_reader(file)(_content(file)), wanted)
    except RouteError as error:
        raise RouteError(f"{file.name} {error}" if _continues(error) else f"{file.name}: {error}") from error


def route_of_geojson(document: Any) -> Route:
    """Return the route of a GeoJSON document that holds one line. Raises RouteError."""
    return route_of(of_geojson(document))


def _continues(error: RouteError) -> bool:
    return str(error).startswith("cannot be read")


def _parted(path: Path) -> tuple[Path, str]:
    text, mark, wanted = str(path).partition("#")
    return (path, "") if not mark or path.exists() else (Path(text), wanted)


def _reader(path: Path) -> Callable[[bytes], RouteFile]:
    suffix = path.suffix.lower()
    if suffix == ".polyline":
        raise RouteError("cannot be read: name it .polyline5 or .polyline6, by its decimals")
    if suffix not in _READERS:
        raise RouteError(f"cannot be read: a route is one of {', '.join(_READERS)}")
    return _READERS[suffix]


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(ROUTE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        raise RouteError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(content) > ROUTE_BYTES_MAX:
        raise RouteError(f"is larger than {ROUTE_BYTES_MAX // 1024 // 1024} MiB")
    return content
