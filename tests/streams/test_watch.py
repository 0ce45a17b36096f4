"""A watch over convoys: whatever happens to plans, batches and processes, the alerts are those of the records."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numba
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.alert import Alert
from models.plan import VEHICLES_MAX, ConvoyPlan, Vehicle
from models.topics import partition_of
from streams.recording import Arrival
from streams.state import VERSION, StateVersionError
from streams.watch import FORGET_MS, RESULTS, TIDY_PERIOD_MS, UNPLANNED_MAX, Watch
from tests.streams.convoys import CARGO, ESCORT, advance, at_ms, detour, judge, ping, plan_of, tick, told, watch_over

compiled_only = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="days, second by second, take minutes uncompiled")

DAY_S = FORGET_MS / 1000
HOUR_S = TIDY_PERIOD_MS / 1000
BTG_08 = plan_of("BTG-08", [CARGO.model_copy(update={"vehicle_id": "KT-8"})])
WITHOUT_CARGO = plan_of(vehicles=[CARGO.model_copy(update={"vehicle_id": "KT-2"}), ESCORT])


def results(watch: Watch, arrivals: Sequence[Arrival]) -> list[str]:
    return [RESULTS[result] for result in advance(watch, arrivals).results]


def wire(alerts: Iterable[Alert]) -> list[bytes]:
    return [alert.to_json() for alert in alerts]


def by_convoy(alerts: Iterable[Alert]) -> dict[str, list[bytes]]:
    """What the topic promises: the order within a key."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for alert in alerts:
        found[alert.convoy_id].append(alert.to_json())
    return dict(found)


# Plans come and go.


def test_before_its_plan_a_vehicle_is_counted_and_raises_nothing() -> None:
    watch = Watch()
    assert results(watch, detour()) == ["unknown-vehicle"] * 13
    assert judge(watch, [tick(2000)]) == []
    assert watch.received_count("BTG-07", CARGO.vehicle_id) == 13
    assert watch.status("BTG-07") is None


def test_when_its_plan_comes_the_newest_fix_is_known_and_older_ones_are_not_taken_for_new() -> None:
    watch = Watch()
    judge(watch, [ping(0, 1000), ping(100, 2500), ping(50, 1750)])
    watch.put_plan(plan_of())
    assert results(watch, [ping(100, 2500), ping(90, 2350), ping(110, 2650)]) == ["duplicate", "older", "accepted"]
    assert watch.received_count("BTG-07", CARGO.vehicle_id) == 6
    status = watch.status("BTG-07")
    assert status is not None
    assert status.vehicles[0].time_ms == at_ms(110)


def test_a_vehicle_heard_only_before_its_plan_came_is_missed_from_the_last_word_on() -> None:
    watch = Watch()
    judge(watch, [ping(0, 1000)])
    watch.put_plan(plan_of(depart_at="2024-11-27T20:00:00Z"))
    (alert,) = judge(watch, [tick(200)])
    assert (alert.kind, alert.onset_ms, alert.at_ms) == ("signal-lost", at_ms(0), at_ms(91))


def test_alerts_of_a_vehicle_that_left_the_plan_are_cleared_at_the_next_whole_second() -> None:
    watch = watch_over(plan_of())
    raised = judge(watch, [*detour(), tick(120)])
    assert told(raised) == [("deviation", "raised")]
    watch.put_plan(WITHOUT_CARGO)
    assert judge(watch, [ping(120.4, vehicle_id=ESCORT.vehicle_id)]) == []
    (cleared,) = judge(watch, [ping(121.4, vehicle_id=ESCORT.vehicle_id)])
    assert (cleared.transition, cleared.reason, cleared.at_ms) == ("cleared", "plan-changed", at_ms(121))
    assert cleared.alert_id == raised[0].alert_id
    assert (cleared.value, cleared.peak) == (None, raised[0].peak)
    assert watch.open_alerts() == Counter()


