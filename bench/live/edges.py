"""A gateway and a console beside an operation: a crew calls for help through one, somebody takes it at the other."""

import asyncio
import json
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from bench.nemesis import MortalWorker, until
from bench.running_gateway import Gateway, prepare
from bus.connection import connection
from bus.follow import following
from models.alert import Alert
from models.alert_action import AlertAction
from models.topics import TopicSet

CONSOLE = (sys.executable, "-P", "-m", "cli", "console")
STRAY = "a-phone-of-nobody"

CALLED = 'kawal_alerts_annunciated_total{kind="sos",severity="critical"}'
TAKEN = "kawal_alert_time_to_ack_seconds_count"


class Edges:
    """Both as processes; `ports` are those of their metrics by job. End them with `end`."""

    def __init__(self, broker: str, topics: TopicSet, folder: Path) -> None:
        self._broker, self._topics, self._folder = broker, topics, folder
        self._gateway: Gateway | None = None
        self._console: MortalWorker | None = None

    async def start(self, vehicle_id: str) -> dict[str, int]:
        """Start both, with a device for a vehicle and one that no plan names; gives the ports of their metrics."""
        tokens = await prepare(self._broker, self._topics, [], [vehicle_id, STRAY])
        self._gateway = Gateway(self._broker, self._topics, self._folder / "gateway.log", tokens)
        more = {
            "KAWAL_CONSOLE_DIR": str(self._folder / "people"),
            "KAWAL_CONSOLE_PORT": "0",
            "KAWAL_CONSOLE_METRICS_PORT": "0",
        }
        console = MortalWorker(self._broker, self._topics, self._folder / "console.log", CONSOLE, more=more)
        self._console = console
        await asyncio.to_thread(self._gateway.start)
        await until(lambda: console.port() is not None, "the console's metrics")
        gateway_port = int(self._gateway.metrics_url.rpartition(":")[2].partition("/")[0])
        return {"kawal-gateway": gateway_port, "kawal-console": console.port() or 0}

    async def call_for_help(self, vehicle_id: str) -> None:
        """Send what is refused, what nobody is known by, and a call for help; wait until it sounds, and take it."""
        assert self._gateway
        assert self._console
        for device in (vehicle_id, STRAY):
            await asyncio.to_thread(self._send, self._gateway.tokens[device], vehicle_id if device != STRAY else STRAY)
        await asyncio.to_thread(self._send, "no token", STRAY)
        await self._console.until(CALLED, 1)
        await self._take(vehicle_id)
        await self._console.until(TAKEN, 1)

    def end(self) -> None:
        """End both, if they run."""
        for process in (self._gateway and self._gateway.process, self._console and self._console.process):
            if process:
                process.kill()
                process.wait()

    def _send(self, token: str, vehicle_id: str) -> None:
        assert self._gateway
        ping = {"vehicle_id": vehicle_id, "time": datetime.now(UTC).isoformat(), "sos": True}
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._gateway.url}/v1/pings", json.dumps(ping).encode(), headers)
        try:
            urllib.request.urlopen(request, timeout=30).close()
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != 401:
                raise

    async def _take(self, vehicle_id: str) -> None:
        async with following(self._broker, [self._topics.alerts], from_beginning=True) as follower:
            told = [Alert.model_validate_json(it.value or b"") async for it in follower.to_end(self._topics.alerts)]
        mine = next(it for it in told if (it.kind, it.vehicle_id) == ("sos", vehicle_id))
        action = AlertAction(
            action_id=uuid4(),
            alert_id=mine.alert_id,
            action="acknowledge",
            actor="ani",
            at_ms=round(time.time() * 1000),
            severity=mine.severity,
        )
        async with AIOKafkaProducer(**connection(self._broker)) as producer:
            await producer.send_and_wait(self._topics.alert_actions, action.to_json(), key=mine.alert_id.encode())
