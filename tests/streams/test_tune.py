"""Other limits give what the plan would give with them; the plan's own are counted as `detect` finds them."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.alert import Alert
from models.limits import RISING, Limits
from models.plan import ConvoyPlan
from streams.detect import detect
from streams.recording import Arrival
from streams.tune import (
    CLEARS,
    FACTORS,
    KIND_OF,
    Count,
    Tally,
    Trial,
    Tuned,
    as_planned,
    at_values,
    default_limits,
    ladder,
    moved,
    tune,
)
from tests.streams.convoys import at_ms, detour, ping, plan_of

PLAN = plan_of()
NAMES = sorted(set(Limits.model_fields) - {"overspeed_mps", "arrive_pct"})


def alert(**fields: object) -> Alert:
    told = {
        "alert_id": "one",
        "transition": "raised",
        "kind": "stall",
        "severity": "low",
        "convoy_id": "BTG-07",
        "onset_ms": at_ms(0),
        "at_ms": at_ms(0),
        "detected_at_ms": at_ms(0),
        "reason": "standing",
        "message": {"en": "", "id": ""},
        **fields,
    }
    return Alert.model_validate(told)


def counted(plans: Sequence[ConvoyPlan], arrivals: Sequence[Arrival]) -> Counter[str]:
    alerts = [alert for judged in detect(plans, arrivals) for alert in judged.alerts]
    return Counter(alert.kind for alert in alerts if alert.transition == "raised")


def raised(counts: dict[str, Count]) -> Counter[str]:
    return Counter({kind: count.raised for kind, count in counts.items()})


def deviations(tuned: Tuned) -> list[Count | None]:
    return [counts.get("deviation") for counts in tuned.counts]


def test_a_limit_moves_with_the_one_that_clears_it() -> None:
    limits = moved(Limits(), "deviation_raise_m", 200.0)
    assert (limits.deviation_raise_m, limits.deviation_clear_m, limits.deviation_critical_m) == (200.0, 120.0, 500.0)


def test_what_would_be_on_the_wrong_side_moves_along_however_far_the_chain_goes() -> None:
    higher = moved(Limits(), "signal_lost_s", 360.0)
    assert (higher.signal_lost_s, higher.signal_lost_medium_s, higher.signal_lost_high_s) == (360.0, 1200.0, 2400.0)
    lower = moved(Limits(), "deviation_critical_m", 50.0)
    assert (lower.deviation_clear_m, lower.deviation_raise_m, lower.deviation_critical_m) == (6.0, 10.0, 50.0)


def test_nothing_else_moves() -> None:
    limits = moved(Limits(), "stall_hold_s", 90.0)
    assert limits == Limits(stall_hold_s=90.0)
    assert moved(Limits(), "overspeed_mps", 20.0) == Limits(overspeed_mps=20.0)


@given(st.sampled_from(NAMES), st.floats(0.001, 1000.0))
def test_a_limit_that_moves_anywhere_leaves_every_pair_in_order(name: str, factor: float) -> None:
    value = factor * getattr(Limits(), name)
    limits = moved(Limits(), name, value)
    assert getattr(limits, name) == value
    assert all(getattr(limits, low) < getattr(limits, high) for low, high in RISING)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), 1e308, 5e-324])
def test_a_value_that_no_limit_can_have_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="deviation_"):
        moved(Limits(), "deviation_raise_m", value)


def test_each_convoy_gets_its_own_limit_times_the_factor() -> None:
    plans = [PLAN, plan_of("BTG-08", limits=Limits(deviation_raise_m=80))]
    trials = ladder(plans, "deviation_raise_m")
    assert [trial.factor for trial in trials] == list(FACTORS)
    values = [[trial.limits[name].deviation_raise_m for name in ("BTG-07", "BTG-08")] for trial in trials]
    assert values == [[50, 40], [75, 60], [150, 120], [200, 160]]


def test_what_no_plan_may_have_is_not_tried() -> None:
    assert [trial.factor for trial in ladder([PLAN], "arrive_pct")] == [0.5, 0.75]


def test_a_limit_that_follows_from_the_mode_is_tried_only_at_values() -> None:
    with pytest.raises(ValueError, match="say which values to try"):
        ladder([PLAN], "overspeed_mps")
    assert "overspeed_mps" not in default_limits([PLAN])
    assert "overspeed_mps" in default_limits([plan_of(limits=Limits(overspeed_mps=20))])
    (trial,) = at_values([PLAN], "overspeed_mps", [12.5])
    assert trial.limits["BTG-07"].overspeed_mps == 12.5


def test_every_limit_that_is_named_exists() -> None:
    assert {*KIND_OF, *CLEARS, *CLEARS.values()} <= set(Limits.model_fields)


def test_the_counts_are_those_of_detect_under_each_plan() -> None:
    plans = [PLAN, plan_of("BTG-08")]
    standing = [ping(s, 2800.0, convoy_id="BTG-08") for s in range(400, 651, 10)]
    arrivals = [*detour(), *detour(200.0, convoy_id="BTG-08"), *standing]
    trials = [as_planned(plans), *(trial for name in KIND_OF if name in NAMES for trial in ladder(plans, name))]
    tuned = tune(plans, trials, arrivals)
    assert tuned.counts[0]["deviation"] == Count(2, 2)
    for trial, counts in zip(trials, tuned.counts, strict=True):
        tried = [plan.model_copy(update={"limits": trial.limits[plan.convoy_id]}) for plan in plans]
        assert raised(counts) == counted(tried, arrivals), trial
    assert len({str(counts) for counts in tuned.counts}) > 3


def test_a_hold_that_the_detour_does_not_last_raises_nothing() -> None:
    trials = [as_planned([PLAN]), *at_values([PLAN], "deviation_hold_s", [60.0, 61.0])]
    tuned = tune([PLAN], trials, detour())
    assert deviations(tuned) == [Count(1, 1), Count(1, 1), None]


def test_more_pings_than_a_batch_are_one_recording() -> None:
    arrivals = [ping(s, 1000.0 + s, 300.0 if 5100 <= s < 5200 else 0.0) for s in range(5300)]
    tuned = tune([PLAN], [as_planned([PLAN])], arrivals)
    assert tuned.recording_s == 5299.0
    assert tuned.results.total() == 5300
    assert deviations(tuned) == [Count(1, 1)]


def test_a_bad_line_is_told_once_and_counted_for_the_plan_alone() -> None:
    bad = Arrival(at_ms(15), b"BTG-07", b"{}", 0, line=7)
    told: list[int] = []
    trials = [as_planned([PLAN]), *ladder([PLAN], "stall_hold_s")]
    tuned = tune([PLAN], trials, [ping(0), ping(10), bad], lambda line, reason: told.append(line))
    assert told == [7]
    assert (tuned.results["accepted"], tuned.results["dead-letter"]) == (2, 1)


def test_an_empty_recording_has_no_length_and_no_alerts() -> None:
    assert tune([PLAN], [as_planned([PLAN])], []) == ([{}], Counter(), 0.0)


def test_an_alert_counts_once_and_sounds_if_it_ever_did() -> None:
    tally = Tally()
    tally.add([alert(), alert(transition="updated", severity="high"), alert(transition="updated", severity="critical")])
    tally.add([alert(transition="cleared", severity="critical"), alert(alert_id="two")])
    assert tally.counts() == {"stall": Count(2, 1)}


def test_what_is_told_of_the_past_or_as_it_ends_does_not_sound() -> None:
    tally = Tally()
    tally.add([alert(severity="high", detected_at_ms=at_ms(901)), alert(transition="cleared", severity="high")])
    assert tally.counts() == {"stall": Count(1, 0)}


def test_the_trial_of_the_plan_has_its_limits_and_no_name() -> None:
    assert as_planned([PLAN]) == Trial("", 1.0, {"BTG-07": PLAN.limits})
