"""Labels say what must come of a fault, and nothing of a drive without one."""

import numpy as np
import pytest

from simulate import faults as f
from simulate.conditions import ORDINARY
from simulate.labels import label
from simulate.seen import WEEKS_S
from simulate.traffic import simulate
from tests.simulate.operations import (
    BEGIN_MS,
    CARGO,
    DEPART_S,
    ESCORT,
    SEED,
    at,
    checkpoint,
    driven,
    labelled,
    of,
    plan,
    seen,
    stop,
    tunnel,
)

C = "C-1"
BOTH = {ESCORT, CARGO}


def vehicles(labels: list, kind: str, must: bool = True) -> set[str]:
    return {one.vehicle_id for one in of(labels, kind) if one.must == must}


def test_a_drive_without_faults_must_bring_its_arrivals_and_nothing_else() -> None:
    labels = labelled(checkpoints=[checkpoint(4_000), checkpoint(9_000)], stops=[stop(5_000, 600)])
    assert {(one.kind, one.vehicle_id, one.must) for one in labels} == {("arrived", v, True) for v in BOTH}


def test_a_detour_must_bring_a_deviation_that_begins_when_it_is_left_and_ends_when_it_is_back() -> None:
    labels = labelled(f.Detour(convoy_id=C, from_m=4_000, length_m=4_000, offset_m=400))
    assert vehicles(labels, "deviation") == BOTH
    for one in of(labels, "deviation"):
        ride = seen(driven(f.Detour(convoy_id=C, from_m=4_000, length_m=4_000, offset_m=400)), one.vehicle_id).ride
        left_m, back_m = ride.along(np.array([one.began_s, one.cleared.from_s]))
        assert 4_000 < left_m < 4_700
        assert 7_000 < back_m < 8_000
        assert one.raised.to_s - one.began_s < 60


def test_a_detour_within_the_corridor_brings_nothing_and_one_near_its_limit_may() -> None:
    def kinds(offset_m: float) -> set[tuple[str, bool]]:
        detour = f.Detour(convoy_id=C, from_m=4_000, length_m=4_000, offset_m=offset_m)
        return {(one.kind, one.must) for one in of(labelled(detour), "deviation")}

    assert kinds(40) == set()
    assert kinds(130) == {("deviation", False)}


def test_a_detour_that_comes_near_its_route_in_between_may_be_told_in_parts() -> None:
    def detours(back_m: float) -> list[tuple[bool, bool]]:
        away = f.Detour(convoy_id=C, from_m=3_000, length_m=7_000, offset_m=400)
        back = f.Detour(convoy_id=C, from_m=5_000, length_m=3_000, offset_m=-back_m)
        return [(one.must, one.in_parts) for one in of(labelled(away, back), "deviation")]

    assert detours(200) == [(True, False)] * 2
    assert detours(350) == [(True, True)] * 2
    assert detours(400) == [(True, False)] * 4


def test_a_long_halt_must_bring_a_stall_a_short_one_none_and_one_of_three_minutes_may() -> None:
    def stalls(duration_s: float) -> list[bool]:
        return [one.must for one in of(labelled(f.Halt(convoy_id=C, at_m=5_000, duration_s=duration_s)), "stall")]

    assert stalls(400) == [True, True]
    assert stalls(90) == []
    assert stalls(175) == [False, False]


def test_a_rest_is_no_stall_until_its_time_is_used_up() -> None:
    halt = f.Halt(convoy_id=C, at_m=5_000, duration_s=400)
    assert of(labelled(halt, stops=[stop(5_000, 600)]), "stall") == []
    over = of(labelled(f.Halt(convoy_id=C, at_m=5_000, duration_s=900), stops=[stop(5_000, 600)]), "stall")
    assert [one.must for one in over] == [True, True]
    assert all(one.raised.from_s - one.began_s > 500 for one in over)


def test_a_dropout_must_bring_a_lost_signal_90_s_after_the_last_word() -> None:
    labels = labelled(f.Dropout(convoy_id=C, vehicle_id=CARGO, from_s=DEPART_S + 300, duration_s=200))
    (lost,) = of(labels, "signal-lost")
    assert (lost.vehicle_id, lost.must) == (CARGO, True)
    assert lost.began_s == pytest.approx(DEPART_S + 295, abs=8)
    assert lost.raised.from_s - lost.onset.from_s == pytest.approx(90)


def test_a_burst_is_silence_as_well() -> None:
    labels = labelled(f.Burst(convoy_id=C, vehicle_id=CARGO, from_s=DEPART_S + 300, duration_s=200))
    assert vehicles(labels, "signal-lost") == {CARGO}


