"""The broker's own configuration: one node, loopback only."""

from collections.abc import Mapping
from typing import NamedTuple

from deploy.kafka.ports import HOST

STORAGE = "storage"
"""Folder of the partitions, inside the data folder. Relative, so that no character of the path needs escaping."""


class Ports(NamedTuple):
    """Where the broker listens; `internal` is for itself and its admin where clients need an account."""

    broker: int
    controller: int
    internal: int | None = None


_SINGLE_NODE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "BROKER",
    "controller.listener.names": "CONTROLLER",
    "log.dirs": STORAGE,
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "8",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # A topic that a typing mistake creates would have the wrong settings, silently.
    "auto.create.topics.enable": "false",
    # There are no other members to wait for: a worker starts 3 s earlier.
    "group.initial.rebalance.delay.ms": "0",
    # After a kill the controller takes the broker's old self for alive this long and keeps the new one out
    # (9 s by default: ready after 13 s instead of 6).
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    # The default takes 128 MB of heap for compacting topics that hold a few thousand keys.
    "log.cleaner.dedupe.buffer.size": "16777216",
}


def properties(ports: Ports, settings: Mapping[str, str]) -> str:
    """Return server.properties; `settings` win over everything here."""
    listeners = [f"BROKER://{HOST}:{ports.broker}"]
    if ports.internal:
        listeners.append(f"INTERNAL://{HOST}:{ports.internal}")
    own = _SINGLE_NODE | {
        "listeners": ",".join([*listeners, f"CONTROLLER://{HOST}:{ports.controller}"]),
        "advertised.listeners": ",".join(listeners),
        "controller.quorum.voters": f"1@{HOST}:{ports.controller}",
    }
    return as_properties(own | dict(settings))


def as_properties(settings: Mapping[str, str]) -> str:
    """Return settings as lines of a Java properties file, in ASCII whatever is in them."""
    return "".join(f"{name}={_escaped(value)}\n" for name, value in settings.items())


def _escaped(value: str) -> str:
    units = value.replace("\\", "\\\\").encode("utf-16-be")
    letters = (int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2))
    return "".join(chr(it) if 0x20 <= it < 0x7F else f"\\u{it:04x}" for it in letters)
