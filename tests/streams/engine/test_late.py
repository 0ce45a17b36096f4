"""late: predicted from the pace of the last minutes and the plan's own timetable."""

import pytest

from models.convoy_status import ConvoyStatus
from models.plan import ConvoyPlan
from tests.streams.engine.road import STRAIGHT, Drive, Point, checkpoint, instant, no_signal, ping, plan, seconds

HOUR = plan(
    [(0.0, 0.0), (36_000.0, 0.0)],
    depart_at=instant(0),
    checkpoints=[checkpoint((18_000, 0), 1800)],
    arrive_by=instant(3600),
    limits={"stall_hold_s": 7000.0, "stall_high_s": 7200.0},
)
"""Ten metres a second for an hour."""


def drive_at(mps: float, until_s: float, begin_m: float = 0, begin_s: float = 0) -> list[Point]:
    return [(begin_m + mps * s, 0.0) for s in range(0, int(until_s - begin_s) + 1, 10)]


def status(drive: Drive) -> ConvoyStatus:
    found = drive.detection.status("C1")
    assert found is not None
    return found


def test_as_planned_it_is_on_time_all_the_way():
    drive = Drive(HOUR).along(drive_at(10, 3600))
    assert drive.told() == ["arrived raised"]


def test_a_slow_one_is_raised_before_it_has_lost_the_ten_minutes():
    alert = Drive(HOUR).along(drive_at(5, 2000)).alerts[0]
    assert (alert.kind, alert.transition, alert.severity, alert.reason) == ("late", "raised", "low", "behind-schedule")
    assert (alert.unit, alert.threshold, alert.onset_ms) == ("s", 600, alert.at_ms)
    # behind by 500 s at 1,000 s, and by 90 s more over the next three minutes
    assert seconds(alert.at_ms) == pytest.approx(1020, abs=20)
    assert alert.message.en.startswith("V1 is expected 10 min ")


def test_it_rises_to_medium_and_its_growth_is_told_by_the_quarter():
    drive = Drive(HOUR).along(drive_at(1, 2600))
    assert {alert.transition for alert in drive.alerts[1:]} == {"updated"}
    assert [alert.severity for alert in drive.alerts][-1] == "medium"
    values = [alert.value for alert in drive.alerts]
    assert all(value <= 1800 for value, alert in zip(values, drive.alerts, strict=True) if alert.severity == "low")


def test_half_the_limit_is_on_time_again():
    drive = Drive(HOUR).along(drive_at(2, 700)).along(drive_at(25, 1300, 1400, 700), begin_s=700)
    assert drive.told("late") == ["late raised", "late cleared"]
    cleared = drive.alerts[-1]
    assert (cleared.reason, cleared.threshold) == ("on-schedule", 300)
    assert cleared.value < 300


def test_standing_still_makes_it_later_and_a_red_light_does_not():
    light = [*drive_at(10, 600), *[(6000.0, 0.0)] * 7, *drive_at(10, 1200, 6000)]
    assert Drive(HOUR).along(light).told() == []
    standing = [*drive_at(10, 600), *[(6000.0, 0.0)] * 60]
    drive = Drive(HOUR).along(standing)
    assert drive.told()[0] == "late raised"
    assert seconds(drive.alerts[0].at_ms) == pytest.approx(1080, abs=60)


def test_silence_of_one_that_stands_makes_it_later_as_if_it_were_heard_there():
    stop: list[Point] = [(6000.0, 0.0)]
    heard = Drive(HOUR).along([*drive_at(10, 600), *stop * 300])
    silent = Drive(HOUR).along([*drive_at(10, 600), *stop]).until(3600)
    assert [a.transition for a in silent.alerts if a.kind == "late"] == ["raised", "updated"]
    raised = [next(a for a in drive.alerts if a.kind == "late") for drive in (heard, silent)]
    assert seconds(raised[1].at_ms) == pytest.approx(seconds(raised[0].at_ms), abs=10)
    assert [a.severity for a in silent.alerts if a.kind == "late"] == ["low", "medium"]


def test_silence_of_one_that_moves_says_nothing_of_its_place():
    assert Drive(HOUR).along(drive_at(10, 600)).until(86_400).told("late") == []


def test_in_a_stretch_without_signal_silence_says_nothing():
    quiet = HOUR.model_copy(update={"no_signal": [no_signal(5900, 12_000)]})
    drive = Drive(quiet).along([*drive_at(10, 600), (6000.0, 0.0)]).until(2600)
    assert drive.told("late") == []
    assert drive.until(2700).told("late") == ["late raised"]


def test_a_year_of_silence_of_one_that_stands_brings_no_more():
    drive = Drive(HOUR).along([*drive_at(10, 600), (6000.0, 0.0)]).until(365 * 86_400)
    assert drive.told("late") == ["late raised", "late updated"]


def test_standing_at_the_start_after_the_departure_is_late():
    drive = Drive(HOUR).along([(10.0, 0.0)] * 60, begin_s=-300)
    assert drive.told() == []
    drive.along([(10.0, 0.0)] * 20, begin_s=300)
    assert drive.told() == ["late raised"]
    assert seconds(drive.alerts[0].at_ms) == 422


