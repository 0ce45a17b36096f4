"""The sample operation, live: it left twelve minutes ago, and most devices kept what they measured since."""

import asyncio
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Self

from aiokafka import AIOKafkaProducer

from bus.connection import connection
from bus.plan_writer import write_plans
from models.plan import ConvoyPlan
from models.plan_file import load_plan
from models.topics import TopicSet
from simulate.bontang import FAULTS, PLAN
from simulate.faults import Duress
from simulate.schedule import depart_from
from simulate.traffic import DEFAULT_DEPART_S, SimulatedPing, simulate

SEED = 2
AGO_S = 720
INTERVAL_S = 5
STEP_S = 0.1

ONLINE = "BTG-01"
"""The convoy that is heard; what the devices of the others measure is kept until `flush`."""

DURESS = Duress(convoy_id="MBK-04", vehicle_id="KT-8402-SX", from_s=60, duration_s=30)
POISON = (b"{", b"[]", b'{"convoy_id": 7}', None)


class LiveOperation:
    """Pings in the order of their arrival, sent to a live set; use it as `async with`. Raises aiokafka's KafkaError."""

    def __init__(self, broker: str, topics: TopicSet) -> None:
        self._topics = topics
        self._broker = broker
        self._producer = AIOKafkaProducer(**connection(broker))
        begin_s = time.time() - AGO_S
        departs = datetime.fromtimestamp(begin_s + DEFAULT_DEPART_S, UTC)
        self.plans = [_pinging(plan) for plan in depart_from(load_plan(PLAN), departs)]
        self._pings = simulate(self.plans, (*FAULTS, DURESS), int(begin_s * 1000), SEED).pings
        self._reached = 0
        self._kept: list[SimulatedPing] | None = None

    async def __aenter__(self) -> Self:
        await self._producer.start()
        await write_plans(self._broker, self._topics, {plan.convoy_id: plan.to_json() for plan in self.plans})
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def drive(self, duration_s: float) -> None:
        """Send pings as they come; what came before the first call is kept too."""
        if not self._reached:
            self._kept = list(self._due())
        end_s = time.monotonic() + duration_s
        while time.monotonic() < end_s:
            due = list(self._due())
            if self._kept is not None:
                self._kept += [ping for ping in due if ping.convoy_id != ONLINE]
                due = [ping for ping in due if ping.convoy_id == ONLINE]
            await self._send(due)
            await asyncio.sleep(STEP_S)

    async def flush(self) -> None:
        """Send what was kept, some of it twice; from now on nothing is kept."""
        kept, self._kept = self._kept or [], None
        await self._send([*kept, *kept[::10]])

    async def poison(self) -> None:
        """Send records that nobody can use."""
        for value in POISON:
            await self._producer.send_and_wait(self._topics.convoy_pings, value, key=ONLINE.encode())

    def _due(self) -> Iterable[SimulatedPing]:
        now_ms = time.time() * 1000
        while self._reached < len(self._pings) and self._pings[self._reached].received_ms <= now_ms:
            yield self._pings[self._reached]
            self._reached += 1

    async def _send(self, pings: Iterable[SimulatedPing]) -> None:
        sent = []
        for ping in pings:
            topic = self._topics.escort_pings if ping.role == "escort" else self._topics.convoy_pings
            sent.append(await self._producer.send(topic, ping.value(), key=ping.convoy_id.encode()))
        await asyncio.gather(*sent)


def _pinging(plan: ConvoyPlan) -> ConvoyPlan:
    vehicles = [vehicle.model_copy(update={"ping_interval_s": INTERVAL_S}) for vehicle in plan.vehicles]
    return plan.model_copy(update={"vehicles": vehicles})
