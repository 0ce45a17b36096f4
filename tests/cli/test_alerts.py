"""`kawal alerts tail`: committed alerts, for people in the zone of their plan, for programs as they are."""

import json
import subprocess

from bus.plan_writer import write_plans
from deploy.kafka.embedded import EmbeddedKafka
from models.alert import Alert
from models.plan_file import load_plan
from models.topics import TopicSet
from simulate.bontang import PLAN
from tests.cli.command import kawal
from tests.conftest import Outgoing, Produce

RAISED = Alert(
    alert_id="one",
    transition="raised",
    kind="stall",
    severity="low",
    convoy_id="MKY-03",
    vehicle_id="KT-8301-SX",
    onset_ms=1_732_600_000_000,  # 2024-11-26T05:46:40Z
    at_ms=1_732_600_000_000,
    detected_at_ms=1_732_600_001_000,
    reason="standing",
    message={"en": "KT-8301-SX has stood still.", "id": "KT-8301-SX berhenti."},  # type: ignore[arg-type]
)
UNKNOWN = RAISED.model_copy(update={"convoy_id": "XYZ-01", "alert_id": "two"})


def tail(kafka: EmbeddedKafka, topics: TopicSet, *options: str) -> subprocess.CompletedProcess[str]:
    return alerts(kafka, topics, "tail", *options)


def alerts(kafka: EmbeddedKafka, topics: TopicSet, *options: str) -> subprocess.CompletedProcess[str]:
    settings = {"KAWAL_BROKER": kafka.bootstrap, "KAWAL_TOPIC_PREFIX": topics.prefix, "KAWAL_PARTITIONS": "4"}
    return kawal("alerts", *options, environment=settings)


async def publish(kafka: EmbeddedKafka, topics: TopicSet, produce: Produce) -> None:
    await write_plans(kafka.bootstrap, topics, {plan.convoy_id: plan.to_json() for plan in load_plan(PLAN)})
    alerts = [Outgoing(alert.convoy_id.encode(), alert.to_json()) for alert in (RAISED, UNKNOWN)]
    await produce(topics.alerts, alerts)


async def test_people_read_times_in_the_zone_of_the_plan_and_utc_where_there_is_none(
    kafka: EmbeddedKafka, topics: TopicSet, produce: Produce
) -> None:
    await publish(kafka, topics, produce)
    done = tail(kafka, topics, "--from-beginning", "--for", "3")
    assert done.returncode == 0, done.stderr
    lines = {line.split()[4]: line for line in done.stdout.splitlines()}
    assert lines["MKY-03"].startswith("13:46:40 WITA  low       raised    MKY-03    KT-8301-SX")
    assert lines["XYZ-01"].startswith("05:46:40 UTC ")


async def test_programs_read_the_records_unchanged(kafka: EmbeddedKafka, topics: TopicSet, produce: Produce) -> None:
    await publish(kafka, topics, produce)
    done = tail(kafka, topics, "--json", "--from-beginning", "--for", "3")
    assert sorted(done.stdout.splitlines()) == sorted([RAISED.to_json().decode(), UNKNOWN.to_json().decode()])


async def test_without_from_beginning_only_new_alerts_are_shown(
    kafka: EmbeddedKafka, topics: TopicSet, produce: Produce
) -> None:
    await publish(kafka, topics, produce)
    assert tail(kafka, topics, "--json", "--for", "2").stdout == ""


def test_missing_topics_and_a_missing_broker_say_what_to_do(kafka: EmbeddedKafka) -> None:
    missing = tail(kafka, TopicSet("never-created", 4), "--for", "1")
    assert missing.returncode == 5
    assert "kawal topics ensure" in missing.stderr
    done = kawal("alerts", "tail", environment={"KAWAL_BROKER": "127.0.0.1:1"})
    assert done.returncode == 4
    assert "127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr


async def test_an_alarm_is_listed_until_it_is_over_and_taken_and_only_one_takes_it(
    kafka: EmbeddedKafka, topics: TopicSet, produce: Produce
) -> None:
    high = UNKNOWN.model_copy(update={"severity": "high"})
    await produce(topics.alerts, [Outgoing(b"XYZ-01", high.to_json()), Outgoing(b"MKY-03", RAISED.to_json())])
    first = alerts(kafka, topics, "ack", "tw", "--as", "ani", "--note", "Patwal 2 goes there")
    assert first.returncode == 0, first.stderr
    second = alerts(kafka, topics, "ack", "two", "--as", "budi")
    assert second.returncode == 1
    assert "ani was first" in second.stderr
    low = alerts(kafka, topics, "ack", "one")
    assert (low.returncode, "notification" in low.stderr) == (1, True)
    assert alerts(kafka, topics, "ack", "three").returncode == 3
    listed = alerts(kafka, topics, "list")
    assert sorted(line.split()[:3] for line in listed.stdout.splitlines()) == [
        ["one", "active-unack", "-"],
        ["two", "active-ack", "ani"],
    ]
    cleared = high.model_copy(update={"transition": "cleared"})
    await produce(topics.alerts, [Outgoing(b"XYZ-01", cleared.to_json())])
    left = [
        json.loads(line)["alert"]["alert_id"] for line in alerts(kafka, topics, "list", "--json").stdout.splitlines()
    ]
    assert left == ["one"]
