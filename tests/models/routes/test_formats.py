"""Every format of route files: what is taken, and that nothing but the declared error comes out of a reader."""

import io
import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.route_files import RouteError, read_route
from models.routes.clean import route_of
from models.routes.geojson import read_geojson
from models.routes.gpx import read_gpx
from models.routes.kml import read_kml, read_kmz
from models.routes.line_text import read_polyline5, read_polyline6, read_wkt
from models.routes.raw import Place, RouteFile
from models.routes.table import read_table

KML = """<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder><Folder>
<Placemark><name> BTG-07 </name><MultiGeometry>
<LineString><coordinates>117.2,-0.3,0 117.21,-0.3,0</coordinates></LineString>
<LineString><coordinates>117.21,-0.3  117.21, -0.31</coordinates></LineString></MultiGeometry></Placemark>
<Placemark><name>Simpang</name><Point><coordinates>117.21,-0.3</coordinates></Point></Placemark>
<Placemark><name>Zone</name><Polygon/></Placemark>
</Folder></Folder></Document></kml>"""
TRACK = """<kml><Placemark><gx:Track><when>2024-11-28T06:00:00Z</when><when>2024-11-28T06:10:00Z</when>
<gx:coord>117.2 -0.3 10</gx:coord><gx:coord>117.21 -0.3 10</gx:coord></gx:Track></Placemark></kml>"""
GPX = """<gpx version="1.1"><wpt lat="-0.3" lon="117.2"><name>Simpang</name></wpt><trk><name>BTG-07</name><trkseg>
<trkpt lat="-0.3" lon="117.2"><time>2024-11-28T06:00:00Z</time><x:speed>3</x:speed></trkpt>
<trkpt lat="-0.3" lon="117.21"><time>2024-11-28T06:10:00.5</time></trkpt></trkseg></trk></gpx>"""
SHAPES = """\ufeffshape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\r
"A", -0.30,117.20,10\r
B,-0.4,117.4,1\r
A,-0.31,117.22,200\r
A,-0.30,117.21,20\r
B,-0.4,117.5,2\r
"""
EAST = [(117.2, -0.3), (117.21, -0.3)]
BENT = [(117.2, -0.3), (117.21, -0.3), (117.21, -0.31)]


def line(file: RouteFile, wanted: str = "") -> list[tuple[float, float]]:
    return route_of(file, wanted).line


def zipped(**texts: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(name.replace("__", "."), text)
    return content.getvalue()


def encoded(points: list[tuple[float, float]], digits: int) -> bytes:
    text, before = "", (0, 0)
    for lon, lat in points:
        now = round(lat * 10**digits), round(lon * 10**digits)
        for step in (now[0] - before[0], now[1] - before[1]):
            value = ~(step << 1) if step < 0 else step << 1
            while value >= 32:
                text, value = text + chr((32 | value & 31) + 63), value >> 5
            text += chr(value + 63)
        before = now
    return text.encode()


def test_kml_joins_the_lines_of_a_placemark_and_names_its_points() -> None:
    file = read_kml(KML.encode())
    assert line(file) == BENT
    assert [entry.name for entry in file.lines] == ["BTG-07"]
    assert file.places == [Place("Simpang", 117.21, -0.3)]
    assert file.notes == ["1 Polygon not used"]


def test_a_kml_track_brings_its_times() -> None:
    route = route_of(read_kml(TRACK.encode()))
    assert route.line == EAST
    assert route.times_ms == (1732773600000, 1732774200000)
    fewer = route_of(read_kml(TRACK.replace("<when>2024-11-28T06:10:00Z</when>", "").encode()))
    assert (fewer.line, fewer.times_ms) == (EAST, None)


def test_a_kmz_gives_the_document_of_its_archive() -> None:
    assert line(read_kmz(zipped(images__png="x", other__kml=TRACK, doc__kml=KML))) == BENT
    assert line(read_kmz(zipped(route__KML=KML))) == BENT


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (zipped(readme__txt="x"), "holds no .kml file"),
        (zipped(doc__kml=f"<kml>{' ' * 2_000_000}</kml>"), "too many"),
        (zipped(**{f"f{n}": "" for n in range(1001)}), "holds 1,001 files"),
        (zipped(doc__kml=KML)[:-30], "is no KMZ"),
        (zipped(doc__kml="<gpx/>"), "is no KML: its root is <gpx>"),
    ],
)
def test_an_archive_that_is_none_or_a_bomb_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(RouteError, match=reason):
        read_kmz(content)


