"""A real `kawal gateway` for benchmarks and tests: its topics, a plan, registered devices, and its process."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bus import topic_admin
from bus.plan_writer import write_plans
from gateway.devices import open_devices
from models.device import Device, new_token, token_hash
from models.plan import ConvoyPlan
from models.topics import TopicSet

WAIT_S = 30.0


def plan(convoy_id: str, vehicles: Sequence[Mapping[str, object]]) -> ConvoyPlan:
    """A plan with a short route and these vehicles."""
    route = [(112.7, -7.2), (112.8, -7.3)]
    head = {"operation": "test", "timezone": "Asia/Jakarta", "convoy_id": convoy_id, "name": convoy_id, "route": route}
    return ConvoyPlan.model_validate(head | {"vehicles": vehicles})


@dataclass
class Gateway:
    """A `kawal gateway`; `tokens` are those of its devices."""

    broker: str
    topics: TopicSet
    log: Path
    tokens: dict[str, str] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a `kawal` command needs to be about the same topics."""
        return {
            "KAWAL_BROKER": self.broker,
            "KAWAL_TOPIC_PREFIX": self.topics.prefix,
            "KAWAL_PARTITIONS": str(self.topics.partitions),
            "KAWAL_GATEWAY_METRICS_PORT": "0",
            "KAWAL_GATEWAY_PORT": "0",
            "KAWAL_GATEWAY_DIR": str(self.log.parent / f"{self.log.stem}-calls"),
            **self.more,
        }

    def start(self) -> None:
        """Start it and wait until it listens."""
        command = [sys.executable, "-P", "-m", "cli", "gateway"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stderr=log, env={**os.environ, **self.environment})
        self.wait_for(lambda: "listening at" in self.text or self.process is None or self.process.poll() is not None)
        assert self.process.poll() is None, self.text

    @property
    def text(self) -> str:
        """Its log."""
        return self.log.read_text(errors="replace")

    @property
    def url(self) -> str:
        """Where it listens."""
        return str(re.findall(r"listening at (\S+)", self.text)[-1])

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.url.rsplit(":", 1)[1])

    @property
    def metrics_url(self) -> str:
        """Where its metrics are."""
        return str(re.findall(r"metrics at (\S+)", self.text)[-1])

    def path(self, form: str, device: str) -> str:
        """The URL at which a device sends a format."""
        return f"{self.url}/v1/{form}/{self.tokens[device]}"

    def wait_for(self, done: Callable[[], bool]) -> None:
        """Wait until something is so; fails after half a minute."""
        end_s = time.monotonic() + WAIT_S
        while not done():
            assert time.monotonic() < end_s, self.text
            time.sleep(0.05)

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=20)


async def prepare(
    broker: str, topics: TopicSet, plans: Sequence[ConvoyPlan], devices: Sequence[str], revoked: Sequence[str] = ()
) -> dict[str, str]:
    """Make the topics, put plans into force and register devices; returns their tokens."""
    await topic_admin.ensure(broker, topics)
    await write_plans(broker, topics, {plan.convoy_id: plan.to_json() for plan in plans})
    tokens, now = {name: new_token() for name in devices}, datetime.now(UTC)
    opened = await open_devices(broker, topics)
    await opened.write(
        Device(
            device_id=name,
            token_sha256=token_hash(token),
            created_at=now,
            revoked_at=now if name in revoked else None,
        )
        for name, token in tokens.items()
    )
    return tokens


@contextmanager
def running(gateway: Gateway) -> Iterator[Gateway]:
    """The gateway while it runs; fails if it does not end in order."""
    gateway.start()
    try:
        yield gateway
    finally:
        code = gateway.stop()
    assert code == 0, gateway.text
