"""Who is who: device to vehicle to convoy by the plans in force, and tokens to devices; followed as they change."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError

from bus.follow import Follower, Record
from bus.plan_reader import Plans
from models.device import Device, token_hash
from models.plan import ConvoyPlan, Role
from models.topics import TopicSet

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Assignment:
    """The vehicle that a device reports for, and its convoy."""

    vehicle_id: str
    convoy_id: str
    role: Role


Unassigned = Literal["unknown-device", "no-convoy"]


class Directory:
    """The plans in force and the registered devices."""

    def __init__(self) -> None:
        self.plans = Plans()
        self.devices: dict[str, Device] = {}
        self._by_hash: dict[str, Device] = {}
        self._assigned: dict[str, Assignment] = {}

    async def load(self, follower: Follower, topics: TopicSet) -> None:
        """Read both topics to their present ends."""
        await self.plans.load(follower, topics)
        for record in await follower.read_to_end(topics.devices):
            self._apply_device(record)
        self._assign()

    async def follow(self, follower: Follower, topics: TopicSet) -> None:
        """Take in every further record; never returns."""
        async for record in follower.follow():
            if record.topic == topics.devices:
                self._apply_device(record)
            elif self.plans.apply(record) is not None:
                self._assign()

    def authenticate(self, token: str) -> Device | None:
        """The device whose token it is, revoked or not."""
        return self._by_hash.get(token_hash(token))

    def assignment(self, device_id: str) -> Assignment | Unassigned:
        """The vehicle and convoy that a device reports for.

        A plan's `device_ids` go first, then the vehicle for which the device was adopted, then a vehicle of its name.
        """
        device = self.devices.get(device_id)
        adopted = device.vehicle_id if device else None
        found = self._assigned.get(device_id) or self._assigned.get(adopted or "")
        return found or ("no-convoy" if adopted else "unknown-device")

    def is_known(self, name: str) -> bool:
        """Whether it is the name of a device or vehicle."""
        return name in self._assigned or name in self.devices

    def is_revoked(self, device_id: str) -> bool:
        """Whether a device is registered and refused."""
        device = self.devices.get(device_id)
        return device is not None and device.revoked_at is not None

    def put(self, device: Device) -> None:
        """Register a device, or what has changed about it."""
        self._remove(device.device_id)
        self.devices[device.device_id] = device
        if device.token_sha256 is not None:
            self._by_hash[device.token_sha256] = device

    def _remove(self, device_id: str) -> None:
        old = self.devices.pop(device_id, None)
        if old is not None and old.token_sha256 is not None:
            self._by_hash.pop(old.token_sha256, None)

    def _apply_device(self, record: Record) -> None:
        device_id = (record.key or b"").decode(errors="replace")
        if record.value is None:
            self._remove(device_id)
            return
        try:
            device = Device.from_json(record.value)
        except ValidationError as error:
            log.warning("a device record was ignored: %d faults", error.error_count())
            return
        if device.device_id == device_id:
            self.put(device)

    def _assign(self) -> None:
        self._assigned = assignments(self.plans.by_convoy)


def assignments(plans: Mapping[str, ConvoyPlan]) -> dict[str, Assignment]:
    """Vehicle and convoy by the name of each device; a vehicle's own name stands for a device unless one has it."""
    found: dict[str, Assignment] = {}
    for plan in plans.values():
        for vehicle in plan.vehicles:
            mine = Assignment(vehicle.vehicle_id, plan.convoy_id, vehicle.role)
            found.setdefault(vehicle.vehicle_id, mine)
            found |= dict.fromkeys(vehicle.device_ids, mine)
    return found
