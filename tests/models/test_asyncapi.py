"""The AsyncAPI document: valid by the specification's own schema, and true of every topic."""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from models.asyncapi import asyncapi
from models.dead_letter import DeadLetter, headers
from models.schema import schemas
from models.topics import TopicSet

ROOT = Path(__file__).parents[2]
SPECIFICATION = ROOT / "console" / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0-without-$id.json"

DOCUMENT = asyncapi(TopicSet())


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft7Validator:
    if not SPECIFICATION.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("AsyncAPI's schema is fetched by scripts/setup dev")
    return jsonschema.Draft7Validator(json.loads(SPECIFICATION.read_text(encoding="utf-8")))


def test_it_is_what_the_specification_says(validator: jsonschema.Draft7Validator) -> None:
    assert [f"{list(fault.path)}: {fault.message[:200]}" for fault in validator.iter_errors(DOCUMENT)] == []


@pytest.mark.parametrize("part", ["info", "channels", "operations"])
def test_the_specification_would_tell_what_is_wrong(validator: jsonschema.Draft7Validator, part: str) -> None:
    assert not validator.is_valid(DOCUMENT | {part: {"x": 1}})


def resolved(reference: str) -> Any:
    """What a reference within the document leads to."""
    found: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [found for it in part for found in references(it)]
    if not isinstance(part, dict):
        return []
    return [it for key, it in part.items() if key == "$ref"] + references(list(part.values()))


def test_each_reference_leads_somewhere() -> None:
    found = references(DOCUMENT)
    files = {f"./{name}.schema.json" for name in schemas()}
    assert {it for it in found if not it.startswith("#/")} == files - {"./plan-file.schema.json"}
    for reference in found:
        assert reference in files or resolved(reference)


def test_each_topic_is_in_it_as_it_is_made() -> None:
    specs = {spec.name: spec for spec in TopicSet().specs()}
    channels = {channel["address"]: channel for channel in DOCUMENT["channels"].values()}
    assert channels.keys() == specs.keys()
    for name, channel in channels.items():
        kafka = channel["bindings"]["kafka"]
        assert kafka["partitions"] == specs[name].partitions
        config = kafka["topicConfiguration"]
        assert ",".join(config.pop("cleanup.policy")) == specs[name].config["cleanup.policy"]
        assert {key: str(value) for key, value in config.items()}.items() <= specs[name].config.items()


def test_each_topic_is_used_and_each_message_is_on_one() -> None:
    used = {operation["channel"]["$ref"] for operation in DOCUMENT["operations"].values()}
    assert used == {f"#/channels/{name}" for name in DOCUMENT["channels"]}
    on_topics = {name for channel in DOCUMENT["channels"].values() for name in channel["messages"]}
    assert on_topics == set(DOCUMENT["components"]["messages"])


def test_the_headers_of_a_dead_letter_are_those_that_are_written() -> None:
    letter = DeadLetter(code="bad-json", exception="E", message="m", topic="t", partition=0, offset=0)
    declared = DOCUMENT["components"]["messages"]["deadLetter"]["headers"]["properties"]
    assert set(declared) == {name for name, _ in headers(letter)}
