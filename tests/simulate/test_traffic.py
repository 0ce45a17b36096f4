"""Simulated traffic is plausible, has the faults that were ordered, and is the same for the same seed."""

from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest

from models.instants import parse_instant
from models.ping import PING
from models.plan import ConvoyPlan
from models.plan_file import load_plan
from simulate.bontang import FAULTS, PLAN
from simulate.faults import Detour, Dropout, Halt
from simulate.label_file import Told, whole_episodes
from simulate.labels import label
from simulate.schedule import depart_from
from simulate.track import Floats, Track
from simulate.traffic import SimulatedPing, generate, simulate

BEGIN_MS = 1_764_000_000_000
SEED = 7


@cache
def plans() -> list[ConvoyPlan]:
    return depart_from(load_plan(PLAN), datetime.fromtimestamp(BEGIN_MS / 1000 + 30, UTC))


@cache
def traffic(faulty: bool = True, seed: int = SEED) -> list[SimulatedPing]:
    return generate(plans(), FAULTS if faulty else (), BEGIN_MS, seed)


def column(pings: list[SimulatedPing], vehicle_id: str, field: str) -> Floats:
    return np.array([ping.fields[field] for ping in pings if ping.fields["vehicle_id"] == vehicle_id], dtype=float)


def event_s(pings: list[SimulatedPing], vehicle_id: str) -> Floats:
    mine = [ping for ping in pings if ping.fields["vehicle_id"] == vehicle_id]
    return np.array([parse_instant(str(ping.fields["time"])) - BEGIN_MS for ping in mine]) / 1000


def position_m(pings: list[SimulatedPing], plan: ConvoyPlan, vehicle_id: str) -> np.ndarray:
    degrees = zip(column(pings, vehicle_id, "lon"), column(pings, vehicle_id, "lat"), strict=True)
    return Track.of([plan.route[0], *degrees]).points_m[1:]


def lateral_m(pings: list[SimulatedPing], plan: ConvoyPlan, vehicle_id: str) -> Floats:
    track = Track.of(plan.route)
    route = track.at(np.arange(0.0, track.length_m, 5.0))
    return np.abs(position_m(pings, plan, vehicle_id)[:, None] - route[None, :]).min(axis=1)


def vehicles() -> list[tuple[ConvoyPlan, str]]:
    return [(plan, vehicle.vehicle_id) for plan in plans() for vehicle in plan.vehicles]


def test_the_same_seed_gives_the_same_lines_and_another_seed_others() -> None:
    first = [ping.line() for ping in generate(plans(), FAULTS, BEGIN_MS, SEED)]
    assert first == [ping.line() for ping in traffic()]
    assert first != [ping.line() for ping in traffic(seed=SEED + 1)]


def test_a_convoy_sends_the_same_pings_whoever_else_is_on_the_road() -> None:
    alone = generate(plans()[:1], FAULTS, BEGIN_MS, SEED)
    among = [ping for ping in traffic() if ping.fields["convoy_id"] == plans()[0].convoy_id]
    assert among[: len(alone)] == alone


def test_every_ping_is_valid_and_carries_its_convoy() -> None:
    for ping in traffic():
        assert PING.validate_json(ping.line()).convoy_id == ping.fields["convoy_id"]


def test_pings_come_in_arrival_order_and_within_two_seconds_of_their_fix() -> None:
    received = [ping.received_ms for ping in traffic()]
    dark = {plan.convoy_id for plan in plans() if plan.no_signal}
    delay_ms = [
        ping.received_ms - parse_instant(str(ping.fields["time"])) for ping in traffic() if ping.convoy_id not in dark
    ]
    assert received == sorted(received)
    assert min(delay_ms) >= 199
    assert max(delay_ms) <= 2000


@pytest.mark.parametrize(("plan", "vehicle_id"), vehicles())
def test_vehicles_drive_at_the_speeds_of_a_convoy_and_reach_the_end(plan: ConvoyPlan, vehicle_id: str) -> None:
    speed_mps = column(traffic(faulty=False), vehicle_id, "speed_mps")
    driving = speed_mps[speed_mps > 2.0]
    assert 40 / 3.6 < np.median(driving) < 60 / 3.6
    assert speed_mps.max() < 65 / 3.6
    last_m = position_m(traffic(faulty=False), plan, vehicle_id)[-1]
    assert abs(last_m - Track.of(plan.route).points_m[-1]) < 100


@pytest.mark.parametrize(("plan", "vehicle_id"), vehicles())
def test_positions_keep_within_gps_noise_of_the_route(plan: ConvoyPlan, vehicle_id: str) -> None:
    aside_m = lateral_m(traffic(faulty=False), plan, vehicle_id)
    assert np.percentile(aside_m, 50) < 5
    assert aside_m.max() < 25


def test_gps_noise_remembers_so_that_neighbouring_errors_are_alike() -> None:
    plan = plans()[0]
    lone = plan.model_copy(update={"vehicles": plan.vehicles[:1]})
    halt = Halt(convoy_id=plan.convoy_id, at_m=2000, duration_s=40_000)
    pings = generate([lone], [halt], BEGIN_MS, SEED)
    standing = position_m(pings, plan, plan.vehicles[0].vehicle_id)[50:3900]
    error_m = standing - standing.mean()
    alike = np.corrcoef(error_m[:-1].real, error_m[1:].real)[0, 1]
    assert 3.0 < error_m.real.std() < 5.0
    assert 0.75 < alike < 0.92  # exp(-10 s / 60 s) = 0.85