def test_in_a_planned_stretch_silence_is_expected_for_as_long_as_crossing_it_may_take() -> None:
    assert of(labelled(no_signal=[tunnel()]), "signal-lost") == []
    stuck = labelled(f.Halt(convoy_id=C, at_m=7_000, duration_s=1_200), no_signal=[tunnel()])
    assert vehicles(stuck, "signal-lost") == BOTH


def test_a_vehicle_that_fell_silent_while_it_stood_may_be_thought_to_stand() -> None:
    halt = f.Halt(convoy_id=C, at_m=5_000, duration_s=60)
    stands_s = float(np.interp(5_000, *_leader()))
    labels = labelled(halt, f.Dropout(convoy_id=C, vehicle_id=ESCORT, from_s=stands_s + 45, duration_s=300))
    assert (ESCORT, False) in {(one.vehicle_id, one.must) for one in of(labels, "stall")}


def _leader() -> tuple[np.ndarray, np.ndarray]:
    ride = driven().logs[0].ride
    return ride.journey.along_m, ride.journey.time_s


def test_escorts_that_fall_behind_must_bring_a_separation_of_the_cargo() -> None:
    labels = labelled(f.Behind(convoy_id=C, vehicle_id=ESCORT, from_s=DEPART_S + 300, duration_s=120))
    assert vehicles(labels, "separation") == {CARGO}
    (apart,) = of(labels, "separation")
    assert apart.must
    assert DEPART_S + 330 < apart.began_s < DEPART_S + 400


def test_vehicles_that_meet_on_a_road_there_and_back_were_apart_once() -> None:
    there = [at(along_m) for along_m in np.arange(0, 7_501, 500.0).tolist()]
    behind = f.Behind(convoy_id=C, vehicle_id=ESCORT, from_s=DEPART_S + 400, duration_s=150)
    labels = labelled(behind, route=[*there, *there[-2::-1]])
    assert [one.must for one in of(labels, "separation")] == [True, False]


def test_a_silent_escort_must_bring_unescorted_and_no_separation() -> None:
    labels = labelled(f.Dropout(convoy_id=C, vehicle_id=ESCORT, from_s=DEPART_S + 300, duration_s=300))
    assert vehicles(labels, "unescorted") == {CARGO}
    assert vehicles(labels, "separation") == set()


def test_a_plan_without_escort_must_tell_so() -> None:
    assert vehicles(labelled(vehicles=plan().vehicles[1:]), "unescorted") == {CARGO}


def test_turning_back_must_bring_wrong_way() -> None:
    labels = labelled(f.Return(convoy_id=C, at_m=7_000, back_m=600))
    assert vehicles(labels, "wrong-way") == BOTH
    assert of(labelled(f.Return(convoy_id=C, at_m=7_000, back_m=100)), "wrong-way") == []


def test_a_checkpoint_that_is_driven_around_must_be_missed_and_not_before_it_is_passed() -> None:
    labels = labelled(
        f.Detour(convoy_id=C, from_m=5_200, length_m=3_600, offset_m=500), checkpoints=[checkpoint(7_000)]
    )
    assert vehicles(labels, "missed-checkpoint") == BOTH


def test_halts_that_cost_more_than_the_plan_has_must_bring_late() -> None:
    labels = labelled(f.Halt(convoy_id=C, at_m=9_000, duration_s=2_800))
    assert vehicles(labels, "late") == BOTH
    assert of(labelled(arrive_by=None, depart_at=None), "late") == []


def test_leaving_a_quarter_of_an_hour_before_the_time_is_early() -> None:
    assert vehicles(labelled(f.EarlyStart(convoy_id=C, by_s=900)), "early-departure") == BOTH
    assert of(labelled(f.EarlyStart(convoy_id=C, by_s=100)), "early-departure") == []


def test_too_fast_for_a_truck_is_not_too_fast_for_a_car() -> None:
    labels = labelled(f.Sprint(convoy_id=C, from_m=3_000, length_m=3_500, speed_mps=30))
    assert vehicles(labels, "overspeed") == {CARGO}


def test_the_button_must_bring_an_sos_at_once() -> None:
    (pressed,) = of(labelled(f.Duress(convoy_id=C, vehicle_id=CARGO, from_s=DEPART_S + 200, duration_s=60)), "sos")
    assert pressed.must
    assert pressed.raised.to_s - pressed.began_s < 10
    assert pressed.cleared.from_s - pressed.began_s > 100


def test_a_frozen_position_and_three_spikes_must_be_doubted_and_one_spike_must_not() -> None:
    frozen = labelled(f.Frozen(convoy_id=C, vehicle_id=CARGO, from_s=DEPART_S + 200, duration_s=130))
    assert vehicles(frozen, "bad-position") == {CARGO}
    spikes = [f.Spike(convoy_id=C, vehicle_id=CARGO, at_s=DEPART_S + 200.0 + k, distance_m=5_000) for k in (0, 99, 300)]
    assert vehicles(labelled(*spikes), "bad-position") == {CARGO}
    assert of(labelled(spikes[0]), "bad-position") == []
    assert {one.kind for one in labelled(*spikes)} == {"arrived", "bad-position"}


