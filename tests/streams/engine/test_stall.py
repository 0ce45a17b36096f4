"""stall: standing for too long, in fixes or in silence."""

from datetime import UTC, datetime

import pytest

from tests.streams.engine.road import START_MS, STRAIGHT, Drive, Point, no_signal, ping, plan, seconds, stop

HERE: Point = (5000.0, 0.0)


def moving(until_m: float = 5000, begin_m: float = 4000, step_m: float = 100) -> list[Point]:
    return [(begin_m + step_m * i, 0.0) for i in range(int((until_m - begin_m) / step_m) + 1)]


def test_standing_for_the_hold_is_listed_low_and_rises_to_high():
    drive = Drive(plan(STRAIGHT)).along([*moving(), *[HERE] * 60])
    assert [(a.kind, a.transition, a.severity, a.reason) for a in drive.alerts] == [
        ("stall", "raised", "low", "standing"),
        ("stall", "updated", "high", "standing"),
    ]
    raised, updated = drive.alerts
    assert (seconds(raised.onset_ms), seconds(raised.at_ms), raised.duration_s) == (100, 280, 180)
    assert seconds(updated.at_ms) == 580


def test_moving_on_clears_it_at_the_second_fix_away():
    drive = Drive(plan(STRAIGHT)).along([*moving(), *[HERE] * 20, *moving(6000, 5100)])
    assert drive.told() == ["stall raised", "stall cleared"]
    assert drive.alerts[1].reason == "moved"
    assert seconds(drive.alerts[1].at_ms) == 320


def test_one_outlying_fix_neither_clears_it_nor_stops_its_clock():
    outlier = (5060.0, 60.0)
    drive = Drive(plan(STRAIGHT)).along([*moving(), *[HERE] * 10, outlier, *[HERE] * 20, outlier, *[HERE] * 5])
    assert drive.told() == ["stall raised"]
    assert seconds(drive.alerts[0].onset_ms) == 100


def test_noise_about_where_it_came_to_a_halt_does_not_clear_it():
    rolling = [(4950.0, 0.0), (4985.0, 0.0)]
    noisy = [(4995.0 + 12 * (i % 3), 0.0) for i in range(40)]
    assert Drive(plan(STRAIGHT)).along([*moving(4900), *rolling, *noisy]).told() == ["stall raised"]


def test_moving_within_the_radius_is_standing():
    wandering = [(5000.0 + 45 * (i % 2), 0.0) for i in range(25)]
    assert Drive(plan(STRAIGHT)).along([*moving(), *wandering]).told() == ["stall raised"]


def test_a_slow_vehicle_does_not_stand():
    assert Drive(plan(STRAIGHT)).along(moving(7000, step_m=6)).alerts == []


def test_noise_between_the_halt_and_the_place_where_it_still_rolled_does_not_stop_the_clock():
    rolling = [(4945.0, 7.5), (5000.0, 2.3)]
    sent = [ping(10 * i, (along_m, 0), speed_mps=mps) for i, (along_m, mps) in enumerate(rolling)]
    noise_m = [4999.0, 4998.0, 4994.0, *[5001.0] * 17]
    sent += [ping(20 + 10 * i, (along_m, 0), speed_mps=0.1) for i, along_m in enumerate(noise_m)]
    [raised] = Drive(plan(STRAIGHT)).send(*sent).alerts
    assert (raised.kind, seconds(raised.onset_ms)) == ("stall", 20)


def test_silence_does_not_stop_the_clock_of_one_that_stands():
    drive = Drive(plan(STRAIGHT)).along([*moving(), HERE]).until(300)
    [raised] = [a for a in drive.alerts if a.kind == "stall"]
    assert raised.reason == "standing-silent"
    assert (seconds(raised.onset_ms), seconds(raised.at_ms)) == (100, 280)


def test_between_two_pings_on_time_it_stands_and_is_not_silent():
    drive = Drive(plan(STRAIGHT)).along([*moving(), *[(5000.0 + i % 2, 0.0) for i in range(18)]]).until(283)
    assert [(a.transition, a.reason) for a in drive.alerts] == [("raised", "standing")]


def test_silence_of_one_that_moved_says_nothing_of_standing():
    assert Drive(plan(STRAIGHT)).along(moving()).until(2000).told("stall") == []


