# ruff: noqa: E501 (sentences in two languages, and scripts, read better whole)
"""A stage for the browser tests: an operation under way on real topics, a worker's heartbeat, a console to look at it."""

import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from geopy.distance import great_circle

from bus import topic_admin
from models.alert import Alert, Message, Nearest, alert_id
from models.convoy_status import ConvoyStatus, VehicleStatus
from models.plan import ConvoyPlan
from models.plan_file import load_plan
from models.topics import TopicSet
from simulate.bontang import PLAN
from simulate.schedule import depart_from

Result = TypeVar("Result")
PASSWORD = "kata-sandi-piket"
PEOPLE = {"sari": "supervisor", "budi": "operator", "tamu": "viewer", "meja": "report-desk"}
LINE_ABREAST_M = 70.0


class Route:
    """A plan's route, to put vehicles on."""

    def __init__(self, plan: ConvoyPlan) -> None:
        self.points = [(lat, lon) for lon, lat in plan.route]
        self.marks = [0.0]
        for before, after in zip(self.points, self.points[1:], strict=False):
            self.marks.append(self.marks[-1] + great_circle(before, after).m)

    def at(self, metres: float) -> tuple[float, float]:
        """Latitude and longitude so far along."""
        i = max(n for n, mark in enumerate(self.marks[:-1]) if mark <= max(0.0, metres))
        share = min(1.0, (metres - self.marks[i]) / (self.marks[i + 1] - self.marks[i]))
        (lat, lon), (next_lat, next_lon) = self.points[i], self.points[i + 1]
        return lat + share * (next_lat - lat), lon + share * (next_lon - lon)


def status_of(plan: ConvoyPlan, share: float, at_ms: int, links: dict[str, str]) -> ConvoyStatus:
    """The convoy so far along its route, its vehicles one behind the other in the plan's order."""
    route = Route(plan)
    length = route.marks[-1]
    vehicles = []
    for place, vehicle in enumerate(plan.vehicles):
        link = links.get(vehicle.vehicle_id, "live")
        age_s = {"live": 4, "late": 48, "stale": 840, "lost": 2400}[link]
        progress = max(0.0, share * length - place * LINE_ABREAST_M - (age_s * 3 if link != "live" else 0))
        lat, lon = route.at(progress)
        vehicles.append(
            VehicleStatus(
                vehicle_id=vehicle.vehicle_id, role=vehicle.role, time=at_ms - age_s * 1000, lat=lat, lon=lon,
                speed_mps=11.5, heading_deg=212.0, progress_m=progress, lateral_m=3.2, link=link, battery_pct=81,
            )
        )  # fmt: skip
    lateness_s = 190.0 if share < 0.6 else -40.0
    eta_ms = at_ms + round((1 - share) * length / 10.5 * 1000)
    return ConvoyStatus(
        convoy_id=plan.convoy_id, at=at_ms, state="under-way", progress_m=share * length, route_length_m=length,
        eta=eta_ms, lateness_s=lateness_s, open_alerts=[], vehicles=vehicles,
    )  # fmt: skip


