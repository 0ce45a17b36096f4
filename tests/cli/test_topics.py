"""`kawal topics` against a real broker."""

import uuid

import pytest

from cli.exits import Exit
from deploy.kafka.embedded import EmbeddedKafka
from deploy.kafka.ports import free_port
from models.topics import TopicSet
from tests.cli.command import kawal


@pytest.fixture
def prefix(kafka: EmbeddedKafka, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("KAWAL_BROKER", kafka.bootstrap)
    return f"c{uuid.uuid4().hex[:12]}"


def test_ensure_prints_the_topics_it_created_and_nothing_the_second_time(prefix: str) -> None:
    first = kawal("topics", "ensure", "--prefix", prefix, "--partitions", "2")
    assert first.returncode == 0, first.stderr
    assert sorted(first.stdout.split()) == sorted(spec.name for spec in TopicSet(prefix).specs())
    second = kawal("topics", "ensure", "--prefix", prefix, "--partitions", "2")
    assert second.returncode == 0
    assert second.stdout == ""
    assert "0 topics created" in second.stderr


def test_check_passes_a_set_as_it_was_made_and_refuses_it_as_another(prefix: str) -> None:
    made = ("--replay", "--prefix", prefix, "--partitions", "2")
    assert kawal("topics", "ensure", *made).returncode == 0
    assert kawal("topics", "check", *made).returncode == 0
    as_live = kawal("topics", "check", "--prefix", prefix, "--partitions", "2")
    assert as_live.returncode == Exit.CHECK_FAILED
    assert "replay set" in as_live.stdout


def test_ensure_does_not_hide_that_an_existing_set_is_different(prefix: str) -> None:
    assert kawal("topics", "ensure", "--prefix", prefix, "--partitions", "2").returncode == 0
    again = kawal("topics", "ensure", "--prefix", prefix, "--partitions", "3")
    assert again.returncode == Exit.CHECK_FAILED
    assert "partitions is 2, not 3" in again.stdout


def test_the_environment_names_the_set(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAWAL_TOPIC_PREFIX", prefix)
    checked = kawal("topics", "check")
    assert checked.returncode == Exit.CHECK_FAILED
    assert f"kawal topics ensure --prefix {prefix} --partitions 12" in checked.stdout


def test_a_name_that_kafka_refuses_is_one_message(prefix: str) -> None:
    refused = kawal("topics", "ensure", "--prefix", "not allowed")
    assert refused.returncode == Exit.FAILED
    assert "not allowed.convoy-pings" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_missing_broker_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAWAL_BROKER", f"127.0.0.1:{free_port()}")
    missing = kawal("topics", "ensure")
    assert missing.returncode == Exit.NO_BROKER
    assert len(missing.stderr.splitlines()) == 1
    assert "KAWAL_BROKER" in missing.stderr


def test_without_a_broker_set_it_is_bad_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAWAL_BROKER", raising=False)
    unset = kawal("topics", "check")
    assert unset.returncode == Exit.BAD_INPUT
    assert "KAWAL_BROKER" in unset.stderr
