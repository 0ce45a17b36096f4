"""`kawal backup` and `kawal restore` between two sets of topics of a real broker."""

import asyncio
import os
import shutil
import stat
import time
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import ProducerFenced
from click.testing import Result
from typer.testing import CliRunner

from bus import topic_admin
from cli.main import app
from deploy.kafka.embedded import EmbeddedKafka
from models.topics import TopicSet, partition_of
from tests.conftest import PARTITIONS, ReadAll, fresh_topics

Headers = list[tuple[str, bytes]]
EVIL = b'\x00\xff\x1b[2J"\n'
HEADERS: Headers = [("ce_id", b"7"), ("ce_id", b"\xff")]

SENT_MS = int(time.time() * 1000) - 3_600_000
"""An hour ago: the broker deletes what is older than the topics keep."""

ACTIONS = 600
"""More than wait for the broker at once."""


async def against(kafka: EmbeddedKafka, topics: TopicSet, *words: str) -> Result:
    environment = {
        "KAWAL_BROKER": kafka.bootstrap,
        "KAWAL_TOPIC_PREFIX": topics.prefix,
        "KAWAL_PARTITIONS": str(topics.partitions),
    }
    return await asyncio.to_thread(CliRunner().invoke, app, words, env=environment)


def saved_topics(topics: TopicSet) -> list[str]:
    return [topics.alert_actions, topics.alerts, topics.plans, topics.devices]


async def fill(kafka: EmbeddedKafka) -> TopicSet:
    """Some records on each topic, with what may be in a record, and of a transaction that was given up."""
    topics = await fresh_topics(kafka, replay=False)
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        await producer.send_and_wait(topics.plans, b"{old}", b"BTG-07", timestamp_ms=SENT_MS)
        await producer.send_and_wait(topics.plans, b"{new}", b"BTG-07", timestamp_ms=SENT_MS + 1)
        await producer.send_and_wait(topics.plans, None, b"BTG-08", headers=HEADERS)
        await producer.send_and_wait(topics.alerts, EVIL, b"BTG-07", timestamp_ms=SENT_MS + 2, headers=HEADERS)
        await producer.send_and_wait(topics.alerts, b"", None, partition=3)
        await producer.send_and_wait(topics.devices, b"{}", b"8737767034")
        for number in range(ACTIONS):
            await producer.send(topics.alert_actions, f"{number}".encode(), b"a-%d" % (number % 7))
    giving_up = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id=f"{topics.prefix}-given-up")
    async with giving_up:
        await giving_up.begin_transaction()
        await giving_up.send_and_wait(topics.alerts, b"never", b"BTG-07")
        await giving_up.abort_transaction()
    return topics


@pytest.fixture(scope="module")
def filled(kafka: EmbeddedKafka) -> TopicSet:
    """Topics that hold something, for all tests here: none of them changes what is there."""
    return asyncio.run(fill(kafka))


