"""The picture of an alert: well-formed whatever is in it, with everything a person looks for."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from draw.svg import clean, nice_step
from models.plan import ConvoyPlan
from streams.chart import BEYOND, UNKNOWN, WITHIN, colour_of
from streams.explain import Story, explain
from streams.marks import marks_of
from streams.picture import MAP, MARKS_SHOWN, draw
from tests.streams.convoys import CARGO, ping, plan_of
from tests.streams.test_explain import PLAN, away_and_back, episode, standing, story

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "<script>alert(1)</script>&\"'\x00\x1b\ud800]]>"


def parsed(told: Story) -> ElementTree.Element:
    text = draw(told)
    assert "nan" not in re.sub(r">[^<]*<", "><", text).lower()
    return ElementTree.fromstring(text.encode())


def texts(svg: ElementTree.Element) -> str:
    return "\n".join(element.text or "" for element in svg.iter(f"{SVG}text"))


def circles(svg: ElementTree.Element, colour: str) -> Iterator[ElementTree.Element]:
    clipped = next(group for group in svg.iter(f"{SVG}g"))
    return (one for one in clipped.iter(f"{SVG}circle") if one.get("fill") == colour)


def test_the_pings_are_coloured_by_their_side_of_the_limit_and_all_within_the_map() -> None:
    told = story("deviation", away_and_back())
    svg = parsed(told)
    assert len(list(circles(svg, BEYOND))) == 10
    assert len(list(circles(svg, WITHIN))) == len(told.samples) - 10
    for dot in [*circles(svg, BEYOND), *circles(svg, WITHIN)]:
        assert MAP.left < float(dot.get("cx", "nan")) < MAP.left + MAP.width
        assert MAP.top < float(dot.get("cy", "nan")) < MAP.top + MAP.height


def test_times_are_those_of_the_plans_zone_and_the_limit_the_scale_and_north_are_said() -> None:
    said = texts(parsed(story("deviation", away_and_back())))
    for word in ("08:06:40  onset", "raised, high", "cleared, high", "times in WITA", "limit 100 m", "route, 100 m"):
        assert word in said
    assert "N" in said.splitlines()
    assert re.search(r"^\d+ (m|km)$", said, re.M)


def test_the_corridor_is_as_wide_on_the_map_as_the_limit() -> None:
    told = story("deviation", away_and_back())
    lines = [one for one in parsed(told).iter(f"{SVG}polyline") if one.get("stroke") == "#d0ebff"]
    bar = next(text for text in texts(parsed(told)).splitlines() if re.fullmatch(r"\d+ km", text))
    scale = next(one for one in parsed(told).iter(f"{SVG}polyline") if len(one.get("points", "").split()) == 4)
    x = [float(point.split(",")[0]) for point in scale.get("points", "").split()]
    per_m = (max(x) - min(x)) / (1000 * float(bar.removesuffix(" km")))
    assert float(lines[0].get("stroke-width", "nan")) == pytest.approx(2 * 100.0 * per_m, abs=0.1)


def test_checkpoints_and_stops_on_the_map_are_named() -> None:
    plan = plan_of(
        limits=PLAN.limits,
        checkpoints=[{"name": "Titik", "lat": 0.04, "lon": 117.0}, {"name": "Jauh", "lat": 0.0999, "lon": 117.0}],
        stops=[{"name": "SPBU", "lat": 0.0405, "lon": 117.001}],
    )
    said = texts(parsed(story("deviation", away_and_back(), plan)))
    assert "Titik" in said
    assert "SPBU" in said
    assert "Jauh" not in said


def test_a_repeated_ping_is_drawn_too() -> None:
    arrivals = [ping(0), ping(10), ping(200), ping(200, received_s=201), ping(200, lat=None, lon=None, received_s=202)]
    told = story("signal-lost", arrivals, plan_of())
    assert [sample.result for sample in told.samples][-2:] == ["duplicate", "accepted"]
    assert "silence before, s" in texts(parsed(told))


def test_a_missed_checkpoint_is_on_the_map() -> None:
    places = [{"name": "Jauh", "lat": 0.04, "lon": 117.03, "radius_m": 100}]
    away = [ping(s, 1000.0 + 15.0 * s) for s in range(0, 500, 10)]
    assert "Jauh" in texts(parsed(story("missed-checkpoint", away, plan_of(checkpoints=places))))


def test_numbers_that_would_cover_each_other_stand_below_one_another() -> None:
    told = story("deviation", away_and_back())
    twins = [told.alerts[0], told.alerts[0].model_copy(update={"transition": "updated"}), told.alerts[-1]]
    svg = parsed(told._replace(alerts=twins))
    places = [(one.get("cx"), one.get("cy")) for one in svg.iter(f"{SVG}circle") if one.get("fill") == "#212529"]
    assert len(places) == 12
    assert len(set(places)) == 12


def test_text_from_outside_stays_text() -> None:
    told = story("deviation", away_and_back())
    plan = ConvoyPlan.model_construct(**{**dict(told.plan), "name": EVIL})
    alerts = [
        alert.model_copy(update={"vehicle_id": EVIL, "message": alert.message.model_copy(update={"en": EVIL})})
        for alert in told.alerts
    ]
    svg = parsed(told._replace(plan=plan, alerts=alerts))
    assert {element.tag.removeprefix(SVG) for element in svg.iter()} <= {
        "svg", "title", "rect", "text", "clipPath", "g", "polyline", "circle",
    }  # fmt: skip
    assert "<script>alert(1)</script>" in texts(svg)


@given(st.text())
def test_any_text_can_be_drawn(text: str) -> None:
    element = ElementTree.Element("a")
    element.text = clean(text)
    assert ElementTree.fromstring(ElementTree.tostring(element)).text in (clean(text), None)


def test_without_pings_the_route_is_drawn_and_it_is_said() -> None:
    alerts = episode(PLAN, away_and_back(), "deviation")
    bare = [alert.model_copy(update={"lat": None, "lon": None, "value": None, "threshold": None}) for alert in alerts]
    said = texts(parsed(explain(PLAN, bare, [])))
    assert "No ping around the alert" in said
    assert "do not give" in said.replace("\n", " ")


def test_a_vehicle_that_stands_still_and_a_route_across_the_date_line_can_be_drawn() -> None:
    assert "standing for, s" in texts(parsed(story("stall", standing())))
    still = plan_of(route=[(179.999, 0.0), (-179.99, 0.0)])
    alerts = episode(PLAN, away_and_back(), "deviation")
    there = [alert.model_copy(update={"lat": 0.0, "lon": 180.0}) for alert in alerts]
    parsed(explain(still, there, []))


def test_marks_that_would_cover_each_other_are_left_out_but_the_last_is_there() -> None:
    told = story("deviation", away_and_back())
    updates = [told.alerts[0].model_copy(update={"transition": "updated"}) for _ in range(20)]
    many = told._replace(alerts=[told.alerts[0], *updates, told.alerts[-1]])
    said = texts(parsed(many))
    assert len(marks_of(many)) == 23
    assert said.count("updated, high") == MARKS_SHOWN - 3
    assert "cleared, high" in said


def test_a_ping_that_says_nothing_is_grey() -> None:
    sample = story("deviation", away_and_back()).samples[0]
    assert colour_of(sample._replace(beyond=None)) == UNKNOWN


@given(st.floats(1e-3, 1e7), st.integers(2, 10))
def test_a_step_divides_a_span_into_about_so_many_parts(span: float, parts: int) -> None:
    step = nice_step(span, parts)
    assert parts / 2.6 <= span / step <= parts * 1.001


def test_the_names_of_the_vehicles_do_not_leave_the_picture() -> None:
    long = plan_of(vehicles=[CARGO.model_copy(update={"vehicle_id": "W" * 64})])
    alerts = episode(PLAN, away_and_back(), "deviation")
    named = [alert.model_copy(update={"vehicle_id": "W" * 64}) for alert in alerts]
    svg = parsed(explain(long, named, []))
    title = next(element for element in svg.iter(f"{SVG}text"))
    assert len(title.text or "") <= 75
