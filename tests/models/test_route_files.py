"""Routes out of GPX and GeoJSON files, real ones among them."""

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from geopy.distance import geodesic
from hypothesis import given
from hypothesis import strategies as st

from models.geometry import distance_m, distance_to_line_m, length_m, near_line
from models.route_files import RouteError, read_route, route_of_geojson
from models.routes.gpx import read_gpx

DATA = Path(__file__).parents[3] / "shared" / "data"
LINE = {"type": "LineString", "coordinates": [[117.245, -0.262], [117.22, -0.29, 12.5], [117.208, -0.301]]}
POINTS = [(117.245, -0.262), (117.22, -0.29), (117.208, -0.301)]

recorded = pytest.mark.skipif(not DATA.is_dir(), reason="the recorded files of ../shared/data are not here")


def gpx(tmp_path: Path, body: str) -> Path:
    path = tmp_path / "route.gpx"
    path.write_text(f'<?xml version="1.0"?><gpx version="1.1" creator="test">{body}</gpx>', encoding="utf-8")
    return path


def points(tag: str, *positions: tuple[float, float]) -> str:
    return "".join(f'<{tag} lat="{lat}" lon="{lon}"/>' for lon, lat in positions)


def refusal(source: Any) -> str:
    with pytest.raises(RouteError) as caught:
        read_route(source) if isinstance(source, Path) else route_of_geojson(source)
    return str(caught.value)


@recorded
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("gh_tour2-with-loop", 12),
        ("gh_tour4-with-uturn", 5),
        ("gh_test-only-wpt", 5),
        ("gh_gpxv1_0", 14),
        ("gpxpy_route", 55),
        ("gpxpy_track-with-empty-segment", 9),
        ("gpxpy_around-visnjan-with-car", 104),
    ],
)
def test_a_real_gpx_file_gives_its_track_or_else_its_route(name: str, count: int) -> None:
    path = DATA / "gpx" / f"{name}.gpx"
    route = read_route(path).line
    about = json.loads((DATA / "gpx" / "expected.json").read_text())[f"{name}.gpx"]
    assert sum(len(segment) for line in read_gpx(path.read_bytes()).lines for segment in line.segments) == count
    if name != "gh_test-only-wpt":  # the ends given for it are those of its waypoints
        assert route[0] == tuple(round(degrees, 7) for degrees in reversed(about["first_lat_lon"]))
        assert route[-1] == tuple(round(degrees, 7) for degrees in reversed(about["last_lat_lon"]))


@recorded
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gh_no_trk", "holds neither a track, a route nor waypoints"),
        ("gh_no_trkseg", "holds neither a track, a route nor waypoints"),
        ("gpxpy_unicode_with_bom_noencoding", "has fewer than two distinct points"),
    ],
)
def test_a_real_gpx_file_without_a_way_is_refused(name: str, reason: str) -> None:
    assert reason in refusal(DATA / "gpx" / f"{name}.gpx")


@recorded
def test_the_planned_route_of_the_recorded_buses_is_ten_kilometres_long() -> None:
    route = read_route(DATA / "liverpool_bus14" / "route.geojson").line
    assert len(route) == 53
    assert length_m(route) == pytest.approx(9_990, abs=50)


def test_a_track_goes_before_a_longer_route(tmp_path: Path) -> None:
    track = f"<trk><trkseg>{points('trkpt', (1, 2), (3, 4))}</trkseg></trk>"
    route = f"<rte>{points('rtept', (5, 6), (7, 8), (9, 10))}</rte>"
    assert read_route(gpx(tmp_path, route + track)).line == [(1, 2), (3, 4)]


def test_a_track_without_points_leaves_the_way_to_the_route(tmp_path: Path) -> None:
    body = f"<trk><trkseg/></trk><rte>{points('rtept', (5, 6), (7, 8))}</rte>"
    assert read_route(gpx(tmp_path, body)).line == [(5, 6), (7, 8)]


def test_segments_are_joined_across_a_small_gap_and_what_changes_nothing_dropped(tmp_path: Path) -> None:
    segments = f"<trkseg>{points('trkpt', (117, 0), (117.001, 0))}</trkseg><trkseg/>"
    segments += f"<trkseg>{points('trkpt', (117.001, 0), (117.002, 0), (117.001, 0))}</trkseg>"
    assert read_route(gpx(tmp_path, f"<trk>{segments}</trk>")).line == [(117, 0), (117.002, 0), (117.001, 0)]


def test_segments_far_apart_are_not_guessed_together(tmp_path: Path) -> None:
    segments = "".join(f"<trkseg>{points('trkpt', (lon, 0), (lon + 0.001, 0))}</trkseg>" for lon in (117, 117.01))
    assert "segments 1 and 2 are 1,001 m apart" in refusal(gpx(tmp_path, f"<trk>{segments}</trk>"))


def test_two_tracks_are_ambiguous(tmp_path: Path) -> None:
    track = f"<trk><trkseg>{points('trkpt', (1, 2), (3, 4))}</trkseg></trk>"
    assert "holds 2 lines: name one" in refusal(gpx(tmp_path, track + track))


