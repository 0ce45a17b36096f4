"""`kawal doctor`: what it finds, and that it says what to do."""

import json
from typing import Any

import pytest

from cli.checks import compare_clocks
from cli.exits import Exit
from deploy.kafka.embedded import EmbeddedKafka
from deploy.kafka.ports import free_port
from models.topics import TopicSet
from tests.cli.command import kawal
from tests.conftest import Outgoing, Produce


def diagnose(code: int) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    shown = kawal("doctor", "--json")
    assert shown.returncode == code, shown.stderr
    report = json.loads(shown.stdout)
    return {it["name"]: it for it in report["settings"]}, {it["check"]: it for it in report["checks"]}


@pytest.fixture
def live_set(kafka: EmbeddedKafka, topics: TopicSet, monkeypatch: pytest.MonkeyPatch) -> TopicSet:
    point_at(monkeypatch, kafka, topics)
    return topics


def point_at(monkeypatch: pytest.MonkeyPatch, kafka: EmbeddedKafka, topics: TopicSet) -> None:
    monkeypatch.setenv("KAWAL_BROKER", kafka.bootstrap)
    monkeypatch.setenv("KAWAL_TOPIC_PREFIX", topics.prefix)
    monkeypatch.setenv("KAWAL_PARTITIONS", str(topics.partitions))


def test_a_sound_installation_passes_with_every_setting_and_its_origin(live_set: TopicSet) -> None:
    settings, checks = diagnose(Exit.DONE)
    assert settings["KAWAL_TOPIC_PREFIX"] == {
        "name": "KAWAL_TOPIC_PREFIX", "value": live_set.prefix, "origin": "environment"
    }  # fmt: skip
    assert settings["KAWAL_METRICS_PORT"]["origin"] == "default"
    assert {it["state"] for it in checks.values()} <= {"ok", "note"}
    assert checks["topics"]["found"] == (
        f"{len(live_set.specs())} topics of the live set {live_set.prefix}, 4 partitions each"
    )
    assert checks["embedded-kafka"]["found"] == "Apache Kafka 4.3.1, ready"
    assert checks["faust-streaming"]["state"] == "ok"
    assert "no tick yet" in checks["clock"]["found"]


async def test_the_newest_tick_compares_the_clocks(live_set: TopicSet, produce: Produce) -> None:
    await produce(live_set.ticks, [Outgoing(None, b"", partition=0)])
    found = diagnose(Exit.DONE)[1]["clock"]["found"]
    assert "within 5 s" in found or "ago" in found  # ago, where the machine is too busy to look in time


@pytest.mark.parametrize(
    ("offset_ms", "state", "found"), [(60_000, "fail", "ahead of this machine"), (-60_000, "note", "60 s ago")]
)
def test_a_tick_out_of_time_is_told(offset_ms: int, state: str, found: str) -> None:
    finding = compare_clocks(1_700_000_000_000 + offset_ms, 1_700_000_000_000)
    assert finding.state == state
    assert found in finding.found
    assert finding.advice


def test_a_replay_set_is_known_as_one(
    kafka: EmbeddedKafka, replay_topics: TopicSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at(monkeypatch, kafka, replay_topics)
    checks = diagnose(Exit.DONE)[1]
    assert "replay set" in checks["topics"]["found"]
    assert "recording" in checks["clock"]["found"]


def test_missing_topics_fail_with_the_command_that_creates_them(
    live_set: TopicSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAWAL_TOPIC_PREFIX", "nobody")
    topics = diagnose(Exit.CHECK_FAILED)[1]["topics"]
    assert topics["state"] == "fail"
    assert "kawal topics ensure" in topics["advice"]


def test_a_tick_in_time_is_well() -> None:
    assert compare_clocks(1_700_000_000_000, 1_700_000_000_400).state == "ok"


def test_a_missing_broker_fails_with_its_own_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("KAWAL_BROKER", address)
    shown = kawal("doctor")
    assert shown.returncode == Exit.NO_BROKER
    assert "Start it, or correct KAWAL_BROKER" in shown.stderr
    assert address in shown.stdout


def test_without_a_broker_the_rest_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAWAL_BROKER", raising=False)
    settings, checks = diagnose(Exit.DONE)
    assert settings["KAWAL_BROKER"]["value"] == "not set"
    assert checks["broker"]["state"] == "note"
    assert checks["python"]["state"] == "ok"
