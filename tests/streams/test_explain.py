"""An episode told again, ping by ping: the values are the engine's, and what is missing is not made up."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from models.alert import Alert
from models.limits import Limits
from models.plan import ConvoyPlan
from streams.detect import detect
from streams.engine.dtypes import KINDS
from streams.explain import AROUND_MS, LASTING, Story, explain, measure_name, span_ms
from streams.recording import ESCORT, Arrival
from tests.streams.convoys import CARGO, at_ms, ping, plan_of

PLAN = plan_of(limits=Limits(signal_lost_s=600, signal_lost_medium_s=700, signal_lost_high_s=800))


def episode(plan: ConvoyPlan, arrivals: Sequence[Arrival], kind: str, until_ms: int | None = None) -> list[Alert]:
    alerts = [alert for judged in detect([plan], arrivals, until_ms) for alert in judged.alerts]
    first = next(alert for alert in alerts if alert.kind == kind)
    return [alert for alert in alerts if alert.alert_id == first.alert_id]


def story(kind: str, arrivals: Sequence[Arrival], plan: ConvoyPlan = PLAN, until_ms: int | None = None) -> Story:
    told = explain(plan, episode(plan, arrivals, kind, until_ms), arrivals)
    assert told.same
    return told


def away_and_back() -> list[Arrival]:
    """300 m beside the road from 400 to 500 s, on it before and after, from 0 to 1000 s."""
    return [ping(s, 1000.0 + 8.0 * s, 300.0 if 400 <= s < 500 else 0.0, accuracy_m=10.0) for s in range(0, 1001, 10)]


def test_a_deviation_is_told_from_before_its_onset_to_after_its_end() -> None:
    told = story("deviation", away_and_back())
    assert [alert.transition for alert in told.alerts] == ["raised", "cleared"]
    assert [sample.fix_ms for sample in told.samples] == [at_ms(s) for s in range(280, 641, 10)]
    beyond = [sample.fix_ms for sample in told.samples if sample.beyond]
    assert beyond == [at_ms(s) for s in range(400, 500, 10)]
    sample = told.samples[13]
    assert sample.value == pytest.approx(290.0, abs=3.0)
    assert sample.lateral_m == pytest.approx(300.0, abs=3.0)
    assert (sample.silence_s, sample.result, sample.accuracy_m) == (10.0, "accepted", 10.0)


def test_of_a_clock_hours_behind_the_true_times_are_told() -> None:
    late = [
        ping(s - 7200, 1000.0 + 8.0 * s, 300.0 if 400 <= s < 500 else 0.0, received_s=s, accuracy_m=10.0)
        for s in range(0, 1001, 10)
    ]
    assert story("deviation", late).samples == story("deviation", away_and_back()).samples


def test_the_value_at_the_raise_is_the_one_in_the_alert() -> None:
    for kind, arrivals in (("deviation", away_and_back()), ("stall", standing()), ("overspeed", racing())):
        told = story(kind, arrivals)
        at_raise = next(sample for sample in told.samples if sample.fix_ms == told.alerts[0].at_ms)
        assert at_raise.value == pytest.approx(told.alerts[0].value, abs=0.06)
        assert at_raise.beyond


def standing() -> list[Arrival]:
    return [ping(s, 1000.0 + 8.0 * min(s, 100)) for s in range(0, 500, 10)]


def racing() -> list[Arrival]:
    return [ping(s, 1000.0 + 38.0 * s, speed_mps=38.0) for s in range(0, 100, 10)]


def test_where_the_end_is_open_all_that_follows_is_told() -> None:
    told = story("stall", standing())
    assert told.samples[-1].fix_ms == at_ms(490)
    assert told.samples[-1].value == 390.0


def test_silence_is_measured_between_pings() -> None:
    arrivals = [ping(0, 5000.0), ping(10, 5100.0), ping(400, 6000.0), ping(410, 6100.0)]
    told = story("signal-lost", arrivals, plan_of())
    assert [sample.silence_s for sample in told.samples] == [None, 10.0, 390.0, 10.0]
    assert [sample.beyond for sample in told.samples] == [None, False, True, False]


def test_a_way_back_and_a_delay_are_measured_in_metres_and_seconds() -> None:
    back = [ping(s, 5000.0 + (15.0 * s if s <= 100 else 1500.0 - 15.0 * (s - 100))) for s in range(0, 160, 10)]
    told = story("wrong-way", back)
    assert told.samples[-1].value == pytest.approx(750.0, abs=5.0)
    plan = plan_of(depart_at="2024-11-28T00:00:00Z", arrive_by="2024-11-28T00:20:00Z")
    slow = [ping(s, 1.0 * s) for s in range(0, 1500, 10)]
    told = story("late", slow, plan)
    assert told.samples[-1].beyond
    assert told.alerts[0].kind == "late"
    assert measure_name("late") == told.measure


def test_a_missed_checkpoint_is_measured_from_its_place() -> None:
    plan = plan_of(
        checkpoints=[
            {"name": "A", "lat": 0.02, "lon": 117.0},
            {"name": "B", "lat": 0.04, "lon": 117.005, "radius_m": 100},
        ]
    )
    told = story("missed-checkpoint", [ping(s, 1000.0 + 15.0 * s) for s in range(0, 500, 10)], plan)
    values = [sample.value for sample in told.samples if sample.value is not None]
    assert any(abs(value - (told.alerts[0].value or 0.0)) < 0.1 for value in values)
    assert min(values) < 0 < max(values)


def test_an_early_departure_and_an_arrival_are_told_with_the_pings_around() -> None:
    plan = plan_of(depart_at="2024-11-28T01:00:00Z")
    early = story("early-departure", [ping(s, 15.0 * s) for s in range(0, 200, 10)], plan)
    assert early.samples[0].value is None
    assert [sample.beyond for sample in early.samples][-1]
    arrived = story("arrived", [ping(s, 9000.0 + 15.0 * s) for s in range(0, 141, 10)])
    assert arrived.samples[-1].value == pytest.approx(9000.0 + 15.0 * 140 - 11057.4, abs=1.0)


def test_a_call_for_help_and_a_made_up_position_are_yes_or_no() -> None:
    told = story("sos", [ping(s, 5000.0 + 10.0 * s, sos=s in (20, 30)) for s in range(0, 60, 10)])
    assert [sample.beyond for sample in told.samples] == [False, False, True, True, False, False]
    assert {sample.value for sample in told.samples} == {None}
    told = story("bad-position", [ping(s, 5000.0 + 10.0 * s, mock=s == 30) for s in range(0, 60, 10)])
    assert [sample.fix_ms for sample in told.samples if sample.beyond] == [at_ms(30)]
    assert {sample.value for sample in told.samples} == {None}
    frozen = [ping(s, 5000.0 + 10.0 * min(s, 50), speed_mps=10.0) for s in range(0, 130, 10)]
    told = story("bad-position", frozen)
    assert told.samples[-1].value == 70.0
    assert told.alerts[0].value == 60.0


def test_pings_that_moved_nothing_are_told_as_what_they_were() -> None:
    arrivals = away_and_back()
    strange = [
        ping(445, 4000.0, received_s=450),
        ping(431, 4000.0, received_s=450),
        ping(455, lat=None, lon=None),
        ping(456, 90_000.0),
        Arrival(at_ms(461), b"BTG-07", b"{}", 0),
    ]
    told = story("deviation", sorted([*arrivals, *strange], key=lambda arrival: arrival.received_ms))
    results = {(sample.fix_ms - at_ms(0)) / 1000: (sample.result, sample.value) for sample in told.samples}
    assert results[431.0] == ("older", None)
    assert results[455.0] == ("accepted", None)
    assert results[456.0] == ("held", None)


def test_the_pings_of_others_are_judged_and_not_told() -> None:
    escort = [replace(ping(s, 1000.0 + 8.0 * s, vehicle_id="POL-1"), rank=ESCORT) for s in range(5, 1000, 10)]
    both = sorted([*away_and_back(), *escort], key=lambda arrival: arrival.received_ms)
    assert story("deviation", both).samples == story("deviation", away_and_back()).samples


@pytest.mark.parametrize(("kind", "limit", "value"), [("separation", 500.0, 1000.0), ("unescorted", 60.0, 5.0)])
def test_a_gap_and_an_unheard_escort_are_worked_out_from_the_pings_of_both(
    kind: str, limit: float, value: float
) -> None:
    behind = [replace(ping(s, 8.0 * s, vehicle_id="POL-1"), rank=ESCORT) for s in range(5, 1000, 10)]
    both = sorted([*away_and_back(), *behind], key=lambda arrival: arrival.received_ms)
    alerts = [alert.model_copy(update={"kind": kind, "threshold": limit}) for alert in episode(PLAN, both, "deviation")]
    told = explain(PLAN, alerts, both)
    on_route = [sample for sample in told.samples if (sample.lateral_m or 0.0) < 100.0]
    for sample in on_route[:-1]:
        assert sample.value == pytest.approx(value, abs=5.0)
        assert sample.beyond == (value > limit)
    # the escort's place at the last one would take a fix that came later
    assert on_route[-1].value == (None if kind == "separation" else 5.0)


def test_pings_that_are_gone_or_another_plan_do_not_pretend_to_explain() -> None:
    arrivals = away_and_back()
    alerts = episode(PLAN, arrivals, "deviation")
    assert explain(PLAN, alerts, []) == Story(PLAN, alerts, measure_name("deviation"), [], same=False)
    assert not explain(PLAN, alerts, arrivals[42:]).same
    wider = PLAN.model_copy(update={"limits": Limits(deviation_raise_m=400)})
    assert not explain(wider, alerts, arrivals).same
    convoy_level = [alert.model_copy(update={"vehicle_id": None}) for alert in alerts]
    assert explain(PLAN, convoy_level, arrivals).samples == []


def test_a_vehicle_that_reports_rarely_is_told_over_three_intervals() -> None:
    plan = plan_of(vehicles=[CARGO.model_copy(update={"ping_interval_s": 120})])
    alerts = episode(PLAN, away_and_back(), "deviation")
    begin_ms, until_ms = span_ms(plan, alerts)
    assert alerts[0].onset_ms - begin_ms == until_ms - alerts[-1].detected_at_ms == 360_000
    begin_ms, _ = span_ms(PLAN, alerts)
    assert alerts[0].onset_ms - begin_ms == AROUND_MS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_it_is_measured_by(kind: str) -> None:
    assert measure_name(kind)


def test_kinds_without_an_end_are_those_that_are_told_once() -> None:
    assert set(KINDS) - LASTING == {"missed-checkpoint", "early-departure", "arrived"}