@pytest.mark.parametrize("reports", [{}, {"speed_mps": 12.0}], ids=["knows-no-speed", "says-so"])
def test_a_quick_reporter_on_its_way_does_not_stand_in_silence(reports: dict[str, float]):
    on_its_way = [(5000.0 + 12 * i, 0.0) for i in range(60)]
    drive = Drive(plan(STRAIGHT)).along(on_its_way, every_s=1, **reports).until(1000)
    assert drive.told("stall") == []


def test_a_late_ping_that_shows_movement_stops_the_clock():
    drive = Drive(plan(STRAIGHT)).along([*moving(), HERE]).until(200)
    drive.along(moving(6000, 5100), begin_s=120, received_s=200).until(370)
    assert drive.told("stall") == []


def test_a_device_whose_clock_is_behind_stands_no_longer_than_it_does():
    pings = [ping(10.0 * i - 7200, p, received_s=10.0 * i) for i, p in enumerate([*moving(), HERE])]
    drive = Drive(plan(STRAIGHT)).send(*pings).until(250)
    assert drive.told("stall") == []
    [raised] = [a for a in drive.until(290).alerts if a.kind == "stall"]
    assert seconds(raised.detected_at_ms) == 280
    assert seconds(raised.at_ms) == 280


def test_an_authorised_stop_is_silent_until_its_dwell_is_over():
    rest = plan(STRAIGHT, stops=[stop(HERE, max_dwell_s=600)])
    drive = Drive(rest).along([*moving(), *[HERE] * 59])
    assert drive.alerts == []
    drive.along([HERE] * 10, begin_s=700)
    assert [(a.transition, a.severity, a.reason) for a in drive.alerts] == [("raised", "high", "over-dwell")]


def test_silence_in_an_authorised_stop_counts_its_dwell_too():
    rest = plan(STRAIGHT, stops=[stop(HERE, max_dwell_s=600)])
    drive = Drive(rest).along([*moving(), HERE]).until(685)
    assert drive.told("stall") == []
    assert drive.until(705).told("stall") == ["stall raised"]


def test_beside_the_authorised_stop_it_counts():
    rest = plan(STRAIGHT, stops=[stop((5000, 300))])
    assert Drive(rest).along([*moving(), *[HERE] * 20]).told() == ["stall raised"]


def test_accuracy_may_reach_into_the_authorised_stop():
    rest = plan(STRAIGHT, stops=[stop((5000, 150))])
    assert Drive(rest).along([*moving(), *[HERE] * 20], accuracy_m=30).told() == []


def test_at_the_start_before_departure_it_may_stand():
    drive = Drive(plan(STRAIGHT)).along([(10.0, 0.0)] * 100)
    assert drive.alerts == []


def test_after_the_planned_departure_the_clock_runs_from_it():
    departing = plan(STRAIGHT, depart_at=datetime.fromtimestamp(START_MS / 1000 + 600, UTC))
    drive = Drive(departing).along([(10.0, 0.0)] * 90)
    [raised] = drive.alerts
    assert (seconds(raised.onset_ms), seconds(raised.at_ms)) == (600, 780)


def test_after_arrival_it_may_stand():
    drive = Drive(plan(STRAIGHT)).along([*moving(20_000, 18_000), *[(20_000.0, 0.0)] * 60])
    assert drive.told() == ["arrived raised"]


@pytest.mark.parametrize("risk", ["high", "medium"])
def test_in_a_prone_district_it_rises_to_critical(risk: str):
    drive = Drive(plan(STRAIGHT, risk=risk)).along([*moving(), *[HERE] * 60])
    assert drive.alerts[-1].severity == ("critical" if risk == "high" else "high")


def test_off_the_route_it_rises_to_critical():
    drive = Drive(plan(STRAIGHT)).along([*moving(), *[(5000.0, 200.0)] * 60])
    assert [(a.kind, a.severity) for a in drive.alerts][-1] == ("stall", "critical")


def test_in_a_stretch_without_signal_silence_says_nothing_of_standing():
    quiet = plan(STRAIGHT, no_signal=[no_signal(5000, 8000)])
    drive = Drive(quiet).along([*moving(), HERE]).until(1100)
    assert drive.alerts == []
    assert drive.until(1120).told("stall") == ["stall raised"]


def test_it_stands_from_where_it_came_to_a_halt_not_from_where_it_still_rolled():
    drive = Drive(plan(STRAIGHT)).along([(1000.0, 0.0)], speed_mps=9.0)
    drive.along([(1048.0, 0.0)] * 10 + [(1053.0, 0.0)] * 10, begin_s=10, speed_mps=0.0)
    [alert] = drive.alerts
    assert (alert.kind, seconds(alert.onset_ms), seconds(alert.at_ms)) == ("stall", 10, 190)


