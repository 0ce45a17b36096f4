"""The status of a convoy says where its vehicles are and how fresh that is."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.convoy_status import ConvoyStatus, Link
from models.plan import ConvoyPlan, Vehicle
from streams.recording import Arrival
from tests.streams.convoys import CARGO, ESCORT, M_PER_DEG, at_ms, judge, ping, plan_of, tick, watch_over

SECOND_CARGO = Vehicle(vehicle_id="KT-2", role="cargo", ping_interval_s=10)
LENGTH_M = 11_057.4


def status_of(arrivals: list[Arrival], plan: ConvoyPlan | None = None) -> ConvoyStatus:
    plan = plan or plan_of(vehicles=[CARGO])
    watch = watch_over(plan)
    judge(watch, arrivals)
    status = watch.status(plan.convoy_id)
    assert status is not None
    return status


def drive(until_s: float, from_m: float = 0.0, mps: float = 15.0, **more: object) -> list[Arrival]:
    """Pings each ten seconds from 0 s on."""
    return [ping(s, from_m + mps * s, **more) for s in range(0, int(until_s) + 1, 10)]


def test_before_the_first_record_there_is_none() -> None:
    watch = watch_over(plan_of())
    assert watch.status("BTG-07") is None
    judge(watch, [tick(0)])
    assert watch.status("BTG-07") is not None
    assert watch.status("BTG-99") is None


def test_a_convoy_that_was_never_heard_is_planned() -> None:
    status = status_of([tick(0)], plan_of())
    assert (status.state, status.progress_m, status.open_alerts) == ("planned", None, [])
    assert status.at_ms == at_ms(0)
    assert status.route_length_m == pytest.approx(LENGTH_M, abs=1)
    assert [(vehicle.vehicle_id, vehicle.role, vehicle.link) for vehicle in status.vehicles] == [
        ("KT-1", "cargo", "lost"),
        ("POL-1", "escort", "lost"),
    ]
    assert [(vehicle.time_ms, vehicle.lat, vehicle.battery_pct) for vehicle in status.vehicles] == [
        (None, None, None)
    ] * 2


def test_at_the_start_it_is_planned_and_beyond_it_under_way() -> None:
    assert status_of(drive(10)).state == "planned"
    assert status_of(drive(40)).state == "under-way"


def test_a_convoy_of_which_only_the_escort_is_heard_is_planned() -> None:
    assert status_of(drive(60, vehicle_id=ESCORT.vehicle_id), plan_of()).state == "planned"


def test_it_is_halted_when_all_cargo_has_stood_for_a_minute() -> None:
    plan = plan_of(vehicles=[CARGO, SECOND_CARGO])
    standing = [ping(40 + s, 600.0) for s in range(10, 70, 10)]
    driving = [ping(40 + s, 600.0 + 15 * s, vehicle_id="KT-2") for s in range(10, 70, 10)]
    both = [arrival for pair in zip(drive(40), drive(40, vehicle_id="KT-2"), strict=True) for arrival in pair]
    assert status_of([*both, *standing], plan_of(vehicles=[CARGO])).state == "halted"
    assert status_of([*both, *standing[:-1]], plan_of(vehicles=[CARGO])).state == "under-way"
    assert status_of([*both, *standing, *driving], plan).state == "under-way"


def test_it_is_silent_when_nobody_was_heard_for_longer_than_is_normal() -> None:
    assert status_of([*drive(40), tick(130)]).state == "under-way"
    assert status_of([*drive(40), tick(131)]).state == "silent"
    plan = plan_of(vehicles=[CARGO, ESCORT])
    assert status_of([*drive(40), ping(120, 600, vehicle_id=ESCORT.vehicle_id), tick(131)], plan).state == "under-way"


def test_it_has_arrived_when_all_cargo_has() -> None:
    watch = watch_over(plan_of(vehicles=[CARGO]))
    alerts = judge(watch, drive(740))
    status = watch.status("BTG-07")
    assert status is not None
    assert [alert.kind for alert in alerts] == ["arrived"]
    assert (status.state, status.open_alerts) == ("arrived", [])
    judge(watch, [tick(5000)])
    silent = watch.status("BTG-07")
    assert silent is not None
    assert silent.state == "arrived"


def test_cargo_that_was_never_heard_keeps_it_from_having_arrived() -> None:
    assert status_of(drive(740), plan_of(vehicles=[CARGO, SECOND_CARGO])).state == "under-way"
    assert status_of(drive(740), plan_of(vehicles=[CARGO, ESCORT])).state == "arrived"


def test_its_progress_is_that_of_its_rearmost_cargo() -> None:
    plan = plan_of(vehicles=[CARGO, SECOND_CARGO, ESCORT])
    pings = [
        arrival
        for s in range(0, 110, 10)
        for arrival in (
            ping(s, 1000.0 + 15 * s),
            ping(s, 600.0 + 15 * s, vehicle_id="KT-2"),
            ping(s, 300.0 + 15 * s, vehicle_id=ESCORT.vehicle_id),
        )
    ]
    status = status_of(pings, plan)
    assert status.progress_m == pytest.approx(2100.0, abs=1)
    assert [vehicle.progress_m for vehicle in status.vehicles] == pytest.approx([2500.0, 2100.0, 1800.0], abs=1)


@pytest.mark.parametrize(
    ("silent_s", "interval_s", "link"),
    [
        (0, 10, "live"),
        (20, 10, "live"),
        (20.001, 10, "late"),
        (90, 10, "late"),
        (90.001, 10, "stale"),
        (600, 10, "stale"),
        (600.001, 10, "lost"),
        (120, 60, "live"),
        (180, 60, "late"),
        (180.001, 60, "stale"),
    ],
)
def test_the_link_tells_how_fresh_the_last_word_is(silent_s: float, interval_s: float, link: Link) -> None:
    plan = plan_of(vehicles=[CARGO.model_copy(update={"ping_interval_s": interval_s})])
    assert status_of([*drive(40), tick(40 + silent_s)], plan).vehicles[0].link == link


def test_a_vehicle_tells_its_newest_fix() -> None:
    more = {"speed_mps": 14.96, "heading_deg": 359.94, "battery_pct": 81.5}
    (vehicle,) = status_of([*drive(40), ping(50, 750.0, 12.0, **more), ping(45, 700.0)]).vehicles
    assert (vehicle.time_ms, vehicle.speed_mps, vehicle.heading_deg, vehicle.battery_pct) == (
        at_ms(50),
        15.0,
        359.9,
        81.5,
    )
    assert (vehicle.lat, vehicle.lon) == (round(750 / M_PER_DEG, 6), round(117 + 12 / M_PER_DEG, 6))
    assert vehicle.progress_m == pytest.approx(750.0, abs=1)
    assert vehicle.lateral_m == pytest.approx(12.0, abs=0.2)


def test_what_its_newest_fix_does_not_say_is_unknown() -> None:
    (vehicle,) = status_of([ping(0, 750.0, speed_mps=10, heading_deg=0), ping(10, 900.0)]).vehicles
    assert (vehicle.speed_mps, vehicle.heading_deg, vehicle.battery_pct) == (None, None, None)


def test_a_presence_is_word_of_a_vehicle_that_has_no_position() -> None:
    (vehicle,) = status_of([ping(0, lat=None, lon=None, battery_pct=7)]).vehicles
    assert (vehicle.link, vehicle.battery_pct, vehicle.time_ms, vehicle.lat) == ("live", 7.0, None, None)


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "speed_mps": st.one_of(st.floats(0, allow_infinity=False), st.none()),
        "accuracy_m": st.one_of(st.floats(0, allow_infinity=False), st.none()),
        "heading_deg": st.floats(0, 360),
        "battery_pct": st.floats(0, 100),
        "lat": st.floats(-90, 90),
        "lon": st.floats(-180, 180),
        "sos": st.booleans(),
    },
)


@given(st.lists(st.tuples(st.integers(0, 200), FIELDS), min_size=1, max_size=8))
@settings(deadline=None, max_examples=50)
def test_whatever_a_ping_says_its_status_and_alerts_can_be_written(pings: list[tuple[int, dict[str, object]]]) -> None:
    watch = watch_over(plan_of(vehicles=[CARGO]))
    alerts = judge(
        watch, [*(ping(s, 100 + 15 * s, **fields) for s, fields in sorted(pings, key=lambda one: one[0])), tick(999)]
    )
    status = watch.status("BTG-07")
    assert status is not None
    for value in (status.to_json(), *(alert.to_json() for alert in alerts)):
        json.loads(value, parse_constant=pytest.fail)
    assert ConvoyStatus.from_json(status.to_json()) == status
