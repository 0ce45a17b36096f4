"""Plans that come late, change, or go."""

from datetime import UTC, datetime

from msgspec.structs import replace

from models.plan import ConvoyPlan
from streams.recording import Arrival
from tests.streams.engine.road import START_MS, STRAIGHT, Drive, ping, plan, seconds, stop


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
    drive.send(replace(ping(200, (4600, 0)), value=b"{"))
    assert drive.counts["dead-letter"] == 1
    assert drive.told() == ["signal-lost raised"]


def test_a_new_route_ends_what_was_judged_against_the_old_one_at_the_next_ping():
    off = [(4000 + 100.0 * i, 300.0) for i in range(8)]
    drive = Drive(plan(STRAIGHT)).along(off)
    drive.detection.put_plan(plan([(0, 300), (20_000, 300)]))
    assert drive.until(75).told() == ["deviation raised"]
    drive.along([(4800 + 100.0 * i, 300.0) for i in range(10)], begin_s=80)
    assert drive.told() == ["deviation raised", "deviation cleared"]
    assert (drive.alerts[-1].reason, seconds(drive.alerts[-1].at_ms)) == ("plan-changed", 80)


def test_what_does_not_depend_on_the_route_outlives_it():
    drive = Drive(plan(STRAIGHT)).along([*moving(), *[(4500.0, 0.0)] * 20])
    drive.detection.put_plan(plan([(0, 0), (4500, 10), (20_000, 0)]))
    drive.along([(4500.0, 0.0)] * 40, begin_s=260)
    assert [(a.kind, a.transition) for a in drive.alerts] == [("stall", "raised"), ("stall", "updated")]


def test_a_plan_whose_limits_alone_changed_keeps_what_is_open_and_judges_by_them():
    off = [(4000 + 100.0 * i, 300.0) for i in range(8)]
    drive = Drive(plan(STRAIGHT)).along(off)
    drive.detection.put_plan(plan(STRAIGHT, limits={"deviation_critical_m": 200}))
    drive.along([(4800.0, 300.0)], begin_s=80)
    assert [(a.transition, a.severity) for a in drive.alerts] == [("raised", "high"), ("updated", "critical")]


def test_a_new_route_after_the_arrival_is_driven_anew():
    drive = Drive(plan(STRAIGHT)).along([(19_500.0 + 100 * i, 0.0) for i in range(6)])
    back = plan([(20_000, 0), (0, 0)])
    drive.detection.put_plan(back)
    drive.along([(20_000.0, 0.0)] * 100, begin_s=60)
    assert drive.told() == ["arrived raised"]
    drive.along([(20_000 - 100.0 * i, 0.0) for i in range(201)], begin_s=1060)
    assert drive.told() == ["arrived raised", "arrived raised"]


def test_other_stops_are_looked_at_anew_by_fixes_and_by_silence():
    here, there = stop((4500, 0), max_dwell_s=3000), stop((9000, 0))
    standing = [*moving(), *[(4500.0, 0.0)] * 6]
    for stops, told in (([], 1), ([there], 1), ([there, here], 0), ([here], 0)):
        drive = Drive(plan(STRAIGHT, stops=[here])).along(standing)
        drive.detection.put_plan(plan(STRAIGHT, stops=stops))
        assert drive.until(400).told("stall") == ["stall raised"] * told
        drive = Drive(plan(STRAIGHT, stops=[here])).along(standing)
        drive.detection.put_plan(plan(STRAIGHT, stops=stops))
        assert drive.along([(4500.0, 0.0)] * 20, begin_s=110).told("stall") == ["stall raised"] * told


def apart(begin_s: float, end_s: float) -> list[Arrival]:
    """Cargo and, 700 m ahead, its escort; another escort 900 m behind."""
    sent = []
    for i in range(round(begin_s / 10), round(end_s / 10)):
        x_m = 4000 + 100 * i
        places = {"K1": x_m, "E1": x_m + 700, "E2": x_m - 900}
        sent += [ping(10 * i, (x_m, 0), vehicle=vehicle) for vehicle, x_m in places.items()]
    return sent


def escorted(*escorts: str, cargo: tuple[str, ...] = ("K1",)) -> ConvoyPlan:
    return plan(STRAIGHT, cargo, escorts=escorts)


def test_a_separation_ends_when_its_escort_leaves_the_plan_and_begins_anew_with_the_next():
    drive = Drive(escorted("E1", "E2")).send(*apart(0, 100))
    drive.detection.put_plan(escorted("E2"))
    drive.send(*apart(100, 200))
    told = [(a.transition, a.reason, a.other_vehicle_ids, seconds(a.at_ms)) for a in drive.alerts]
    assert told == [
        ("raised", "apart", ["E1"], 40),
        ("cleared", "plan-changed", [], 100),
        ("raised", "apart", ["E2"], 130),
    ]


def test_a_separation_stays_when_another_escort_comes_or_goes():
    for escorts in (("E1",), ("E1", "E2", "E3")):
        drive = Drive(escorted("E1", "E2")).send(*apart(0, 100))
        drive.detection.put_plan(escorted(*escorts))
        assert drive.send(*apart(100, 200)).told("separation") == ["separation raised"]


def test_what_only_cargo_can_be_ends_when_it_is_cargo_no_longer():
    alone = {"unescorted_hold_s": 60}
    drive = Drive(plan(STRAIGHT, ("K1", "K2"), escorts=("E1",), limits=alone)).send(*apart(0, 50))
    drive.send(*(ping(50 + 10 * i, (4500 + 100 * i, 0), vehicle="K1") for i in range(20)))
    assert drive.told("unescorted") == ["unescorted raised"]
    drive.detection.put_plan(plan(STRAIGHT, ("K2",), escorts=("K1", "E1"), limits=alone))
    drive.send(ping(250, (6500, 0), vehicle="K1"))
    assert drive.told("separation") == ["separation raised", "separation cleared"]
    assert drive.told("unescorted") == ["unescorted raised", "unescorted cleared"]
    assert {a.reason for a in drive.alerts[-2:]} == {"plan-changed"}
