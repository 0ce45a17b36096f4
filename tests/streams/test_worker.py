"""The worker as an operator meets it: how it starts, what it opens, how it ends."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from bench.fill import plans
from bench.nemesis import MortalWorker, until
from bench.workload import Workload
from cli.exits import Exit
from deploy.kafka.embedded import EmbeddedKafka
from models.convoy_status import ConvoyStatus
from models.dead_letter import CODE, OFFSET, PARTITION, TOPIC
from models.topics import TopicSet, partition_of
from streams.rounds import DEAD_LETTER_BYTES_MAX
from streams.state import VERSION, load_state
from streams.takeover import committed_offsets
from tests.conftest import Outgoing, Produce, ReadAll
from tests.streams.conftest import StartWorker
from tests.streams.convoys import plan_of

CONVOY = "BTG-07"


def ping(vehicle_id: str = "KT-1", convoy_id: str = CONVOY, **fields: object) -> bytes:
    given = {"vehicle_id": vehicle_id, "convoy_id": convoy_id, "time": "2024-11-27T00:00:10Z", "lat": 0.1, "lon": 117.5}
    return json.dumps(given | fields).encode()


async def test_it_opens_its_metrics_port_on_loopback_and_no_other(topics: TopicSet, start_worker: StartWorker) -> None:
    worker = start_worker(topics)
    await worker.until("kawal_partitions_owned", topics.partitions)
    listening = [
        connection.laddr
        for connection in psutil.Process(worker.process.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == [("127.0.0.1", worker.port())]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_ends_in_order_with_a_last_checkpoint(
    topics: TopicSet,
    start_worker: StartWorker,
    kafka: EmbeddedKafka,
    produce: Produce,
    read_all: ReadAll,
    number: signal.Signals,
) -> None:
    worker = start_worker(topics)
    await worker.until("kawal_partitions_owned", topics.partitions)
    await produce(topics.convoy_pings, [Outgoing(CONVOY.encode(), ping(seq=seq)) for seq in range(50)])
    await worker.until("kawal_pings_received_total", 50)
    begin_s = time.monotonic()
    worker.send(number)
    assert await worker.end() == 0
    assert time.monotonic() - begin_s < 10
    partition = partition_of(CONVOY.encode(), topics.partitions)
    committed = await committed_offsets(kafka.bootstrap, topics)
    assert committed[topics.convoy_pings, partition] == 50
    newest = (await read_all(topics.state))[-1]
    assert load_state(newest.value).rows.received_count.tolist() == [50]


async def test_a_clock_ticks_in_every_partition_of_a_live_set(topics: TopicSet, start_worker: StartWorker) -> None:
    worker = start_worker(topics)
    await worker.until('kawal_heartbeat_last_seen_timestamp_seconds{stage="committed"}', time.time() - 60)
    assert worker.metric('kawal_heartbeat_last_seen_timestamp_seconds{stage="ticked"}') > time.time() - 30
    for path in ("livez", "readyz", "startupz"):
        answer = await asyncio.to_thread(urllib.request.urlopen, f"http://127.0.0.1:{worker.port()}/{path}", timeout=10)
        with answer:
            assert all(check["ok"] for check in json.load(answer))


async def test_in_a_replay_set_it_leaves_the_clock_to_the_replaying_tool(
    replay_topics: TopicSet, start_worker: StartWorker, produce: Produce, read_all: ReadAll
) -> None:
    worker = start_worker(replay_topics)
    await produce(replay_topics.convoy_pings, [Outgoing(CONVOY.encode(), ping(), timestamp_ms=1_732_665_610_000)])
    await worker.until("kawal_pings_received_total", 1)
    assert await read_all(replay_topics.ticks) == []


async def test_state_of_a_newer_version_stops_it_with_what_to_start_and_stays_as_it_is(
    topics: TopicSet, start_worker: StartWorker, produce: Produce, read_all: ReadAll
) -> None:
    newer = bytes([VERSION + 1]) + b"of a newer version"
    await produce(topics.state, [Outgoing(CONVOY.encode(), newer)])
    worker = start_worker(topics, name="one")
    assert await worker.end() == Exit.CHECK_FAILED
    told = f"{CONVOY} in {topics.state}: the state was written in version {VERSION + 1}, this Kawal reads"
    assert told in worker.log()
    assert "start the newer Kawal again that wrote it. Nothing was changed." in worker.log()
    assert "Traceback" not in worker.log()
    assert [(it.key, it.value) for it in await read_all(topics.state)] == [(CONVOY.encode(), newer)]


async def test_the_state_of_the_version_before_is_taken_over(
    topics: TopicSet, start_worker: StartWorker, produce: Produce, read_all: ReadAll
) -> None:
    before = (Path(__file__).parent / "data" / f"state-{VERSION - 1}.bin").read_bytes()
    await produce(topics.state, [Outgoing(CONVOY.encode(), before)])
    await produce(topics.plans, [Outgoing(CONVOY.encode(), plan_of().to_json())])
    worker = start_worker(topics)
    await worker.until("kawal_partitions_owned", topics.partitions)
    await produce(topics.convoy_pings, [Outgoing(CONVOY.encode(), ping())])
    await worker.until("kawal_pings_received_total", 1)
    worker.send(signal.SIGTERM)
    assert await worker.end() == 0
    after = (await read_all(topics.state))[-1].value
    assert after[0] == VERSION
    (row,) = load_state(after).rows
    assert row.received_count == load_state(before).rows[0].received_count + 1


async def test_what_cannot_be_used_becomes_a_dead_letter_and_its_neighbours_are_unharmed(
    topics: TopicSet, start_worker: StartWorker, produce: Produce, read_all: ReadAll
) -> None:
    key = CONVOY.encode()
    bad = {
        b"{ this is no JSON": "bad-json",
        b"\xff\xfe not UTF-8": "bad-json",
        ping(source="?").replace(b"?", b"\xff"): "bad-json",
        json.dumps({"vehicle_id": "KT-1", "convoy_id": CONVOY, "lat": 0, "lon": 0}).encode(): "bad-field",
        ping(lat=91): "bad-field",
        ping(convoy_id="BTG-08"): "wrong-key",
        ping(time="2099-01-01T00:00:00Z"): "bad-time",
        ping(source="x" * 2**21): "too-large",
        None: "no-value",
    }
    records = [Outgoing(key, value) for value in bad]
    good = [Outgoing(key, ping(seq=seq)) for seq in range(len(records) + 1)]
    mixed = [record for pair in zip(good, records, strict=False) for record in pair] + good[-1:]
    await produce(topics.convoy_pings, mixed)
    worker = start_worker(topics)
    await worker.until("kawal_pings_received_total", len(mixed))
    worker.send(signal.SIGTERM)
    assert await worker.end() == 0
    letters = await read_all(topics.dlt(topics.convoy_pings))
    assert {letter.value: dict(letter.headers)[CODE].decode() for letter in letters} == bad
    for letter in letters:
        headers = {name: value.decode() for name, value in letter.headers}
        assert letter.key == key
        assert headers[TOPIC] == topics.convoy_pings
        assert int(headers[PARTITION]) == letter.partition == partition_of(key, topics.partitions)
        assert mixed[int(headers[OFFSET])].value == letter.value
    newest = (await read_all(topics.state))[-1]
    assert load_state(newest.value).rows.received_count.tolist() == [len(good)]


async def test_more_dead_letters_than_memory_should_hold_go_through_piece_by_piece(
    topics: TopicSet, start_worker: StartWorker, produce: Produce, read_all: ReadAll
) -> None:
    key, count = CONVOY.encode(), 2 * DEAD_LETTER_BYTES_MAX // 2**21
    await produce(topics.escort_pings, [Outgoing(key, ping(seq=seq, source="x" * 2**21)) for seq in range(count)])
    worker = start_worker(topics)
    await worker.until("kawal_dead_letters_total", count)
    worker.send(signal.SIGTERM)
    assert await worker.end() == 0
    letters = await read_all(topics.dlt(topics.escort_pings))
    assert [json.loads(letter.value)["seq"] for letter in letters] == list(range(count))


def kawal_worker(**environment: str) -> subprocess.CompletedProcess[str]:
    cleared = {name: text for name, text in os.environ.items() if not name.startswith("KAWAL_")}
    return subprocess.run(
        [str(Path(sys.executable).with_name("kawal")), "worker"],
        env=cleared | {"KAWAL_METRICS_PORT": "0"} | environment,
        capture_output=True,
        check=False,
        text=True,
        timeout=90,
    )


async def test_without_its_topics_it_says_how_to_create_them(kafka: EmbeddedKafka) -> None:
    ended = await asyncio.to_thread(kawal_worker, KAWAL_BROKER=kafka.bootstrap, KAWAL_TOPIC_PREFIX="nobody-made-these")
    assert ended.returncode == 5
    assert "kawal topics ensure" in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_without_a_broker_setting_it_says_which_one() -> None:
    ended = await asyncio.to_thread(kawal_worker)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "KAWAL_BROKER" in ended.stderr


async def test_a_withdrawn_convoy_leaves_null_records_and_its_plan_is_followed_while_running(
    topics: TopicSet, start_worker: StartWorker, produce: Produce, read_all: ReadAll
) -> None:
    plan = plans(Workload(800))[0]
    key, vehicle_id = plan.convoy_id.encode(), plan.vehicles[0].vehicle_id
    lon, lat = plan.route[0]
    value = ping(vehicle_id, plan.convoy_id, lat=lat, lon=lon)
    worker = start_worker(topics)
    await worker.until("kawal_partitions_owned", topics.partitions)
    await produce(topics.plans, [Outgoing(key, plan.to_json())])
    await produce(topics.convoy_pings, [Outgoing(key, value)])
    await worker.until("kawal_convoys", 1)
    [first, *_] = await read_all(topics.convoys)
    assert ConvoyStatus.from_json(first.value).convoy_id == plan.convoy_id
    await produce(topics.plans, [Outgoing(key, None)])
    await until(lambda: worker.metric("kawal_convoys") == 0, "the convoy to be forgotten")
    for topic in (topics.convoys, topics.state):
        newest = (await read_all(topic))[-1]
        assert (newest.key, newest.value) == (key, None)


async def test_a_named_worker_that_is_started_again_moves_nobodys_partitions(
    topics: TopicSet, start_worker: StartWorker
) -> None:
    first, other = start_worker(topics, "first"), start_worker(topics, "other")
    await until(lambda: all(_owned(it) == topics.partitions // 2 for it in (first, other)), "an even share")
    rebalances = other.metric("kawal_recovery_seconds_count")
    first.send(signal.SIGTERM)
    assert await first.end() == 0
    again = start_worker(topics, "first")
    await again.until("kawal_partitions_owned", topics.partitions // 2)
    assert other.metric("kawal_recovery_seconds_count") == rebalances


def _owned(worker: MortalWorker) -> float:
    return worker.metric("kawal_partitions_owned")