def test_a_vehicle_that_left_the_plan_is_forgotten_and_its_row_starts_blank_for_the_next() -> None:
    watch = watch_over(plan_of())
    judge(watch, detour())
    watch.put_plan(WITHOUT_CARGO)
    judge(watch, [tick(130)])
    assert watch.received_count("BTG-07", CARGO.vehicle_id) == 0
    fresh = watch_over(WITHOUT_CARGO)
    judge(fresh, [tick(0), tick(130)])
    later = [ping(130 + 10 * k, 5000 + 150 * k, 300.0 * (k > 3), vehicle_id="KT-2") for k in range(12)]
    assert wire(judge(watch, later)) == wire(judge(fresh, later))
    assert watch.dump("BTG-07") == fresh.dump("BTG-07")


def test_a_vehicle_that_left_the_plan_and_is_back_before_the_next_second_keeps_its_alert() -> None:
    watch = watch_over(plan_of())
    judge(watch, [*detour(), tick(120)])
    watch.put_plan(WITHOUT_CARGO)
    assert judge(watch, [ping(120.4, vehicle_id=ESCORT.vehicle_id)]) == []
    watch.put_plan(plan_of())
    assert judge(watch, [tick(125)]) == []
    assert watch.open_alerts() == Counter(high=1)
    watch.put_plan(WITHOUT_CARGO)
    assert told(judge(watch, [tick(126)])) == [("deviation", "cleared")]


def test_a_vehicle_without_alerts_that_left_the_plan_is_forgotten_at_once() -> None:
    watch = watch_over(plan_of())
    judge(watch, [ping(0), ping(0, vehicle_id=ESCORT.vehicle_id)])
    watch.put_plan(WITHOUT_CARGO)
    judge(watch, [tick(1)])
    assert watch.received_count("BTG-07", CARGO.vehicle_id) == 0
    assert watch.received_count("BTG-07", ESCORT.vehicle_id) == 1


def test_a_withdrawn_convoy_is_cleared_and_then_forgotten() -> None:
    watch = watch_over(plan_of())
    judge(watch, detour())
    watch.take_changed()
    watch.withdraw_plan("BTG-07")
    assert watch.status("BTG-07") is None
    (cleared,) = judge(watch, [tick(121)])
    assert (cleared.transition, cleared.reason) == ("cleared", "plan-withdrawn")
    assert watch.take_changed() == ["BTG-07"]
    assert watch.dump("BTG-07") is None
    assert watch.received_count("BTG-07", CARGO.vehicle_id) == 0


def test_a_withdrawn_convoy_that_is_put_again_starts_anew() -> None:
    watch = watch_over(plan_of())
    judge(watch, detour())
    watch.withdraw_plan("BTG-07")
    judge(watch, [tick(200)])
    watch.put_plan(plan_of())
    fresh = watch_over(plan_of())
    assert wire(judge(watch, detour(300))) == wire(judge(fresh, detour(300)))
    assert watch.dump("BTG-07") == fresh.dump("BTG-07")


def test_withdrawing_what_is_not_there_changes_nothing() -> None:
    watch = watch_over(plan_of())
    judge(watch, [ping(0)])
    watch.take_changed()
    watch.withdraw_plan("BTG-99")
    assert watch.take_changed() == []


@given(st.lists(st.integers(0, 13), max_size=4))
@settings(deadline=None, max_examples=20)
def test_the_same_plan_put_again_changes_nothing(places: list[int]) -> None:
    once, again = watch_over(plan_of(), BTG_08), watch_over(plan_of(), BTG_08)
    expected: list[Alert] = []
    alerts: list[Alert] = []
    for place, arrival in enumerate([*detour(), tick(700)]):
        if place in places:
            again.put_plan(plan_of())
        expected += judge(once, [arrival])
        alerts += judge(again, [arrival])
    assert wire(alerts) == wire(expected)
    assert again.dump("BTG-07") == once.dump("BTG-07")


def test_a_new_route_is_matched_anew() -> None:
    watch = watch_over(plan_of())
    judge(watch, [ping(s, 1000 + 15 * s) for s in range(0, 100, 10)])
    watch.put_plan(plan_of(route=[(117.01, 0.0), (117.01, 0.1)]))
    alerts = judge(watch, [ping(s, 1000 + 15 * s) for s in range(100, 200, 10)])
    assert told(alerts)[:1] == [("deviation", "raised")]
    assert alerts[0].severity == "critical"


