"""bad-position: what cannot be believed."""

from tests.streams.engine.road import STRAIGHT, Drive, Point, instant, ping, plan, seconds


def moving(begin_m: float = 4000, count: int = 6) -> list[Point]:
    return [(begin_m + 100 * i, 0.0) for i in range(count)]


def test_a_mock_location_is_raised_at_once():
    drive = Drive(plan(STRAIGHT)).along(moving()).send(ping(60, (4600, 0), mock=True))
    [alert] = drive.alerts
    assert (alert.kind, alert.severity, alert.reason, alert.unit) == ("bad-position", "medium", "mock", "s")
    assert (seconds(alert.onset_ms), alert.value, alert.threshold) == (60, None, None)


def test_ten_clean_minutes_clear_it():
    drive = Drive(plan(STRAIGHT)).along(moving()).send(ping(60, (4600, 0), mock=True))
    drive.along(moving(4700, 60), begin_s=70)
    assert drive.told() == ["bad-position raised"]
    drive.send(ping(669, (10_690, 0)))
    assert drive.told() == ["bad-position raised"]
    drive.send(ping(670, (10_700, 0)))
    assert drive.told() == ["bad-position raised", "bad-position cleared"]
    assert (drive.alerts[1].reason, drive.alerts[1].value) == ("clean", 600)


def test_a_doubtful_fix_starts_the_ten_minutes_anew():
    drive = Drive(plan(STRAIGHT)).along(moving()).send(ping(60, (4600, 0), mock=True))
    drive.along(moving(4700, 40), begin_s=70).send(ping(470, (8700, 0), mock=True))
    drive.along(moving(8800, 40), begin_s=480)
    assert drive.told() == ["bad-position raised"]


def spikes(*times_s: float) -> Drive:
    """A drive in which the fixes at these times lie 9 km aside."""
    drive = Drive(plan(STRAIGHT, limits={"stall_hold_s": 7000.0, "stall_high_s": 7200.0}))
    return drive.send(*(ping(10.0 * i, (1000 + 100 * i, 9000 if 10 * i in times_s else 0)) for i in range(100)))


def test_the_third_spike_in_ten_minutes_is_raised_when_it_is_rejected():
    drive = spikes(100, 300, 700)
    [alert] = drive.alerts
    assert (alert.kind, alert.reason, alert.severity) == ("bad-position", "teleport", "medium")
    assert (seconds(alert.onset_ms), seconds(alert.at_ms), alert.value, alert.threshold) == (100, 710, 600, 600)


def test_three_spikes_in_more_than_ten_minutes_or_two_are_not():
    assert spikes(90, 300, 700).told() == []
    assert spikes(300, 700).told() == []


def test_spikes_that_follow_one_another_count_each():
    drive = Drive(plan(STRAIGHT)).along(moving())
    drive.send(*(ping(60 + 10 * i, (4600, 20_000 * (-1) ** i)) for i in range(5)))
    assert drive.told() == ["bad-position raised"]
    assert (drive.alerts[0].reason, seconds(drive.alerts[0].at_ms)) == ("teleport", 90)


def test_a_relocation_is_no_spike():
    drive = Drive(plan(STRAIGHT)).along(moving())
    for i in range(1, 5):
        drive.along(moving(4000 + 3500 * i), begin_s=60.0 * i)
    assert drive.counts["held"] == 8
    assert drive.told("bad-position") == []


def test_the_same_coordinates_for_a_minute_while_moving_are_raised():
    drive = Drive(plan(STRAIGHT)).along(moving()).along([(4500.0, 0.0)] * 10, begin_s=60, speed_mps=12)
    [alert] = drive.alerts
    assert (alert.reason, alert.value, alert.threshold) == ("frozen", 60, 60)
    assert (seconds(alert.onset_ms), seconds(alert.at_ms)) == (50, 110)


def test_standing_or_moving_a_little_is_not_frozen():
    still = Drive(plan(STRAIGHT)).along(moving()).along([(4500.0, 0.0)] * 10, begin_s=60, speed_mps=2)
    nearly = Drive(plan(STRAIGHT)).along(moving())
    nearly.along([(4500.0 + 0.2 * (i % 2), 0.0) for i in range(10)], begin_s=60, speed_mps=12)
    assert still.told() == nearly.told() == []


def test_a_held_mock_is_raised_too():
    assert Drive(plan(STRAIGHT)).along(moving()).send(ping(60, (4600, 9000), mock=True)).told() == [
        "bad-position raised"
    ]


def test_a_presence_has_no_position_to_be_bad():
    assert Drive(plan(STRAIGHT)).along(moving()).send(ping(60, None, mock=True)).told() == []


def test_before_the_departure_and_after_the_arrival_it_is_nothing():
    departing = plan(STRAIGHT, depart_at=instant(5000))
    assert Drive(departing).send(ping(0, (10, 0), mock=True)).told() == []
    arrived = Drive(plan(STRAIGHT)).along(moving(19_700, 4)).send(ping(60, (20_000, 0), mock=True))
    assert arrived.told() == ["arrived raised"]
