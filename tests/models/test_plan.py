"""Plans as they stand on the topic, and their limits."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.limits import Limits
from models.plan import ConvoyPlan

LEAST: dict[str, Any] = {
    "operation": "Exercise",
    "timezone": "Asia/Makassar",
    "convoy_id": "BTG-07",
    "name": "PPK Muara Badak -> KPU Kutai Kartanegara",
    "route": [(117.245, -0.262), (117.208, -0.301)],
    "vehicles": [{"vehicle_id": "KT-8123-LM", "role": "cargo", "device_ids": ["8737767034"]}],
}


def make(**more: Any) -> ConvoyPlan:
    return ConvoyPlan.model_validate(LEAST | more)


def refusal(**more: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        make(**more)
    return str(caught.value)


def test_a_plan_survives_the_topic_byte_for_byte() -> None:
    plan = make(
        depart_at="2024-11-28T06:00:00+08:00",
        arrive_by="2024-11-28T09:00:00.123456+08:00",
        checkpoints=[{"name": "Simpang", "lat": -0.27, "lon": 117.24, "planned_at": "2024-11-27T23:10:00Z"}],
        stops=[{"name": "SPBU km 24", "lat": -0.3, "lon": 117.21}],
        no_signal=[{"from_m": 100, "to_m": 200}],
        sites=[{"kind": "POLSEK", "name": "Polsek Muara Badak", "lat": -0.29, "lon": 117.25}],
        limits={"deviation_raise_m": 150},
    )
    again = ConvoyPlan.from_json(plan.to_json())
    assert again == plan
    assert again.to_json() == plan.to_json()


def test_instants_of_a_plan_are_in_utc_on_the_topic() -> None:
    plan = json.loads(make(depart_at="2024-11-28T06:00:00+08:00").to_json())
    assert plan["depart_at"] == "2024-11-27T22:00:00.000Z"
    assert plan["arrive_by"] is None


def test_a_record_of_before_there_were_sites_is_a_plan_without_them() -> None:
    earlier = json.loads(make().to_json())
    assert earlier.pop("sites") == []
    assert ConvoyPlan.from_json(json.dumps(earlier).encode()) == make()


def test_a_field_of_a_later_version_is_ignored_on_the_topic() -> None:
    later = json.loads(make().to_json())
    later["weather"] = "rain"
    later["limits"]["rain_mm"] = 3
    later["vehicles"][0]["colour"] = "red"
    assert ConvoyPlan.from_json(json.dumps(later).encode()) == make()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"timezone": "Asia/Bontang"}, "is not an IANA timezone"),
        ({"timezone": "Asia"}, "is not an IANA timezone"),
        ({"timezone": "../etc/passwd"}, "is not an IANA timezone"),
        ({"name": "  "}, "at least 1 character"),
        ({"name": "a\x1b[2Jb"}, "must have no control character"),
        ({"convoy_id": "a|b"}, "must have no space at its ends, no | and no control character"),
        ({"convoy_id": " a"}, "must have no space"),
        ({"route": [(117.245, -0.262)]}, "at least 2 items"),
        ({"route": [(117.245, -0.262)] * 20_001}, "at most 20000 items"),
        ({"route": [(117.245, 91), (1, 2)]}, "less than or equal to 90"),
        ({"depart_at": "2024-11-28T06:00:00Z", "arrive_by": "2024-11-28T06:00:00Z"}, "must be later than depart_at"),
        ({"vehicles": [{"vehicle_id": "A", "role": "escort"}]}, "no vehicle has the role cargo"),
        ({"vehicles": [{"vehicle_id": "A", "role": "cargo"}] * 2}, "vehicle_id A occurs twice"),
        (
            {"vehicles": [{"vehicle_id": name, "role": "cargo", "device_ids": ["1"]} for name in "AB"]},
            "device id 1 occurs twice",
        ),
        ({"vehicles": [{"vehicle_id": str(n), "role": "cargo"} for n in range(65)]}, "at most 64 items"),
        ({"no_signal": [{"from_m": 5, "to_m": 5}]}, "must be larger than from_m"),
        ({"limits": {"stall_hold_s": 0}}, "greater than 0"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(more: dict[str, Any], reason: str) -> None:
    assert reason in refusal(**more)


@given(st.floats(0.1, 1e6), st.floats(0.1, 1e6))
def test_what_clears_an_alert_is_below_what_raises_it(clear_m: float, raise_m: float) -> None:
    limits = {"deviation_clear_m": clear_m, "deviation_raise_m": raise_m, "deviation_critical_m": 2e6}
    if clear_m < raise_m:
        assert Limits.model_validate(limits).deviation_raise_m == raise_m
    else:
        with pytest.raises(ValidationError, match=r"deviation_clear_m .* must be below deviation_raise_m"):
            Limits.model_validate(limits)


@pytest.mark.parametrize("name", sorted(Limits.model_fields))
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "5", True])
def test_a_limit_is_a_finite_number_above_zero(name: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        Limits.model_validate({name: value})
