"""The topics of an installation: created as the contract says, and compared with it."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from bus.connection import connection
from models.topics import TopicSet, TopicSpec

_REQUEST_MS = 10_000

# An address that swallows packets would hold each attempt for the whole request time.
_CONNECT_S = 5.0
_LEADERS_S = 30.0


class Found(NamedTuple):
    """A topic as the broker has it."""

    partitions: int
    config: dict[str, str]


class Difference(NamedTuple):
    """A setting that is not as the contract says."""

    key: str
    value: str
    wanted: str


# The others only tune; an operator may have reasons.
_CHECKED = frozenset({"cleanup.policy", "max.message.bytes", "message.timestamp.type", "retention.ms"})


async def ensure(broker: str, topics: TopicSet) -> list[str]:
    """Create the topics of the set that are missing and return their names; others are left as they are.

    Returns when all partitions of the new topics have a leader. Safe to run again and from several processes at
    once. Raises KafkaConnectionError when no broker answers and another KafkaError when it refuses a topic.
    """
    async with admin_client(broker) as admin:
        existing = set(await admin.list_topics())
        missing = [spec for spec in topics.specs() if spec.name not in existing]
        if not missing:
            return []
        created = list(_created(await admin.create_topics(list(map(_new_topic, missing)))))
        await _await_leaders(admin, [spec.name for spec in missing])
        return created


async def check(broker: str, topics: TopicSet) -> list[str]:
    """Return what is wrong with the topics of the set, each with what to do; empty when all is well.

    Raises KafkaConnectionError when no broker answers.
    """
    specs = topics.specs()
    async with admin_client(broker) as admin:
        found = await find_topics(admin, [spec.name for spec in specs])
    missing = [spec.name for spec in specs if spec.name not in found]
    wrong: dict[Difference, list[str]] = defaultdict(list)
    for spec in specs:
        for difference in _differences(spec, found[spec.name]) if spec.name in found else ():
            wrong[difference].append(spec.name)
    return [_missing_fault(missing, topics)] * bool(missing) + [_fault(*item) for item in wrong.items()]


@asynccontextmanager
async def admin_client(broker: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client of the broker. Raises KafkaConnectionError when none answers within seconds."""
    admin = AIOKafkaAdminClient(**connection(broker), request_timeout_ms=_REQUEST_MS)
    try:
        try:
            async with asyncio.timeout(_CONNECT_S):
                await admin.start()
        except TimeoutError:
            raise KafkaConnectionError(f"no answer within {_CONNECT_S:.0f} s") from None
        yield admin
    finally:
        await admin.close()


async def find_topics(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, Found]:
    """Return those of the topics that exist."""
    partitions = {
        topic["topic"]: len(topic["partitions"])
        for topic in await admin.describe_topics(list(names))
        if for_code(topic["error_code"]) is not UnknownTopicOrPartitionError
    }
    if not partitions:
        return {}
    answers: list[Any] = await admin.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, name) for name in partitions]
    )
    configs = {
        name: {str(key): str(value) for key, value, *_ in entries}
        for answer in answers
        for _code, _message, _kind, name, entries in answer.resources
    }
    return {name: Found(count, configs.get(name, {})) for name, count in partitions.items()}


def _new_topic(spec: TopicSpec) -> NewTopic:
    # -1 leaves the replication to the broker's default; the client takes that only beside an (empty) assignment.
    return NewTopic(spec.name, spec.partitions, -1, replica_assignments={}, topic_configs=spec.config)


def _created(answer: Any) -> Iterator[str]:
    """Yield the topics that were created by us; raise what the broker refused."""
    for name, code, *rest in answer.topic_errors:
        kind = for_code(code)
        if code == 0:
            yield name
        elif kind is not TopicAlreadyExistsError:
            raise kind(f"{name}: {rest[0] if rest else ''}")


async def _await_leaders(admin: AIOKafkaAdminClient, names: Sequence[str]) -> None:
    """Wait until a client can use the topics: the broker answers a creation before it has taken them up itself."""
    async with asyncio.timeout(_LEADERS_S):
        while not all(map(_is_led, await admin.describe_topics(list(names)))):  # noqa: ASYNC110 - Kafka has no event for it
            await asyncio.sleep(0.02)


def _is_led(topic: Any) -> bool:
    return topic["error_code"] == 0 and all(part["error_code"] == 0 for part in topic["partitions"])


def _missing_fault(names: Sequence[str], topics: TopicSet) -> str:
    kind = " --replay" if topics.replay else ""
    return (
        f"Missing: {', '.join(names)}. Create with `kawal topics ensure{kind}"
        f" --prefix {topics.prefix} --partitions {topics.partitions}`."
    )


def _differences(spec: TopicSpec, found: Found) -> Iterator[Difference]:
    if found.partitions != spec.partitions:
        yield Difference("partitions", str(found.partitions), str(spec.partitions))
    for key in sorted(_CHECKED & spec.config.keys()):
        value, wanted = found.config.get(key, "unknown"), spec.config[key]
        is_roomy = key == "max.message.bytes" and value.isdecimal() and int(value) > int(wanted)
        if value != wanted and not is_roomy:
            yield Difference(key, value, wanted)


def _fault(difference: Difference, names: Sequence[str]) -> str:
    key, value, wanted = difference
    if key == "partitions":
        advice = "It is chosen once for a whole set: set KAWAL_PARTITIONS as it was then, or take a new prefix."
    elif key == "message.timestamp.type":
        kind = "live" if value == "LogAppendTime" else "replay"
        advice = f"These are topics of a {kind} set: take another prefix."
    else:
        advice = f"Change it with Kafka's own tool: kafka-configs.sh --alter --topic NAME --add-config {key}={wanted}"
    return f"{key} is {value}, not {wanted}: {', '.join(names)}. {advice}"
