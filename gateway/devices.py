"""The registered devices on their topic, and the messages of those that are not: what `kawal devices` does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer

from bus.connection import connection
from bus.dead_letters import Letter, dead_letters, mark_sent
from bus.follow import following
from gateway.directory import Assignment, Directory
from gateway.intake import DEVICE_HEADER, FORMAT_HEADER, MESSAGES_MAX, Delivery, Intake, Outcome
from gateway.metrics import Metrics
from gateway.writer import Writer
from models.dead_letter import RETRIES_MAX
from models.device import Device, new_token, token_hash
from models.topics import TopicSet

ADOPTABLE = frozenset({"unknown-device", "no-convoy"})

ADVICE: Mapping[str, str] = {
    "unknown-device": "name it in a plan's device_ids, or `kawal devices adopt {device} --vehicle VEHICLE`",
    "no-convoy": "import the plan of its vehicle, then `kawal devices adopt {device}`",
    "encrypted": "turn the encryption of its app off: TLS protects the way, and until then its vehicle is dark",
}
"""What to do about a device whose messages lead nowhere, by the code of their dead letters."""


class DeviceError(ValueError):
    """What was asked of a device cannot be done; the text says what to do instead."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A device that sends what leads nowhere, by its dead letters."""

    device_id: str
    code: str
    form: str
    messages: int
    first_ms: int
    last_ms: int

    @property
    def advice(self) -> str:
        """What to do."""
        return ADVICE[self.code].format(device=self.device_id)


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
        """Those that sent and belonged to no convoy then, nor do now; and those that nobody can read."""
        found: dict[str, Unknown] = {}
        async with aclosing(self._letters()) as letters:
            async for letter in letters:
                name = letter.header(DEVICE_HEADER)
                if letter.code in ADOPTABLE and isinstance(self.directory.assignment(name), Assignment):
                    continue
                new = Unknown(name, letter.code, letter.header(FORMAT_HEADER), 0, letter.time_ms, letter.time_ms)
                before = found.get(name, new)
                last_ms = max(before.last_ms, letter.time_ms)
                found[name] = replace(before, code=letter.code, messages=before.messages + 1, last_ms=last_ms)
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
        outcomes: list[Outcome] = []
        batch: list[Letter] = []
        async with (
            Writer(self._broker, self._topics) as writer,
            AIOKafkaProducer(**connection(self._broker), acks="all") as marks,
            aclosing(self._letters()) as letters,
        ):
            intake = Intake(self.directory, writer, self._topics, Metrics())

            async def take_in() -> None:
                outcomes.extend(await intake.take(list(map(_delivery, batch)), has_answer=False))
                await mark_sent(marks, batch)
                batch.clear()

            async for letter in letters:
                if letter.header(DEVICE_HEADER) == device_id and letter.code in ADOPTABLE:
                    if letter.retries < RETRIES_MAX:
                        batch.append(letter)
                    if len(batch) == MESSAGES_MAX:
                        await take_in()
            await take_in()
        return outcomes

    async def write(self, devices: Iterable[Device]) -> None:
        """Register devices as they are given. Raises KafkaError."""
        async with AIOKafkaProducer(**connection(self._broker), acks="all") as producer:
            sent = []
            for device in devices:
                self.directory.put(device)
                sent.append(await producer.send(self._topics.devices, device.to_json(), key=device.device_id.encode()))
            await asyncio.gather(*sent)

    async def _letters(self) -> AsyncGenerator[Letter, None]:
        """The messages that lead nowhere and were not taken in since, the oldest of each device first."""
        async with dead_letters(self._broker, self._topics, of=self._topics.gateway) as opened:
            async for letter in opened.read():
                if letter.code in ADVICE:
                    yield letter


async def open_devices(broker: str, topics: TopicSet) -> Devices:
    """Read plans and devices. Raises KafkaConnectionError, UnknownTopicOrPartitionError."""
    directory = Directory()
    async with following(broker, [topics.plans, topics.devices], from_beginning=True) as follower:
        await directory.load(follower, topics)
    return Devices(broker, topics, directory)


def _delivery(letter: Letter) -> Delivery:
    """The message of a dead letter again. Who sent it was proved when it came: the header is the gateway's own."""
    return Delivery(
        form=letter.header(FORMAT_HEADER),
        message=letter.value or b"",
        authenticated=letter.header(DEVICE_HEADER),
        retry_count=letter.retries + 1,
    )
