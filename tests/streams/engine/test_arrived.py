"""arrived: at the end of the route, once."""

from tests.streams.engine.road import STRAIGHT, Drive, instant, line, plan, seconds


def test_it_is_told_once_within_the_radius_of_the_end():
    drive = Drive(plan(STRAIGHT)).along([(19_000.0 + 100 * i, 0.0) for i in range(11)])
    drive.along([(20_000.0, 0.0)] * 5, begin_s=200)
    [alert] = drive.alerts
    assert (alert.kind, alert.transition, alert.severity, alert.reason) == ("arrived", "raised", "low", "arrived")
    assert seconds(alert.at_ms) == 90


def test_passing_near_the_end_early_is_no_arrival():
    loop = [(0.0, 0.0), (5000.0, 0.0), (5000.0, 5000.0), (0.0, 5000.0), (0.0, 100.0)]
    assert Drive(plan(loop)).along([(100.0 * i, 0.0) for i in range(20)]).alerts == []


def test_it_ends_what_was_open():
    near = [(19_000.0 + 50 * i, 0.0) for i in range(16)]
    drive = Drive(plan(STRAIGHT)).along([*near, *[(19_800.0, 0.0)] * 25, (19_870.0, 0.0)])
    assert drive.told() == ["stall raised", "stall cleared", "arrived raised"]
    assert drive.alerts[1].reason == "arrived"


def test_nothing_is_judged_afterwards():
    drive = Drive(plan(STRAIGHT)).along([(19_500.0 + 100 * i, 0.0) for i in range(6)])
    drive.along([(20_000.0, 500.0 + 100 * i) for i in range(30)], begin_s=100).until(5000)
    assert drive.told() == ["arrived raised"]


def test_a_vehicle_that_waits_at_the_start_of_a_round_trip_has_not_come_home():
    out_and_back = [(0.0, 0.0), (5000.0, 0.0), (0.0, 0.0)]
    drive = Drive(plan(out_and_back, depart_at=instant(100)))
    drive.along([(x, 3.0) for x in (60.0, 40.0, 20.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)])
    assert drive.told() == []
    drive.along([*line((0, 0), (5000, 0), 100), *line((4900, 0), (0, 0), 100)], begin_s=100)
    assert drive.told() == ["arrived raised"]
    assert seconds(drive.alerts[0].at_ms) > 1050
