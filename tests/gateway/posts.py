"""The gateway that most tests share: one convoy, and a device for each case."""

import asyncio
import socket
from contextlib import suppress
from pathlib import Path

from bench.running_gateway import Gateway, plan, prepare
from models.topics import TopicSet

VEHICLES = [
    {"vehicle_id": "TRUCK-1", "role": "cargo", "device_ids": ["1001", "1002"]},
    {"vehicle_id": "TRUCK-2", "role": "cargo", "device_ids": ["2001"]},
    {"vehicle_id": "GUARD-1", "role": "escort", "device_ids": ["3001"]},
]
DEVICES = ("1001", "1002", "2001", "3001", "GUARD-1", "stray", "orphan", "revoked", "flood")


def post(broker: str, topics: TopicSet, folder: Path, **more: str) -> Gateway:
    """A gateway that is not started yet."""
    tokens = asyncio.run(prepare(broker, topics, [plan("C-1", VEHICLES)], DEVICES, revoked=["revoked"]))
    return Gateway(broker, topics, folder / "gateway.log", tokens, more)


def send_until_stuck(connection: socket.socket, data: bytes) -> int:
    """Send as much as is taken in for a second, and read nothing; returns how much that is."""
    sent, waiting, before_s = 0, memoryview(data), connection.gettimeout()
    connection.settimeout(1)
    with suppress(TimeoutError):
        while sent < len(data):
            sent += connection.send(waiting[sent : sent + 65536])
    connection.settimeout(before_s)
    return sent
