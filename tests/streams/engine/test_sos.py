"""sos: the duress button, whatever else is wrong."""

import pytest

from tests.streams.engine.road import START_MS, STRAIGHT, Drive, Point, instant, lonlat, ping, plan, seconds


def moving(begin_m: float = 4000, count: int = 6) -> list[Point]:
    return [(begin_m + 100 * i, 0.0) for i in range(count)]


def test_it_is_raised_at_once():
    drive = Drive(plan(STRAIGHT)).along(moving()).send(ping(60, (4600, 0), sos=True))
    [alert] = drive.alerts
    assert (alert.kind, alert.transition, alert.severity, alert.reason) == ("sos", "raised", "critical", "duress")
    assert (seconds(alert.onset_ms), seconds(alert.at_ms)) == (60, 60)
    assert (alert.lon, alert.lat) == tuple(round(degrees, 6) for degrees in lonlat((4600, 0)))
    assert alert.progress_m == pytest.approx(4600, abs=1)


def test_a_minute_without_it_clears_it():
    drive = Drive(plan(STRAIGHT)).along(moving()).along(moving(4600, 2), begin_s=60, sos=True)
    drive.along(moving(4800, 7), begin_s=80)
    assert drive.told() == ["sos raised", "sos cleared"]
    cleared = drive.alerts[1]
    assert (seconds(cleared.at_ms), cleared.reason, cleared.value, cleared.unit) == (140, "released", 80, "s")


def test_pressed_again_it_starts_the_minute_anew_and_raises_no_second_one():
    drive = Drive(plan(STRAIGHT)).along(moving(4000, 1), sos=True).along(moving(4100, 5), begin_s=10)
    drive.send(ping(60, (4600, 0), sos=True)).along(moving(4700, 6), begin_s=70)
    assert drive.told() == ["sos raised"]
    assert drive.send(ping(130, (5300, 0))).told() == ["sos raised", "sos cleared"]


def test_silence_does_not_clear_it():
    drive = Drive(plan(STRAIGHT)).along(moving()).send(ping(60, (4600, 0), sos=True)).until(3000)
    assert drive.told("sos") == ["sos raised"]


def test_a_presence_raises_and_clears_it():
    drive = Drive(plan(STRAIGHT)).along(moving()).send(ping(60, None, sos=True), ping(70, None), ping(130, None))
    assert drive.told() == ["sos raised", "sos cleared"]
    assert drive.alerts[0].lat is not None


def test_a_device_never_seen_can_call_for_help():
    drive = Drive(plan(STRAIGHT)).send(ping(0, None, sos=True))
    assert drive.told() == ["sos raised"]
    assert drive.alerts[0].lat is None


def test_before_the_departure_and_far_from_the_start_it_counts_too():
    departing = plan(STRAIGHT, depart_at=instant(5000))
    assert Drive(departing).send(ping(0, (10, 0), sos=True)).told() == ["sos raised"]
    assert Drive(departing).send(ping(0, (-9000, 7000), sos=True)).told() == ["sos raised"]


def test_the_arrival_does_not_end_it_and_after_the_arrival_it_counts():
    drive = Drive(plan(STRAIGHT)).along(moving(19_700, 4), sos=True).along(moving(20_000, 1), begin_s=40)
    assert drive.told() == ["sos raised", "arrived raised"]
    drive.along([(20_000.0, 0.0)] * 7, begin_s=50)
    assert drive.told() == ["sos raised", "arrived raised", "sos cleared"]
    drive.send(ping(500, (20_000, 1), sos=True))
    assert drive.told()[3:] == ["sos raised"]


def test_a_withdrawn_plan_ends_it():
    drive = Drive(plan(STRAIGHT)).send(ping(0, (4000, 0), sos=True))
    drive.detection.withdraw_plan("C1")
    assert drive.until(10).told() == ["sos raised", "sos cleared"]


