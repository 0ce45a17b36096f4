"""`kawal doctor`: what it finds, and that it says what to do."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiokafka import AIOKafkaConsumer

from cli import file_checks
from cli.checks import compare_clocks
from cli.exits import Exit
from cli.file_checks import console_finding, disk_findings, file_findings
from cli.finding import Finding
from deploy.kafka.embedded import EmbeddedKafka
from deploy.kafka.ports import free_port
from models.settings import Settings, load_settings
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
    assert re.fullmatch(r"Apache Kafka 4\.3\.1, ready; Java: openjdk 25\b.*", checks["embedded-kafka"]["found"])
    assert checks["kawal"]["found"] == version("kawal")
    assert "GB free at" in checks["disk"]["found"]
    assert checks["workers"]["found"] == f"none in the group {live_set.worker_group}"
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


async def test_who_watches_is_counted(kafka: EmbeddedKafka, live_set: TopicSet) -> None:
    consumer = AIOKafkaConsumer(live_set.ticks, bootstrap_servers=kafka.bootstrap, group_id=live_set.worker_group)
    async with consumer:
        found = (await asyncio.to_thread(diagnose, Exit.DONE))[1]["workers"]
    assert (found["state"], found["found"]) == ("ok", f"1 in the group {live_set.worker_group}")


def test_a_secret_is_named_by_its_file_and_never_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    password = secret(tmp_path / "password", b"correct-horse")
    monkeypatch.setenv("KAWAL_BROKER", f"127.0.0.1:{free_port()}")
    monkeypatch.setenv("KAWAL_KAFKA_USER", "monitor")
    monkeypatch.setenv("KAWAL_KAFKA_PASSWORD_FILE", str(password))
    shown = kawal("doctor", "--json")
    report = {it["name"]: it for it in json.loads(shown.stdout)["settings"]}
    assert report["KAWAL_KAFKA_PASSWORD_FILE"]["value"] == str(password)
    assert "correct-horse" not in shown.stdout + shown.stderr


def test_half_an_account_is_a_finding_and_the_rest_is_checked_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KAWAL_BROKER", "127.0.0.1:9092")
    monkeypatch.setenv("KAWAL_KAFKA_USER", "monitor")
    checks = diagnose(Exit.NO_BROKER)[1]
    assert "KAWAL_KAFKA_PASSWORD_FILE belong together" in checks["broker"]["found"]
    assert checks["python"]["state"] == "ok"


def secret(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def findings_with(monkeypatch: pytest.MonkeyPatch, **files: Path | str) -> dict[str, Finding]:
    for name, path in files.items():
        monkeypatch.setenv(f"KAWAL_{name.upper()}", str(path))
    return {it.check: it for it in file_findings(load_settings())}


def test_a_secret_that_everybody_can_read_or_nobody_fails_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret(tmp_path / "open", b"x", 0o644)
    secret(tmp_path / "closed", b"x")
    found = findings_with(
        monkeypatch,
        secrets_dir=tmp_path,
        kafka_password_file="open",
        kafka_key_file="closed",
        console_tls_key=tmp_path / "none",
        console_basemap=secret(tmp_path / "map", b"PMTiles\x03", 0o644),
    )
    assert (found["KAWAL_KAFKA_PASSWORD_FILE"].state, found["KAWAL_KAFKA_PASSWORD_FILE"].advice) == (
        "fail",
        f"chmod 600 {tmp_path / 'open'}",
    )
    assert found["KAWAL_KAFKA_KEY_FILE"].state == found["KAWAL_CONSOLE_BASEMAP"].state == "ok"
    assert "No such file" in found["KAWAL_CONSOLE_TLS_KEY"].found
    assert "Correct KAWAL_CONSOLE_TLS_KEY" in found["KAWAL_CONSOLE_TLS_KEY"].advice


@pytest.mark.parametrize(("days", "state"), [(-1, "fail"), (7, "note"), (90, "ok")])
def test_a_certificate_tells_how_long_it_is_valid(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, days: int, state: str
) -> None:
    end = datetime.now(UTC) + timedelta(days=days, hours=1)
    issued = trustme.CA().issue_cert("localhost", not_before=end - timedelta(days=365), not_after=end)
    path = tmp_path / "chain.pem"
    path.write_bytes(issued.cert_chain_pems[0].bytes())
    (found,) = findings_with(monkeypatch, gateway_tls_cert=path).values()
    assert found.state == state
    assert f"{end:%Y-%m-%d}" in found.found
    assert bool(found.advice) is (state != "ok")


def test_a_map_that_is_no_archive_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (found,) = findings_with(monkeypatch, console_basemap=secret(tmp_path / "map.pmtiles", b"<html>")).values()
    assert (found.state, found.advice) == ("fail", "Correct KAWAL_CONSOLE_BASEMAP, or leave it unset.")


def test_a_file_that_is_no_certificate_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (found,) = findings_with(monkeypatch, gateway_tls_cert=secret(tmp_path / "x.pem", b"x")).values()
    assert (found.state, found.advice) == ("fail", "Correct KAWAL_GATEWAY_TLS_CERT.")


def test_a_disk_is_told_once_and_fails_where_little_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "not" / "yet", console_dir=tmp_path, gateway_dir=tmp_path)
    found = {it.found.partition(" for ")[2]: it for it in disk_findings(settings)}
    (records,) = [uses for uses in found if "records" in uses]
    assert "records, the console, the gateway" in records
    monkeypatch.setattr(file_checks, "_DISK_LOW_MB", 10**12)
    assert {it.state for it in disk_findings(settings)} == {"fail"}
    assert all("Free some space" in it.advice for it in disk_findings(settings))


def test_a_console_without_what_its_pages_load_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("console.desk.VENDOR", tmp_path)
    assert (console_finding().state, "scripts/vendor" in console_finding().advice) == ("note", True)
    (tmp_path / "land.json").touch()
    assert console_finding() == Finding("console", "ok", "installed, with all that its pages load")
