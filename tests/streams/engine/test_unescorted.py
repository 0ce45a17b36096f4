"""unescorted: cargo on the move of whose escorts nothing fresh is known."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from models.plan import ConvoyPlan
from streams.recording import Arrival
from tests.streams.engine.road import START_MS, STRAIGHT, Drive, no_signal, ping, plan, seconds


def convoy(*escorts: str, **fields: object) -> ConvoyPlan:
    return plan(STRAIGHT, ("K1",), escorts=escorts, limits={"unescorted_hold_s": 60}, **fields)


def moving(vehicle: str, begin_s: float, end_s: float, *, from_m: float = 4000, mps: float = 10) -> list[Arrival]:
    """Pings every 10 s of a vehicle that has driven since second 0, whenever it is heard."""
    times_s = [begin_s + 10 * i for i in range(round((end_s - begin_s) / 10) + 1)]
    return [ping(t, (from_m + mps * t, 0), vehicle=vehicle) for t in times_s]


def in_order(*parts: list[Arrival]) -> list[Arrival]:
    return sorted((arrival for part in parts for arrival in part), key=lambda arrival: arrival.received_ms)


def test_moving_cargo_whose_escort_fell_silent_is_unescorted():
    drive = Drive(convoy("E1")).send(*in_order(moving("K1", 0, 400), moving("E1", 0, 200)))
    [raised] = [a for a in drive.alerts if a.kind == "unescorted"]
    assert (raised.transition, raised.severity, raised.reason) == ("raised", "critical", "no-fresh-escort")
    assert (raised.vehicle_id, raised.other_vehicle_ids) == ("K1", [])
    assert (seconds(raised.onset_ms), seconds(raised.at_ms)) == (260, 320)
    assert (raised.value, raised.threshold, raised.unit) == (60.0, 60.0, "s")


def test_it_ends_with_a_fresh_escort_near():
    sent = in_order(moving("K1", 0, 500), moving("E1", 0, 200), moving("E1", 400, 500, from_m=4200))
    drive = Drive(convoy("E1")).send(*sent)
    assert drive.told("unescorted") == ["unescorted raised", "unescorted cleared"]
    cleared = drive.alerts[-1]
    assert (cleared.reason, cleared.other_vehicle_ids, seconds(cleared.at_ms)) == ("escort-back", ["E1"], 410)
    assert (cleared.value, cleared.threshold) == (200.0, 300.0)


def test_an_escort_that_is_heard_but_far_does_not_end_it():
    sent = in_order(moving("K1", 0, 500), moving("E1", 0, 200), moving("E1", 400, 500, from_m=4350))
    assert Drive(convoy("E1")).send(*sent).told("unescorted") == ["unescorted raised"]


def test_one_of_two_escorts_is_enough():
    sent = in_order(moving("K1", 0, 600), moving("E1", 0, 100), moving("E2", 0, 600))
    assert Drive(convoy("E1", "E2")).send(*sent).told("unescorted") == []


def test_an_escort_never_heard_is_no_escort():
    [raised] = Drive(convoy("E1")).send(*moving("K1", 0, 200)).alerts
    assert (raised.reason, seconds(raised.onset_ms), seconds(raised.at_ms)) == ("no-fresh-escort", 20, 80)


def test_a_plan_without_escort_is_told_once():
    drive = Drive(convoy()).send(*moving("K1", 0, 1400))
    [raised] = drive.alerts
    assert (raised.severity, raised.reason, seconds(raised.at_ms)) == ("critical", "no-escort-planned", 80)


@pytest.mark.parametrize("mps", [0, 0.5])
def test_standing_cargo_may_be_alone(mps: float):
    sent = in_order(moving("K1", 0, 600, mps=mps), moving("E1", 0, 60, mps=mps))
    assert Drive(convoy("E1")).send(*sent).told("unescorted") == []


def test_cargo_that_is_silent_itself_is_not_known_to_move():
    drive = Drive(convoy("E1")).send(*in_order(moving("K1", 0, 200), moving("E1", 0, 200)))
    assert drive.until(2000).told("unescorted") == []


def test_a_burst_of_cargo_before_that_of_its_escort_raises_nothing():
    before = in_order(moving("K1", 0, 100), moving("E1", 0, 100))
    at_ms = START_MS + 800_000
    cargo = [replace(a, received_ms=at_ms) for a in moving("K1", 110, 800)]
    escort = [replace(a, received_ms=at_ms + 5000) for a in moving("E1", 110, 800)]
    drive = Drive(convoy("E1")).send(*before, *cargo, *escort)
    assert drive.send(*in_order(moving("K1", 810, 1000), moving("E1", 810, 1000))).told("unescorted") == []


def test_an_escort_whose_clock_is_wrong_is_heard_all_the_same():
    behind = [ping(10 * i - 7200, (4000 + 100 * i, 0), received_s=10 * i, vehicle="E1") for i in range(60)]
    assert Drive(convoy("E1")).send(*in_order(moving("K1", 0, 590), behind)).told("unescorted") == []


def test_where_the_plan_expects_silence_an_escort_may_be_silent():
    quiet = convoy("E1", no_signal=[no_signal(6000, 9000)])
    sent = in_order(moving("K1", 0, 1300), moving("E1", 0, 200))
    [raised] = [a for a in Drive(quiet).send(*sent).alerts if a.kind == "unescorted"]
    assert seconds(raised.onset_ms) == 200 + 1000


def test_before_its_departure_cargo_may_be_alone():
    departing = convoy("E1", depart_at=datetime.fromtimestamp(START_MS / 1000 + 1000, UTC))
    sent = [ping(10 * i, (i % 2 * 200, 0), vehicle="K1") for i in range(100)]
    drive = Drive(departing).send(*sent)
    assert drive.told("unescorted") == []
    assert drive.send(*moving("K1", 1010, 1300, from_m=-9900)).told("unescorted") == ["unescorted raised"]


def test_after_its_arrival_cargo_may_be_alone_and_what_was_open_is_over():
    drive = Drive(convoy("E1")).send(*moving("K1", 0, 1700))
    assert drive.told() == ["unescorted raised", "unescorted cleared", "arrived raised"]
    assert drive.alerts[1].reason == "arrived"