def test_a_plan_whose_route_has_no_length_is_refused_and_the_one_before_stays() -> None:
    watch = watch_over(plan_of())
    with pytest.raises(ValueError, match="all in one place"):
        watch.put_plan(plan_of(route=[(117.0, 0.0), (117.0, 0.0)]))
    assert told(judge(watch, detour())) == [("deviation", "raised")]


# Unknown vehicles.


def test_unknown_vehicles_of_a_convoy_are_bounded_and_planned_ones_still_find_room() -> None:
    watch = watch_over(plan_of())
    flood = [ping(0, vehicle_id=f"X{k}") for k in range(2 * VEHICLES_MAX + 20)]
    assert set(results(watch, flood)) == {"unknown-vehicle"}
    remembered = [watch.received_count("BTG-07", f"X{k}") for k in range(len(flood))]
    assert sum(remembered) == 2 * VEHICLES_MAX
    assert results(watch, [ping(1)]) == ["accepted"]
    assert results(watch, [ping(2, vehicle_id=f"X{len(flood) - 1}")]) == ["unknown-vehicle"]


def test_unknown_vehicles_of_all_convoys_are_bounded_and_counted_right() -> None:
    watch = watch_over(plan_of())
    flood = [ping(0, convoy_id=f"C{k // 100}", vehicle_id=f"X{k}") for k in range(UNPLANNED_MAX + 5)]
    judge(watch, flood)
    counts = [watch.received_count(f"C{k // 100}", f"X{k}") for k in range(len(flood))]
    assert counts == [1] * UNPLANNED_MAX + [0] * 5
    assert results(watch, [ping(1), ping(1, vehicle_id="X")]) == ["accepted", "unknown-vehicle"]
    assert watch.received_count("BTG-07", "X") == 0
    watch.put_plan(plan_of("C0", [CARGO.model_copy(update={"vehicle_id": f"X{k}"}) for k in range(64)]))
    judge(watch, [ping(2, vehicle_id=f"Y{k}", convoy_id="C300") for k in range(65)])
    assert sum(watch.received_count("C300", f"Y{k}") for k in range(65)) == 64


@compiled_only
def test_who_is_in_no_plan_is_forgotten_a_day_after_the_last_word() -> None:
    watch = watch_over(BTG_08)
    judge(watch, [ping(0), ping(50)])
    judge(watch, [tick(50 + DAY_S)])
    assert watch.received_count("BTG-07", CARGO.vehicle_id) == 2
    watch.take_changed()
    judge(watch, [tick(51 + DAY_S + HOUR_S)])
    assert watch.received_count("BTG-07", CARGO.vehicle_id) == 0
    assert watch.take_changed() == ["BTG-07"]
    assert watch.dump("BTG-07") is None


@compiled_only
def test_a_planned_vehicle_is_not_forgotten_however_long_it_is_silent() -> None:
    watch = watch_over(plan_of())
    judge(watch, detour())
    judge(watch, [tick(3 * DAY_S)])
    assert watch.received_count("BTG-07", CARGO.vehicle_id) == 13
    assert told(judge(watch, [ping(3 * DAY_S + 1, 3000)])) == [("signal-lost", "cleared")]


@compiled_only
@pytest.mark.parametrize("size", [1, 1000])
def test_a_vehicle_arrives_once_whatever_it_does_days_later(size: int) -> None:
    watch = watch_over(plan_of(vehicles=[CARGO]), BTG_08)
    arrivals = [ping(s, 15.0 * s) for s in range(0, 750, 10)]
    arrivals += [ping(26 * HOUR_S, vehicle_id="KT-8", convoy_id="BTG-08"), tick(27.5 * HOUR_S)]
    arrivals += [ping(28 * HOUR_S + s, 11_050.0 + s) for s in range(0, 60, 10)]
    alerts = [alert for k in range(0, len(arrivals), size) for alert in judge(watch, arrivals[k : k + size])]
    assert [alert.transition for alert in alerts if alert.vehicle_id == CARGO.vehicle_id] == ["raised"]
    assert watch.received_count("BTG-07", CARGO.vehicle_id) == 81


# What is saved.