class Stage:
    """Topics, a producer and a beating worker on a thread of their own; consoles are processes."""

    def __init__(self, broker: str, prefix: str, folder: Path) -> None:
        self.broker = broker
        self.topics = TopicSet(prefix, 2)
        self.folder = folder
        self.is_beating = threading.Event()
        self.is_beating.set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        first = datetime.fromtimestamp(time.time() - 32 * 60, UTC).replace(second=0, microsecond=0)
        self.plans = depart_from(load_plan(PLAN), first)
        self.call(self._start())

    def call(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run on the stage's thread and wait."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _start(self) -> None:
        await topic_admin.ensure(self.broker, self.topics)
        self.producer = AIOKafkaProducer(bootstrap_servers=self.broker)
        await self.producer.start()
        self._beat = asyncio.create_task(self._worker())

    async def _worker(self) -> None:
        """What the console sees of a worker: each second a tick a partition, written, read and committed."""
        parts = [TopicPartition(self.topics.ticks, number) for number in range(self.topics.partitions)]
        group = self.topics.worker_group
        async with AIOKafkaConsumer(bootstrap_servers=self.broker, group_id=group, enable_auto_commit=False) as reader:
            reader.assign(parts)
            while True:
                if self.is_beating.is_set():
                    sent = [
                        await self.producer.send_and_wait(part.topic, b"", partition=part.partition) for part in parts
                    ]
                    await reader.commit({part: it.offset + 1 for part, it in zip(parts, sent, strict=True)})
                await asyncio.sleep(1)

    def close(self) -> None:
        """End the worker and the producer."""

        async def end() -> None:
            self._beat.cancel()
            await self.producer.stop()

        self.call(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def send(self, topic: str, records: Iterable[tuple[str, bytes | None]]) -> None:
        """Produce records and wait until the broker has them."""

        async def run() -> None:
            for delivery in [await self.producer.send(topic, value, key.encode()) for key, value in records]:
                await delivery

        self.call(run())

    def alerts(self, *alerts: Alert) -> None:
        """Let alerts come."""
        self.send(self.topics.alerts, [(alert.convoy_id, alert.to_json()) for alert in alerts])

    def statuses(self, *statuses: ConvoyStatus) -> None:
        """Let statuses come."""
        self.send(self.topics.convoys, [(status.convoy_id, status.to_json()) for status in statuses])

    def raise_plans(self, plans: Iterable[ConvoyPlan]) -> None:
        """Import plans."""
        self.send(self.topics.plans, [(plan.convoy_id, plan.to_json()) for plan in plans])


class ConsoleProcess:
    """`kawal console` on a stage; `with` starts and ends it. The port stays the same over a restart."""

    def __init__(self, stage: Stage, port: int = 0, gateways: str = "") -> None:
        self.environment = os.environ | {
            "KAWAL_BROKER": stage.broker, "KAWAL_TOPIC_PREFIX": stage.topics.prefix, "KAWAL_PARTITIONS": "2",
            "KAWAL_CONSOLE_DIR": str(stage.folder), "KAWAL_CONSOLE_PORT": str(port), "KAWAL_CONSOLE_METRICS_PORT": "0",
            "KAWAL_CONSOLE_GATEWAYS": gateways,
        }  # fmt: skip

    def add_people(self) -> None:
        """Add one person a role."""
        for name, role in PEOPLE.items():
            command = [sys.executable, "-m", "cli", "users", "add", name, "--role", role]
            subprocess.run(
                command, env=self.environment, input=f"{PASSWORD}\n", text=True, check=True, capture_output=True
            )

    def __enter__(self) -> "ConsoleProcess":
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cli", "console"], env=self.environment, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stderr is not None
        self.said = []
        for line in self.process.stderr:
            self.said.append(line)
            if found := re.search(r"Console at (http\S+)", line):
                self.url = found.group(1)
                self.environment["KAWAL_CONSOLE_PORT"] = self.url.rstrip("/").rsplit(":", 1)[1]
                self._listener = threading.Thread(target=self._listen, args=(self.process.stderr,))
                self._listener.start()
                return self
        raise AssertionError("".join(self.said))

    def _listen(self, stream: Iterable[str]) -> None:
        self.said.extend(stream)

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(10)
        self._listener.join()
        assert self.process.stderr is not None
        self.process.stderr.close()


def instant_ms(ago_s: float = 0.0) -> int:
    """Now, or so long ago, in whole seconds."""
    return round(time.time() - ago_s) * 1000


def alert(stage: Stage, kind: str, vehicle: str | None, ago_s: float, **more: Any) -> Alert:
    """An alert of the convoy whose vehicle it is, raised so long ago; `more` are fields of its own."""
    convoy_id = more.pop("convoy_id", None) or next(
        plan.convoy_id for plan in stage.plans if any(one.vehicle_id == vehicle for one in plan.vehicles)
    )
    at_ms = instant_ms(ago_s)
    fields: dict[str, Any] = {
        "alert_id": alert_id(convoy_id, vehicle, kind, more.get("onset", at_ms)),
        "transition": "raised", "kind": kind, "severity": "high", "convoy_id": convoy_id, "vehicle_id": vehicle,
        "onset": at_ms - 20_000, "at": at_ms, "detected_at": at_ms + 2000, "reason": "off-route",
        "message": Message(en=f"{vehicle or convoy_id}: {kind}.", id=f"{vehicle or convoy_id}: {kind}."),
    } | more  # fmt: skip
    return Alert(**fields)


def open_operation(stage: Stage) -> None:
    """Bontang's sample operation half an hour after its departure, with all that a shift may see."""
    stage.raise_plans(stage.plans)
    shares = {"BTG-01": 0.81, "BTG-02": 0.56, "MKY-03": 0.38, "MBK-04": 0.47}
    links = {"KT-8402-SX": "stale", "POL-64-22": "late", "POL-64-12": "lost"}
    stage.statuses(*(status_of(plan, shares[plan.convoy_id], instant_ms(), links) for plan in stage.plans))
    places = {
        plan.convoy_id: dict(
            zip(("lat", "lon"), Route(plan).at(shares[plan.convoy_id] * Route(plan).marks[-1]), strict=True)
        )
        | {"progress_m": shares[plan.convoy_id] * Route(plan).marks[-1]}
        for plan in stage.plans
    }

    def told(kind: str, vehicle: str | None, ago_s: float, english: str, indonesian: str, **more: Any) -> Alert:
        made = alert(stage, kind, vehicle, ago_s, message=Message(en=english, id=indonesian), **more)
        return made.model_copy(update=places[made.convoy_id])

    stage.alerts(
        told("deviation", "KT-8301-SX", 340, "KT-8301-SX is 612 m off its route.", "KT-8301-SX keluar rute sejauh 612 m.",
             severity="critical", value=612.4, threshold=80.0, peak=640.2, unit="m", lateral_m=612.4,
             nearest=[Nearest(kind="POLSEK", name="Polsek Marang Kayu", distance_m=810), Nearest(kind="checkpoint", name="Titik periksa km 8", distance_m=2140)]),
        *(told("stall", vehicle, 700 - 40 * n, f"{vehicle} has stood still for {9 - n} min 20 s.", f"{vehicle} berhenti selama {9 - n} menit 20 detik.",
               value=560.0, threshold=480.0, unit="s", reason="standing") for n, vehicle in enumerate(("KT-8201-SX", "KT-8202-SX", "KT-8203-SX"))),
        told("separation", "KT-8401-SX", 150, "KT-8401-SX is 780 m away from its escort.", "KT-8401-SX terpisah 780 m dari pengawalnya.",
             value=780.0, threshold=500.0, peak=812.0, unit="m", reason="apart"),
        told("signal-lost", "KT-8402-SX", 520, "Nothing has been received from KT-8402-SX for 14 min 0 s.", "Sinyal KT-8402-SX hilang selama 14 menit 0 detik.",
             severity="medium", value=840.0, threshold=300.0, unit="s", reason="silent"),
        told("missed-checkpoint", "KT-8102-SX", 900, "KT-8102-SX has passed the checkpoint Titik periksa km 12 without having been there.",
             "KT-8102-SX melewati titik periksa Titik periksa km 12 tanpa singgah.", severity="medium", reason="skipped"),
        told("late", None, 260, "MKY-03 is expected 11 min 0 s late.", "MKY-03 diperkirakan terlambat 11 menit 0 detik.", convoy_id="MKY-03",
             severity="low", value=660.0, threshold=600.0, unit="s", reason="behind-schedule"),
        told("overspeed", "POL-64-11", 80, "POL-64-11 drives at 35 m/s.", "POL-64-11 melaju 35 m/detik.", severity="low", value=35.2, threshold=33.0, unit="m/s", reason="too-fast"),
    )  # fmt: skip
