"""What is judged of several vehicles at once does not depend on whose pings are read first."""

import json
from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from models.alert import Alert
from models.instants import parse_instant
from models.plan import ConvoyPlan
from streams.engine.dtypes import VEHICLE
from streams.recording import Arrival
from tests.streams import convoys
from tests.streams.engine.road import START_MS, STRAIGHT, Drive, examples, ping, plan

VEHICLES = ("K1", "K2", "E1", "E2")
STARTED = 4
"""Rounds in which all are heard in order: before its first word is read nobody waits for an escort."""

LATER = st.lists(
    st.tuples(
        st.sampled_from((0.0, 0.0, 0.0, 200.0, 600.0, -700.0, 1200.0)),  # ahead of where it should be
        st.sampled_from((0.0, 0.0, 0.0, 40.0, 300.0)),  # beside the road
        st.sampled_from((True,) * 7 + (False,)),  # heard at all
        st.sampled_from((0.0, 1.3, 4.7)),  # after the beat
    ),
    min_size=4,
    max_size=80,
)


def convoy() -> ConvoyPlan:
    return plan(STRAIGHT, VEHICLES[:2], escorts=VEHICLES[2:])


def rounds(moves: list[tuple[float, float, bool, float]]) -> Iterator[list[Arrival]]:
    """Each vehicle's pings, in its own order, received all at once."""
    for k, vehicle in enumerate(VEHICLES):
        mine = [(0.0, 0.0, True, 0.0)] * STARTED + moves[k :: len(VEHICLES)]
        x_m, sent = 4000.0, []
        for i, (ahead_m, aside_m, heard, after_s) in enumerate(mine):
            x_m = max(x_m, min(x_m + 400, 4000 + 100 * i + ahead_m))
            if heard:
                sent.append(ping(10 * i + after_s, (x_m, aside_m), received_s=5000, vehicle=vehicle))
        yield sent


def read(moves: list[tuple[float, float, bool, float]], lags: tuple[int, ...]) -> list[Arrival]:
    """All pings in the order in which a reader meets them that lags so many rounds behind with each vehicle."""
    queue = []
    for k, (sent, lag) in enumerate(zip(rounds(moves), lags, strict=True)):
        for i, arrival in enumerate(sent):
            beat = (parse_instant(json.loads(arrival.value)["time"]) - START_MS) // 10_000
            queue.append((beat if i < STARTED else beat + lag, k, arrival))
    return [arrival for *_, arrival in sorted(queue, key=lambda item: item[:2])]


def told(arrivals: list[Arrival], cuts: list[int] | None = None) -> list[tuple[object, ...]]:
    drive = Drive(convoy())
    for begin, end in pairwise([0, *(cuts or ()), len(arrivals)]):
        if begin < end:
            drive.send(*arrivals[begin:end])
    return sorted(_what(alert) for alert in drive.alerts if alert.kind == "separation")


def _what(a: Alert) -> tuple[object, ...]:
    return a.alert_id, a.at_ms, a.transition, a.severity, a.value, a.peak, a.lat, a.lon, tuple(a.other_vehicle_ids)


@settings(max_examples=examples(150), deadline=None)
@given(LATER, st.tuples(*[st.integers(0, 2)] * 4))
def test_whose_pings_are_read_first_changes_no_separation(moves: list, lags: tuple[int, ...]):
    assert told(read(moves, lags)) == told(read(moves, (0, 0, 0, 0)))


@settings(max_examples=examples(60), deadline=None)
@given(LATER, st.lists(st.integers(0, 90), max_size=8))
def test_nor_does_it_matter_how_the_input_is_cut(moves: list, cuts: list[int]):
    arrivals = read(moves, (0, 1, 0, 1))
    inside = sorted(min(cut, len(arrivals)) for cut in cuts)
    assert told(arrivals, inside) == told(arrivals)


def test_some_of_these_drives_do_separate():
    moves = [(0.0, 0.0, True, 0.0), (0.0, 0.0, True, 0.0), (600.0, 0.0, True, 0.0), (1200.0, 0.0, True, 0.0)] * 12
    assert [what[2] for what in told(read(moves, (2, 0, 1, 2)))] == ["raised", "raised"]


def test_the_state_of_a_vehicle_is_small():
    watch = convoys.watch_over(convoys.plan_of(limits={}))
    for k in range(200):
        watch_pings = [
            convoys.ping(10 * k, 1000 + 40 * k + ahead_m, vehicle_id=vehicle.vehicle_id)
            for vehicle, ahead_m in ((convoys.CARGO, 0), (convoys.ESCORT, 50))
        ]
        assert convoys.judge(watch, watch_pings) == []
    value = watch.dump("BTG-07")
    assert value is not None
    assert len(value) <= 2 * 600
    assert VEHICLE.itemsize <= 600