def test_only_what_changed_is_named_and_once() -> None:
    watch = watch_over(plan_of(), BTG_08)
    assert watch.take_changed() == ["BTG-07", "BTG-08"]
    judge(watch, [ping(0), ping(1, vehicle_id="KT-8", convoy_id="BTG-08"), ping(2, convoy_id="BTG-09")])
    assert watch.take_changed() == ["BTG-07", "BTG-08", "BTG-09"]
    assert watch.take_changed() == []
    judge(watch, [tick(3)])
    assert watch.take_changed() == []
    judge(watch, [ping(4)])
    assert watch.take_changed() == ["BTG-07"]


def test_what_silence_decides_is_a_change() -> None:
    watch = watch_over(plan_of())
    judge(watch, [ping(s, 1000 + 15 * s) for s in range(0, 50, 10)])
    watch.take_changed()
    assert told(judge(watch, [tick(140)])) == [("signal-lost", "raised")]
    assert watch.take_changed() == ["BTG-07"]


def test_nothing_is_dumped_of_a_convoy_that_was_never_heard() -> None:
    watch = watch_over(plan_of())
    judge(watch, [tick(0)])
    assert watch.dump("BTG-07") is None
    assert watch.dump("BTG-99") is None


def test_the_state_of_a_newer_version_stops_the_loading() -> None:
    watch = watch_over(plan_of())
    judge(watch, detour())
    value = watch.dump("BTG-07")
    assert value is not None
    with pytest.raises(StateVersionError):
        Watch().load("BTG-07", bytes((VERSION + 1,)) + value[1:])


def saved(watch: Watch, states: dict[str, bytes]) -> None:
    """What a checkpoint does."""
    for convoy_id in watch.take_changed():
        value = watch.dump(convoy_id)
        if value is None:
            states.pop(convoy_id, None)
        else:
            states[convoy_id] = value


def taken_over(states: dict[str, bytes], plans: dict[str, ConvoyPlan]) -> Watch:
    """What a worker does when it takes over a partition."""
    watch = watch_over(*plans.values())
    for convoy_id, value in states.items():
        watch.load(convoy_id, value)
    return watch


@pytest.mark.parametrize("swept", [False, True])
def test_a_crash_after_a_withdrawal_leaves_nothing_behind(swept: bool) -> None:
    watch, states = watch_over(plan_of()), {}
    judge(watch, [*detour(), tick(120)])
    saved(watch, states)
    watch.withdraw_plan("BTG-07")
    alerts = judge(watch, [tick(121) if swept else tick(120.5)])
    saved(watch, states)
    assert bool(states) != swept
    second = taken_over(states, {})
    alerts += judge(second, [tick(122)])
    assert [(alert.transition, alert.reason) for alert in alerts] == [("cleared", "plan-withdrawn")]
    saved(second, states)
    assert states == {}


def test_a_plan_withdrawn_while_no_worker_ran_is_noticed() -> None:
    watch, states = watch_over(plan_of()), {}
    judge(watch, detour())
    saved(watch, states)
    second = taken_over(states, {})
    assert [(alert.transition, alert.reason) for alert in judge(second, [tick(122)])] == [("cleared", "plan-withdrawn")]
    saved(second, states)
    assert states == {}


def test_unknown_vehicles_are_counted_on_after_a_crash() -> None:
    watch, states = Watch(), {}
    judge(watch, [ping(0, vehicle_id=f"X{k}", convoy_id=f"C{k}") for k in range(200)])
    saved(watch, states)
    second = taken_over(states, {})
    judge(second, [ping(1, vehicle_id=f"Y{k}", convoy_id=f"D{k // 100}") for k in range(UNPLANNED_MAX - 190)])
    counts = [second.received_count(f"D{k // 100}", f"Y{k}") for k in range(UNPLANNED_MAX - 190)]
    assert counts == [1] * (UNPLANNED_MAX - 200) + [0] * 10


VEHICLES = (("BTG-07", CARGO), ("BTG-07", ESCORT), ("BTG-08", BTG_08.vehicles[0]))
STOP = {"name": "SPBU", "lat": 2000 / 110_574.3, "lon": 117.0, "radius_m": 120, "max_dwell_s": 100}
PLANS = {
    "BTG-07": plan_of(stops=[STOP], risk="high"),
    "BTG-08": plan_of("BTG-08", BTG_08.vehicles, no_signal=[{"from_m": 2500, "to_m": 3000}]),
}