@pytest.fixture(scope="module")
def file(kafka: EmbeddedKafka, filled: TopicSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of them."""
    path = tmp_path_factory.mktemp("backup") / "kawal.zip"
    made = asyncio.run(against(kafka, filled, "backup", str(path)))
    assert (made.exit_code, made.stdout.split()) == (
        0,
        ["alert-actions", str(ACTIONS), "alerts", "2", "plans", "3", "devices", "1"],
    )
    return path


def content(records: list[ConsumerRecord]) -> list[tuple[object, ...]]:
    in_order = sorted(records, key=lambda it: (it.partition, it.offset))
    return [(it.partition, it.timestamp, it.key, it.value, tuple(it.headers)) for it in in_order]


async def content_of(read_all: ReadAll, topics: TopicSet) -> list[list[tuple[object, ...]]]:
    return [content(await read_all(name)) for name in saved_topics(topics)]


async def test_a_restored_record_is_what_it_was_in_place_bytes_headers_and_time(
    kafka: EmbeddedKafka, filled: TopicSet, file: Path, read_all: ReadAll
) -> None:
    target = await fresh_topics(kafka, replay=False)
    # One that was killed: its transaction is open, and must neither be seen nor keep readers waiting.
    killed = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id=f"{target.prefix}-restore")
    async with killed:
        await killed.begin_transaction()
        await killed.send_and_wait(target.alerts, b"half of a backup", b"BTG-07")
        restored = await against(kafka, target, "restore", str(file))
        assert (restored.exit_code, restored.stderr) == (0, "")
        with pytest.raises(ProducerFenced):
            await killed.commit_transaction()
    assert restored.stdout.split() == ["devices", "1", "plans", "3", "alerts", "2", "alert-actions", str(ACTIONS)]
    assert await content_of(read_all, target) == await content_of(read_all, filled)


async def test_the_file_is_the_owners_alone_and_overwrites_none(
    kafka: EmbeddedKafka, filled: TopicSet, file: Path
) -> None:
    before = os.stat(file)
    assert stat.S_IMODE(before.st_mode) == 0o600
    again = await against(kafka, filled, "backup", str(file))
    assert again.exit_code == 3
    assert "exists. Take another name" in again.stderr
    assert os.stat(file).st_mtime_ns == before.st_mtime_ns
    assert os.listdir(file.parent) == [file.name]
    nowhere = await against(kafka, filled, "backup", str(file.parent / "no" / "kawal.zip"))
    assert (nowhere.exit_code, nowhere.stderr.count("\n")) == (1, 1)


async def test_topics_that_hold_something_take_nothing_unless_told_and_then_only_what_is_missing(
    kafka: EmbeddedKafka, filled: TopicSet, file: Path, read_all: ReadAll
) -> None:
    target = await fresh_topics(kafka, replay=False)
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        await producer.send_and_wait(target.plans, b"{newest}", b"BTG-07")
    refused = await against(kafka, target, "restore", str(file))
    assert refused.exit_code == 5
    assert f"something already in {target.plans}. " in refused.stderr
    assert [len(await read_all(name)) for name in saved_topics(target)] == [0, 0, 1, 0]

    added = await against(kafka, target, "restore", str(file), "--add")
    assert (added.exit_code, added.stdout.splitlines()[1].split(maxsplit=1)) == (0, ["plans", "1 (2 were there)"])
    plans = {record.key: record.value for record in await read_all(target.plans)}
    assert plans == {b"BTG-07": b"{newest}", b"BTG-08": None}

    before = await content_of(read_all, target)
    twice = await against(kafka, target, "restore", str(file), "--add")
    assert [line.split()[1] for line in twice.stdout.splitlines()] == ["0", "0", "0", "0"]
    assert await content_of(read_all, target) == before


async def test_where_there_are_more_partitions_the_key_says_which(
    kafka: EmbeddedKafka, file: Path, read_all: ReadAll
) -> None:
    target = TopicSet((await fresh_topics(kafka, replay=False)).prefix + "-wide", PARTITIONS + 3)
    await topic_admin.ensure(kafka.bootstrap, target)
    assert (await against(kafka, target, "restore", str(file))).exit_code == 0
    actions = await read_all(target.alert_actions)
    assert all(it.partition == partition_of(it.key or b"", target.partitions) for it in actions)
    of_one_key = [int(it.value or b"") for it in actions if it.key == b"a-3"]
    assert of_one_key == list(range(3, ACTIONS, 7))


async def test_of_a_file_that_was_cut_no_record_is_written(
    kafka: EmbeddedKafka, filled: TopicSet, file: Path, tmp_path: Path, read_all: ReadAll
) -> None:
    before = await content_of(read_all, filled)
    cut = tmp_path / "cut.zip"
    shutil.copy(file, cut)
    os.truncate(cut, os.stat(cut).st_size - 1)
    for option in ("--add", "--check"):
        refused = await against(kafka, filled, "restore", str(cut), option)
        assert (refused.exit_code, refused.stdout, refused.stderr.count("\n")) == (3, "", 1)
        assert "cut.zip cannot be restored: it was cut or altered" in refused.stderr
    assert await content_of(read_all, filled) == before


async def test_a_whole_file_is_said_to_be_one_without_a_broker(file: Path, filled: TopicSet) -> None:
    checked = await asyncio.to_thread(CliRunner().invoke, app, ["restore", str(file), "--check"])
    assert (checked.exit_code, checked.stdout.split()[:2]) == (0, ["alert-actions", str(ACTIONS)])
    assert f"from {filled.prefix} by Kawal" in checked.stderr


async def test_a_missing_file_topic_or_broker_is_told_in_one_line(kafka: EmbeddedKafka, file: Path) -> None:
    nothing = TopicSet("nothing-here", PARTITIONS)
    for words, code, told in (
        (("restore", str(file)), 5, "kawal topics ensure"),
        (("backup", str(file.with_name("other.zip"))), 5, "kawal topics ensure"),
        (("restore", str(file.with_name("none.zip"))), 3, "none.zip cannot be read: No such file"),
    ):
        ended = await against(kafka, nothing, *words)
        assert (ended.exit_code, ended.stderr.count("\n")) == (code, 1)
        assert told in ended.stderr
    unset = await asyncio.to_thread(CliRunner().invoke, app, ["backup", str(file.with_name("other.zip"))])
    assert (unset.exit_code, os.listdir(file.parent)) == (3, [file.name])
