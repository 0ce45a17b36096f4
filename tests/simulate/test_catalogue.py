"""Faults are ordered by name, fall where the seed says unless told, and bring what their name promises."""

from collections.abc import Sequence

import numpy as np
import pytest

from models.plan import ConvoyPlan
from simulate import faults as f
from simulate.catalogue import RECIPES, Order, make_faults, read_order, teach
from simulate.labels import label
from simulate.traffic import simulate
from tests.simulate.operations import BEGIN_MS, CARGO, DEPART_S, ESCORT, SEED, checkpoint, plan, stop

BROUGHT = {
    "detour": "deviation",
    "stop": "stall",
    "rest": None,
    "dropout": "signal-lost",
    "buffered-burst": "signal-lost",
    "duplicates": None,
    "shuffle": None,
    "teleport": None,
    "clock-error": None,
    "escort-behind": "separation",
    "escort-silent": "unescorted",
    "wrong-way": "wrong-way",
    "skipped-checkpoint": "missed-checkpoint",
    "duress": "sos",
    "overspeed": "overspeed",
    "early-departure": "early-departure",
    "frozen": "bad-position",
}


def full() -> ConvoyPlan:
    return plan(checkpoints=[checkpoint(5_000), checkpoint(9_000)], stops=[stop(6_500, 900)])


def made(text: str, plans: Sequence[ConvoyPlan] | None = None, seed: int = 1) -> Sequence[f.Fault]:
    return make_faults(plans or [full()], read_order(text), BEGIN_MS, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", RECIPES)
def test_a_fault_must_bring_what_its_name_says_and_a_harmless_one_only_the_arrivals(name: str, seed: int) -> None:
    faults = made(name, seed=seed)
    must = {one.kind for one in label(simulate([full()], faults, BEGIN_MS, SEED)) if one.must}
    if BROUGHT[name] is None:
        assert must == {"arrived"}
    else:
        assert BROUGHT[name] in must


def test_every_fault_of_the_catalogue_is_taught() -> None:
    assert [line.split()[0] for line in teach()] == list(RECIPES) == list(BROUGHT)


def test_an_order_names_convoy_vehicle_and_numbers() -> None:
    assert read_order("dropout") == Order("dropout", None, None, {})
    order = read_order("dropout:convoy=C-1,vehicle=KT-1,from_s=60,duration_s=400")
    assert order == Order("dropout", "C-1", "KT-1", {"from_s": 60.0, "duration_s": 400.0})
    assert made("dropout:vehicle=KT-1,from_s=60,duration_s=400") == [
        f.Dropout(convoy_id="C-1", vehicle_id=CARGO, from_s=DEPART_S + 60, duration_s=400)
    ]
    assert made("clock-error:vehicle=KT-1,offset_s=-300") == [
        f.ClockError(convoy_id="C-1", vehicle_id=CARGO, offset_s=-300)
    ]


def test_the_same_seed_makes_the_same_fault_and_another_seed_another() -> None:
    assert made("detour") == made("detour") != made("detour", seed=2)


def test_escorts_are_hit_together_and_a_vehicle_that_is_named_alone() -> None:
    twins = [v.model_copy(update={"vehicle_id": v.vehicle_id + x}) for v in full().vehicles for x in "ab"]
    pair = full().model_copy(update={"vehicles": twins})
    silent = made("escort-silent", [pair])
    assert [fault.vehicle_id for fault in silent if isinstance(fault, f.Dropout)] == [f"{ESCORT}a", f"{ESCORT}b"]
    assert len(made("duplicates", [pair])) == 4
    assert len(made("duplicates:vehicle=KT-1a", [pair])) == 1


def test_a_stop_keeps_away_from_the_authorised_ones() -> None:
    for seed in range(30):
        (halt,) = made("stop", seed=seed)
        assert isinstance(halt, f.Halt)
        assert abs(halt.at_m - 6_500) > 350


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("flood", "'flood' is no fault: choose from detour, stop"),
        ("detour:", None),
        ("detour:from_m", "'from_m' is no KEY=VALUE"),
        ("detour:from_m=", "'from_m=' is no KEY=VALUE"),
        ("detour:from_m=near", "from_m=near is no number"),
        ("detour:from_m=nan", "from_m=nan must be above 0"),
        ("stop:duration_s=-5", "duration_s=-5 must be above 0"),
        ("detour:depth_m=5", "detour has no depth_m: it has from_m, length_m, offset_m"),
        ("detour:convoy=C-9", r"the plan has no convoy C-9 with \*"),
        ("dropout:vehicle=KT-9", r"the plan has no convoy \* with KT-9"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(text: str, reason: str | None) -> None:
    if reason is None:
        assert made(text)
        return
    with pytest.raises(ValueError, match=reason):
        made(text)


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("rest", "stops"),
        ("skipped-checkpoint", "checkpoints"),
        ("early-departure", "a depart_at"),
        ("escort-silent", "escorts"),
        ("detour", "a route of 4 km"),
    ],
)
def test_a_plan_that_a_fault_does_not_fit_is_told_what_it_lacks(name: str, needs: str) -> None:
    bare = plan(depart_at=None, vehicles=plan().vehicles[1:], route=plan().route[:5])
    with pytest.raises(ValueError, match=f"{name} needs a convoy with {needs}: C-1 has none"):
        made(name, [bare])
