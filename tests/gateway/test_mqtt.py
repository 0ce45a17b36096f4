"""What phones publish at a real MQTT broker becomes pings, and nothing is lost when the broker or the gateway goes."""

import asyncio
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka import ConsumerRecord

from bench.running_gateway import Gateway, running
from gateway.listen import BindError
from gateway.mqtt import MqttInput
from models.dead_letter import CODE
from models.ping import PING, Ping
from models.settings import load_settings
from tests.gateway.test_http import NOW_S, located, native, read
from tests.programs import program

ACCESS = """
user kawal
topic read owntracks/#
topic read kawal/pings/+
pattern write owntracks/%u/+
pattern write kawal/pings/%u
"""

CONFIGURATION = """
listener {port} 127.0.0.1
password_file {folder}/passwords
acl_file {folder}/access
persistence true
persistence_location {folder}/
max_queued_messages 0
user root
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_open(port: int) -> None:
    end_s = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert time.monotonic() < end_s
            time.sleep(0.02)


@dataclass
class Broker:
    """A mosquitto process that keeps its sessions in a folder."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def prepare(self, users: list[str]) -> None:
        self.folder.joinpath("access").write_text(ACCESS)
        self.folder.joinpath("mosquitto.conf").write_text(CONFIGURATION.format(port=self.port, folder=self.folder))
        passwords = self.folder / "passwords"
        passwords.write_text("".join(f"{user}:secret\n" for user in users))
        for name in ("passwords", "access"):
            self.folder.joinpath(name).chmod(0o600)
        subprocess.run([program("mosquitto_passwd"), "-U", str(passwords)], check=True)

    def start(self) -> None:
        with self.folder.joinpath("log").open("ab") as log:
            self.process = subprocess.Popen(
                [program("mosquitto"), "-c", str(self.folder / "mosquitto.conf")], stderr=log, stdout=log
            )

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(timeout=10)

    def publish(self, user: str, topic: str, *payloads: str, retain: bool = False) -> None:
        """Publish with QoS 1, one message a line, and return when the broker has answered all."""
        login = ["-p", str(self.port), "-u", user, "-P", "secret", "-i", f"phone-{user}"]
        subprocess.run(
            [program("mosquitto_pub"), *login, "-q", "1", "-t", topic, "-l", *(["-r"] if retain else [])],
            input="".join(f"{payload}\n" for payload in payloads).encode(),
            check=True,
            timeout=20,
        )


