"""One recording, two ways: `kawal replay` to a worker, and `kawal detect`. Same alerts, same bytes."""

import asyncio
import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from bench.nemesis import MortalWorker
from deploy.kafka.embedded import EmbeddedKafka
from models.plan_file import load_plan
from models.topics import TopicSet
from simulate.bontang import FAULTS, PLAN
from simulate.schedule import depart_from
from simulate.traffic import generate
from tests.cli.command import installed_kawal, kawal
from tests.conftest import ReadAll
from tests.streams.conftest import StartWorker, read_through

BUSES = Path(__file__).parents[3] / "shared" / "data" / "liverpool_bus14"


class Recording(NamedTuple):
    """A recording with its plan, and the speed at which it is over in about ten seconds."""

    pings: Path
    plan: Path
    speed: float


def bontang(folder: Path) -> Recording:
    """The sample operation as the demo drives it, on the dates of its plan."""
    plans = load_plan(PLAN)
    first = min(plan.depart_at for plan in plans if plan.depart_at is not None)
    pings = generate(depart_from(plans, first), FAULTS, int(first.timestamp() * 1000), seed=2)
    (folder / "pings.jsonl").write_bytes(b"".join(ping.line() + b"\n" for ping in pings))
    return Recording(folder / "pings.jsonl", PLAN, 300)


def buses(folder: Path) -> Recording:
    """Real buses of one line, all in one convoy; each waits for the next trip between two."""
    if not BUSES.is_dir():
        pytest.skip("the recorded buses of ../shared/data are not here")
    pings = BUSES / "pings.jsonl"
    vehicles = sorted({json.loads(line)["vehicle_id"] for line in pings.read_text().splitlines()})
    roles = {vehicle: "escort" if number % 2 else "cargo" for number, vehicle in enumerate(vehicles)}
    plan = {
        "operation": "Route 14 outbound",
        "timezone": "Europe/London",
        "convoys": [
            {
                "convoy_id": "BUS-14",
                "name": "Route 14 outbound",
                "route": json.loads((BUSES / "route.geojson").read_text())["geometry"],
                "vehicles": [{"vehicle_id": vehicle, "role": role} for vehicle, role in roles.items()],
            }
        ],
    }
    (folder / "plan.json").write_text(json.dumps(plan))
    return Recording(pings, folder / "plan.json", 900)


def environment(kafka: EmbeddedKafka, topics: TopicSet) -> dict[str, str]:
    return {
        "KAWAL_BROKER": kafka.bootstrap,
        "KAWAL_TOPIC_PREFIX": topics.prefix,
        "KAWAL_PARTITIONS": str(topics.partitions),
    }


def detected(recording: Recording) -> list[bytes]:
    """The alerts that `kawal detect` prints, sorted."""
    done = kawal("detect", "--plan", str(recording.plan), str(recording.pings), environment={})
    assert done.returncode == 0, done.stderr
    return sorted(done.stdout.encode().splitlines())


def replay(
    recording: Recording, speed: float, kafka: EmbeddedKafka, topics: TopicSet
) -> subprocess.CompletedProcess[str]:
    words = ("replay", str(recording.pings), "--plan", str(recording.plan), "--speed", f"{speed:g}")
    return installed_kawal(*words, environment=environment(kafka, topics))


async def alerts_of(worker: MortalWorker, topics: TopicSet, read_all: ReadAll) -> list[bytes]:
    """Every committed alert after the worker has ended in order, sorted."""
    worker.send(signal.SIGTERM)
    assert await worker.end() == 0, worker.log()
    return sorted(record.value or b"" for record in await read_all(topics.alerts))


@pytest.mark.parametrize(
    ("record", "paced"), [(bontang, False), (buses, False), (buses, True)], ids=["bontang", "buses", "buses-paced"]
)
async def test_a_replay_gives_the_alerts_of_detect_byte_for_byte(
    record: Callable[[Path], Recording],
    paced: bool,
    tmp_path: Path,
    kafka: EmbeddedKafka,
    replay_topics: TopicSet,
    start_worker: StartWorker,
    read_all: ReadAll,
) -> None:
    recording = record(tmp_path)
    worker = start_worker(replay_topics)
    await worker.until("kawal_partitions_owned", replay_topics.partitions)
    done = await asyncio.to_thread(replay, recording, recording.speed if paced else 0, kafka, replay_topics)
    assert done.returncode == 0, done.stderr
    await read_through(kafka, replay_topics, worker)
    expected = detected(recording)
    assert await alerts_of(worker, replay_topics, read_all) == expected
    assert len(expected) > 10


@pytest.mark.parametrize("record", [bontang, buses])
async def test_a_worker_killed_in_the_middle_changes_no_byte(
    record: Callable[[Path], Recording],
    tmp_path: Path,
    kafka: EmbeddedKafka,
    replay_topics: TopicSet,
    start_worker: StartWorker,
    read_all: ReadAll,
) -> None:
    recording = record(tmp_path)
    first = start_worker(replay_topics)
    await first.until("kawal_partitions_owned", replay_topics.partitions)
    done = asyncio.create_task(asyncio.to_thread(replay, recording, recording.speed, kafka, replay_topics))
    await first.until("kawal_alerts_total", 3)
    first.send(signal.SIGKILL)
    await first.end()
    second = start_worker(replay_topics)
    assert (await done).returncode == 0
    await read_through(kafka, replay_topics, second)
    assert await alerts_of(second, replay_topics, read_all) == detected(recording)


def test_a_live_set_is_refused_with_what_to_do(kafka: EmbeddedKafka, topics: TopicSet, tmp_path: Path) -> None:
    done = replay(bontang(tmp_path), 0, kafka, topics)
    assert done.returncode == 5
    assert "kawal topics ensure --replay" in done.stderr
    assert done.stdout == ""