def test_gpx_takes_a_prefix_that_nobody_declared_names_and_times() -> None:
    route = route_of(read_gpx(GPX.encode()))
    assert route.line == EAST
    assert route.places == [Place("Simpang", 117.2, -0.3)]
    assert route.times_ms == (1732773600000, 1732774200500)


def test_gpx_is_read_though_what_no_route_needs_is_broken() -> None:
    broken = GPX.replace("<trkseg>", "<number>first</number><trkseg>").replace(
        "<wpt", '<metadata><bounds minlat="x"/></metadata><wpt'
    )
    heights = broken.replace("</trkpt>", "<ele>high</ele><time>noon</time></trkpt>")
    assert route_of(read_gpx(heights.encode())) == route_of(read_gpx(GPX.encode()))


def test_gpx_with_waypoints_only_takes_them_in_their_order_and_says_so() -> None:
    route = route_of(read_gpx(b'<gpx><wpt lat="-0.3" lon="117.2"/><wpt lat="-0.3" lon="117.21"/></gpx>'))
    assert route.line == EAST
    assert route.notes == ["has waypoints only: they are the line, in their order"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<gpx>" + "<a>" * 101, "within each other"),
        ('<?xml version="1.0" encoding="none"?><gpx/>', "is no GPX"),
        ("<!DOCTYPE gpx><gpx/>", "it has a DTD"),
        ("", "is no GPX"),
        ('<gpx><wpt lat="1e999" lon="117"/></gpx>', "lat of point 1 '1e999' is no number"),
        ('<gpx><wpt lat="1_0" lon="117"/></gpx>', "is no number"),
    ],
)
def test_xml_that_is_broken_or_hostile_is_refused(text: str, reason: str) -> None:
    with pytest.raises(RouteError, match=reason):
        read_gpx(text.encode())


def test_geojson_flattens_collections_and_joins_a_multi_line() -> None:
    multi = {"type": "MultiLineString", "coordinates": [BENT[:2], [], BENT[1:]]}
    point = {"type": "Feature", "properties": {"name": "Simpang"}, "geometry": {"type": "Point", "coordinates": [1, 2]}}
    geometry = {"type": "GeometryCollection", "geometries": [multi, {"type": "Polygon", "coordinates": []}]}
    features = [{"type": "Feature", "properties": {"name": "BTG-07"}, "geometry": geometry}, point]
    file = read_geojson(json.dumps({"type": "FeatureCollection", "features": features}).encode())
    assert line(file, "BTG-07") == BENT
    assert file.places == [Place("Simpang", 1.0, 2.0)]
    assert file.notes == ["1 Polygon not used"]


def test_gtfs_shapes_are_sorted_by_number_and_chosen_by_name() -> None:
    file = read_table(SHAPES.encode())
    assert line(file, "A") == [(117.2, -0.3), (117.21, -0.3), (117.22, -0.31)]
    assert line(file, "B") == [(117.4, -0.4), (117.5, -0.4)][:1] + line(file, "2")[1:]
    with pytest.raises(RouteError, match=r"holds 2 lines: name one behind the file's name.*there are A, B"):
        route_of(file)
    with pytest.raises(RouteError, match="holds 0 lines of the name 'C'"):
        route_of(file, "C")


