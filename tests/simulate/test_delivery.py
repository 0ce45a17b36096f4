"""What happens to pings on their way, fault by fault, and nothing else does."""

import numpy as np
import pytest

from models.instants import parse_instant
from simulate import faults as f
from simulate.conditions import CALM, Conditions
from simulate.motion import CRUISE_MPS
from simulate.traffic import SimulatedPing, simulate
from tests.simulate.operations import BEGIN_MS, CARGO, DEPART_S, ESCORT, LENGTH_M, SEED, driven, plan, seen

C = "C-1"


def pings(*faults: f.Fault, vehicle_id: str = CARGO) -> list[SimulatedPing]:
    return [ping for ping in driven(*faults).pings if ping.vehicle_id == vehicle_id]


def fix_s(ping: SimulatedPing) -> float:
    return (parse_instant(str(ping.fields["time"])) - BEGIN_MS) / 1000


def test_a_burst_comes_late_all_at_once_in_order_and_whole() -> None:
    burst = f.Burst(convoy_id=C, vehicle_id=CARGO, from_s=DEPART_S + 100, duration_s=200)
    clean, held = pings(), pings(burst)
    assert [ping.fields for ping in held] == [ping.fields for ping in clean]
    end_ms = BEGIN_MS + (DEPART_S + 300) * 1000
    late = [ping for ping in held if DEPART_S + 100 <= fix_s(ping) < DEPART_S + 300]
    assert len(late) == 20
    assert all(end_ms <= ping.received_ms < end_ms + 1_100 for ping in late)
    assert pings(burst, vehicle_id=ESCORT) == pings(vehicle_id=ESCORT)


def test_repeats_are_the_same_ping_again_and_never_before_it() -> None:
    clean, thrice = pings(), pings(f.Repeats(convoy_id=C, vehicle_id=CARGO, times=3))
    assert len(thrice) == 3 * len(clean)
    first_ms = {ping.fields["seq"]: ping.received_ms for ping in clean}
    assert all(0 <= ping.received_ms - first_ms[ping.fields["seq"]] <= 25_000 for ping in thrice)
    assert {ping.value() for ping in thrice} == {ping.value() for ping in clean}


def test_a_shuffle_brings_pings_out_of_order_within_its_time() -> None:
    clean, mixed = pings(), pings(f.Shuffle(convoy_id=C, vehicle_id=CARGO, within_s=60))
    assert sorted(ping.value() for ping in mixed) == sorted(ping.value() for ping in clean)
    order = [ping.fields["seq"] for ping in mixed]
    assert order != sorted(order, key=str)
    first_ms = {ping.fields["seq"]: ping.received_ms for ping in clean}
    assert all(0 <= ping.received_ms - first_ms[ping.fields["seq"]] <= 60_000 for ping in mixed)


def test_a_spike_moves_one_fix_by_its_distance() -> None:
    spiked = pings(f.Spike(convoy_id=C, vehicle_id=CARGO, at_s=DEPART_S + 100, distance_m=5_000))
    moved = [(a, b) for a, b in zip(pings(), spiked, strict=True) if a != b]
    assert len(moved) == 1
    ((before, after),) = moved
    north_m, east_m = (111_195 * (after.fields[x] - before.fields[x]) for x in ("lat", "lon"))  # type: ignore[operator]
    assert np.hypot(north_m, east_m) == pytest.approx(5_000, rel=0.01)


def test_a_wrong_clock_changes_the_times_alone() -> None:
    for right, wrong in zip(pings(), pings(f.ClockError(convoy_id=C, vehicle_id=CARGO, offset_s=7_200)), strict=True):
        assert fix_s(right) - fix_s(wrong) == 7_200
        assert right._replace(fields={**right.fields, "time": wrong.fields["time"]}) == wrong


def test_a_frozen_device_repeats_its_position_and_goes_on_reporting_speed() -> None:
    frozen = f.Frozen(convoy_id=C, vehicle_id=CARGO, from_s=DEPART_S + 200, duration_s=100)
    during = [ping for ping in pings(frozen) if DEPART_S + 200 <= fix_s(ping) < DEPART_S + 300]
    assert len({(ping.fields["lat"], ping.fields["lon"]) for ping in during}) == 1
    assert all(float(ping.fields["speed_mps"] or 0) > 5 for ping in during)


