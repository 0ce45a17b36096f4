"""MQTT in: what OwnTracks and own programs publish at any broker, acknowledged to it when Kafka has it.

The broker knows who publishes: its access list binds each login to the topics of its own name, so the name in a topic
is the device. Its session keeps what comes while the gateway or Kafka is away.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn
from urllib.parse import urlsplit

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from gateway.directory import Directory
from gateway.http import Parts
from gateway.intake import Delivery, cut, split
from gateway.listen import LOOPBACK, BindError
from models.instants import BUFFERED_MS_MAX
from models.settings import Settings

OWNTRACKS = "owntracks"
TOPICS = (f"{OWNTRACKS}/+/+", "kawal/pings/+")
"""Deeper topics of OwnTracks hold no location: transitions, cards, waypoints."""

PLAIN_PORT, TLS_PORT = 1883, 8883

UNANSWERED_MAX = 100
"""Messages that the broker sends before it waits for answers; half a megabyte each at most."""

PACKET_BYTES_MAX = 512 * 1024
"""The broker holds larger packets back; what is between it and the size of a message becomes a dead letter."""

PAUSE_S_MIN, PAUSE_S_MAX = 1.0, 30.0
CONNECT_S = 10.0

log = logging.getLogger(__name__)


class _Inbox(asyncio.Queue[aiomqtt.Message]):
    """What the broker has sent. It waits for the answers to QoS 1; of QoS 0, which has none, no more is kept."""

    def put_nowait(self, item: aiomqtt.Message) -> None:
        if item.qos == 0 and self.qsize() >= UNANSWERED_MAX:
            raise asyncio.QueueFull
        super().put_nowait(item)


class MqttInput:
    """One connection to one broker, made again for as long as it takes. Raises BindError where it may not be made."""

    def __init__(self, url: str, settings: Settings, insecure: bool) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or (TLS_PORT if parts.scheme == "mqtts" else PLAIN_PORT)
        self._tls = _tls(settings) if parts.scheme == "mqtts" else None
        if self._tls is None and self._host not in LOOPBACK and not insecure:
            raise BindError(
                f"Without TLS the gateway speaks MQTT on loopback only, not with {self._host}: its password and the "
                "positions would be readable on the way. Write KAWAL_GATEWAY_MQTT_URL with mqtts://, or say --insecure."
            )
        self._user = settings.gateway_mqtt_user
        self._password = _password(settings)
        # The session at the broker has this name: two gateways of one installation would take it from each other.
        self._session = f"{settings.topic_prefix}-gateway"

    async def run(self, parts: Parts) -> NoReturn:
        """Take in what is published; waits for the broker and for Kafka as long as it takes."""
        pause_s = PAUSE_S_MIN
        while True:
            begin_s = time.monotonic()
            try:
                async with self._subscribed() as client:
                    log.info("subscribed at the MQTT broker %s:%d", self._host, self._port)
                    parts.metrics.mqtt_connected.set(1)
                    await _take_all(client, parts)
            except aiomqtt.MqttError as error:
                if time.monotonic() - begin_s > PAUSE_S_MAX:
                    pause_s = PAUSE_S_MIN
                place = f"{self._host}:{self._port}"
                log.warning("no connection to the MQTT broker %s, next try in %.0f s: %s", place, pause_s, error)
            finally:
                parts.metrics.mqtt_connected.set(0)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, PAUSE_S_MAX)

    @asynccontextmanager
    async def _subscribed(self) -> AsyncIterator[aiomqtt.Client]:
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = BUFFERED_MS_MAX // 1000
        session.ReceiveMaximum = UNANSWERED_MAX
        session.MaximumPacketSize = PACKET_BYTES_MAX
        client = aiomqtt.Client(
            self._host,
            self._port,
            username=self._user,
            password=self._password,
            identifier=self._session,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=session,
            queue_type=_Inbox,
            tls_context=self._tls,
            timeout=CONNECT_S,
        )
        # aiomqtt has no way of its own to answer later; paho, below it, has.
        client._client.manual_ack_set(True)
        async with client:
            # Retained messages come when the subscription is new, not again after each loss of the connection.
            options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
            for topic in TOPICS:
                answers = await client.subscribe(topic, options=options)
                if any(not isinstance(answer, int) and answer.is_failure for answer in answers):
                    raise aiomqtt.MqttError(f"the broker's access list does not let the gateway read {topic}")
            yield client


async def _take_all(client: aiomqtt.Client, parts: Parts) -> None:
    """Take in batch after batch, in order. Raises MqttError when the connection is lost."""
    messages = client.messages
    async for first in messages:
        batch = [first]
        while len(messages) and len(batch) < UNANSWERED_MAX:
            batch.append(await anext(messages))
        await parts.intake.take_patiently([one for message in batch for one in _deliveries(message, parts)])
        for message in batch:
            client._client.ack(message.mid, message.qos)


def _deliveries(message: aiomqtt.Message, parts: Parts) -> list[Delivery]:
    root, *levels = str(message.topic).split("/")
    device = _device(levels, parts.directory) if root == OWNTRACKS else levels[-1]
    if parts.directory.is_revoked(device):
        parts.metrics.count("mqtt", "forbidden")
        return []
    if root != OWNTRACKS:
        return split("native", message.payload, device)
    return [cut("owntracks", message.payload, device, claimed=device, source="owntracks/mqtt")]


def _device(levels: list[str], directory: Directory) -> str:
    """The device of `owntracks/USER/DEVICE`: both where a plan or the registry knows them so, else the user."""
    both = "/".join(levels)
    return both if directory.is_known(both) else levels[0]


def _tls(settings: Settings) -> ssl.SSLContext:
    authority = settings.gateway_mqtt_ca
    try:
        return ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError) as error:
        raise BindError(f"KAWAL_GATEWAY_MQTT_CA={authority} cannot be used: {error}") from error


def _password(settings: Settings) -> str | None:
    path = settings.gateway_mqtt_password_file
    try:
        return path.read_text(encoding="utf-8").strip() if path else None
    except (OSError, ValueError) as error:
        raise BindError(f"KAWAL_GATEWAY_MQTT_PASSWORD_FILE={path} cannot be read: {error}") from error
