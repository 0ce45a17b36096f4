"""Plans that come late, change, or go."""

from datetime import UTC, datetime

from tests.streams.engine.road import START_MS, STRAIGHT, Drive, ping, plan


def moving(begin_m: float = 4000) -> list[tuple[float, float]]:
    return [(begin_m + 100 * i, 0.0) for i in range(6)]


def test_pings_before_the_plan_are_kept_and_judgement_starts_with_the_newest():
    drive = Drive().along(moving()).send(ping(60, None), ping(30, (9000, 0), received_s=61)).until(500)
    assert drive.alerts == []
    assert drive.counts["unknown-vehicle"] == 8
    drive.detection.put_plan(plan(STRAIGHT))
    drive.until(501)
    assert drive.told() == ["signal-lost raised"]
    drive.along(moving(4600), begin_s=502)
    assert drive.told() == ["signal-lost raised", "signal-lost cleared"]
    assert drive.counts["accepted"] == 6


def test_a_plan_that_comes_for_a_vehicle_known_by_presence_alone_judges_no_standing():
    drive = Drive().send(ping(0, None))
    drive.detection.put_plan(plan(STRAIGHT))
    assert drive.until(300).told() == ["signal-lost raised", "signal-lost updated"][: len(drive.told())]
    assert drive.told("stall") == []


def test_a_vehicle_taken_out_of_the_plan_has_its_alerts_cleared():
    drive = Drive(plan(STRAIGHT, ("V1", "V2"))).along(moving()).until(200)
    drive.detection.put_plan(plan(STRAIGHT, ("V2",)))
    drive.send(ping(201, (4600, 0)))
    drive.until(210)
    assert drive.told() == ["signal-lost raised", "signal-lost cleared"]
    assert drive.alerts[-1].reason == "plan-changed"
    assert drive.counts["unknown-vehicle"] == 1


def test_the_same_plan_again_changes_nothing_before_departure_or_after_arrival():
    departing = plan(STRAIGHT, depart_at=datetime.fromtimestamp(START_MS / 1000 + 1000, UTC))
    for convoy, begin_m, told in ((departing, 10.0, []), (plan(STRAIGHT), 19_900.0, ["arrived raised"])):
        drive = Drive(convoy).along([(begin_m + 10 * i, 0.0) for i in range(6)])
        drive.detection.put_plan(convoy)
        assert drive.until(900).told() == told


def test_the_row_of_a_vehicle_taken_out_serves_the_next_one():
    drive = Drive(plan(STRAIGHT, ("V1", "V2"))).along(moving()).until(200)
    drive.detection.put_plan(plan(STRAIGHT, ("V2",)))
    drive.until(210).along([(8000.0, 0.0)], begin_s=211, vehicle="V2")
    assert drive.progress_m() == 8000
    assert drive.told() == ["signal-lost raised", "signal-lost cleared"]


def test_a_withdrawn_plan_clears_what_is_open():
    drive = Drive(plan(STRAIGHT)).along(moving()).until(200)
    drive.detection.withdraw_plan("C1")
    drive.until(210)
    assert (drive.told()[-1], drive.alerts[-1].reason) == ("signal-lost cleared", "plan-withdrawn")


def test_a_bad_record_is_a_hole_that_lets_time_pass():
    drive = Drive(plan(STRAIGHT)).along(moving())
    drive.send(ping(200, (4600, 0))._replace(value=b"{"))
    assert drive.counts["dead-letter"] == 1
    assert drive.told() == ["signal-lost raised"]
