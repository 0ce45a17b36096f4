"""deviation: off the route for long enough, in more than one fix."""

import pytest

from tests.streams.engine.road import STRAIGHT, Drive, Point, line, ping, plan, seconds


def off(*lateral_m: float, step_m: float = 100) -> list[Point]:
    """Fixes at these distances from the straight route, after two on it."""
    return [(2000.0 + step_m * i, y) for i, y in enumerate((0.0, 0.0, *lateral_m))]


def test_two_fixes_beyond_the_limit_for_the_hold_raise_it_with_the_first_as_onset():
    drive = Drive(plan(STRAIGHT)).along(off(150, 180, 210))
    [alert] = drive.alerts
    assert (alert.kind, alert.transition, alert.severity, alert.reason) == ("deviation", "raised", "high", "off-route")
    assert (seconds(alert.onset_ms), seconds(alert.at_ms)) == (20, 40)
    assert (alert.value, alert.threshold, alert.unit) == (pytest.approx(210, abs=1), 100, "m")


def test_one_fix_beyond_is_not_enough():
    assert Drive(plan(STRAIGHT)).along(off(400, 0, 0, 400, 0)).alerts == []


def test_two_fixes_beyond_within_the_hold_are_not_enough():
    assert Drive(plan(STRAIGHT)).along(off(150, 180, 0, step_m=50), every_s=9).alerts == []


def test_two_fixes_far_apart_in_time_are_enough():
    drive = Drive(plan(STRAIGHT)).send(ping(0, (2000, 0)), ping(10, (2100, 150)), ping(200, (2400, 160)))
    assert "deviation raised" in drive.told()


def test_a_distance_equal_to_the_limit_is_inside():
    lateral_m = Drive(plan(STRAIGHT)).along(off(150, 150, 150)).alerts[0].value
    limits = {"deviation_raise_m": 150.0, "deviation_clear_m": 60.0}
    assert lateral_m is not None
    exact = {**limits, "deviation_raise_m": 149.0}
    assert Drive(plan(STRAIGHT, limits=exact)).along(off(150, 150, 150)).told() == ["deviation raised"]
    assert Drive(plan(STRAIGHT, limits={**limits, "deviation_raise_m": 151.0})).along(off(150, 150, 150)).told() == []


@pytest.mark.parametrize(("accuracy_m", "told"), [(0, 1), (40, 1), (60, 0), (2000, 0)])
def test_the_accuracy_is_taken_off_the_distance_up_to_a_cap(accuracy_m: float, told: int):
    drive = Drive(plan(STRAIGHT)).along(off(145, 145, 145), accuracy_m=accuracy_m)
    assert len(drive.told("deviation")) == told


def test_it_clears_after_the_hold_within_the_lower_limit():
    drive = Drive(plan(STRAIGHT)).along(off(150, 150, 150, 50, 40, 30))
    assert drive.told() == ["deviation raised", "deviation cleared"]
    cleared = drive.alerts[1]
    assert cleared.reason == "rejoined"
    assert seconds(cleared.at_ms) == 70
    assert cleared.alert_id == drive.alerts[0].alert_id


def test_crossing_another_part_of_the_route_is_not_coming_back_to_it():
    """The detour leads across the way home, 4 km ahead along the road, and is within 60 m of it for 20 s."""
    loop = [(0.0, 0.0), (6000.0, 0.0), (6000.0, 2000.0), (0.0, 2000.0)]
    drive = Drive(plan(loop)).along(line((2000, 0), (5000, 0), 100))
    drive.along([(5000.0, y) for y in (*range(125, 2000, 125), 1945, 2000, 2055, 2110)], begin_s=310)
    assert drive.told("deviation")[:1] == ["deviation raised"]
    assert "deviation cleared" not in drive.told()


def test_coming_back_to_another_part_of_the_route_and_going_on_along_it_is():
    loop = [(0.0, 0.0), (6000.0, 0.0), (6000.0, 2000.0), (0.0, 2000.0)]
    drive = Drive(plan(loop)).along(line((2000, 0), (5000, 0), 100))
    drive.along([*line((5000, 125), (5000, 1875), 125), *line((5000, 2000), (4000, 2000), 100)], begin_s=310)
    assert drive.told("deviation")[-1] == "deviation cleared"


def test_between_the_two_limits_it_stays_as_it_is():
    between = [80, 90, 70, 80]
    assert Drive(plan(STRAIGHT)).along(off(*between)).told() == []
    assert Drive(plan(STRAIGHT)).along(off(150, 150, 150, *between, 50, 80, 50)).told() == ["deviation raised"]


def test_it_is_critical_beyond_the_critical_limit_and_severity_never_falls():
    drive = Drive(plan(STRAIGHT)).along(off(150, 300, 450, 600, 450, 300, step_m=10))
    assert [(a.transition, a.severity) for a in drive.alerts] == [("raised", "high"), ("updated", "critical")]


def test_far_off_at_once_it_is_raised_critical():
    drive = Drive(plan(STRAIGHT)).along([(2000, 550), (2000, 560), (2000, 570)])
    assert [(a.transition, a.severity) for a in drive.alerts] == [("raised", "critical")]


def test_a_peak_grown_by_a_quarter_is_told_once_a_minute_at_most():
    growing = [150, 150, 150, 200, 250, 300, 350, 400, 440, 450, 450]
    drive = Drive(plan(STRAIGHT)).along(off(*growing, step_m=10))
    assert [(a.transition, seconds(a.at_ms)) for a in drive.alerts] == [("raised", 40), ("updated", 100)]
    assert drive.alerts[1].peak == pytest.approx(440, abs=1)


def test_the_limits_of_the_plan_decide():
    limits = {"deviation_raise_m": 30.0, "deviation_clear_m": 20.0, "deviation_hold_s": 60.0}
    drive = Drive(plan(STRAIGHT, limits=limits)).along(off(*[40] * 7))
    assert [seconds(a.at_ms) for a in drive.alerts] == [80]


def test_leaving_again_is_an_episode_of_its_own():
    drive = Drive(plan(STRAIGHT)).along(off(150, 150, 150, 0, 0, 0, 150, 150, 150))
    assert drive.told() == ["deviation raised", "deviation cleared", "deviation raised"]
    assert drive.alerts[0].alert_id != drive.alerts[2].alert_id


def test_a_vehicle_first_heard_off_the_route_is_off_the_route():
    drive = Drive(plan(STRAIGHT)).along([(5000, 3000)] * 3)
    assert "deviation raised" in drive.told()
    assert drive.alerts[0].progress_m is None


def test_before_the_planned_departure_it_may_be_anywhere():
    from datetime import UTC, datetime

    departing = plan(STRAIGHT, depart_at=datetime.fromtimestamp(1_732_665_600 + 100, UTC))
    drive = Drive(departing).along([(0, 800)] * 10)
    assert drive.alerts == []
    assert "deviation raised" in drive.along([(0, 800)] * 5, begin_s=100).told()
