"""The registered devices on their topic, and the messages of those that are not: what `kawal devices` does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer

from bus.connection import connection
from bus.follow import Record, following
from gateway.directory import Assignment, Directory
from gateway.intake import DEVICE_HEADER, FORMAT_HEADER, MESSAGES_MAX, Delivery, Intake, Outcome
from gateway.metrics import Metrics
from gateway.writer import Writer
from models.dead_letter import CODE, RETRIES_MAX, RETRY_COUNT
from models.device import Device, new_token, token_hash
from models.topics import TopicSet

UNKNOWN_CODES = frozenset({"unknown-device", "no-convoy"})


class DeviceError(ValueError):
    """What was asked of a device cannot be done; the text says what to do instead."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A device that sends and belongs to no convoy, by its dead letters."""

    device_id: str
    code: str
    form: str
    messages: int
    first_ms: int
    last_ms: int


class Devices:
    """The devices of an installation, as they were when it was opened; read it with `open_devices`."""

    def __init__(self, broker: str, topics: TopicSet, directory: Directory) -> None:
        self._broker = broker
        self._topics = topics
        self.directory = directory

    async def add(self, device_id: str) -> str:
        """Register a device and return its token, which is stored nowhere. Raises DeviceError, KafkaError."""
        known = self.directory.devices.get(device_id)
        if known is not None and known.token_sha256 is not None and known.revoked_at is None:
            raise DeviceError(f"{device_id} has a token already; `kawal devices qr {device_id}` gives it another one")
        return await self.renew(device_id)

    async def renew(self, device_id: str) -> str:
        """Give a device a new token instead of any that it has, and return it. Raises KafkaError."""
        token = new_token()
        known = self.directory.devices.get(device_id)
        created_at = known.created_at if known else datetime.now(UTC)
        vehicle_id = known.vehicle_id if known else None
        hashed = token_hash(token)
        await self.write(
            [Device(device_id=device_id, token_sha256=hashed, created_at=created_at, vehicle_id=vehicle_id)]
        )
        return token

    async def revoke(self, device_id: str) -> None:
        """Refuse a device's token from now on. Raises DeviceError, KafkaError."""
        device = self.directory.devices.get(device_id)
        if device is None:
            raise DeviceError(f"{device_id} is not registered; `kawal devices list` shows those that are")
        await self.write([device.model_copy(update={"revoked_at": datetime.now(UTC)})])

    async def unknown(self) -> list[Unknown]:
        """Those that sent and belonged to no convoy then, nor do now."""
        found: dict[str, Unknown] = {}
        async for record in self._dead_letters():
            name, code, form = (_header(record, key) for key in (DEVICE_HEADER, CODE, FORMAT_HEADER))
            if isinstance(self.directory.assignment(name), Assignment):
                continue
            before = found.get(name, Unknown(name, code, form, 0, record.timestamp, record.timestamp))
            last_ms = max(before.last_ms, record.timestamp)
            found[name] = replace(before, code=code, messages=before.messages + 1, last_ms=last_ms)
        return sorted(found.values(), key=lambda one: -one.last_ms)

    async def adopt(self, device_id: str, vehicle_id: str | None) -> list[Outcome]:
        """Let a device report for a vehicle, or for the one that a plan names by now, and take in what it sent before.

        Returns what became of each message. Raises DeviceError, Unavailable, KafkaError.
        """
        if vehicle_id is not None:
            if not isinstance(self.directory.assignment(vehicle_id), Assignment):
                raise DeviceError(f"{vehicle_id} is in no convoy in force; import its plan first")
            known = self.directory.devices.get(device_id)
            device = known or Device(device_id=device_id, created_at=datetime.now(UTC))
            await self.write([device.model_copy(update={"vehicle_id": vehicle_id})])
        if not isinstance(self.directory.assignment(device_id), Assignment):
            raise DeviceError(f"No plan in force names {device_id}: say for which vehicle it is with --vehicle")
        waiting = [
            _delivery(record)
            async for record in self._dead_letters()
            if _header(record, DEVICE_HEADER) == device_id and int(_header(record, RETRY_COUNT)) < RETRIES_MAX
        ]
        outcomes: list[Outcome] = []
        async with Writer(self._broker, self._topics) as writer:
            intake = Intake(self.directory, writer, self._topics, Metrics())
            for start in range(0, len(waiting), MESSAGES_MAX):
                outcomes += await intake.take(waiting[start : start + MESSAGES_MAX])
        return outcomes

    async def write(self, devices: Iterable[Device]) -> None:
        """Register devices as they are given. Raises KafkaError."""
        async with AIOKafkaProducer(**connection(self._broker), acks="all") as producer:
            sent = []
            for device in devices:
                self.directory.put(device)
                sent.append(await producer.send(self._topics.devices, device.to_json(), key=device.device_id.encode()))
            await asyncio.gather(*sent)

    async def _dead_letters(self) -> AsyncIterator[Record]:
        """The messages of devices without a convoy, the oldest of each device first."""
        topic = self._topics.dlt(self._topics.gateway)
        async with following(self._broker, [topic], from_beginning=True) as follower:
            async for record in follower.to_end(topic):
                if _header(record, CODE) in UNKNOWN_CODES:
                    yield record


async def open_devices(broker: str, topics: TopicSet) -> Devices:
    """Read plans and devices. Raises KafkaConnectionError, UnknownTopicOrPartitionError."""
    directory = Directory()
    async with following(broker, [topics.plans, topics.devices], from_beginning=True) as follower:
        await directory.load(follower, topics)
    return Devices(broker, topics, directory)


def _header(record: Record, name: str) -> str:
    return next((value.decode(errors="replace") for key, value in reversed(record.headers) if key == name), "")


def _delivery(record: Record) -> Delivery:
    """The message of a dead letter again. Who sent it was proved when it came: the header is the gateway's own."""
    return Delivery(
        form=_header(record, FORMAT_HEADER),
        message=record.value or b"",
        authenticated=_header(record, DEVICE_HEADER),
        retry_count=int(_header(record, RETRY_COUNT)) + 1,
    )
