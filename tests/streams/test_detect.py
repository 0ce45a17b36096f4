"""Detection without Kafka: a recording gives the same alerts however it is cut, and real buses what they really did."""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.alert import Alert
from models.instants import format_instant, parse_instant
from models.plan import ConvoyPlan, Vehicle
from models.route_files import read_route
from streams.detect import BATCH, Detection, Judged, detect
from streams.recording import Arrival, read_recording
from tests.streams.convoys import START_MS, at_ms, detour, ping, plan_of, told

BUSES = Path(__file__).parents[3] / "shared" / "data" / "liverpool_bus14"
needs_buses = pytest.mark.skipif(not BUSES.is_dir(), reason="the recording of the buses is not beside this repository")
STRAYED = "1103"


def alerts_of(judged: Iterable[Judged]) -> list[Alert]:
    return [alert for batch in judged for alert in batch.alerts]


def wire(alerts: Iterable[Alert]) -> list[bytes]:
    return [alert.to_json() for alert in alerts]


def cut(arrivals: Sequence[Arrival], cuts: Iterable[int]) -> Iterator[Sequence[Arrival]]:
    begin = 0
    for end in [*sorted(set(cuts) - {0}), len(arrivals)]:
        if arrivals[begin:end]:
            yield arrivals[begin:end]
        begin = max(begin, end)


def detected(
    plans: Iterable[ConvoyPlan], batches: Iterable[Sequence[Arrival]], until_ms: int | None = None
) -> list[bytes]:
    detection = Detection(plans)
    return wire(alerts_of([*(detection.judge(batch) for batch in batches), detection.finish(until_ms)]))


def test_a_recording_is_judged_to_its_last_arrival() -> None:
    assert told(alerts_of(detect([plan_of()], detour()))) == [("deviation", "raised")]


def test_silence_is_judged_until_the_instant_that_is_asked_for() -> None:
    lost_s = 120 + 91
    assert told(alerts_of(detect([plan_of()], detour(), at_ms(lost_s - 0.001)))) == [("deviation", "raised")]
    alerts = alerts_of(detect([plan_of()], detour(), at_ms(lost_s)))
    assert told(alerts) == [("deviation", "raised"), ("signal-lost", "raised")]
    assert alerts[1].detected_at_ms == at_ms(lost_s)


def test_arrivals_after_that_instant_are_left_out() -> None:
    judged = list(detect([plan_of()], detour(), at_ms(70)))
    assert alerts_of(judged) == []
    assert sum(batch.counts["accepted"] for batch in judged) == 8


def test_an_end_before_the_first_arrival_leaves_nothing_to_judge() -> None:
    assert alerts_of(detect([plan_of()], detour(), START_MS - 1)) == []


def test_an_empty_recording_gives_no_alerts() -> None:
    assert alerts_of(detect([plan_of()], [])) == []
    assert alerts_of(detect([], detour())) == []


def test_what_became_of_each_ping_is_counted_and_the_bad_ones_are_named() -> None:
    bad = Arrival(at_ms(15), b"BTG-07", b"{}", 0, line=7)
    (judged, rest) = detect([plan_of()], [ping(0), ping(10), ping(10), bad, ping(5), ping(20, vehicle_id="X")])
    assert {name: count for name, count in judged.counts.items() if count} == {
        "accepted": 2,
        "duplicate": 1,
        "older": 1,
        "dead-letter": 1,
        "unknown-vehicle": 1,
    }
    assert [line for line, _ in judged.rejected] == [7]
    assert "convoy_id" in judged.rejected[0][1]
    assert sum(rest.counts.values()) == 0


def test_a_batch_ends_where_it_is_full() -> None:
    sizes = [sum(judged.counts.values()) for judged in detect([plan_of()], [ping(0)] * (2 * BATCH + 3))]
    assert sizes == [BATCH, BATCH, 3, 0]


@given(st.sets(st.integers(0, 40)))
@settings(deadline=None, max_examples=30)
def test_how_the_recording_is_cut_changes_no_byte(cuts: set[int]) -> None:
    arrivals = [*detour(), *detour(120), *detour(800)]
    expected = detected([plan_of()], [arrivals], at_ms(2000))
    assert len(expected) > 5
    assert detected([plan_of()], cut(arrivals, cuts), at_ms(2000)) == expected


@cache
def trips() -> list[dict[str, object]]:
    """The pings of the buses, each trip as a vehicle of its own."""
    pings = [json.loads(line) for line in (BUSES / "pings.jsonl").read_bytes().splitlines()]
    return [one | {"vehicle_id": one["trip_id"]} for one in pings]


@cache
def bus_plan() -> ConvoyPlan:
    ids = sorted({str(one["vehicle_id"]) for one in trips()})
    vehicles = [Vehicle(vehicle_id=trip, role="cargo", mode="other", ping_interval_s=24) for trip in ids]
    return plan_of("BUS-14", vehicles, timezone="Europe/London", route=read_route(BUSES / "route.geojson").line)


def arrivals_of(folder: Path, pings: Iterable[dict[str, object]]) -> list[Arrival]:
    path = folder / "pings.jsonl"
    path.write_bytes(b"".join(json.dumps(one).encode() + b"\n" for one in pings))
    return list(read_recording(path, [bus_plan()], lambda number, reason: pytest.fail(f"{number}: {reason}")))


@needs_buses
def test_of_sixteen_real_trips_only_the_one_that_left_the_route_deviates(tmp_path: Path) -> None:
    alerts = alerts_of(detect([bus_plan()], arrivals_of(tmp_path, trips())))
    deviations = [alert for alert in alerts if alert.kind == "deviation" and alert.transition != "updated"]
    assert [(alert.vehicle_id, alert.transition) for alert in deviations] == [(STRAYED, "raised"), (STRAYED, "cleared")]
    onset = format_instant(deviations[0].onset_ms)
    assert "2026-01-26T16:44:30.000Z" <= onset <= "2026-01-26T16:46:30.000Z"
    assert deviations[1].at_ms <= parse_instant("2026-01-26T16:53:00Z")


@needs_buses
@pytest.mark.parametrize("size", [1, 7, 500])
def test_the_batch_size_changes_no_byte_of_the_buses(tmp_path: Path, size: int) -> None:
    arrivals = arrivals_of(tmp_path, trips())
    expected = wire(alerts_of(detect([bus_plan()], arrivals)))
    assert detected([bus_plan()], cut(arrivals, range(0, len(arrivals), size))) == expected
    assert expected


@needs_buses
def test_a_recording_in_which_each_ping_comes_three_times_gives_the_same_alerts(tmp_path: Path) -> None:
    expected = wire(alerts_of(detect([bus_plan()], arrivals_of(tmp_path, trips()))))
    thrice = [one for one in trips() for _ in range(3)]
    assert wire(alerts_of(detect([bus_plan()], arrivals_of(tmp_path, thrice)))) == expected


@needs_buses
def test_copies_that_come_later_give_the_same_deviations(tmp_path: Path) -> None:
    later = [one | {"received": format_instant(parse_instant(str(one["time"])) + 40_000)} for one in trips()]
    first = [one | {"received": one["time"]} for one in trips()]
    both = sorted(first + later, key=lambda one: str(one["received"]))
    alerts = alerts_of(detect([bus_plan()], arrivals_of(tmp_path, both)))
    expected = alerts_of(detect([bus_plan()], arrivals_of(tmp_path, first)))
    kinds = ("deviation", "arrived")
    assert wire(a for a in alerts if a.kind in kinds) == wire(a for a in expected if a.kind in kinds)