def test_a_long_frozen_position_may_look_like_a_stall() -> None:
    labels = labelled(f.Frozen(convoy_id=C, vehicle_id=CARGO, from_s=DEPART_S + 200, duration_s=300))
    assert vehicles(labels, "stall", must=False) == {CARGO}


def test_what_a_clock_ten_minutes_behind_tells_begins_ten_minutes_before_and_a_lost_signal_does_not() -> None:
    faults = [
        f.Detour(convoy_id=C, from_m=4_000, length_m=4_000, offset_m=400),
        f.Dropout(convoy_id=C, vehicle_id=CARGO, from_s=DEPART_S + 800, duration_s=200),
    ]
    right = labelled(*faults)
    wrong = labelled(*faults, f.ClockError(convoy_id=C, vehicle_id=CARGO, offset_s=600))
    hours = labelled(*faults, f.ClockError(convoy_id=C, vehicle_id=CARGO, offset_s=7_200))
    weeks = labelled(*faults, f.ClockError(convoy_id=C, vehicle_id=CARGO, offset_s=WEEKS_S))
    (before,), (after,) = of(right, "deviation", CARGO), of(wrong, "deviation", CARGO)
    assert before.onset.from_s - after.onset.from_s == 600
    assert before.raised == after.raised
    assert of(right, "signal-lost") == of(wrong, "signal-lost")
    assert hours == weeks == right


def test_repeats_and_shuffles_change_no_label_that_must_come() -> None:
    detour = f.Detour(convoy_id=C, from_m=4_000, length_m=4_000, offset_m=400)
    spoilt = [f.Repeats(convoy_id=C, vehicle_id=CARGO, times=3), f.Shuffle(convoy_id=C, vehicle_id=ESCORT, within_s=60)]
    musts = [
        {(one.kind, one.vehicle_id) for one in labelled(*faults) if one.must}
        for faults in ([detour], [detour, *spoilt])
    ]
    assert musts[0] == musts[1]


def test_a_vehicle_of_which_nothing_comes_brings_nothing() -> None:
    labels = labelled(f.Dropout(convoy_id=C, vehicle_id=CARGO, from_s=0, duration_s=90_000))
    assert of(labels, "arrived", CARGO) == []
    assert vehicles(labels, "arrived") == {ESCORT}


def test_ordinary_roads_are_judged_the_same_way() -> None:
    labels = label(simulate([plan()], [], BEGIN_MS, SEED, ORDINARY))
    assert {one.kind for one in labels if one.must} <= {"arrived", "stall"}


def test_a_plan_whose_end_nobody_sees_brings_no_arrival_and_no_separation() -> None:
    gone = f.Dropout(convoy_id=C, vehicle_id=ESCORT, from_s=DEPART_S + 100, duration_s=90_000)
    labels = labelled(gone, f.Behind(convoy_id=C, vehicle_id=CARGO, from_s=DEPART_S + 300, duration_s=200))
    assert of(labels, "arrived", ESCORT) == []
    assert of(labels, "separation") == []


def test_an_escort_with_a_single_fix_is_not_known_to_be_near_or_far() -> None:
    quiet = f.Dropout(convoy_id=C, vehicle_id=ESCORT, from_s=15, duration_s=90_000)
    labels = labelled(quiet, f.Behind(convoy_id=C, vehicle_id=CARGO, from_s=DEPART_S + 300, duration_s=200))
    assert of(labels, "separation") == []
    assert vehicles(labels, "unescorted") == {CARGO}


def test_a_clock_that_nobody_puts_right_leaves_open_who_is_with_whom() -> None:
    behind = f.Behind(convoy_id=C, vehicle_id=ESCORT, from_s=DEPART_S + 300, duration_s=120)
    labels = labelled(behind, f.ClockError(convoy_id=C, vehicle_id=ESCORT, offset_s=600))
    assert vehicles(labels, "separation") == set()
    assert vehicles(labels, "separation", must=False) == {CARGO}


def test_a_vehicle_that_falls_silent_for_good_is_lost_to_the_end() -> None:
    labels = labelled(f.Dropout(convoy_id=C, vehicle_id=CARGO, from_s=DEPART_S + 300, duration_s=90_000))
    (lost,) = of(labels, "signal-lost")
    assert (lost.vehicle_id, lost.must, lost.cleared) == (CARGO, True, None)


def test_a_route_that_is_over_before_it_is_begun_is_labelled_without_fault() -> None:
    short = [at(0), at(40)]
    labels = labelled(route=short, checkpoints=[checkpoint(20)], arrive_by=None)
    assert {one.kind for one in labels} <= {"arrived", "stall"}
