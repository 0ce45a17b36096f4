"""What a Traccar server forwards to Kafka becomes pings: none lost when the gateway is killed, poison set aside."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.running_gateway import Gateway, running
from models.dead_letter import CODE
from models.ping import PING, Ping
from tests.cli.command import installed_kawal
from tests.gateway.test_http import NOW_S, read

POSITIONS, EVENTS = "positions", "events"


def position(unique_id: str, ago_s: int, **more: Any) -> dict[str, Any]:
    fix = time.strftime("%Y-%m-%dT%H:%M:%S.000+00:00", time.gmtime(NOW_S - ago_s))
    said = {
        "id": 0,
        "deviceId": 7,
        "fixTime": fix,
        "valid": True,
        "latitude": -7.25,
        "longitude": 112.75,
        "speed": 10.0,
    }
    nulls = {"address": None, "network": None, "geofenceIds": None, "speed": 10.0, "accuracy": 0.0, "course": 0.0}
    return {"position": said | nulls | {"attributes": more}, "device": {"id": 7, "uniqueId": unique_id, "phone": None}}


async def create(broker: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(POSITIONS, 3, 1), NewTopic(EVENTS, 1, 1)])
    finally:
        await admin.close()


class Post:
    """A gateway that reads Traccar's topics, and what it has written."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.records: list[ConsumerRecord] = []

    async def forward(self, *values: object, topic: str = POSITIONS) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self.gateway.broker) as producer:
            for value in values:
                raw = value if isinstance(value, bytes) or value is None else json.dumps(value).encode()
                await producer.send(topic, raw, key=b"7")

    def wait_for(self, mark: str) -> None:
        end_s = time.monotonic() + 40
        while not any(mark.encode() in (record.value or b"") for record in self.records):
            assert time.monotonic() < end_s, self.gateway.text
            self.records = asyncio.run(read(self.gateway))

    def pings(self) -> list[Ping]:
        pings = [PING.validate_json(it.value) for it in self.records if not it.topic.endswith("-dlt")]
        return [ping for ping in pings if (ping.source or "").startswith("traccar-kafka")]

    def codes(self, mark: str) -> list[str]:
        letters = [it for it in self.records if it.topic.endswith("-dlt") and mark.encode() in (it.value or b"")]
        return [dict(it.headers)[CODE].decode() for it in letters]


@pytest.fixture(scope="module")
def post(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    asyncio.run(create(gateway.broker))
    folder = tmp_path_factory.mktemp("traccar")
    more = {"KAWAL_GATEWAY_TRACCAR_TOPICS": f"{POSITIONS},{EVENTS}"}
    with running(Gateway(gateway.broker, gateway.topics, folder / "log", gateway.tokens, more)) as made:
        yield Post(made)


def test_positions_are_pings_an_alarm_upgrades_one_and_poison_stops_nothing(post: Post) -> None:
    alarm = position("1001", 301) | {"event": {"type": "alarm", "attributes": {"alarm": "sos"}}}
    poison = [b"\xff trac-1", None, b'{"position": "trac-2"}', position("stray", 302, x="trac-3")]
    large = b"trac-4" + b"x" * 600_000
    known = [
        position("1001", 301, index=70_301),
        position("revoked", 304, x="trac-5"),
        position("2001", 303, index=70_303),
    ]
    asyncio.run(post.forward(*poison, large, *known))
    post.wait_for('"seq":70303')
    asyncio.run(post.forward(alarm, topic=EVENTS))
    post.wait_for('"traccar-event"')
    first, second = (ping for ping in post.pings() if ping.seq in {70_301, 70_303})
    assert (first.vehicle_id, first.time.timestamp(), first.tracker_id) == ("TRUCK-1", NOW_S - 301, "1001")
    assert (first.speed_mps, first.accuracy_m) == (pytest.approx(5.14444), None)
    assert second.vehicle_id == "TRUCK-2"
    marks = {f"trac-{number}": post.codes(f"trac-{number}") for number in range(1, 6)}
    assert marks == {
        "trac-1": ["bad-json"],
        "trac-2": ["bad-field"],
        "trac-3": ["unknown-device"],
        "trac-4": ["too-large"],
        "trac-5": ["identity-mismatch"],
    }


def test_a_gateway_that_is_killed_reads_again_what_had_not_arrived(post: Post) -> None:
    asyncio.run(post.forward(*(position("2001", 50_000 - number, index=number) for number in range(1000, 4000))))
    post.wait_for('"seq":1')
    assert post.gateway.process is not None
    post.gateway.process.kill()
    post.gateway.process.wait()
    asyncio.run(post.forward(*(position("2001", 50_000 - number, index=number) for number in range(4000, 4100))))
    post.gateway.start()
    post.wait_for('"seq":4099')
    seqs = [ping.seq for ping in post.pings() if ping.seq is not None and 1000 <= ping.seq < 5000]
    assert set(seqs) == set(range(1000, 4100))


def test_it_stops_in_order_goes_on_where_it_was_and_opens_no_port_of_its_own(post: Post) -> None:
    asyncio.run(post.forward(position("2001", 300, index=9998)))
    post.wait_for('"seq":9998')
    process = psutil.Process(post.gateway.process.pid if post.gateway.process else None)
    listening = [one for one in process.net_connections() if one.status == psutil.CONN_LISTEN]
    assert len(listening) == 2, "HTTP in and metrics"
    assert post.gateway.stop() == 0, post.gateway.text
    before = len(asyncio.run(read(post.gateway)))
    post.gateway.start()
    asyncio.run(post.forward(position("2001", 300, index=9999)))
    post.wait_for('"seq":9999')
    assert len(post.records) == before + 1


def test_a_missing_topic_is_told(monkeypatch: pytest.MonkeyPatch, gateway: Gateway, tmp_path: Path) -> None:
    for name, value in gateway.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("KAWAL_GATEWAY_TRACCAR_TOPICS", "no-such-topic")
    monkeypatch.setenv("KAWAL_GATEWAY_DIR", str(tmp_path))
    done = installed_kawal("gateway")
    assert (done.returncode, "no-such-topic" in done.stderr) == (5, True), done.stderr
