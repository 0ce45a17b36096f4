"""KML, plain or zipped (KMZ): LineString and gx:Track, one line a placemark; named points beside them."""

import io
import re
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from models.routes.raw import (
    ROUTE_BYTES_MAX,
    Fix,
    Line,
    Place,
    RouteError,
    RouteFile,
    lines_with_points,
    number,
    time_ms,
)
from models.routes.xml_tree import parse_xml

ENTRIES_MAX = 1_000
RATIO_MAX = 200
"""KML shrinks to a tenth or so; what shrinks to so little was made to fill the memory."""

_GAP = re.compile(r"\s*,\s*")


def read_kml(content: bytes) -> RouteFile:
    """Return the lines of all placemarks. Raises RouteError."""
    root = parse_xml(content, "kml")
    placemarks = list(root.iter("Placemark"))
    lines = lines_with_points(Line(_name(mark), list(_segments(mark))) for mark in placemarks)
    if not lines:
        raise RouteError("holds neither a LineString nor a gx:Track with points")
    polygons = sum(1 for _ in root.iter("Polygon"))
    return RouteFile(lines, list(_places(placemarks)), [f"{polygons} Polygon not used"] if polygons else [])


def read_kmz(content: bytes) -> RouteFile:
    """Return the lines of doc.kml, or of the first .kml in the archive. Raises RouteError."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return read_kml(_unpacked(archive))
    except RouteError:
        raise
    except Exception as error:  # zipfile and its decompressors raise as many kinds as there are ways to be broken
        raise RouteError(f"is no KMZ: {error}") from error


def _unpacked(archive: zipfile.ZipFile) -> bytes:
    entries = archive.infolist()
    if len(entries) > ENTRIES_MAX:
        raise RouteError(f"holds {len(entries):,} files, at most {ENTRIES_MAX:,} are read")
    found = sorted((entry.filename != "doc.kml", number, entry) for number, entry in _kml_entries(entries))
    if not found:
        raise RouteError("holds no .kml file")
    entry = found[0][2]
    if entry.flag_bits & 1:
        raise RouteError("is encrypted")
    if entry.file_size > min(ROUTE_BYTES_MAX, RATIO_MAX * max(entry.compress_size, 1024)):
        raise RouteError(f"unpacks to {entry.file_size:,} bytes of {entry.compress_size:,}: too many")
    with archive.open(entry) as file:
        return file.read(ROUTE_BYTES_MAX)


def _kml_entries(entries: list[zipfile.ZipInfo]) -> Iterator[tuple[int, zipfile.ZipInfo]]:
    yield from ((number, it) for number, it in enumerate(entries) if it.filename.lower().endswith(".kml"))


def _name(mark: Element) -> str:
    return (mark.findtext("name") or "").strip()


def _segments(mark: Element) -> Iterator[list[Fix]]:
    for geometry in mark.iter():
        if geometry.tag == "LineString":
            yield list(_coordinates(geometry))
        elif geometry.tag == "Track":
            yield _track(geometry)


def _places(placemarks: list[Element]) -> Iterator[Place]:
    for mark in placemarks:
        point = mark.find(".//Point")
        if point is not None and _name(mark):
            for fix in _coordinates(point):
                yield Place(_name(mark), fix.lon, fix.lat)


def _coordinates(geometry: Element) -> Iterator[Fix]:
    # a blank after a comma is wrong, and common where people wrote the file
    tuples = _GAP.sub(",", geometry.findtext("coordinates") or "").split()
    for position, item in enumerate(tuples, start=1):
        lon, _, rest = item.partition(",")
        yield Fix(number(lon, f"lon of point {position}"), number(rest.partition(",")[0], f"lat of point {position}"))


def _track(track: Element) -> list[Fix]:
    coords = [(coord.text or "").split() for coord in track.iterfind("coord")]
    times = [time_ms(when.text) for when in track.iterfind("when")]
    if len(times) != len(coords):
        times = [None] * len(coords)
    return [
        Fix(number(coord[0], f"lon of point {position}"), number("".join(coord[1:2]), f"lat of point {position}"), at)
        for position, (coord, at) in enumerate(zip(coords, times, strict=True), start=1)
        if coord  # a moment without a fix
    ]
