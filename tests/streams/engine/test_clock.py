"""A clock that is hours behind: its times are put right where pings come in."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from models.instants import format_instant, parse_instant
from streams.recording import Arrival
from tests.streams.engine import test_properties as any_traffic
from tests.streams.engine.road import STRAIGHT, Drive, Point, examples, instant, line, ping, plan, seconds

BEHIND_S = 7200
EAST = line((4000, 0), (7000, 0), 100)
AWAY = [*line((7000, 300), (9000, 300), 100), *line((9100, 0), (11_000, 0), 100)]
HALT: list[Point] = [(11_000.0, 0.0)] * 60
ONWARD = line((11_000, 0), (13_000, 0), 100)


def drive_of(points: list[Point], begin_s: float = 0, behind_s: float = 0, **fields: object) -> list[Arrival]:
    """A ping each ten seconds, received at once, by a clock that is so much behind."""
    at_s = [begin_s + 10 * i for i in range(len(points))]
    return [ping(s - behind_s, point, received_s=s, **fields) for s, point in zip(at_s, points, strict=True)]


def judged(arrivals: list[Arrival], **fields: object) -> Drive:
    return Drive(plan(STRAIGHT, **fields)).send(*arrivals)


def test_two_hours_behind_the_alerts_are_those_of_a_right_clock():
    points = [*EAST, *AWAY, *HALT, *ONWARD]
    fields = {"depart_at": instant(0), "arrive_by": instant(900)}
    right, behind = judged(drive_of(points), **fields), judged(drive_of(points, behind_s=BEHIND_S), **fields)
    assert [alert.to_json() for alert in behind.alerts] == [alert.to_json() for alert in right.alerts]
    assert {alert.kind for alert in behind.alerts} == {"deviation", "stall", "late"}
    assert not any(alert.late for alert in behind.alerts)


def set_back(arrival: Arrival) -> Arrival:
    """The same ping with the time of a clock two hours behind, where V1 sent it."""
    body = json.loads(arrival.value)
    if body["vehicle_id"] != "V1":
        return arrival
    body["time"] = format_instant(parse_instant(body["time"]) - 1000 * BEHIND_S)
    return replace(arrival, value=json.dumps(body).encode())


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(any_traffic.move, max_size=60))
def test_once_it_is_known_a_clock_two_hours_behind_changes_nothing(moves: list[dict]):
    waiting = [ping(s, (100.0, 0.0)) for s in (-30, -20, -10)]
    arrivals = [*waiting, *any_traffic.traffic(moves)]
    assert any_traffic.judged([[*map(set_back, arrivals)]]) == any_traffic.judged([arrivals])


def test_the_status_tells_the_true_time():
    status = judged(drive_of(EAST, behind_s=BEHIND_S)).detection.status("C1")
    assert seconds(status.vehicles[0].time_ms) == 300


def test_less_than_half_an_hour_may_be_the_network():
    [raised, _] = judged(drive_of([*EAST, *AWAY], behind_s=1799)).alerts
    assert raised.late
    assert seconds(raised.at_ms) == 330 - 1799


def test_what_was_pressed_and_doubted_before_it_is_known_ends_in_its_time():
    doubted = drive_of(EAST[:2], behind_s=BEHIND_S, mock=True, sos=True)
    drive = judged([*doubted, *drive_of(line((4200, 0), (13_000, 0), 100), begin_s=20, behind_s=BEHIND_S)])
    assert drive.told() == ["sos raised", "bad-position raised", "sos cleared", "bad-position cleared"]
    assert [seconds(alert.at_ms) for alert in drive.alerts[2:]] == [80, 620]
    assert drive.alerts[2].alert_id == drive.alerts[0].alert_id


def test_a_spike_before_it_is_known_is_no_second_one_after_it():
    points = [EAST[0], (4100.0, 5000.0), *EAST[2:]]
    assert judged(drive_of(points, behind_s=BEHIND_S)).told() == []


@pytest.mark.parametrize("sent", [EAST, [*EAST, *[EAST[-1]] * 60]], ids=["moving", "standing"])
def test_a_clock_that_is_set_goes_on_where_the_true_times_are(sent: list[Point]):
    begin_s = 10 * len(sent)
    onward = line((7100, 0), (13_000, 0), 100)
    drive = judged([*drive_of(sent, behind_s=BEHIND_S), *drive_of(onward, begin_s)])
    assert drive.told() == judged(drive_of([*sent, *onward])).told()
    assert drive.counts["accepted"] == len(sent) + len(onward)


def test_pings_that_all_came_late_and_catch_up_are_all_judged():
    late, rest = drive_of(EAST[:10], behind_s=3600), [*EAST[10:], *AWAY]
    caught_up = [ping(100 - 3600 + 10 * i, point, received_s=100 + i / 10) for i, point in enumerate(rest)]
    drive = judged([*late, *caught_up])
    assert drive.counts["accepted"] == len(EAST) + len(AWAY)
    assert drive.told("deviation") == ["deviation raised", "deviation cleared"]
    assert seconds(drive.alerts[0].onset_ms) == 310 - 3600


def test_a_burst_of_old_pings_is_no_wrong_clock():
    burst = [ping(10 * i, point, received_s=5000 + i / 10) for i, point in enumerate([*EAST, *AWAY])]
    raised = judged(burst).alerts[0]
    assert (seconds(raised.onset_ms), raised.late) == (310, True)


def test_the_time_of_a_presence_is_no_proof_that_the_clock_was_set():
    begin, end = EAST[:10], EAST[10:]
    presence = ping(100, None)
    drive = judged([*drive_of(begin, behind_s=BEHIND_S), presence, *drive_of(end, 110, behind_s=BEHIND_S)])
    assert drive.counts["accepted"] == len(EAST) + 1


def test_while_a_gap_is_being_filled_the_clock_is_not_put_right():
    first, older, second, *others = drive_of(EAST, behind_s=BEHIND_S)
    moved = replace(older, received_ms=second.received_ms)
    drive = judged([first, second, moved, *others[:4]])
    status = drive.detection.status("C1")
    assert seconds(status.vehicles[0].time_ms) == 60 - BEHIND_S
    drive.send(*others[4:])
    assert seconds(drive.detection.status("C1").vehicles[0].time_ms) == 300
    assert drive.told() == []


def test_an_older_ping_is_put_right_too():
    arrivals = drive_of([*EAST, *AWAY], behind_s=BEHIND_S)
    late = [replace(arrivals[20], received_ms=arrivals[21].received_ms)]
    drive = judged([*arrivals[:20], arrivals[21], *late, *arrivals[22:]])
    assert drive.counts["older"] == 1
    assert drive.told() == judged(drive_of([*EAST, *AWAY])).told()


def test_a_copy_of_a_ping_is_known_as_one():
    arrivals = drive_of(EAST, behind_s=BEHIND_S)
    drive = judged([twice for arrival in arrivals for twice in (arrival, arrival)])
    # the copy of the third is compared with times that are put right already
    assert drive.counts["duplicate"] == len(EAST)
