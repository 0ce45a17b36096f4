"""What an import would change, before anything is written."""

from typing import Any

import pytest

from bus.plan_writer import VehicleTakenError, changes
from models.plan import ConvoyPlan


def convoy(convoy_id: str, vehicle_id: str, *devices: str, **more: Any) -> ConvoyPlan:
    vehicle = {"vehicle_id": vehicle_id, "role": "cargo", "device_ids": devices}
    head = {"operation": "Exercise", "timezone": "Asia/Makassar", "convoy_id": convoy_id, "name": convoy_id}
    return ConvoyPlan.model_validate(head | {"route": [(117, 0), (117, 0.1)], "vehicles": [vehicle]} | more)


def test_a_plan_is_new_changed_or_the_same() -> None:
    active = {"A": convoy("A", "KT-1"), "B": convoy("B", "KT-2"), "Z": convoy("Z", "KT-9")}
    plans = [convoy("A", "KT-1"), convoy("B", "KT-2", risk="high"), convoy("C", "KT-3")]
    assert changes(plans, active) == {"A": "same", "B": "changed", "C": "new"}


def test_every_vehicle_and_device_of_another_active_convoy_is_told() -> None:
    active = {"Z": convoy("Z", "KT-9", "77"), "Y": convoy("Y", "KT-8")}
    with pytest.raises(VehicleTakenError) as caught:
        changes([convoy("A", "KT-9"), convoy("B", "KT-2", "77")], active)
    assert str(caught.value).splitlines() == [
        "vehicle KT-9 of A is in the active convoy Z",
        "device 77 of B is in the active convoy Z",
    ]


def test_a_vehicle_and_a_device_may_have_the_same_name() -> None:
    assert changes([convoy("A", "77")], {"Z": convoy("Z", "KT-9", "77")}) == {"A": "new"}