@dataclass
class Step:
    """A vehicle moves, and maybe its ping comes; or only time passes."""

    vehicle: int | None
    after_s: float
    moved_m: float
    aside_m: float
    delay_s: float = 0.0
    more: dict[str, object] | None = None


def arrivals_of(steps: Iterable[Step]) -> list[Arrival]:
    now_s, along_m = 0.0, [1000.0, 1000.0, 1000.0]
    arrivals = []
    for step in steps:
        now_s += step.after_s
        if step.vehicle is None:
            arrivals.append(tick(now_s))
            continue
        along_m[step.vehicle] += step.moved_m
        convoy_id, vehicle = VEHICLES[step.vehicle]
        ids = {"vehicle_id": vehicle.vehicle_id, "convoy_id": convoy_id}
        arrivals.append(
            ping(now_s - step.delay_s, along_m[step.vehicle], step.aside_m, now_s, **ids, **(step.more or {}))
        )
    return arrivals


STEPS = st.builds(
    Step,
    vehicle=st.sampled_from([0, 0, 0, 1, 2, 2, None]),
    after_s=st.sampled_from([0.3, 1.0, 7.0, 10.0, 10.0, 25.5, 60.0, 100.0, 320.0]),
    moved_m=st.sampled_from([0.0, 0.0, 150.0, 150.0, 400.0, -100.0]),
    aside_m=st.sampled_from([0.0, 0.0, 0.0, 150.0, 300.0, 300.0, 700.0]),
    delay_s=st.sampled_from([0.0, 0.0, 0.0, 0.7, 15.0, 200.0]),
    more=st.sampled_from([None, None, None, {"lat": None, "lon": None}, {"sos": True}, {"accuracy_m": 40}]),
)
OTHERS = [Step(2, 0.3, 150, 0), *[Step(2, 25, 150, 0)] * 21]
STANDING_AND_SILENT = [Step(0, 10, 0, 0)] * 3 + OTHERS + [Step(0, 0.3, 400, 0)] * 3
DRIVING_AND_SILENT = [Step(0, 10, 150, 0)] * 4 + OTHERS + [Step(0, 0.3, 150, 0)] * 3
OFF_AND_SILENT = [Step(0, 10, 150, 300)] * 8 + OTHERS + [Step(0, 10, 150, 0)] * 6


def ends(watch: Watch) -> list[object]:
    """What must be the same at the end, however it came about."""
    counts = [watch.received_count(convoy_id, vehicle.vehicle_id) for convoy_id, vehicle in VEHICLES]
    return [counts, watch.open_alerts(), watch.status("BTG-07"), watch.status("BTG-08")]


OTHER_PLANS = {
    "as before": PLANS["BTG-07"],
    "without the cargo": plan_of(vehicles=[ESCORT.model_copy(update={"role": "cargo"})]),
    "another route": plan_of(route=[(117.003, 0.0), (117.003, 0.1)]),
    "withdrawn": None,
}
PLACES = st.integers(0, 39)


def change(watch: Watch, plan: ConvoyPlan | None) -> None:
    if plan is None:
        watch.withdraw_plan("BTG-07")
    else:
        watch.put_plan(plan)


@given(
    st.lists(STEPS, min_size=5, max_size=40),
    st.dictionaries(PLACES, st.booleans()),
    st.dictionaries(PLACES, st.sampled_from(sorted(OTHER_PLANS)), max_size=3),
)
@example(STANDING_AND_SILENT, {22: False, 24: True}, {})
@example(DRIVING_AND_SILENT, {24: False, 25: True}, {})
@example(OFF_AND_SILENT, {28: False, 29: True, 33: True}, {})
@settings(deadline=None, max_examples=60)
def test_a_crash_after_any_checkpoint_changes_nothing(
    steps: list[Step], checkpoints: dict[int, bool], changes: dict[int, str]
) -> None:
    arrivals, plans = arrivals_of(steps), dict[str, ConvoyPlan | None](PLANS)
    whole, watch, states = watch_over(*PLANS.values()), watch_over(*PLANS.values()), {}
    expected: list[Alert] = []
    alerts: list[Alert] = []
    for place, arrival in enumerate(arrivals):
        if place in changes:
            plans["BTG-07"] = OTHER_PLANS[changes[place]]
            change(watch, plans["BTG-07"])
            change(whole, plans["BTG-07"])
        expected += judge(whole, [arrival])
        alerts += judge(watch, [arrival])
        if place in checkpoints:
            saved(watch, states)
        if checkpoints.get(place):
            watch = taken_over(states, {convoy_id: plan for convoy_id, plan in plans.items() if plan is not None})
    last = [tick((arrivals[-1].received_ms - at_ms(0)) / 1000 + 100)]
    assert by_convoy(alerts + judge(watch, last)) == by_convoy(expected + judge(whole, last))
    assert ends(watch) == ends(whole)


