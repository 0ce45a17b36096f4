"""Kafka goes away while messages come by MQTT, Cursor on Target and Traccar's topic, and comes back: none is lost."""

import asyncio
import os
import re
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from bench.running_gateway import Gateway, plan, running
from bus.plan_writer import write_plans
from deploy.kafka.embedded import EmbeddedKafka
from gateway.devices import open_devices
from gateway.writer import GATHER_S, Outgoing, Unavailable, Writer
from models.ping import PING, Ping
from models.topics import TopicSet
from tests.gateway import test_traccar
from tests.gateway.posts import post
from tests.gateway.test_cot import event
from tests.gateway.test_http import NOW_S, keyed, read
from tests.gateway.test_mqtt import Broker, free_port, pings_of, wait_open
from tests.gateway.test_traccar import POSITIONS, create, position


@dataclass
class Post:
    """A gateway with every input, and the Kafka and MQTT brokers that it reads."""

    kafka: EmbeddedKafka
    mqtt: Broker
    gateway: Gateway

    def pings(self) -> list[Ping]:
        records = asyncio.run(read(self.gateway))
        return [PING.validate_json(it.value) for it in records if not it.topic.endswith("-dlt")]

    def seqs(self, source: str) -> list[int]:
        """The numbers of the pings of a source as they stand on the topic, copies left out."""
        return list(dict.fromkeys(ping.seq for ping in self.pings() if ping.source == source and ping.seq is not None))

    def cot(self) -> socket.socket:
        """Connect, and show the token of 1001."""
        port = int(re.findall(r"Cursor on Target at \S+:(\d+)", self.gateway.text)[-1])
        connection = socket.create_connection(("127.0.0.1", port), timeout=20)
        connection.sendall(self.gateway.tokens["1001"].encode() + b"\n")
        return connection

    def wait_refused(self, protocol: str) -> None:
        """Wait until Kafka has refused something that came by a protocol."""
        line = f'kawal_gateway_requests_total{{outcome="unavailable",protocol="{protocol}"}}'
        self.gateway.wait_for(lambda: line in httpx.get(self.gateway.metrics_url).text)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    folder = tmp_path_factory.mktemp("away")
    (folder / "mosquitto").mkdir()
    (folder / "password").write_text("secret\n")
    mqtt = Broker(folder / "mosquitto", free_port())
    mqtt.prepare(["kawal", "2001"])
    mqtt.start()
    wait_open(mqtt.port)
    more = {
        "KAWAL_GATEWAY_MQTT_URL": f"mqtt://127.0.0.1:{mqtt.port}",
        "KAWAL_GATEWAY_MQTT_USER": "kawal",
        "KAWAL_GATEWAY_MQTT_PASSWORD_FILE": str(folder / "password"),
        "KAWAL_GATEWAY_COT_PORT": "0",
        "KAWAL_GATEWAY_TRACCAR_TOPICS": POSITIONS,
    }
    with EmbeddedKafka(data=folder / "kafka") as kafka:
        asyncio.run(create(kafka.bootstrap))
        with running(post(kafka.bootstrap, TopicSet("away", 4), folder, **more)) as gateway:
            gateway.wait_for(lambda: "subscribed at" in gateway.text and "reading Traccar" in gateway.text)
            yield Post(kafka, mqtt, gateway)
    mqtt.stop()


def test_what_comes_by_other_ways_than_http_waits_for_kafka(inputs: Post) -> None:
    traccar = test_traccar.Post(inputs.gateway)
    with inputs.cot() as stays, inputs.cot() as leaves:
        asyncio.run(traccar.forward(*(position("2001", 9_000 - number, index=number) for number in range(2000))))
        inputs.kafka.kill()
        inputs.mqtt.publish("2001", "kawal/pings/2001", *pings_of("2001", 0, 250, "m-away"))
        for ago_s in range(100, 150):
            stays.sendall(event("1001", ago_s, "stays"))
            leaves.sendall(event("TRUCK-1", ago_s + 100, "leaves"))
        leaves.shutdown(socket.SHUT_WR)
        inputs.wait_refused("native")
        inputs.wait_refused("cot")
        inputs.kafka.start()
        inputs.gateway.wait_for(lambda: len(inputs.seqs("traccar-kafka")) == 2000)
        inputs.gateway.wait_for(lambda: len(inputs.seqs("m-away")) == 250)
        inputs.gateway.wait_for(lambda: len({ping.time for ping in inputs.pings() if ping.source == "cot"}) == 100)
    assert inputs.seqs("m-away") == list(range(250)), "in the order in which they were published"
    assert inputs.seqs("traccar-kafka") == list(range(2000))


def test_a_kafka_that_hangs_is_told_to_who_waits_and_to_who_asks(inputs: Post) -> None:
    gateway, pid = inputs.gateway, inputs.kafka.pid
    assert pid is not None
    path = gateway.path("traccar-client", "1001")
    os.kill(pid, signal.SIGSTOP)
    try:
        refused = httpx.post(path, content=keyed("1001", 500), timeout=15)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert httpx.get(f"{gateway.url}/readyz").json()["faults"] == ["Kafka does not answer"]
    finally:
        os.kill(pid, signal.SIGCONT)
    gateway.wait_for(lambda: httpx.post(path, content=keyed("1001", 500), timeout=15).status_code == 200)
    gateway.wait_for(lambda: httpx.get(f"{gateway.url}/readyz").status_code == 200)
    assert NOW_S - 500 in {int(ping.time.timestamp()) for ping in inputs.pings()}


async def test_what_is_under_way_when_a_writer_ends_is_not_acknowledged(inputs: Post) -> None:
    assert inputs.kafka.pid is not None
    topics = inputs.gateway.topics
    async with Writer(inputs.kafka.bootstrap, topics) as writer:
        os.kill(inputs.kafka.pid, signal.SIGSTOP)
        writing = asyncio.create_task(writer.write([Outgoing(topics.dlt(topics.gateway), b"key", b"value")]))
        await asyncio.sleep(4 * GATHER_S)  # then its batch is under way
    os.kill(inputs.kafka.pid, signal.SIGCONT)
    with pytest.raises(Unavailable, match="the gateway ends"):
        await writing


def test_a_device_and_a_plan_are_heard_of_after_the_broker_was_away(inputs: Post) -> None:
    for _ in range(2):
        inputs.kafka.kill()
        inputs.kafka.start()
    gateway = inputs.gateway

    async def change() -> str:
        devices = await open_devices(gateway.broker, gateway.topics)
        token = await devices.add("late")
        late = plan("C-late", [{"vehicle_id": "TRUCK-late", "role": "cargo", "device_ids": ["late"]}])
        await write_plans(gateway.broker, gateway.topics, {late.convoy_id: late.to_json()})
        return token

    gateway.tokens["late"] = asyncio.run(change())
    path = gateway.path("traccar-client", "late")
    gateway.wait_for(lambda: httpx.post(path, content=keyed("late", 1), timeout=15).status_code == 200)
    gateway.wait_for(
        lambda: (
            httpx.post(path, content=keyed("late", 2), timeout=15).status_code == 200
            and any(ping.vehicle_id == "TRUCK-late" for ping in inputs.pings())
        )
    )
    gateway.wait_for(lambda: httpx.get(f"{gateway.url}/readyz").json()["ready"])
