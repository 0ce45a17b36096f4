"""early-departure: gone before the time."""

from datetime import datetime

from tests.streams.engine.road import STRAIGHT, Drive, Point, instant, ping, plan, seconds

NINE: datetime = instant(3600)


def leaving(until_m: float = 2000, begin_m: float = 0) -> list[Point]:
    return [(begin_m + 90 * i, 0.0) for i in range(int((until_m - begin_m) / 90) + 1)]


def test_beyond_the_start_more_than_five_minutes_early_is_told_once():
    drive = Drive(plan(STRAIGHT, depart_at=NINE)).along(leaving())
    [alert] = drive.alerts
    assert (alert.kind, alert.transition, alert.severity, alert.reason) == (
        "early-departure",
        "raised",
        "medium",
        "left-early",
    )
    assert (seconds(alert.onset_ms), alert.value, alert.threshold, alert.unit) == (40, 3560, 300, "s")
    assert alert.message.en == "V1 left 59 min 20 s before its time."


def test_five_minutes_early_is_in_time():
    drives = [Drive(plan(STRAIGHT, depart_at=NINE)).along(leaving(), begin_s=begin_s) for begin_s in (3260, 3259)]
    assert [drive.told() for drive in drives] == [[], ["early-departure raised"]]


def test_without_a_time_of_departure_none_is_early():
    assert Drive(plan(STRAIGHT)).along(leaving()).told() == []


def test_one_that_left_early_is_watched():
    drive = Drive(plan(STRAIGHT, depart_at=NINE)).along([*leaving(), *[(2000.0, 250.0)] * 5])
    assert drive.told() == ["early-departure raised", "deviation raised"]


def test_coming_to_the_start_along_the_route_is_no_departure():
    drive = Drive(plan(STRAIGHT, depart_at=NINE)).along([*reversed(leaving(4000)), *[(5.0, 0.0)] * 100])
    assert drive.told() == []
    assert drive.along(leaving(), begin_s=2000).told() == ["early-departure raised"]


def test_first_heard_of_on_the_way_it_has_left_when_it_goes_on():
    drive = Drive(plan(STRAIGHT, depart_at=NINE)).along(leaving(3300, 3030))
    assert drive.told() == []
    assert drive.send(ping(100, (3400, 0))).told() == ["early-departure raised"]


def test_beside_the_route_nothing_is_known_of_a_departure():
    drive = Drive(plan(STRAIGHT, depart_at=NINE)).along([(100.0 * i, 900.0) for i in range(20)])
    assert drive.told() == []
