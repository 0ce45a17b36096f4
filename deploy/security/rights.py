"""The rights of each account, in one table; whatever is not in it is denied."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from models.topics import TopicSet

ADMIN, BROKER, VEHICLE = "admin", "broker", "vehicle"

ACCOUNTS = ("worker", "gateway", "console", "planner", "monitor", ADMIN)
"""One account a kind of process. `admin` is a super user: it makes topics and accounts."""

SUPER_USERS = (BROKER, ADMIN)


class Resource(IntEnum):
    """What a right is for, by Kafka's numbers."""

    TOPIC = 2
    GROUP = 3
    TRANSACTIONAL_ID = 5


class Pattern(IntEnum):
    """Whether a right is for one name or for all that begin with it, by Kafka's numbers."""

    LITERAL = 3
    PREFIXED = 4


class Operation(IntEnum):
    """What a right allows, by Kafka's numbers; READ and WRITE include DESCRIBE."""

    READ = 3
    WRITE = 4
    DESCRIBE = 8
    DESCRIBE_CONFIGS = 10


class Right(NamedTuple):
    """One thing that an account may do."""

    resource: Resource
    name: str
    pattern: Pattern
    operation: Operation


# Bytes a second that an account may write before the broker slows it down. A vehicle's ping is some 300 bytes: its
# thousandth a second waits, and a gateway that empties the memory of all its phones leaves the disk to others.
WRITE_BYTES_PER_S = {"gateway": 8 * 1024 * 1024, VEHICLE: 256 * 1024}


def role_of(account: str) -> str:
    """Return whose rights an account has: every one that is not a process's is a vehicle or fleet of its own."""
    return account if account in ACCOUNTS else VEHICLE


def rights_of(account: str, topics: TopicSet) -> set[Right]:
    """Return everything that an account may do; nothing for a super user, who needs no right."""
    role, group = role_of(account), topics.worker_group
    rights = set(_topic_rights(role, topics))
    if role in {"worker", "gateway", "monitor"}:
        # They compare all topics of the set with what they must be.
        for spec in topics.specs():
            rights |= {_on_topic(spec.name, it) for it in (Operation.DESCRIBE, Operation.DESCRIBE_CONFIGS)}
    if role in {"console", "monitor"}:
        rights.add(Right(Resource.GROUP, group, Pattern.LITERAL, Operation.DESCRIBE))
    if role == "gateway":
        rights.add(Right(Resource.GROUP, f"{topics.prefix}.gateway-traccar", Pattern.LITERAL, Operation.READ))
    if role == "worker":
        rights.add(Right(Resource.GROUP, group, Pattern.LITERAL, Operation.READ))
        rights.add(Right(Resource.TRANSACTIONAL_ID, f"{group}-", Pattern.PREFIXED, Operation.WRITE))
    if role == "planner":
        rights.add(Right(Resource.TRANSACTIONAL_ID, f"{topics.prefix}-plans", Pattern.LITERAL, Operation.WRITE))
    return rights


def _topic_rights(role: str, topics: TopicSet) -> Iterator[Right]:
    pings = (topics.convoy_pings, topics.escort_pings)
    dead_letters = tuple(map(topics.dlt, pings))
    unknown = topics.dlt(topics.gateway)
    reads, writes = {
        "worker": (
            (*pings, topics.ticks, topics.plans, topics.state),
            (topics.ticks, topics.alerts, topics.convoys, topics.state, *dead_letters),
        ),
        "gateway": ((topics.plans, topics.devices, unknown), (*pings, topics.devices, *dead_letters, unknown)),
        "console": (
            (*pings, topics.plans, topics.alerts, topics.convoys, topics.alert_actions),
            (topics.alert_actions,),
        ),
        "planner": ((topics.plans,), (topics.plans,)),
        "monitor": ((topics.ticks,), ()),
        VEHICLE: ((), pings),
    }.get(role, ((), ()))
    yield from (_on_topic(name, Operation.READ) for name in reads)
    yield from (_on_topic(name, Operation.WRITE) for name in writes)
    if role == "console":
        # It asks where the clock ends, and needs no tick itself.
        yield _on_topic(topics.ticks, Operation.DESCRIBE)


def _on_topic(name: str, operation: Operation) -> Right:
    return Right(Resource.TOPIC, name, Pattern.LITERAL, operation)