def test_fixes_that_wander_off_without_a_speed_do_not_end_the_standing():
    wander = [(1000.0, y) for y in (0.0, 0.0, 60.0, 145.0, 110.0, 0.0)]
    drive = Drive(plan(STRAIGHT)).along([*wander, *[(1000.0, 0.0)] * 20], speed_mps=0.1)
    assert [(a.kind, seconds(a.onset_ms)) for a in drive.alerts] == [("stall", 0)]


def test_a_receiver_that_always_reports_no_speed_moves_all_the_same():
    drive = Drive(plan(STRAIGHT)).along([(1000.0, 0.0)] * 20, speed_mps=0.0)
    drive.along([(1000.0 + 100 * i, 0.0) for i in range(1, 9)], begin_s=200, speed_mps=0.0)
    assert drive.told() == ["stall raised", "stall cleared"]


def test_it_moved_when_it_stands_elsewhere_for_a_minute():
    drive = Drive(plan(STRAIGHT)).along([(1000.0, 0.0)] * 20, speed_mps=0.0)
    drive.along([(1100.0, 0.0)] * 10, begin_s=200, speed_mps=0.0)
    assert drive.told() == ["stall raised", "stall cleared"]
    assert seconds(drive.alerts[1].at_ms) == 260


STANDS = {"speed_mps": 0.0}
ROLLS = {"speed_mps": 9.0}


def test_a_position_that_drifts_off_under_a_standing_vehicle_does_not_start_the_clock_again():
    drift_m = [75.0, 70.0, 60.0, 43.0, 23.0, 2.0, *[0.0] * 20]
    drive = Drive(plan(STRAIGHT)).along(moving(5000, 4700), **ROLLS)
    drive.along([(5000.0, side_m) for side_m in drift_m], begin_s=40, **STANDS)
    [alert] = drive.alerts
    assert (alert.kind, seconds(alert.onset_ms), seconds(alert.at_ms)) == ("stall", 40, 220)


def test_a_reflected_position_beside_a_halt_for_minutes_is_the_same_halt():
    drive = Drive(plan(STRAIGHT)).along(moving(5000, 4700), **ROLLS)
    drive.along([HERE] * 12, begin_s=40, **STANDS).along([(5000.0, 80.0)] * 12, begin_s=160, **STANDS)
    [alert] = drive.alerts
    assert (alert.kind, seconds(alert.onset_ms), seconds(alert.at_ms)) == ("stall", 40, 220)


def rolling_to(halt_m: float, every_s: float) -> Drive:
    """A drive whose last fix before the halt is just out of reach of the one before, and hardly moves."""
    rolls = [(halt_m - back_m, 0.0) for back_m in (250, 150, 57)]
    drive = Drive(plan(STRAIGHT)).along(rolls, every_s=every_s, **ROLLS)
    return drive.along([(halt_m, 0.0)], begin_s=3 * every_s, speed_mps=1.7)


def test_a_place_where_it_still_rolled_is_forgotten_once_it_has_come_to_a_halt():
    halt = [(1000.0, 0.0)] * 12 + [(992.0, 0.0)] * 4 + [(1000.0, 0.0)] * 24
    [alert] = rolling_to(1000, 5).along(halt, begin_s=20, every_s=5, **STANDS).alerts
    assert (alert.kind, seconds(alert.onset_ms)) == ("stall", 15)


def test_an_outlier_of_a_vehicle_that_just_came_to_a_halt_changes_nothing():
    halt = [(1000.0, 0.0)] * 4 + [(1066.0, 0.0)] + [(1000.0, 0.0)] * 20
    [alert] = rolling_to(1000, 10).along(halt, begin_s=40, **STANDS).alerts
    assert (alert.kind, seconds(alert.onset_ms), seconds(alert.at_ms)) == ("stall", 30, 210)


def test_noise_at_the_edge_of_an_authorised_stop_is_no_leaving():
    rest = plan(STRAIGHT, stops=[stop((5110, 0), max_dwell_s=600)])
    halt = [HERE] * 18 + [(4985.0, 0.0)] + [HERE] * 3
    drive = Drive(rest).along(moving(5000, 4700)).along(halt, begin_s=40).along(moving(5600, 5200), begin_s=260)
    assert drive.told() == []
