"""Puts plans on the plans topic and takes them off, whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Literal

from aiokafka import AIOKafkaProducer

from bus.connection import connection
from models.plan import ConvoyPlan
from models.topics import TopicSet

Change = Literal["new", "changed", "same"]


class VehicleTakenError(ValueError):
    """A vehicle or device of the plans is in another active convoy; one line for each."""


def changes(plans: Sequence[ConvoyPlan], active: Mapping[str, ConvoyPlan]) -> dict[str, Change]:
    """Say of each plan what it is beside the active ones. Raises VehicleTakenError if both cannot be."""
    others = {convoy_id: plan for convoy_id, plan in active.items() if convoy_id not in {p.convoy_id for p in plans}}
    taken = {name: plan.convoy_id for plan in others.values() for name in _names(plan)}
    faults = [
        f"{name[0]} {name[1]} of {plan.convoy_id} is in the active convoy {taken[name]}"
        for plan in plans
        for name in _names(plan)
        if name in taken
    ]
    if faults:
        raise VehicleTakenError("\n".join(faults))
    return {plan.convoy_id: _change(plan, active.get(plan.convoy_id)) for plan in plans}


async def write_plans(broker: str, topics: TopicSet, values: Mapping[str, bytes | None]) -> None:
    """Write the records of some convoys, None withdraws; in one transaction, so that readers see all or none.

    Raises aiokafka's KafkaError.
    """
    # A second importer at the same time takes over this id, and the first one's transaction fails.
    producer = AIOKafkaProducer(**connection(broker), transactional_id=f"{topics.prefix}-plans", acks="all")
    try:
        await producer.start()
        async with producer.transaction():
            sent = [await producer.send(topics.plans, value, key=key.encode()) for key, value in values.items()]
            await asyncio.gather(*sent)
    finally:
        await producer.stop()


def _names(plan: ConvoyPlan) -> list[tuple[str, str]]:
    vehicles = [("vehicle", vehicle.vehicle_id) for vehicle in plan.vehicles]
    return vehicles + [("device", device) for vehicle in plan.vehicles for device in vehicle.device_ids]


def _change(plan: ConvoyPlan, active: ConvoyPlan | None) -> Change:
    if active is None:
        return "new"
    return "same" if plan == active else "changed"