@pytest.mark.parametrize(
    "text",
    [
        "name,lat,lon\nStart,-0.3,117.2\n\n,-0.3,117.21\n",
        "Lintang;Bujur;Nama\n-0,3;117,2;Start\n-0,3;117,21;\n",
        'Latitude\tLongitude\tname\n-0.3\t117.2\t"Start"\n-0.3\t117.21\n',
    ],
)
def test_a_table_is_read_as_spreadsheets_write_it(text: str) -> None:
    file = read_table(text.encode())
    assert line(file) == EAST
    assert file.places == [Place("Start", 117.2, -0.3)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "names no column for lat and lon"),
        ("a,b\n1,2\n", "names no column for lat and lon: 'a,b'"),
        ("shape_id,lat,lon\n", "names no column for sequence"),
        ("lat,lon\n", "holds no points"),
        ("lat,lon\n1\n", "line 2: lon is missing"),
        ("lat,lon\n1,nan\n", "line 2: lon 'nan' is no number"),
        ("lat,lon\n1," + "9" * 200_000, "line 2: field larger than field limit"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_its_line(text: str, reason: str) -> None:
    with pytest.raises(RouteError, match=reason):
        read_table(text.encode())


def test_the_wkt_of_traccar_has_latitude_first() -> None:
    assert line(read_wkt(b"LINESTRING (-0.3 117.2, -0.3 117.21)\n")) == EAST
    with pytest.raises(RouteError, match="coordinates are swapped"):
        route_of(read_wkt(b"LINESTRING (117.2 -0.3, 117.21 -0.3)"))
    for broken in (b"POLYGON ((1 2))", b"LINESTRING (1, 2 3)", b"LINESTRING ()"):
        with pytest.raises(RouteError):
            read_wkt(broken)


def test_an_encoded_polyline_is_read_with_the_decimals_that_its_suffix_says(tmp_path: Path) -> None:
    for digits in (5, 6):
        path = tmp_path / f"route.polyline{digits}"
        path.write_bytes(encoded(BENT, digits) + b"\n")
        assert read_route(path).line == BENT
    assert line(read_polyline5(b"_p~iF~ps|U_ulLnnqC_mqNvxq`@")) == [(-120.2, 38.5), (-120.95, 40.7), (-126.453, 43.252)]
    with pytest.raises(RouteError, match=r"name it \.polyline6"):
        read_polyline5(encoded(BENT, 6))
    with pytest.raises(RouteError, match=r"name it \.polyline5"):
        read_polyline6(encoded(BENT, 5))
    for broken in (b"_p~iF", b"_p~i", b"\x7f", b"~~~~~~~~~~~~?"):
        with pytest.raises(RouteError):
            read_polyline5(broken)


@pytest.mark.parametrize("wanted", ["BTG-07", "1"])
def test_one_of_several_lines_is_named_behind_the_file(tmp_path: Path, wanted: str) -> None:
    (tmp_path / "routes.kml").write_text(KML.replace("</Document>", f"{TRACK[5:-6]}</Document>"), encoding="utf-8")
    with pytest.raises(RouteError, match=r"routes.kml: holds 2 lines.*BTG-07, number 2"):
        read_route(tmp_path / "routes.kml")
    assert read_route(tmp_path / f"routes.kml#{wanted}").line == BENT


def test_a_file_whose_own_name_has_a_mark_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "no#1.wkt").write_text("LINESTRING (-0.3 117.2, -0.3 117.21)", encoding="utf-8")
    assert read_route(tmp_path / "no#1.wkt").line == EAST


SAMPLES: dict[Callable[[bytes], RouteFile], bytes] = {
    read_gpx: GPX.encode(),
    read_kml: (KML + TRACK).encode(),
    read_kmz: zipped(doc__kml=KML),
    read_geojson: json.dumps({"type": "Feature", "geometry": {"type": "LineString", "coordinates": BENT}}).encode(),
    read_table: SHAPES.encode(),
    read_wkt: b"LINESTRING (-0.3 117.2, -0.3 117.21)",
    read_polyline5: encoded(BENT, 5),
    read_polyline6: encoded(BENT, 6),
}


@pytest.mark.parametrize("reader", SAMPLES, ids=lambda reader: reader.__name__)
@settings(max_examples=150)
@given(data=st.data())
def test_no_reader_lets_through_anything_but_its_error(
    reader: Callable[[bytes], RouteFile], data: st.DataObject
) -> None:
    sample = SAMPLES[reader]
    at, more = data.draw(st.integers(0, len(sample))), data.draw(st.integers(0, 12))
    patch = data.draw(st.binary(max_size=8) | st.sampled_from([b"e9", b"nan", b"<", b",", b"\x00", b"&a;", b"[", b"-"]))
    try:
        route = route_of(reader(sample[:at] + patch + sample[at + more :]))
    except RouteError:
        return
    assert len(set(route.line)) > 1
    assert all(abs(lon) <= 180 and abs(lat) <= 90 for lon, lat in route.line)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "coordinates", "geometry", "features", "geometries"]), inner)
        | st.tuples(st.sampled_from(["LineString", "MultiLineString", "Point", "Feature"]), inner).map(
            lambda pair: {"type": pair[0], "coordinates": pair[1], "geometry": pair[1]}
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_json_gives_anything_but_lines_or_the_error(document: object) -> None:
    with suppress(RouteError):
        assert read_geojson(json.dumps(document).encode()).lines
