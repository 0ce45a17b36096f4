"""missed-checkpoint: passed without having been there."""

import pytest

from tests.streams.engine.road import STRAIGHT, Drive, Point, checkpoint, instant, ping, plan, seconds


def way(begin_m: float, end_m: float, north_m: float = 0, step_m: float = 100) -> list[Point]:
    count = round(abs(end_m - begin_m) / step_m)
    return [(begin_m + (end_m - begin_m) * i / count, north_m) for i in range(count + 1)]


def around(begin_m: float, end_m: float, begin_s: float = 0, north_m: float = 400) -> list[Point]:
    return way(begin_m, end_m, north_m)


GATE = plan(STRAIGHT, checkpoints=[checkpoint((5000, 0), name="Simpang")])


def test_going_around_it_is_told_once_it_lies_three_hundred_metres_behind():
    drive = Drive(GATE).along([*way(4000, 4700), *around(4700, 5250), *way(5290, 6190)])
    assert drive.told("missed-checkpoint") == ["missed-checkpoint raised"]
    [alert] = [alert for alert in drive.alerts if alert.kind == "missed-checkpoint"]
    assert (alert.severity, alert.reason, alert.unit, alert.threshold) == ("medium", "skipped", "m", 300)
    assert alert.value == pytest.approx(390, abs=1)
    assert alert.onset_ms < alert.at_ms
    assert alert.message.en == "V1 has passed the checkpoint Simpang without having been there."
    assert alert.message.id == "V1 melewati titik periksa Simpang tanpa singgah."
    [nearest] = alert.nearest
    assert (nearest.kind, nearest.name) == ("checkpoint", "Simpang")
    assert nearest.distance_m == pytest.approx(390, rel=0.01)


def test_passing_it_is_nothing():
    assert Drive(GATE).along(way(4000, 8000)).told() == []
    assert Drive(GATE).along(way(4000, 8000, north_m=60)).told() == []


def test_between_two_fixes_on_the_road_it_was_passed():
    assert Drive(GATE).along(way(4000, 8000, step_m=500), every_s=30).told() == []
    assert Drive(GATE).along([(4000.0, 0.0), (9000.0, 0.0)], every_s=200).told("missed-checkpoint") == []


def test_a_small_radius_is_passed_on_its_road_and_missed_on_the_one_beside():
    narrow = plan(STRAIGHT, checkpoints=[checkpoint((5050, 0), radius_m=20)])
    assert Drive(narrow).along(way(4000, 6000)).told() == []
    assert Drive(narrow).along(way(4000, 6000, north_m=40)).told() == ["missed-checkpoint raised"]
    assert Drive(narrow).along(way(4000, 6000, north_m=40), accuracy_m=30).told() == []


def test_a_place_beside_the_road_must_be_gone_to():
    aside = plan(STRAIGHT, checkpoints=[checkpoint((5000, 600))])
    assert Drive(aside).along(way(4000, 6000)).told() == ["missed-checkpoint raised"]
    there: list[Point] = [(5000.0, 250.0), (5000.0, 500.0), (5000.0, 250.0)]
    assert Drive(aside).along([*way(4000, 5000), *there, *way(5000, 6000)]).told("missed-checkpoint") == []


def test_one_reached_by_another_road_is_visited():
    aside = plan(STRAIGHT, checkpoints=[checkpoint((5000, 140))])
    drive = Drive(aside).along([*way(4000, 4600), *way(4600, 5600, north_m=280), *way(5700, 6500)])
    assert drive.told("missed-checkpoint") == []


def test_two_skipped_in_one_ping_are_two_alerts():
    gates = plan(STRAIGHT, checkpoints=[checkpoint((x, 0), name=f"km {x / 1000:g}") for x in (5000, 5100, 5100, 6000)])
    drive = Drive(gates).along([*way(4000, 4700), *around(4700, 7000), *way(7000, 7500)])
    missed = [alert for alert in drive.alerts if alert.kind == "missed-checkpoint"]
    assert [alert.nearest[0].name for alert in missed] == ["km 5", "km 5.1", "km 5.1", "km 6"]
    assert len({alert.alert_id for alert in missed}) == 4
    assert len({alert.at_ms for alert in missed}) == 1


def test_two_hundred_skipped_in_one_ping_are_all_told():
    gates = plan(STRAIGHT, checkpoints=[checkpoint((5000 + 10 * k, 0)) for k in range(200)])
    drive = Drive(gates).along([*way(4000, 4700), *around(4700, 7900), *way(7900, 9000)])
    missed = [alert for alert in drive.alerts if alert.kind == "missed-checkpoint"]
    assert len({alert.alert_id for alert in missed}) == len(missed) == 200


def test_the_next_one_visited_before_the_first_is_settled_is_not_missed():
    gates = plan(STRAIGHT, checkpoints=[checkpoint((5000, 0), radius_m=50), checkpoint((5200, 0), radius_m=50)])
    drive = Drive(gates).along([*way(4000, 4900), (5000.0, 90.0), *way(5100, 7000)])
    assert drive.told() == ["missed-checkpoint raised"]


def test_a_relocation_further_ahead_counts_what_was_skipped():
    drive = Drive(GATE).along(way(3000, 4000)).along(way(15_000, 16_000), begin_s=110)
    assert drive.told() == ["missed-checkpoint raised"]


