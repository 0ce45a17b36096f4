"""The topics as an AsyncAPI 3 document, for those who write a program that reads or writes them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from models.dead_letter import CODE, EXCEPTION, MESSAGE, OFFSET, PARTITION, RETRY_COUNT, STAGE, TOPIC
from models.topics import TopicSet, TopicSpec

_BINDING = "0.5.0"
_SCHEMA_FORMAT = "application/schema+json;version=draft-2020-12"

Action = Literal["send", "receive"]


class _Message(NamedTuple):
    """What a record holds: `schema` is the file of its value beside the document, without one it is as said."""

    summary: str
    key: str
    schema: str | None = None
    content_type: str = "application/json"


_CONVOY_ID, _AS_READ = "convoy_id", "as it was read"
_MESSAGES = {
    "ping": _Message("Where a vehicle is, or that it is alive.", _CONVOY_ID, "ping"),
    "plan": _Message("A convoy, from now on in force.", _CONVOY_ID, "plan"),
    "withdrawal": _Message("A null value: there is no such convoy any more.", _CONVOY_ID),
    "alert": _Message("An episode that was raised, updated or cleared.", _CONVOY_ID, "alert"),
    "convoyStatus": _Message("Where a convoy is, at most once a second.", _CONVOY_ID, "convoy-status"),
    "alertAction": _Message("What a person did with an alert.", "alert_id", "alert-action"),
    "device": _Message("A registered device.", "device_id", "device"),
    "tick": _Message("Empty: its timestamp is the clock.", "none", None, "application/octet-stream"),
    "state": _Message("Private to the worker.", _CONVOY_ID, None, "application/octet-stream"),
    "deadLetter": _Message("The original bytes; headers say why.", _AS_READ, None, "application/octet-stream"),
}
_REASONS = {
    CODE: "Why it could not be used.",
    STAGE: "Where that was found.",
    RETRY_COUNT: "How often it was sent again.",
    EXCEPTION: "The kind of fault.",
    MESSAGE: "What was found, without a value out of the record.",
    TOPIC: "The topic that it stood on.",
    PARTITION: "Its partition there.",
    OFFSET: "Its offset there.",
}


class _Channel(NamedTuple):
    """What is on a topic, and what Kawal itself does with it."""

    messages: Sequence[str]
    action: Action
    description: str


def asyncapi(topics: TopicSet) -> dict[str, Any]:
    """Return the document, for one topic set; values refer to the files of `models.schema` beside it."""
    channels = _channels(topics)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Kawal",
            "version": "1",
            "description": "Watches ballot-logistics convoys. Only optional fields are ever added to a version.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "{broker}",
                "protocol": "kafka-secure",
                "description": "TLS and SCRAM-SHA-512; without both on the same machine only.",
                "variables": {"broker": {"description": "host:port, as in KAWAL_BROKER", "default": "127.0.0.1:9093"}},
                "security": [{"$ref": "#/components/securitySchemes/account"}],
            }
        },
        "channels": {_name(spec.name): _channel(spec, channels[spec.name]) for spec in topics.specs()},
        "operations": dict(_operation(spec.name, channels[spec.name]) for spec in topics.specs()),
        "components": {
            "messages": {name: _message(name, message) for name, message in _MESSAGES.items()},
            "securitySchemes": {"account": {"type": "scramSha512", "description": "One account a process."}},
        },
    }


def _channels(topics: TopicSet) -> Mapping[str, _Channel]:
    committed = "Read it with isolation.level=read_committed: each transition then comes once."
    letters = "Same partition and key as where it came from."
    return {
        topics.convoy_pings: _Channel(("ping",), "receive", "Pings of cargo vehicles."),
        topics.escort_pings: _Channel(("ping",), "receive", "Pings of escort vehicles."),
        topics.ticks: _Channel(("tick",), "send", "The clock: one record a second and partition."),
        topics.plans: _Channel(("plan", "withdrawal"), "receive", "The convoys in force."),
        topics.alerts: _Channel(("alert",), "send", committed),
        topics.convoys: _Channel(("convoyStatus", "withdrawal"), "send", committed),
        topics.alert_actions: _Channel(("alertAction",), "receive", "What the control room did."),
        topics.state: _Channel(("state", "withdrawal"), "send", "Not to be read or written by anybody else."),
        topics.devices: _Channel(("device",), "receive", "Phones and trackers, with the hash of their token."),
        topics.dlt(topics.convoy_pings): _Channel(("deadLetter",), "send", letters),
        topics.dlt(topics.escort_pings): _Channel(("deadLetter",), "send", letters),
        topics.dlt(topics.gateway): _Channel(("deadLetter",), "send", "What the gateway could not turn into a ping."),
    }


def _name(topic: str) -> str:
    """Give a topic's name without the prefix as a name in the document: convoy-pings is convoyPings."""
    first, *others = topic.rpartition(".")[2].split("-")
    return first + "".join(map(str.capitalize, others))


def _channel(spec: TopicSpec, channel: _Channel) -> dict[str, Any]:
    return {
        "address": spec.name,
        "description": channel.description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in channel.messages},
        "bindings": {
            "kafka": {
                "partitions": spec.partitions,
                "topicConfiguration": dict(_configuration(spec.config)),
                "bindingVersion": _BINDING,
            }
        },
    }


def _configuration(config: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Give those of a topic's settings that the binding has a place for."""
    if "cleanup.policy" in config:
        yield "cleanup.policy", config["cleanup.policy"].split(",")
    for key in ("retention.ms", "max.message.bytes"):
        if key in config:
            yield key, int(config[key])


def _operation(topic: str, channel: _Channel) -> tuple[str, dict[str, Any]]:
    name = _name(topic)
    reference = f"#/channels/{name}"
    operation = {
        "action": channel.action,
        "channel": {"$ref": reference},
        "messages": [{"$ref": f"{reference}/messages/{it}"} for it in channel.messages],
    }
    return f"{channel.action}{name[0].upper()}{name[1:]}", operation


def _message(name: str, message: _Message) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": name,
        "summary": message.summary,
        "contentType": message.content_type,
        "bindings": {"kafka": {"key": {"type": "string", "description": message.key}, "bindingVersion": _BINDING}},
    }
    if message.schema:
        reference = {"$ref": f"./{message.schema}.schema.json"}
        described["payload"] = {"schemaFormat": _SCHEMA_FORMAT, "schema": reference}
    if name == "withdrawal":
        described["payload"] = {"type": "null"}
    if name == "deadLetter":
        properties = {header: {"type": "string", "description": why} for header, why in _REASONS.items()}
        described["headers"] = {"type": "object", "required": [CODE], "properties": properties}
    return described