def test_a_held_fix_raises_it_where_the_vehicle_was_last_seen_for_sure():
    drive = Drive(plan(STRAIGHT)).along(moving()).send(ping(60, (4600, 9000), sos=True))
    assert drive.counts["held"] == 1
    [alert] = drive.alerts
    assert (seconds(alert.at_ms), alert.progress_m) == (60, pytest.approx(4500, abs=1))


def test_an_older_ping_raises_it_at_its_own_time_and_place():
    late = ping(35, (4350, 0), received_s=1000, sos=True)
    drive = Drive(plan(STRAIGHT)).along(moving(4000, 3)).along([(4500.0 + i, 0.0) for i in range(3)], begin_s=980)
    drive.alerts.clear()
    drive.send(late)
    [alert] = drive.alerts
    assert (alert.kind, seconds(alert.onset_ms), seconds(alert.at_ms), alert.late) == ("sos", 35, 35, True)
    assert (alert.lon, alert.lat) == tuple(round(degrees, 6) for degrees in lonlat((4350, 0)))
    assert (alert.progress_m, alert.lateral_m) == (None, None)
    drive.along([(4600.0 + 100 * i, 0.0) for i in range(7)], begin_s=1010)
    assert drive.told("sos") == ["sos raised", "sos cleared"]


def test_an_older_presence_raises_it_too():
    drive = Drive(plan(STRAIGHT)).along(moving()).send(ping(35, None, received_s=60, sos=True))
    assert (drive.counts["older"], drive.told()) == (1, ["sos raised"])


def test_a_repeated_fix_with_the_button_pressed_since_raises_it():
    again = ping(50, (4500, 0), sos=True)
    drive = Drive(plan(STRAIGHT)).along(moving()).send(again, again)
    assert drive.counts["duplicate"] == 2
    assert drive.told() == ["sos raised"]


def test_an_older_ping_of_a_call_that_is_over_raises_nothing():
    drive = Drive(plan(STRAIGHT)).along(moving(4000, 3), sos=True).along(moving(4300, 8), begin_s=30)
    drive.send(ping(15, (4150, 0), received_s=110, sos=True))
    assert drive.told() == ["sos raised", "sos cleared"]


def test_an_older_ping_without_it_clears_nothing():
    drive = Drive(plan(STRAIGHT)).send(ping(0, (4000, 0), sos=True), ping(100, (5000, 0)))
    drive.send(*(ping(20.0 + i, (4200, 0), received_s=101) for i in range(70)))
    assert drive.told("sos") == ["sos raised"]


def test_an_older_ping_pressed_within_the_minute_starts_it_anew():
    drive = Drive(plan(STRAIGHT)).send(ping(0, (4000, 0), sos=True), ping(10, (4100, 0)), ping(40, (4400, 0)))
    drive.send(ping(30, (4300, 0), received_s=41, sos=True), ping(75, (4700, 0)))
    assert drive.told() == ["sos raised"]
    assert drive.send(ping(135, (5300, 0))).told() == ["sos raised", "sos cleared"]


def test_an_older_press_before_the_release_leaves_the_minute_running():
    drive = Drive(plan(STRAIGHT)).send(ping(0, (4000, 0), sos=True), ping(20, (4200, 0)))
    drive.send(ping(10, (4100, 0), received_s=21, sos=True), ping(80, (4800, 0)))
    assert drive.told() == ["sos raised", "sos cleared"]


def test_without_a_plan_it_raises_nothing_and_then_makes_silence_critical():
    drive = Drive().send(ping(0, (4000, 0), sos=True))
    assert drive.alerts == []
    drive.detection.put_plan(plan(STRAIGHT))
    [alert] = drive.until(120).alerts
    assert (alert.kind, alert.severity, alert.onset_ms) == ("signal-lost", "critical", START_MS)


def test_silence_soon_after_the_release_is_critical():
    drive = Drive(plan(STRAIGHT)).along(moving(), sos=True).send(ping(60, (4600, 0))).until(200)
    assert [alert.severity for alert in drive.alerts if alert.kind == "signal-lost"] == ["critical"]