@pytest.mark.compiled_only
def test_off_the_route_nobody_knows_how_late_it_is():
    aside = [(6000.0, 400.0 + i % 2) for i in range(100)]
    drive = Drive(HOUR).along([*drive_at(10, 600), *aside])
    assert drive.told("late") == []
    drive.along(drive_at(10, 600, 6000), begin_s=1620)
    assert drive.told("late") == ["late raised"]


def test_one_that_is_late_stays_so_off_the_route():
    drive = Drive(HOUR).along(drive_at(2, 900))
    told = drive.told("late")
    drive.along([(1800.0, 400.0)] * 20, begin_s=910)
    assert told[0] == "late raised"
    assert drive.told("late") == told


@pytest.mark.compiled_only
def test_without_times_none_is_late():
    for untimed in (plan(STRAIGHT), plan(STRAIGHT, depart_at=instant(0), checkpoints=[checkpoint((9000, 0))])):
        drive = Drive(untimed).along([(1000.0 + i, 0.0) for i in range(1000)])
        assert drive.told("late") == []
        assert status(drive).lateness_s is None


def test_a_late_departure_without_a_planned_one_is_late_only_when_it_cannot_be_in_time():
    arrival = plan([(0.0, 0.0), (36_000.0, 0.0)], arrive_by=instant(3600))
    assert Drive(arrival).along(drive_at(10, 3600)).told() == ["arrived raised"]
    drive = Drive(arrival).along(drive_at(10, 3400, 0, 2700), begin_s=2700)
    assert drive.told()[0] == "late raised"


@pytest.mark.compiled_only
def test_beyond_the_last_time_of_the_plan_nothing_changes():
    half = plan([(0.0, 0.0), (36_000.0, 0.0)], depart_at=instant(0), checkpoints=[checkpoint((9000, 0), 900)])
    slow = [*drive_at(5, 1900), *drive_at(5, 4000, 9500, 1900)]
    drive = Drive(half).along(slow)
    assert drive.told("late") == ["late raised", "late updated"][: len(drive.told("late"))]
    assert [alert.transition for alert in drive.alerts].count("cleared") == 0
    assert (
        Drive(half).along(drive_at(10, 900)).along([(9100.0 + i, 0.0) for i in range(200)], begin_s=910).told("late")
        == []
    )


def test_the_arrival_ends_it():
    drive = Drive(HOUR).along(drive_at(10, 1000, 0, 0), begin_s=3000).along(drive_at(30, 900, 10_000), begin_s=4010)
    assert drive.told()[-2:] == ["late cleared", "arrived raised"]
    assert drive.alerts[-2].reason == "arrived"


def test_places_that_are_unknown_predict_nothing():
    assert Drive(HOUR).along([(5000.0, 5000.0)] * 3).until(9000).told("late") == []


@pytest.mark.parametrize(("mps", "late_s"), [(10, 0), (8, 400)])
def test_the_status_tells_the_arrival_and_how_late_it_is(mps: float, late_s: float):
    told = status(Drive(HOUR).along(drive_at(mps, 2000)))
    assert told.lateness_s == pytest.approx(late_s + (36 if late_s else 0), abs=10)
    assert told.eta_ms is not None
    assert seconds(told.eta_ms) == pytest.approx(3600 + told.lateness_s, abs=0.01)


@pytest.mark.compiled_only
def test_without_a_planned_arrival_the_pace_tells_it():
    free = plan([(0.0, 0.0), (36_000.0, 0.0)])
    told = status(Drive(free).along(drive_at(12, 1800)))
    assert told.lateness_s is None
    assert told.eta_ms is not None
    assert seconds(told.eta_ms) == pytest.approx(3000, abs=10)
    stopped = Drive(free).along([*drive_at(12, 1800), *[(21_600.0, 0.0)] * 300])
    assert status(stopped).eta_ms is None


def test_before_the_departure_and_after_the_arrival_no_arrival_is_predicted():
    for points in (drive_at(10, 20), drive_at(10, 3600)):
        told = status(Drive(HOUR).along(points))
        assert (told.eta_ms, told.lateness_s) == (None, None)
    assert status(Drive(HOUR).until(10)).eta_ms is None


def test_the_rearmost_cargo_s_arrival_is_the_convoy_s():
    two = HOUR.model_copy(update={"vehicles": [HOUR.vehicles[0].model_copy(update={"vehicle_id": v}) for v in "AB"]})
    drive = Drive(two).send(
        *(ping(10.0 * i, (mps * 10.0 * i, 0), vehicle=v) for i in range(200) for v, mps in (("A", 10), ("B", 8)))
    )
    assert status(drive).lateness_s == pytest.approx(434, abs=10)


def test_a_timetable_that_runs_through_two_gates_at_once_has_numbers():
    gates = [checkpoint((6000, 0), 600), checkpoint((6000, 0), 660), checkpoint((12_000, 0), 660)]
    crowded: ConvoyPlan = HOUR.model_copy(update={"checkpoints": gates, "arrive_by": None})
    drive = Drive(crowded).along(drive_at(10, 1300))
    assert drive.told() == []
    assert status(drive).lateness_s is None
