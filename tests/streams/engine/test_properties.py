"""What holds for any traffic, whatever phones and networks do to it."""

import json
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from models.alert import Alert
from models.plan import ConvoyPlan
from streams.recording import Arrival
from tests.streams.engine.road import Drive, Point, checkpoint, examples, instant, no_signal, ping, plan, stop

VEHICLES = ("V1", "V2", "V3")
ROUTE: list[Point] = [(0, 0), (4000, 0), (4000, 1500), (1000, 1500), (1000, 0), (6000, -1500)]

ONCE = ("arrived", "missed-checkpoint", "early-departure")

move = st.fixed_dictionaries(
    {
        "vehicle": st.sampled_from(VEHICLES),
        "after_s": st.sampled_from((0.0, 0.4, 1.0, 7.0, 10.0, 60.0, 200.0)),
        "delay_s": st.sampled_from((0.0, 0.0, 0.0, 0.7, 5.0, 400.0)),
        "east_m": st.sampled_from((0.0, 0.0, 5.0, 80.0, 150.0, -90.0, 700.0, 9000.0)),
        "north_m": st.sampled_from((0.0, 0.0, -6.0, 40.0, 130.0, -160.0)),
        "fields": st.sampled_from(
            (
                {},
                {},
                {"accuracy_m": 35.0},
                {"sos": True},
                {"mock": True},
                {"speed_mps": 12.0, "heading_deg": 90.0},
                {"speed_mps": 36.0},
            )
        ),
        "presence": st.sampled_from((False,) * 9 + (True,)),
    }
)


def watched(**fields: object) -> ConvoyPlan:
    extra = {
        "stops": [stop((4000, 700))],
        "no_signal": [no_signal(2000, 2600)],
        "checkpoints": [
            checkpoint((2000, 0), 200),
            checkpoint((4000, 1500)),
            checkpoint((1000, 0)),
            checkpoint((900, 0)),
        ],
        "depart_at": instant(60),
        "arrive_by": instant(1500),
        "limits": {"unescorted_hold_s": 60},
    }
    return plan(ROUTE, VEHICLES[:2], escorts=VEHICLES[2:], **(extra | fields))


def traffic(moves: list[dict]) -> list[Arrival]:
    """Pings of three vehicles that wander, in arrival order: some are late, some have no position."""
    places = dict.fromkeys(VEHICLES, (100.0, 0.0))
    clock_s, sent = 0.0, []
    for step in moves:
        clock_s += step["after_s"]
        x, y = places[step["vehicle"]]
        places[step["vehicle"]] = x + step["east_m"], y + step["north_m"]
        point = None if step["presence"] else places[step["vehicle"]]
        received_s = clock_s + step["delay_s"]
        sent.append(
            (received_s, ping(clock_s, point, received_s=received_s, vehicle=step["vehicle"], **step["fields"]))
        )
    return [arrival for _, arrival in sorted(sent, key=lambda pair: pair[0])]


def judged(batches: list[list[Arrival]], end_s: float = 4000.0, convoy: ConvoyPlan | None = None) -> list[bytes]:
    drive = Drive(convoy or watched())
    for batch in batches:
        if batch:
            drive.send(*batch)
    return [alert.to_json() for alert in drive.until(end_s).alerts]


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(move, max_size=60), st.data())
def test_how_the_input_is_cut_into_batches_changes_nothing(moves: list[dict], data: st.DataObject):
    arrivals = traffic(moves)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(arrivals)), max_size=10)))
    edges = [0, *cuts, len(arrivals)]
    batches = [arrivals[a:b] for a, b in pairwise(edges)]
    assert judged(batches) == judged([arrivals]) == judged([[arrival] for arrival in arrivals])


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(move, max_size=60), st.data())
def test_duplicates_change_nothing(moves: list[dict], data: st.DataObject):
    arrivals = traffic(moves)
    again = []
    for arrival in arrivals:
        again += [arrival] * data.draw(st.integers(1, 3))
    assert judged([again]) == judged([arrivals])


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(move, max_size=60))
def test_every_cleared_follows_its_raised_and_no_key_has_two_open_episodes(moves: list[dict]):
    open_ids: dict[tuple[str | None, str], str] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for value in judged([traffic(moves)]):
        alert = Alert.from_json(value)
        key = (alert.vehicle_id, alert.kind)
        seen[alert.alert_id, alert.transition] += alert.transition != "updated"
        if alert.transition == "raised":
            assert key not in open_ids
            if alert.kind not in ONCE:
                open_ids[key] = alert.alert_id
        else:
            assert open_ids[key] == alert.alert_id
            if alert.transition == "cleared":
                del open_ids[key]
    assert all(count <= 1 for count in seen.values()), "an episode was raised or cleared twice"


def _turned(
    convoy: ConvoyPlan, arrivals: list[Arrival], turn: Callable[[float, float], Point]
) -> tuple[ConvoyPlan, list[Arrival]]:
    places = {
        name: [
            s.model_copy(update=dict(zip(("lon", "lat"), turn(s.lon, s.lat), strict=True)))
            for s in getattr(convoy, name)
        ]
        for name in ("stops", "checkpoints")
    }
    other = convoy.model_copy(update={"route": [turn(*p) for p in convoy.route], **places})
    turned = []
    for arrival in arrivals:
        body = json.loads(arrival.value)
        if "lat" in body:
            body["lon"], body["lat"] = turn(body["lon"], body["lat"])
        body.pop("heading_deg", None)
        turned.append(replace(arrival, value=json.dumps(body).encode()))
    return other, turned


def _what(values: list[bytes]) -> list[tuple[str, ...]]:
    alerts = [Alert.from_json(value) for value in values]
    return [(a.alert_id, a.kind, a.transition, a.severity, a.reason, str(a.at_ms)) for a in alerts]


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(move, max_size=60))
def test_south_of_the_equator_is_as_north_of_it(moves: list[dict]):
    here = _turned(watched(), traffic(moves), lambda lon, lat: (lon, lat))
    south = _turned(watched(), traffic(moves), lambda lon, lat: (lon, -lat))
    assert _what(judged([south[1]], convoy=south[0])) == _what(judged([here[1]], convoy=here[0]))


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(move, max_size=60), st.sampled_from((0.25, -40.5, 62.5)))
def test_one_degree_of_longitude_is_like_another(moves: list[dict], shift_deg: float):
    here = _turned(watched(), traffic(moves), lambda lon, lat: (lon, lat))
    east = _turned(watched(), traffic(moves), lambda lon, lat: ((lon + shift_deg + 180) % 360 - 180, lat))
    assert _what(judged([east[1]], convoy=east[0])) == _what(judged([here[1]], convoy=here[0]))


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(move, max_size=40))
def test_whose_pings_come_first_within_the_same_instant_changes_nothing_for_each(moves: list[dict]):
    arrivals = traffic(moves)
    other = sorted(arrivals, key=lambda arrival: (arrival.received_ms, b'"V2"' in arrival.value))
    by_vehicle = [
        sorted(judged([each]), key=lambda value: Alert.from_json(value).vehicle_id or "") for each in (arrivals, other)
    ]
    assert by_vehicle[0] == by_vehicle[1]