@pytest.mark.parametrize(
    "body",
    [
        "<trk>",
        '<rte><rtept lat="x" lon="1"/></rte>',
        '<rte><rtept lon="1"/></rte>',
        '<rte><rtept lat="91" lon="1"/></rte>',
    ],
)
def test_a_broken_gpx_file_is_refused_by_name(tmp_path: Path, body: str) -> None:
    assert refusal(gpx(tmp_path, body)).startswith("route.gpx: ")


def test_a_gpx_file_that_unfolds_without_end_is_refused(tmp_path: Path) -> None:
    entities = '<!ENTITY a0 "aaaaaaaaaa">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    path = tmp_path / "bomb.gpx"
    path.write_text(f'<!DOCTYPE gpx [{entities}]><gpx version="1.1"><name>&a9;</name></gpx>', encoding="utf-8")
    assert "bomb.gpx: is no GPX" in refusal(path)


@pytest.mark.parametrize(
    "document",
    [
        LINE,
        {"type": "Feature", "properties": {}, "geometry": LINE},
        {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}},
                {"type": "Feature", "geometry": None},
                {"type": "Feature", "geometry": LINE},
            ],
        },
    ],
)
def test_geojson_gives_its_one_line(tmp_path: Path, document: dict[str, Any]) -> None:
    path = tmp_path / "route.geojson"
    path.write_text("\ufeff" + json.dumps(document), encoding="utf-8")
    assert read_route(path).line == POINTS
    assert route_of_geojson(document).line == POINTS


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (None, "holds no LineString"),
        ({"type": "Polygon", "coordinates": []}, "holds no LineString"),
        ({"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": LINE}] * 2}, "holds 2 lines"),
        ({"type": "LineString"}, "are no list"),
        ({"type": "LineString", "coordinates": [[1, 2], [1]]}, "point 2 is no [lon, lat]"),
        ({"type": "LineString", "coordinates": [["1", 2]]}, "point 1 is no [lon, lat]"),
        ({"type": "LineString", "coordinates": [[True, 2]]}, "point 1 is no [lon, lat]"),
        ({"type": "LineString", "coordinates": [[math.nan, 2]]}, "point 1 is no [lon, lat]"),
        ({"type": "LineString", "coordinates": [[10**400, 2]]}, "point 1 is no [lon, lat]"),
        ({"type": "LineString", "coordinates": [[-0.262, 117.245]]}, "its coordinates are swapped"),
        ({"type": "LineString", "coordinates": [[1, 2], [181, 2]]}, "point 2 is outside of the globe"),
        (LINE | {"crs": {}}, "names a crs"),
    ],
)
def test_geojson_without_exactly_one_sound_line_is_refused(document: Any, reason: str) -> None:
    assert reason in refusal(document)


def test_a_file_that_cannot_be_read_is_refused_with_what_is_possible(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "none.gpx")
    assert "route.shp cannot be read: a route is one of .gpx, .geojson" in refusal(tmp_path / "route.shp")
    assert "name it .polyline5 or .polyline6" in refusal(tmp_path / "route.polyline")
    (tmp_path / "folder.gpx").mkdir()
    assert "Is a directory" in refusal(tmp_path / "folder.gpx")
    (tmp_path / "deep.geojson").write_text("[" * 100_000, encoding="utf-8")
    assert "is no JSON" in refusal(tmp_path / "deep.geojson")
    (tmp_path / "large.geojson").write_bytes(b" " * (16 * 1024 * 1024 + 1))
    assert "larger than 16 MiB" in refusal(tmp_path / "large.geojson")


position = st.tuples(st.floats(-180, 180), st.floats(-70, 70))


@given(position, st.floats(-0.2, 0.2), st.floats(-0.2, 0.2))
def test_distances_agree_with_the_ellipsoid_within_half_a_per_cent(
    start: tuple[float, float], east_deg: float, north_deg: float
) -> None:
    end = ((start[0] + east_deg + 180) % 360 - 180, start[1] + north_deg)
    true_m = geodesic(start[::-1], end[::-1]).m
    assert distance_m(start, end) == pytest.approx(true_m, rel=0.006, abs=0.01)


@given(st.lists(st.tuples(st.floats(117, 117.3), st.floats(-0.3, 0.3)), min_size=2, max_size=6))
def test_the_distance_to_a_line_is_that_to_its_nearest_place(line: list[tuple[float, float]]) -> None:
    point = (117.15, 0.01)
    steps = [n / 200 for n in range(201)]
    walked = min(
        distance_m(point, (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])))
        for a, b in pairwise(line)
        for share in steps
    )
    nearest_m = distance_to_line_m(point, line)
    assert nearest_m <= walked + 1
    assert nearest_m >= walked - max(distance_m(a, b) for a, b in pairwise(line)) / 200 - 1


nearby = st.tuples(st.floats(117, 117.5), st.floats(-0.4, 0.4))


@given(st.lists(nearby, max_size=5), st.lists(nearby, min_size=2, max_size=8), st.floats(0, 30_000))
def test_a_point_is_near_a_line_where_its_distance_says_so(
    places: list[tuple[float, float]], line: list[tuple[float, float]], reach_m: float
) -> None:
    told = near_line(places, line, reach_m)
    assert told == [distance_to_line_m(place, line) <= reach_m for place in places]