class Post:
    """A gateway that reads a broker, and what it has written."""

    def __init__(self, gateway: Gateway, broker: Broker) -> None:
        self.gateway = gateway
        self.broker = broker
        self.records: list[ConsumerRecord] = []

    def wait_subscribed(self, times: int) -> None:
        self.gateway.wait_for(lambda: self.gateway.text.count("subscribed at the MQTT broker") >= times)

    def wait_for(self, marker: str) -> None:
        """Wait until Kafka has a record with these bytes."""
        end_s = time.monotonic() + 30
        while not any(marker.encode() in record.value for record in self.records):
            assert time.monotonic() < end_s, self.gateway.text
            self.records = asyncio.run(read(self.gateway))

    def pings(self, source: str) -> list[Ping]:
        pings = [PING.validate_json(it.value) for it in self.records if not it.topic.endswith("-dlt")]
        return [ping for ping in pings if ping.source == source]

    def letters(self, marker: str) -> list[tuple[str, bytes]]:
        return [
            (dict(it.headers)[CODE].decode(), it.key)
            for it in self.records
            if it.topic.endswith("-dlt") and marker.encode() in it.value
        ]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    made = Broker(tmp_path_factory.mktemp("mosquitto"), free_port())
    made.prepare(["kawal", "3001", "GUARD-1", "2001", "stray", "revoked"])
    made.start()
    wait_open(made.port)
    made.publish("3001", "owntracks/3001/phone", located(60), retain=True)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def inputs(gateway: Gateway, broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    folder = tmp_path_factory.mktemp("gateway")
    (folder / "password").write_text("secret\n")
    more = {
        "KAWAL_GATEWAY_MQTT_URL": f"mqtt://127.0.0.1:{broker.port}",
        "KAWAL_GATEWAY_MQTT_USER": "kawal",
        "KAWAL_GATEWAY_MQTT_PASSWORD_FILE": str(folder / "password"),
    }
    with running(Gateway(gateway.broker, gateway.topics, folder / "log", gateway.tokens, more)) as made:
        yield Post(made, broker)


def pings_of(device: str, first: int, last: int, marker: str) -> list[str]:
    return [json.dumps(native(device, 100_000 - number, source=marker, seq=number)) for number in range(first, last)]


def test_phones_are_heard_in_their_own_name_and_strangers_are_not(inputs: Post) -> None:
    publish = inputs.broker.publish
    inputs.wait_subscribed(1)
    publish(
        "3001", "owntracks/3001/phone", located(61, topic="owntracks/2001/x"), json.dumps({"_type": "lwt", "tst": 1})
    )
    publish("2001", "owntracks/3001/phone", located(62, batt=62))  # the broker's access list drops it
    publish("2001", "kawal/pings/2001", json.dumps(native("GUARD-1", 63, source="marker-63")))
    publish("stray", "owntracks/stray/phone", located(64, SSID="marker-64"), "marker-no-json", "{}")
    publish("revoked", "owntracks/revoked/phone", located(65, SSID="marker-65"))
    publish("GUARD-1", "kawal/pings/GUARD-1", f"[{json.dumps(native('GUARD-1', 66, source='mine'))}]")
    inputs.wait_for('"mine"')
    retained, ping = inputs.pings("owntracks/mqtt")
    assert retained.time.timestamp() == NOW_S - 60
    assert (ping.vehicle_id, ping.time.timestamp(), ping.tracker_id) == ("GUARD-1", NOW_S - 61, "3001")
    assert inputs.letters("marker-63") == [("identity-mismatch", b"2001")]
    assert inputs.letters("marker-64") == [("unknown-device", b"stray")]
    assert inputs.letters("marker-no-json") == [("bad-json", b"stray")]
    assert inputs.letters("marker-65") == []


def test_a_broker_that_starts_again_loses_nothing(inputs: Post) -> None:
    inputs.wait_subscribed(1)
    inputs.broker.publish("2001", "kawal/pings/2001", *pings_of("2001", 0, 300, "m-restart"))
    before = inputs.gateway.text.count("subscribed at")
    inputs.broker.stop()
    inputs.broker.start()
    inputs.wait_subscribed(before + 1)
    inputs.broker.publish("2001", "kawal/pings/2001", *pings_of("2001", 300, 400, "m-restart"))
    inputs.wait_for('"seq":399')
    assert {ping.seq for ping in inputs.pings("m-restart")} == set(range(400))


def test_what_comes_while_the_gateway_is_killed_waits_at_the_broker(inputs: Post) -> None:
    inputs.wait_subscribed(1)
    inputs.broker.publish("2001", "kawal/pings/2001", *pings_of("2001", 1000, 1500, "m-kill"))
    assert inputs.gateway.process is not None
    inputs.gateway.process.kill()
    inputs.gateway.process.wait()
    inputs.broker.publish("2001", "kawal/pings/2001", *pings_of("2001", 1500, 1600, "m-kill"))
    inputs.gateway.start()
    inputs.wait_for('"seq":1599')
    seqs = [ping.seq for ping in inputs.pings("m-kill")]
    assert set(seqs) == set(range(1000, 1600))
    assert len(inputs.pings("owntracks/mqtt")) == 2, "what is retained comes once"
    assert len(seqs) <= 600 + 100, "only what was not acknowledged comes again"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("KAWAL_GATEWAY_MQTT_URL", "mqtt://mqtt.example.org", "mqtts://"),
        ("KAWAL_GATEWAY_MQTT_PASSWORD_FILE", "missing", "missing"),
        ("KAWAL_GATEWAY_MQTT_CA", "missing.pem", "missing.pem"),
    ],
)
def test_it_says_why_it_does_not_connect(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    monkeypatch.setenv("KAWAL_GATEWAY_MQTT_URL", "mqtts://127.0.0.1")
    monkeypatch.setenv(name, value)
    settings = load_settings()
    with pytest.raises(BindError, match=told):
        MqttInput(settings.gateway_mqtt_url or "", settings, insecure=False)
