"""wrong-way: back along the route."""

from itertools import pairwise

import pytest

from tests.streams.engine.road import STRAIGHT, Drive, Point, ping, plan, seconds


def way(begin_m: float, end_m: float, step_m: float = 100) -> list[Point]:
    count = round(abs(end_m - begin_m) / step_m)
    return [(begin_m + (end_m - begin_m) * i / count, 0.0) for i in range(count + 1)]


OUT = way(4000, 5000)


def test_going_back_is_raised_at_the_third_fix_and_more_than_two_hundred_metres():
    drive = Drive(plan(STRAIGHT)).along([*OUT, *way(4900, 4400)])
    assert drive.told() == ["wrong-way raised"]
    [alert] = drive.alerts
    assert (alert.severity, alert.reason, alert.unit) == ("high", "backwards", "m")
    assert alert.value == pytest.approx(300, abs=1)
    assert (seconds(alert.onset_ms), seconds(alert.at_ms)) == (100, 130)


def test_forward_again_by_a_hundred_metres_clears_it():
    drive = Drive(plan(STRAIGHT)).along([*OUT, *way(4900, 4500), *way(4550, 6000, 50)])
    assert drive.told() == ["wrong-way raised", "wrong-way cleared"]
    assert drive.alerts[1].reason == "forwards"
    assert drive.alerts[1].alert_id == drive.alerts[0].alert_id
    assert seconds(drive.alerts[1].at_ms) == 170


def test_two_hundred_metres_are_not_yet_wrong():
    drive = Drive(plan(STRAIGHT)).along([*OUT, *way(4940, 4801, 20), *way(4900, 6000)])
    assert drive.told() == []


def test_two_fixes_are_not_enough():
    drive = Drive(plan(STRAIGHT)).along([*OUT, (4850.0, 0.0), (4700.0, 0.0), *way(4900, 6000)])
    assert drive.told() == []


def test_less_than_the_hold_is_not_enough():
    quick = [ping(100 + 5 * i, (5000 - 150 * i, 0)) for i in range(1, 4)]
    drive = Drive(plan(STRAIGHT)).along(OUT).send(*quick)
    assert drive.told() == []
    assert drive.send(ping(120, (4400, 0))).told() == ["wrong-way raised"]


def test_noise_of_a_long_stand_neither_raises_nor_dates_it_back():
    noisy = [(5000.0 - 12 * (i % 4), 0.0) for i in range(15)]
    drive = Drive(plan(STRAIGHT)).along([*OUT, *noisy])
    assert drive.told() == []
    drive.along(way(4900, 4400), begin_s=260)
    assert drive.told() == ["wrong-way raised"]
    assert seconds(drive.alerts[0].onset_ms) == 250


def test_signals_that_lead_a_standing_vehicle_along_the_road_and_back_are_no_way_back():
    led = [20.0, 200.0, 185.0, 60.0, 30.0, 10.0, -1.0, -2.0, -3.0, -4.0, -15.0, 0.0]
    drive = Drive(plan(STRAIGHT)).along(OUT)
    drive.along([(5000.0 + along_m, 40.0) for along_m in led], begin_s=110, speed_mps=0.3)
    assert drive.told() == []


def test_signals_that_lead_a_standing_vehicle_ahead_and_back_are_no_way_back_when_it_goes_on():
    led = [80.0, 190.0, 260.0, 290.0, 260.0, 190.0, 100.0, 0.0, 0.0]
    drive = Drive(plan(STRAIGHT)).along(OUT, speed_mps=10.0)
    drive.along([(5000.0 + along_m, 0.0) for along_m in led], begin_s=110, speed_mps=0.0)
    drive.along([(5008.0, 0.0), (5040.0, 0.0), *way(5100, 5500)], begin_s=200, speed_mps=5.0)
    assert drive.told() == []


def test_a_device_that_always_says_that_it_stands_goes_back_twice_as_far():
    drive = Drive(plan(STRAIGHT)).along([*OUT, *way(4900, 4400)], speed_mps=0.0)
    [alert] = drive.alerts
    assert (alert.kind, alert.value) == ("wrong-way", pytest.approx(500, abs=1))


def test_the_accuracy_of_a_fix_is_taken_off():
    assert Drive(plan(STRAIGHT)).along([*OUT, *way(4900, 4755, 48)], accuracy_m=50).told() == []
    assert Drive(plan(STRAIGHT)).along([*OUT, *way(4900, 4700, 50)], accuracy_m=45).told() == ["wrong-way raised"]


def test_the_way_back_that_the_plan_has_is_forward():
    there_and_back = [(0.0, 0.0), (6000.0, 0.0), (0.0, 0.0)]
    assert Drive(plan(there_and_back)).along([*way(5000, 6000), *way(5900, 3000)]).told() == []


def test_back_by_another_road_is_told_once_the_route_is_reached():
    round_about = [(5000.0, 0.0), (5000.0, 300.0), *[(5000.0 - 150 * i, 300.0) for i in range(1, 9)], (3800.0, 150.0)]
    drive = Drive(plan(STRAIGHT)).along([*OUT, *round_about, *way(3700, 3000)])
    assert drive.told("wrong-way") == ["wrong-way raised"]


def test_a_growing_way_back_is_told_at_most_once_a_minute():
    drive = Drive(plan(STRAIGHT)).along([*way(7000, 8000), *way(7900, 4000)])
    assert drive.told("wrong-way") == ["wrong-way raised", *["wrong-way updated"] * 5]
    values = [alert.value for alert in drive.alerts]
    assert all(after >= 1.25 * before for before, after in pairwise(values))
    assert values[-1] == drive.alerts[-1].peak


def test_a_relocation_far_back_is_no_way_back_before_it_goes_on_backwards():
    far = [(8000.0 + 100 * i, 0.0) for i in range(4)]
    drive = Drive(plan(STRAIGHT)).along(way(14_000, 15_000)).along([*far, *way(8400, 9500)], begin_s=150)
    assert drive.counts["held"] == 2
    assert drive.told("wrong-way") == []


def test_before_the_departure_it_may_manoeuvre():
    shunting = [*way(0, 290, 29), *way(261, 0, 29)] * 3
    assert Drive(plan(STRAIGHT)).along(shunting).told() == []


def test_one_raised_where_it_waits_again_is_followed_to_its_end():
    toward = [(1000.0, 0.0), *way(900, 0)]
    drive = Drive(plan(STRAIGHT, depart_at=None)).along([(500.0, 600.0), *toward, *way(100, 900)])
    assert drive.told("wrong-way") == ["wrong-way raised", "wrong-way updated", "wrong-way cleared"]


def test_another_route_starts_the_way_anew():
    drive = Drive(plan(STRAIGHT)).along(OUT)
    drive.detection.put_plan(plan([(1000.0, 0.0), (20_000.0, 0.0)]))
    drive.along(way(5100, 6000), begin_s=110)
    assert drive.told() == []
