"""A gateway process for tests, on topics of its own, with a convoy and registered devices."""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bus import topic_admin
from bus.plan_writer import write_plans
from gateway.devices import Devices, open_devices
from models.plan import ConvoyPlan
from models.topics import TopicSet

KAWAL = Path(sys.executable).with_name("kawal")
WAIT_S = 30.0

VEHICLES = [
    {"vehicle_id": "TRUCK-1", "role": "cargo", "device_ids": ["1001", "1002"]},
    {"vehicle_id": "TRUCK-2", "role": "cargo", "device_ids": ["2001"]},
    {"vehicle_id": "GUARD-1", "role": "escort", "device_ids": ["3001"]},
]
DEVICES = ("1001", "1002", "2001", "3001", "GUARD-1", "stray", "orphan", "revoked", "flood")


def plan(convoy_id: str = "C-1", vehicles: list[dict[str, object]] = VEHICLES) -> ConvoyPlan:
    route = [(112.7, -7.2), (112.8, -7.3)]
    return ConvoyPlan.model_validate(
        {"operation": "test", "timezone": "Asia/Jakarta", "convoy_id": convoy_id, "name": convoy_id, "route": route}
        | {"vehicles": vehicles}
    )


@dataclass
class Gateway:
    """A running `kawal gateway`."""

    broker: str
    topics: TopicSet
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    tokens: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()

    def start(self) -> None:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [KAWAL, "gateway", *self.arguments], stderr=log, env=os.environ | self.environment
            )
        self.wait_for(lambda: "listening at" in self.text or self.process.poll() is not None)
        assert self.process.poll() is None, self.text

    @property
    def text(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def url(self) -> str:
        return re.findall(r"listening at (\S+)", self.text)[-1]

    @property
    def metrics_url(self) -> str:
        return re.findall(r"metrics at (\S+)", self.text)[-1]

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def path(self, form: str, device: str) -> str:
        return f"{self.url}/v1/{form}/{self.tokens[device]}"

    def wait_for(self, done: Callable[[], bool]) -> None:
        end_s = time.monotonic() + WAIT_S
        while not done():
            assert time.monotonic() < end_s, self.text
            time.sleep(0.05)

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=20)


async def prepare(broker: str, topics: TopicSet) -> dict[str, str]:
    await topic_admin.ensure(broker, topics)
    await write_plans(broker, topics, {"C-1": plan().to_json()})
    devices: Devices = await open_devices(broker, topics)
    tokens = {name: await devices.add(name) for name in DEVICES}
    await devices.revoke("revoked")
    return tokens


def make_gateway(broker: str, topics: TopicSet, folder: Path, **more: str) -> Gateway:
    environment = {
        "KAWAL_BROKER": broker,
        "KAWAL_TOPIC_PREFIX": topics.prefix,
        "KAWAL_PARTITIONS": str(topics.partitions),
        "KAWAL_METRICS_PORT": "0",
        "KAWAL_GATEWAY_PORT": "0",
    }
    return Gateway(broker, topics, environment | more, folder / "gateway.log")


@contextmanager
def running_gateway(broker: str, topics: TopicSet, folder: Path) -> Iterator[Gateway]:
    made = make_gateway(broker, topics, folder)
    made.tokens = asyncio.run(prepare(broker, topics))
    made.start()
    yield made
    assert made.stop() == 0, made.text
