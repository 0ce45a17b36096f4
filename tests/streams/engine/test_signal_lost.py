"""signal-lost: silence, on receive time."""

from datetime import UTC, datetime

from models.plan import Vehicle
from tests.streams.engine.road import START_MS, STRAIGHT, Drive, Point, no_signal, ping, plan, seconds

FAST = {"stall_hold_s": 7000.0, "stall_high_s": 7200.0}


def moving(begin_m: float = 4000) -> list[Point]:
    return [(begin_m + 100 * i, 0.0) for i in range(11)]


def test_silence_is_low_then_medium_then_high():
    drive = Drive(plan(STRAIGHT, limits=FAST)).along(moving()).until(1000)
    assert [(a.transition, a.severity, seconds(a.at_ms)) for a in drive.alerts] == [
        ("raised", "low", 191),
        ("updated", "medium", 400),
        ("updated", "high", 700),
    ]
    assert {seconds(a.onset_ms) for a in drive.alerts} == {100}
    assert drive.alerts[0].reason == "silent"


def test_the_next_ping_clears_it_on_receive_time():
    drive = Drive(plan(STRAIGHT, limits=FAST)).along(moving()).send(ping(110, (5100, 0), received_s=250))
    assert drive.told() == ["signal-lost raised", "signal-lost cleared"]
    assert (drive.alerts[1].reason, seconds(drive.alerts[1].at_ms)) == ("heard", 250)


def test_a_presence_without_a_position_clears_it_too():
    drive = Drive(plan(STRAIGHT, limits=FAST)).along(moving()).send(ping(250, None))
    assert drive.told() == ["signal-lost raised", "signal-lost cleared"]


def test_presences_keep_it_away():
    drive = Drive(plan(STRAIGHT, limits=FAST)).along(moving())
    drive.send(*(ping(100.0 + 60 * i, None) for i in range(10)))
    assert drive.alerts == []


def test_an_older_or_repeated_ping_clears_nothing():
    drive = Drive(plan(STRAIGHT, limits=FAST)).along(moving())
    drive.send(ping(100, (5000, 0), received_s=250), ping(95, (4950, 0), received_s=251))
    assert drive.told() == ["signal-lost raised"]
    assert (drive.counts["duplicate"], drive.counts["older"]) == (1, 1)


def test_three_intervals_are_normal_where_they_are_longer():
    slow = plan(STRAIGHT, limits=FAST)
    slow = slow.model_copy(update={"vehicles": [Vehicle(vehicle_id="V1", role="cargo", ping_interval_s=60)]})
    drive = Drive(slow).along(moving(), every_s=60).until(780)
    assert drive.alerts == []
    assert drive.until(781).told() == ["signal-lost raised"]


def test_in_a_stretch_without_signal_it_waits_for_the_time_to_cross_it():
    quiet = plan(STRAIGHT, limits=FAST, no_signal=[no_signal(5100, 6000)])
    drive = Drive(quiet).along(moving()).until(400)
    assert drive.alerts == []
    drive.until(1500)
    assert [(a.severity, a.reason, seconds(a.at_ms)) for a in drive.alerts] == [
        ("low", "silent-in-stretch", 401),
        ("medium", "silent-in-stretch", 610),
        ("high", "silent-in-stretch", 910),
    ]


def test_off_the_route_it_is_high_at_once():
    drive = Drive(plan(STRAIGHT, limits=FAST)).along([*moving(), (5050, 200), (5100, 200), (5150, 200)]).until(300)
    assert [a.severity for a in drive.alerts if a.kind == "signal-lost"] == ["high"]


def test_after_a_stall_it_is_high_at_once():
    drive = Drive(plan(STRAIGHT)).along([*moving(), *[(5000.0, 0.0)] * 30]).until(600)
    assert [a.severity for a in drive.alerts if a.kind == "signal-lost"] == ["high"]


def test_a_call_for_help_that_comes_late_makes_it_critical():
    drive = Drive(plan(STRAIGHT, limits=FAST)).along(moving()).until(250)
    assert drive.told("signal-lost") == ["signal-lost raised"]
    drive.send(ping(35, (4350, 0), received_s=251, sos=True)).until(253)
    assert drive.told("signal-lost") == ["signal-lost raised", "signal-lost updated"]
    assert (drive.alerts[-1].severity, seconds(drive.alerts[-1].at_ms)) == ("critical", 251)


def test_after_duress_it_is_critical():
    drive = Drive(plan(STRAIGHT, limits=FAST)).along(moving()).send(ping(110, (5100, 0), sos=True)).until(300)
    assert [a.severity for a in drive.alerts if a.kind == "signal-lost"] == ["critical"]


def test_before_the_planned_departure_silence_is_nothing():
    departing = plan(STRAIGHT, depart_at=datetime.fromtimestamp(START_MS / 1000 + 1000, UTC), limits=FAST)
    drive = Drive(departing).along([(10.0, 0.0)] * 3).until(999)
    assert drive.alerts == []
    assert drive.until(1000).told() == ["signal-lost raised"]


def test_after_arrival_silence_is_nothing():
    drive = Drive(plan(STRAIGHT)).along([(19_000.0 + 100 * i, 0.0) for i in range(11)]).until(5000)
    assert drive.told() == ["arrived raised"]


def test_a_vehicle_never_heard_is_not_lost():
    assert Drive(plan(STRAIGHT)).until(5000).alerts == []