def test_vehicles_of_a_column_keep_a_gap_and_their_order() -> None:
    plan = plans()[0]
    track = Track.of(plan.route)
    lead, second = (position_m(traffic(faulty=False), plan, plan.vehicles[i].vehicle_id) for i in (0, 1))
    grid_m = np.arange(0.0, track.length_m, 5.0)
    lead_s, second_s = (event_s(traffic(faulty=False), plan.vehicles[i].vehicle_id) for i in (0, 1))
    progress = [grid_m[np.abs(p[:, None] - track.at(grid_m)[None, :]).argmin(axis=1)] for p in (lead, second)]
    moving = (second_s > 60) & (second_s < 1100)
    gap_m = np.interp(second_s[moving], lead_s, progress[0]) - progress[1][moving]
    assert 20 < np.median(gap_m) < 50


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if isinstance(fault, Detour)])
def test_a_detour_leads_some_hundred_metres_aside_for_minutes_and_back(fault: Detour) -> None:
    (plan,) = (plan for plan in plans() if plan.convoy_id == fault.convoy_id)
    for vehicle in plan.vehicles:
        aside_m = lateral_m(traffic(), plan, vehicle.vehicle_id)
        away = np.flatnonzero(aside_m > 100)
        assert 300 < aside_m.max() < 500
        assert len(away) * vehicle.ping_interval_s > 150
        assert aside_m[away[-1] + 10 :].max() < 25


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if isinstance(fault, Halt)])
def test_a_halt_lasts_as_long_as_ordered(fault: Halt) -> None:
    (plan,) = (plan for plan in plans() if plan.convoy_id == fault.convoy_id)
    for vehicle in plan.vehicles:
        under_way = event_s(traffic(), vehicle.vehicle_id) > 120
        standing = column(traffic(), vehicle.vehicle_id, "speed_mps")[under_way][:120] < 1
        assert standing.sum() * vehicle.ping_interval_s == pytest.approx(fault.duration_s, abs=40)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if isinstance(fault, Dropout)])
def test_a_dropout_silences_one_vehicle_and_no_other(fault: Dropout) -> None:
    (plan,) = (plan for plan in plans() if plan.convoy_id == fault.convoy_id)
    silence_s = {v.vehicle_id: np.diff(event_s(traffic(), v.vehicle_id)).max() for v in plan.vehicles}
    assert silence_s.pop(fault.vehicle_id) == pytest.approx(fault.duration_s, abs=15)
    assert max(silence_s.values()) < 11


def test_a_planned_stretch_without_signal_is_silent() -> None:
    (plan,) = (plan for plan in plans() if plan.no_signal)
    stretch = plan.no_signal[0]
    for vehicle in plan.vehicles:
        received_s = np.array([p.received_ms for p in traffic() if p.vehicle_id == vehicle.vehicle_id]) / 1000
        assert np.diff(received_s).max() == pytest.approx((stretch.to_m - stretch.from_m) / 14, rel=0.3)


def test_some_devices_keep_what_they_measure_in_such_a_stretch_and_some_lose_it() -> None:
    (plan,) = (plan for plan in plans() if plan.no_signal)
    gaps_s = [
        np.diff(event_s(traffic(seed=seed), vehicle.vehicle_id)).max() for vehicle in plan.vehicles for seed in (1, 2)
    ]
    assert min(gaps_s) < 11
    assert max(gaps_s) > 100


def test_the_sample_expects_an_episode_for_each_vehicle_concerned_and_none_of_the_authorised_stop() -> None:
    told = whole_episodes(label(simulate(plans(), FAULTS, BEGIN_MS, SEED)))
    kinds = {(episode.convoy_id, episode.kind) for episode in told}
    assert kinds == {("BTG-01", "deviation"), ("MKY-03", "stall"), ("BTG-02", "signal-lost")}
    assert Told("BTG-01", "KT-8101-SX", "deviation") in told


def test_the_sample_has_four_convoys_of_three_to_five_vehicles_on_both_sides_of_the_equator() -> None:
    latitudes = [lat for plan in plans() for _, lat in plan.route]
    assert [len(plan.vehicles) for plan in plans()] == [4, 5, 3, 4]
    assert min(latitudes) < 0 < max(latitudes)
    assert all(15_000 < Track.of(plan.route).length_m < 40_000 for plan in plans())


def test_an_operation_moved_to_another_day_keeps_its_intervals() -> None:
    sample, moved = load_plan(PLAN), plans()
    for before, after in zip(sample, moved, strict=True):
        assert before.depart_at is not None
        assert after.depart_at is not None
        assert after.depart_at - before.depart_at == moved[0].depart_at - sample[0].depart_at  # type: ignore[operator]


def test_a_begin_years_before_the_departures_is_refused() -> None:
    with pytest.raises(ValueError, match="begin nearer"):
        generate(plans(), (), 0, SEED)
