"""separation: cargo too far from its nearest escort."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from streams.recording import Arrival
from tests.streams.engine.road import START_MS, STRAIGHT, Drive, Point, line, ping, plan, seconds

SPEED_MPS = 15.0


def convoy(**fields: object):
    return plan(STRAIGHT, ("K1",), escorts=("E1",), **fields)


def at(vehicle: str, time_s: float, x_m: float, y_m: float = 0.0, **fields: object) -> Arrival:
    return ping(time_s, (x_m, y_m), vehicle=vehicle, **fields)


def pair(times_s: Iterable[float], ahead_m: Iterable[float], begin_m: float = 4000.0) -> list[Arrival]:
    """Cargo at 15 m/s and an escort so far ahead of it, in order of time."""
    sent = []
    for time_s, gap_m in zip(times_s, ahead_m, strict=True):
        x_m = begin_m + SPEED_MPS * time_s
        sent += [at("K1", time_s, x_m), at("E1", time_s, x_m + gap_m)]
    return sent


def every_10_s(*gaps_m: float) -> list[Arrival]:
    return pair([10.0 * i for i in range(len(gaps_m))], gaps_m)


def test_a_gap_that_lasts_is_raised_and_one_that_closes_is_cleared():
    drive = Drive(convoy()).send(*every_10_s(200, 200, *[700] * 6, *[250] * 5))
    raised, cleared = drive.alerts
    assert (raised.kind, raised.transition, raised.severity, raised.reason) == ("separation", "raised", "high", "apart")
    assert (raised.vehicle_id, raised.other_vehicle_ids) == ("K1", ["E1"])
    assert (seconds(raised.onset_ms), seconds(raised.at_ms)) == (20, 50)
    assert (raised.value, raised.threshold, raised.unit) == (700.0, 500.0, "m")
    assert raised.progress_m == pytest.approx(4750, abs=1)
    assert (cleared.transition, cleared.reason, seconds(cleared.at_ms)) == ("cleared", "together", 110)
    assert (cleared.value, cleared.threshold, cleared.peak) == (250.0, 300.0, 700.0)


@pytest.mark.parametrize("gap_m", [499.0, 350.0, -480.0])
def test_within_the_limit_nothing_is_raised(gap_m: float):
    assert Drive(convoy()).send(*every_10_s(*[gap_m] * 30)).alerts == []


def test_a_gap_that_does_not_last_raises_nothing():
    assert Drive(convoy()).send(*every_10_s(*[200, 700, 700, 700, 200] * 6)).alerts == []


def test_it_stays_open_between_the_two_limits():
    drive = Drive(convoy()).send(*every_10_s(200, 200, *[700] * 6, *[400] * 30))
    assert drive.told() == ["separation raised"]


def test_a_kilometre_is_critical_and_growth_is_told_once_a_minute():
    gaps_m = [200, 200, *[600] * 7, 700, 740, 760, 999, 1001, *[1100] * 4, *[1500] * 20]
    drive = Drive(convoy()).send(*every_10_s(*gaps_m))
    assert [(a.transition, a.severity, a.value) for a in drive.alerts] == [
        ("raised", "high", 600.0),
        ("updated", "high", 760.0),
        ("updated", "critical", 1001.0),
        ("updated", "critical", 1500.0),
    ]


def test_both_are_compared_at_one_instant():
    """At 60 km/h two phones that report 9 s apart seem 150 m apart when they are side by side."""
    sent = []
    for i in range(30):
        sent += [at("K1", 10 * i, 4000 + 17 * 10 * i), at("E1", 10 * i + 9, 4000 + 17 * (10 * i + 9) + 450)]
    assert Drive(convoy()).send(*sent).alerts == []


def test_the_nearest_escort_counts():
    two = plan(STRAIGHT, ("K1",), escorts=("E1", "E2"))
    sent = every_10_s(200, 200, *[900] * 8)
    beside = [at("E2", 10 * i, 4000 + 150 * i - 100) for i in range(10)]
    both = sorted([*sent, *beside], key=lambda arrival: arrival.received_ms)
    assert Drive(two).send(*both).alerts == []
    farther = [at("E2", 10 * i, 4000 + 150 * i - 800) for i in range(10)]
    [raised] = Drive(two).send(*sorted([*sent, *farther], key=lambda arrival: arrival.received_ms)).alerts
    assert (raised.other_vehicle_ids, raised.value) == (["E2"], 800.0)


def test_along_a_road_that_runs_back_the_gap_is_that_along_the_road():
    back: list[Point] = [(0, 0), (6000, 0), (6000, 150), (0, 150)]
    cargo, escort = line((4000, 0), (5000, 0), 100), line((4000, 150), (3000, 150), 100)
    drive = Drive(plan(back, ("K1",), escorts=("E1",)))
    drive.along(line((3500, 0), (4000, 0), 100)[:-1], begin_s=-50, vehicle="K1")
    drive.along([*line((3500, 0), (6000, 0), 100), *line((6000, 150), (4100, 150), 100)], -500, vehicle="E1")
    for i, (a, b) in enumerate(zip(cargo, escort, strict=True)):
        drive.send(ping(10 * i, a, vehicle="K1"), ping(10 * i, b, vehicle="E1"))
    [raised] = drive.alerts
    assert raised.value == pytest.approx(4150 - 2 * 300 + 0, abs=700)


def test_side_by_side_they_are_together_whatever_the_route_says():
    back: list[Point] = [(0, 0), (6000, 0), (6000, 80), (0, 80)]
    drive = Drive(plan(back, ("K1",), escorts=("E1",)))
    drive.along(line((3500, 0), (3900, 0), 100), begin_s=-50, vehicle="K1")
    drive.along([*line((3500, 0), (6000, 0), 100), *line((6000, 80), (4100, 80), 100)], -500, vehicle="E1")
    for i in range(6):
        drive.send(ping(10 * i, (4000, 0), vehicle="K1"), ping(10 * i, (4000 + i, 80), vehicle="E1"))
    assert drive.told("separation") == []


def test_off_the_route_the_gap_is_a_straight_line():
    sent = []
    for i in range(12):
        sent += [at("K1", 10 * i, 4000 + 150 * i), at("E1", 10 * i, 4000 + 150 * i, 90.0 * i)]
    [raised] = [a for a in Drive(convoy()).send(*sent).alerts if a.kind == "separation"]
    assert (seconds(raised.onset_ms), raised.value) == (60, pytest.approx(810, abs=2))


def test_a_silent_escort_is_neither_together_nor_apart():
    sent = every_10_s(200, 200, *[700] * 3)
    drive = Drive(convoy()).send(*sent)
    drive.send(*(at("K1", 50 + 10 * i, 4750 + 150 * i) for i in range(20)))
    assert drive.told("separation") == []
    drive = Drive(convoy()).send(*every_10_s(200, 200, *[700] * 6))
    drive.send(*(at("K1", 80 + 10 * i, 5200 + 150 * i) for i in range(20)))
    assert drive.told("separation") == ["separation raised"]


def test_a_gap_in_word_longer_than_three_intervals_interrupts_the_hold():
    times_s = [0, 10, 20, 30, 101, 111, 121, 131]
    assert Drive(convoy()).send(*pair(times_s, [700] * 8)).told() == []
    times_s.append(141)
    [raised] = Drive(convoy()).send(*pair(times_s, [700] * 9)).alerts
    assert seconds(raised.onset_ms) == 111


def test_while_it_waits_to_depart_cargo_is_not_judged():
    times_s = [10 * i for i in range(20)]
    waiting = [a for t in times_s for a in (at("K1", t, 20), at("E1", t, 1500))]
    assert Drive(convoy()).send(*waiting).told("separation") == []
    departing = convoy(depart_at=datetime.fromtimestamp(START_MS / 1000 + 100, UTC))
    [raised] = [a for a in Drive(departing).send(*waiting).alerts if a.kind == "separation"]
    assert (raised.kind, seconds(raised.onset_ms)) == ("separation", 100)


def test_after_its_arrival_cargo_is_not_judged_and_what_is_open_is_cleared():
    sent = [a for i in range(20) for a in (at("K1", 10 * i, 18_000 + 150 * i), at("E1", 10 * i, 17_000 + 100 * i))]
    drive = Drive(convoy()).send(*(a for a in sent))
    assert drive.told("separation") == ["separation raised", "separation updated", "separation cleared"]
    assert drive.alerts[-2].reason == "arrived"
    assert drive.told()[-1] == "arrived raised"


def test_an_escort_that_lags_a_minute_behind_changes_nothing():
    sent = every_10_s(*[200] * 8, *[700] * 8, *[200] * 8)
    lagging = sorted(sent, key=lambda a: a.received_ms + (0 if b"K1" in a.value else 40_000))
    late = [replace(a, received_ms=START_MS + 1_000_000) for a in lagging]
    what = [
        [(a.transition, a.alert_id, a.at_ms, a.lat, a.value, a.peak) for a in Drive(convoy()).send(*arrivals).alerts]
        for arrivals in (sent, late)
    ]
    assert what[0] == what[1]
    assert len(what[0]) == 2


def test_across_the_date_line_a_gap_is_as_anywhere():
    here, shift_deg = every_10_s(200, 200, *[700] * 6), 62.56
    there = [replace(a, value=_shifted(a.value, shift_deg)) for a in here]
    moved = convoy()
    moved = moved.model_copy(update={"route": [((x + shift_deg + 180) % 360 - 180, y) for x, y in moved.route]})
    assert [(a.transition, a.value) for a in Drive(moved).send(*there).alerts] == [("raised", 700.0)]


def _shifted(value: bytes, shift_deg: float) -> bytes:
    body = json.loads(value)
    body["lon"] = (body["lon"] + shift_deg + 180) % 360 - 180
    return json.dumps(body).encode()


def test_a_relocated_escort_is_unknown_in_between():
    sent = every_10_s(*[200] * 6)
    far = [a for i in range(6, 14) for a in (at("K1", 10 * i, 4000 + 150 * i), at("E1", 10 * i, 15_000))]
    [raised] = [a for a in Drive(convoy()).send(*sent, *far).alerts if a.kind == "separation"]
    assert seconds(raised.onset_ms) == 90


def test_relocated_cargo_is_apart_from_where_it_turns_up():
    sent = every_10_s(*[200] * 6)
    far = [a for i in range(6, 14) for a in (at("K1", 10 * i, 15_000), at("E1", 10 * i, 4200 + 150 * i))]
    [raised] = [a for a in Drive(convoy()).send(*sent, *far).alerts if a.kind == "separation"]
    assert (seconds(raised.onset_ms), raised.severity) == (80, "critical")


def test_a_position_that_froze_is_none_even_where_the_vehicle_stops_meanwhile():
    times_s = [10.0 * i for i in range(40)]
    escort = [at("E1", time_s, 4000 + SPEED_MPS * min(time_s, 200.0)) for time_s in times_s]
    frozen = [at("K1", t, 4000 + SPEED_MPS * min(t, 100.0), speed_mps=SPEED_MPS if t < 200 else 0.0) for t in times_s]
    drive = Drive(convoy()).send(*sorted([*escort, *frozen], key=lambda arrival: arrival.received_ms))
    assert drive.told("separation") == []