def test_the_button_is_in_the_pings_while_it_is_pressed() -> None:
    pressed = pings(f.Duress(convoy_id=C, vehicle_id=CARGO, from_s=DEPART_S + 200, duration_s=60))
    assert {round(fix_s(p)) // 10 for p in pressed if p.fields["sos"]} == {DEPART_S // 10 + k for k in range(20, 26)}
    assert "sos" not in pings()[0].fields


def test_a_vehicle_that_fell_behind_stands_and_then_catches_up() -> None:
    late = seen(driven(f.Behind(convoy_id=C, vehicle_id=ESCORT, from_s=DEPART_S + 200, duration_s=100)), ESCORT).ride
    on_time = seen(driven(), ESCORT).ride
    moments_s = DEPART_S + np.array([150.0, 250.0, 300.0, 800.0])
    behind_m = on_time.along(moments_s) - late.along(moments_s)
    assert behind_m[0] == behind_m[3] == 0
    assert behind_m[2] == pytest.approx(100 * np.mean(CRUISE_MPS), rel=0.15)
    assert late.speed_mps(moments_s[1:2])[0] == 0


def test_a_convoy_that_turns_back_drives_back_so_far_and_then_on() -> None:
    ride = seen(driven(f.Return(convoy_id=C, at_m=7_000, back_m=600)), ESCORT).ride
    along_m = ride.along(np.arange(DEPART_S, DEPART_S + 2_000.0))
    top = int(np.argmax(along_m >= 7_000))
    back = along_m[top : top + 200]
    assert back.min() == pytest.approx(7_000 - 600, abs=10)
    assert along_m[-1] > 14_900


def test_a_convoy_cannot_turn_back_beyond_its_start() -> None:
    ride = seen(driven(f.Return(convoy_id=C, at_m=500, back_m=5_000)), ESCORT).ride
    assert ride.along(np.arange(0.0, 3_000.0)).min() >= 0


def test_lights_and_jams_make_a_drive_longer() -> None:
    def drive_s(conditions: Conditions) -> float:
        return simulate([plan()], [], BEGIN_MS, SEED, conditions).logs[0].ride.journey.arrival_s

    calm_s = drive_s(CALM)
    assert drive_s(Conditions(lights_per_km=1.0)) > calm_s + 60
    assert drive_s(Conditions(jams_per_km=0.5)) > calm_s + 60


def test_a_column_longer_than_its_route_still_drives_and_all_of_it_arrives() -> None:
    vehicle = plan().vehicles[1]
    column = [vehicle.model_copy(update={"vehicle_id": f"KT-{number}"}) for number in range(64)]
    short = plan(vehicles=column, route=plan().route[:2], arrive_by=None)
    simulation = simulate([short], [], BEGIN_MS, SEED)
    for log in simulation.logs:
        along_m = log.ride.along(log.time_s)
        assert along_m[0] < 260
        assert along_m.max() > 450
        assert log.ride.speed_mps(log.time_s).max() < 25


def test_so_many_pings_that_they_would_fill_the_memory_are_refused() -> None:
    fast = [v.model_copy(update={"ping_interval_s": 0.001}) for v in plan().vehicles]
    with pytest.raises(ValueError, match="million pings"):
        simulate([plan(vehicles=fast)], [], BEGIN_MS, SEED)


def test_a_detour_of_a_whole_loop_and_one_at_the_very_end_are_driven() -> None:
    there = plan().route
    loop = plan(route=[*there, *there[-2::-1]])
    for from_m, length_m in ((0.0, 2 * LENGTH_M), (LENGTH_M - 100, 50.0)):
        detour = f.Detour(convoy_id=C, from_m=from_m, length_m=length_m, offset_m=300)
        simulation = simulate([loop], [detour], BEGIN_MS, SEED)
        assert np.isfinite(simulation.logs[0].ride.position(simulation.logs[0].time_s)).all()