@given(st.lists(STEPS, min_size=5, max_size=40), st.sets(st.integers(1, 39)))
@settings(deadline=None, max_examples=40)
def test_batches_may_be_cut_anywhere(steps: list[Step], cuts: set[int]) -> None:
    arrivals = arrivals_of(steps)
    whole, watch = watch_over(*PLANS.values()), watch_over(*PLANS.values())
    places = [0, *sorted(cut for cut in cuts if cut < len(arrivals)), len(arrivals)]
    alerts = [alert for a, b in pairwise(places) for alert in judge(watch, arrivals[a:b])]
    assert wire(alerts) == wire(judge(whole, arrivals))
    assert ends(watch) == ends(whole)


@given(st.lists(STEPS, min_size=5, max_size=40))
@settings(deadline=None, max_examples=40)
def test_two_watches_that_share_the_convoys_decide_the_same_as_one(steps: list[Step]) -> None:
    arrivals = [arrival for step in arrivals_of(steps) for arrival in (tick_before(step), step)]
    whole = watch_over(*PLANS.values())
    shares = [watch_over(PLANS["BTG-07"]), watch_over(PLANS["BTG-08"])]
    assert partition_of(b"BTG-07", 2) != partition_of(b"BTG-08", 2)
    alerts: list[Alert] = []
    for arrival in arrivals:
        mine = range(2) if arrival.rank == 2 else [["BTG-07", "BTG-08"].index(arrival.key.decode())]
        alerts += [alert for share in mine for alert in judge(shares[share], [arrival])]
    assert by_convoy(alerts) == by_convoy(judge(whole, arrivals))


def tick_before(arrival: Arrival) -> Arrival:
    """The tick of the whole second before a record: it comes in every partition."""
    return Arrival((arrival.received_ms - 1) // 1000 * 1000, b"", b"", 2)


@given(st.lists(STEPS, min_size=5, max_size=60))
@settings(deadline=None, max_examples=40)
def test_every_ping_is_counted_and_every_episode_is_raised_once_and_then_cleared(steps: list[Step]) -> None:
    arrivals = arrivals_of(steps)
    watch = watch_over(*PLANS.values())
    open_ids: set[str] = set()
    for alert in judge(watch, arrivals):
        assert (alert.alert_id in open_ids) == (alert.transition != "raised")
        if alert.transition == "cleared" or alert.kind == "arrived":
            open_ids.discard(alert.alert_id)
        else:
            open_ids.add(alert.alert_id)
    assert sum(watch.open_alerts().values()) == len(open_ids)
    counts = Counter(step.vehicle for step in steps)
    for number, (convoy_id, vehicle) in enumerate(VEHICLES):
        assert watch.received_count(convoy_id, vehicle.vehicle_id) == counts[number]


def test_more_vehicles_than_rows_at_first_are_all_watched() -> None:
    convoys = [plan_of(f"C{k}", [Vehicle(vehicle_id=f"V{v}", role="cargo") for v in range(50)]) for k in range(4)]
    watch = watch_over(*convoys)
    pings = [
        ping(s, 1000 + 15 * s, 300.0 * (v == 7), vehicle_id=f"V{v}", convoy_id=f"C{k}")
        for s in range(0, 40, 10)
        for k in range(4)
        for v in range(50)
    ]
    alerts = judge(watch, pings)
    assert sorted((alert.convoy_id, alert.vehicle_id, alert.kind) for alert in alerts) == [
        (f"C{k}", "V7", "deviation") for k in range(4)
    ]
