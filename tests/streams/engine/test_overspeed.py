"""overspeed: too fast for the mode or the plan."""

import pytest

from tests.streams.engine.road import STRAIGHT, Drive, Point, ping, plan, seconds


def at_speed(mps: float, count: int = 10, begin_m: float = 1000, every_s: float = 10) -> list[Point]:
    return [(begin_m + mps * every_s * i, 0.0) for i in range(count)]


def test_thirty_seconds_above_the_limit_raise_it_from_the_first_fix():
    drive = Drive(plan(STRAIGHT)).along(at_speed(20), speed_mps=35)
    [alert] = drive.alerts
    assert (alert.kind, alert.transition, alert.severity, alert.reason) == ("overspeed", "raised", "low", "too-fast")
    assert (seconds(alert.onset_ms), seconds(alert.at_ms), alert.value, alert.threshold) == (0, 30, 35, 33)
    assert alert.unit == "m/s"


@pytest.mark.parametrize(("mode", "mps"), [("truck", 25), ("car", 33), ("motorcycle", 28), ("boat", 15)])
def test_each_mode_has_a_limit_and_equal_is_inside(mode: str, mps: float):
    drives = [Drive(plan(STRAIGHT, mode=mode)).along(at_speed(10), speed_mps=mps + more) for more in (0, 0.5)]
    assert [drive.told() for drive in drives] == [[], ["overspeed raised"]]


def test_any_other_mode_has_none():
    assert Drive(plan(STRAIGHT, mode="other")).along(at_speed(30), speed_mps=99).told() == []


def test_the_plan_s_own_limit_is_for_every_mode():
    slow = plan(STRAIGHT, mode="other", limits={"overspeed_mps": 8.0})
    assert Drive(slow).along(at_speed(10), speed_mps=9).told() == ["overspeed raised"]


def test_a_new_limit_counts_from_the_next_fix_on():
    drive = Drive(plan(STRAIGHT)).along(at_speed(20), speed_mps=20)
    drive.detection.put_plan(plan(STRAIGHT, limits={"overspeed_mps": 15.0}))
    drive.along(at_speed(20, begin_m=3000), begin_s=100, speed_mps=20)
    assert seconds(drive.alerts[0].onset_ms) == 100


def test_without_a_reported_speed_that_of_the_way_counts():
    drive = Drive(plan(STRAIGHT)).along(at_speed(36))
    [alert] = drive.alerts
    assert alert.value == pytest.approx(36, abs=0.1)
    assert (seconds(alert.onset_ms), seconds(alert.at_ms)) == (10, 40)
    assert Drive(plan(STRAIGHT)).along(at_speed(36), accuracy_m=40).told() == []
    assert Drive(plan(STRAIGHT)).along(at_speed(32.9), accuracy_m=0).told() == []


def test_one_slow_fix_in_between_starts_it_anew():
    drive = Drive(plan(STRAIGHT)).along(at_speed(20, 3), speed_mps=40).send(ping(30, (1600, 0), speed_mps=33))
    drive.along(at_speed(20, 3, 1800), begin_s=40, speed_mps=40)
    assert drive.told() == []


def test_of_a_long_gap_nothing_is_known():
    drive = Drive(plan(STRAIGHT)).send(ping(0, (1000, 0), speed_mps=40), ping(31, (2000, 0), speed_mps=40))
    assert drive.told() == []
    drive.send(ping(61, (3000, 0), speed_mps=40))
    assert seconds(drive.alerts[0].onset_ms) == 31


def test_ten_seconds_within_the_limit_clear_it():
    drive = Drive(plan(STRAIGHT)).along(at_speed(20), speed_mps=35)
    drive.send(ping(95, (2900, 0), speed_mps=30), ping(100, (3000, 0), speed_mps=36))
    drive.send(ping(105, (3100, 0), speed_mps=30), ping(114, (3200, 0), speed_mps=30))
    assert drive.told() == ["overspeed raised"]
    drive.send(ping(115, (3250, 0), speed_mps=33))
    assert drive.told() == ["overspeed raised", "overspeed cleared"]
    assert (drive.alerts[1].reason, drive.alerts[1].peak) == ("slowed", 36)


def test_a_peak_a_quarter_higher_is_told():
    drive = Drive(plan(STRAIGHT)).along(at_speed(20, 8), speed_mps=35)
    drive.along(at_speed(20, 8, 3000), begin_s=80, speed_mps=44)
    assert drive.told() == ["overspeed raised", "overspeed updated"]
    assert seconds(drive.alerts[1].at_ms) == 90


def test_before_the_departure_it_is_nothing():
    assert Drive(plan(STRAIGHT)).along([(10.0 + i, 0.0) for i in range(20)], speed_mps=40).told() == []