def test_a_relocation_whose_place_is_known_only_at_the_next_fix_counts_it_one_later():
    there_and_back = [(0.0, 0.0), (8000.0, 0.0), (0.0, 0.0)]
    gates = plan(there_and_back, checkpoints=[checkpoint((3000, 0))])
    drive = Drive(gates).along(way(500, 1000)).along(way(5000, 5500), begin_s=60)
    [alert] = drive.alerts
    assert (alert.kind, alert.onset_ms) == ("missed-checkpoint", alert.at_ms - 10_000)


def test_first_heard_of_behind_it_nothing_is_known_of_it():
    assert Drive(GATE).along(way(6000, 7000)).told() == []


def test_out_and_back_each_pass_has_its_own():
    there_and_back = [(0.0, 0.0), (8000.0, 0.0), (0.0, 0.0)]
    gates = plan(there_and_back, checkpoints=[checkpoint((3000, 0)), checkpoint((7000, 0)), checkpoint((3000, 0))])
    assert Drive(gates).along([*way(1000, 8000), *way(7900, 2000)]).told() == []
    detour = [*way(7900, 3500), *around(3500, 2500), *way(2500, 2000)]
    assert Drive(gates).along([*way(1000, 8000), *detour]).told("missed-checkpoint") == ["missed-checkpoint raised"]


def test_before_the_departure_none_is_missed():
    early = plan(STRAIGHT, checkpoints=[checkpoint((2000, 0))], depart_at=instant(900))
    arriving = [*reversed(way(0, 4000)), *[(0.0, 0.0)] * 50]
    drive = Drive(early).along(arriving)
    assert drive.told() == []
    drive.along([*way(0, 1500), *around(1500, 2600), *way(2600, 3500)], begin_s=910)
    assert drive.told("missed-checkpoint") == ["missed-checkpoint raised"]


def test_another_route_expects_those_ahead():
    drive = Drive(GATE).along(way(3000, 4000))
    drive.detection.put_plan(plan([(100.0, 0.0), (20_000.0, 0.0)], checkpoints=[checkpoint((3500, 0))]))
    assert drive.along(way(4100, 6000), begin_s=110).told() == []


def test_fewer_checkpoints_on_the_same_route_are_no_fault():
    drive = Drive(plan(STRAIGHT, checkpoints=[checkpoint((x, 0)) for x in (1000, 2000, 3000)])).along(way(500, 4000))
    drive.detection.put_plan(plan(STRAIGHT, checkpoints=[checkpoint((9000, 0))]))
    assert drive.along(way(4100, 8000), begin_s=400).told() == []


def test_other_checkpoints_on_the_same_route_are_expected_ahead():
    drive = Drive(plan(STRAIGHT, checkpoints=[checkpoint((6000, 0))])).along(way(3000, 4000))
    drive.detection.put_plan(plan(STRAIGHT, checkpoints=[checkpoint((x, 0)) for x in (1000, 3990, 6000, 7000)]))
    drive.along([*way(4100, 6700), *around(6700, 7400), *way(7400, 8000)], begin_s=110)
    assert drive.told("missed-checkpoint") == ["missed-checkpoint raised"]


def test_a_place_not_known_on_the_route_passes_nothing():
    assert Drive(GATE).along([(5000.0 + 100 * i, 5000.0) for i in range(9)]).told("missed-checkpoint") == []


def test_a_stop_before_it_keeps_it_open():
    drive = Drive(GATE).along([*way(4000, 4700), *[(4700.0, 0.0)] * 5, *way(4700, 6000)])
    assert drive.told() == []
    assert drive.send(ping(310, (6100, 0))).told() == []


def test_the_onset_is_when_progress_passed_it():
    slow = Drive(plan(STRAIGHT, checkpoints=[checkpoint((5050, 0), radius_m=20)])).along(way(4000, 6000, north_m=40))
    [alert] = slow.alerts
    assert (seconds(alert.onset_ms), seconds(alert.at_ms)) == (130, 140)


def test_what_lies_between_a_frozen_position_and_the_next_was_driven_past():
    drive = Drive(plan(STRAIGHT, checkpoints=[checkpoint((3000, 0))])).along(way(0, 2000), speed_mps=10)
    drive.along([(2000.0, 0.0)] * 12, begin_s=210, speed_mps=10)
    drive.along([(2000.0, 0.0)] * 3, begin_s=330, speed_mps=0)
    drive.along(way(3500, 5000), begin_s=360, speed_mps=10)
    assert drive.told("missed-checkpoint") == []


def test_a_visit_on_the_street_beside_the_way_back_counts():
    loop = [(0.0, 0.0), (6000.0, 0.0), (6000.0, 110.0), (0.0, 110.0)]
    drive = Drive(plan(loop, checkpoints=[checkpoint((3000, 110))])).along(way(0, 6000))
    around = [*way(5900, 4000, 110), *[(4000.0, 110.0 + 100 * i) for i in range(1, 6)], *way(3900, 2000, 610)]
    back = [(2000.0, 510.0 - 100 * i) for i in range(5)]
    drive.along([*around, *back, *way(1900, 1000, 110)], begin_s=620)
    assert drive.told("deviation")[:1] == ["deviation raised"]
    assert drive.told("missed-checkpoint") == []
