"""The broker's own configuration: one node, loopback only."""

from collections.abc import Mapping

from deploy.kafka.ports import HOST

STORAGE = "storage"
"""Folder of the partitions, inside the data folder. Relative, so that no character of the path needs escaping."""

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


def properties(port: int, controller_port: int, settings: Mapping[str, str]) -> str:
    """Return server.properties; `settings` win over everything here."""
    own = _SINGLE_NODE | {
        "listeners": f"BROKER://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"BROKER://{HOST}:{port}",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
    }
    return "".join(f"{name}={value}\n" for name, value in (own | dict(settings)).items())
