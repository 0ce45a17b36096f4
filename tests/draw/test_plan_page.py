"""The page of a plan: everything in it, nothing from outside, and every text stays text."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from draw.plan_map import part_of
from draw.plan_page import plan_page
from models.geometry import distance_m, length_m, nearest_on_line
from models.limits import Limits
from models.plan import Checkpoint, ConvoyPlan, NoSignal, Site, Stop, Vehicle

ROUTE = [(117.2, -0.3), (117.25, -0.28), (117.3, -0.35), (117.2, -0.3)]
PLANNED = datetime(2024, 11, 27, 23, 10, tzinfo=UTC)

EVIL = """<script>alert('1')</script>&"<img src=//x onerror=x>"""


def plan(convoy_id: str = "BTG-07", name: str = "To the north", **more: object) -> ConvoyPlan:
    fields = {
        "operation": name,
        "timezone": "Asia/Makassar",
        "convoy_id": convoy_id,
        "name": name,
        "route": ROUTE,
        "vehicles": [Vehicle(vehicle_id="KT-1", role="cargo", device_ids=["8737"])],
        "checkpoints": [Checkpoint(name=name, lat=-0.28, lon=117.25, planned_at=PLANNED)],
        "stops": [Stop(name=name, lat=-0.33, lon=117.28)],
        "no_signal": [NoSignal(from_m=3000, to_m=9000)],
        "sites": [Site(kind="POLSEK", name=name, lat=-0.28, lon=117.26)],
        "limits": Limits(deviation_raise_m=150),
    }
    return ConvoyPlan(**(fields | more))


class Page(HTMLParser):
    """The tags and the texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href") or name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_page_shows_times_in_the_zone_of_the_plan_and_where_places_are() -> None:
    texts = Page(plan_page([plan()])).texts
    assert "2024-11-28 07:10 WITA" in texts
    assert {"KT-1", "8737", "km 6.0", "km 3.0", "20 min", "deviation_raise_m", "150", "POLSEK", "905 m"} <= set(texts)


def test_without_places_and_times_the_page_says_so_and_has_no_empty_table() -> None:
    page = Page(plan_page([plan(checkpoints=[], stops=[], no_signal=[], sites=[], limits=Limits())]))
    assert page.tags.count("table") == 2  # the vehicles and all limits
    assert "departs: no time planned" in " ".join(page.texts)


def test_each_convoy_is_linked_and_has_a_map_of_its_own() -> None:
    page = plan_page([plan("A1"), plan("A2")])
    assert Page(page).links == ["#c0", "#c1"]
    assert re.findall(r'clipPath id="(\w+)"', page) == ["map0", "map1"]


def test_nothing_is_asked_for_from_outside() -> None:
    page = plan_page([plan()])
    assert "default-src 'none'" in page
    assert [link for link in Page(page).links if not link.startswith("#")] == []
    assert "url(" not in page.replace("url(#map0)", "")


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40) | st.just(EVIL))
def test_whatever_a_plan_says_stays_text(text: str) -> None:
    name = EVIL + "".join(letter for letter in text if letter.isprintable())
    convoy_id = name.replace("|", "").strip()[:64].strip()
    usual, page = Page(plan_page([plan()])), Page(plan_page([plan(convoy_id, name)]))
    assert page.tags == usual.tags
    assert page.links == usual.links
    assert name.strip() in page.texts


points = st.tuples(st.floats(-180, 180), st.floats(-85, 85))


@settings(max_examples=50)
@given(st.lists(points, min_size=2, max_size=6) | st.just([(117.2, -0.3), (117.2, -0.3000001)]))
def test_any_route_can_be_drawn(route: list[tuple[float, float]]) -> None:
    if len({(lon % 360.0, lat) for lon, lat in route}) > 1:
        page = plan_page([plan(route=route)])
        assert "nan" not in page
        assert "inf" not in re.sub(r"<title>.*?</title>", "", page)


lines = st.lists(st.tuples(st.floats(117, 117.1), st.floats(-0.1, 0.1)), min_size=2, max_size=8)


@given(lines, st.floats(0, 1), st.floats(0, 1))
def test_a_part_of_a_line_is_as_long_as_it_should_be(line: list[tuple[float, float]], begin: float, end: float) -> None:
    whole_m = length_m(line)
    from_m, to_m = sorted((begin * whole_m, end * whole_m))
    part = part_of(line, from_m, to_m)
    assert (length_m(part) if part else 0.0) == pytest.approx(to_m - from_m, abs=0.5)


@given(lines, st.integers(0, 6), st.floats(0, 1))
def test_the_nearest_place_of_a_point_on_a_line_is_itself(
    line: list[tuple[float, float]], piece: int, share: float
) -> None:
    start, end = list(pairwise(line))[piece % (len(line) - 1)]
    at = (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
    near = nearest_on_line(at, line)
    assert near.away_m == pytest.approx(0, abs=0.01)
    # the line may cross itself: the first place counts, and it is the same place
    there = part_of(line, near.along_m - 0.5, near.along_m)
    assert not there or distance_m(there[-1], at) < 0.6
