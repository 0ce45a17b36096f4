"""`kawal dlt` on dead letters of a real broker."""

import asyncio
import json

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewTopic
from click.testing import Result
from typer.testing import CliRunner

from bus.topic_admin import admin_client
from cli.dlt import app
from deploy.kafka.embedded import EmbeddedKafka
from models.dead_letter import RETRY_COUNT, DeadLetter, headers
from models.topics import TopicSet
from streams.dead_letters import dead_letter
from streams.decode import Rejected
from streams.handover import TopicPartition
from tests.conftest import ReadAll

EVIL = b'\x1b[2J{"lat": 1'
OWN = [("ce_id", b"7"), ("traceparent", b"\xff")]

Headers = list[tuple[str, bytes]]


async def against(kafka: EmbeddedKafka, topics: TopicSet, *words: str) -> Result:
    environment = {
        "KAWAL_BROKER": kafka.bootstrap,
        "KAWAL_TOPIC_PREFIX": topics.prefix,
        "KAWAL_PARTITIONS": "4",
        "COLUMNS": "200",
    }
    return await asyncio.to_thread(CliRunner().invoke, app, words, env=environment)


def of(topic: str, code: str = "bad-json", retries: int = 0) -> Headers:
    reason = DeadLetter(
        code=code,  # type: ignore[arg-type]
        exception="E",
        message="is no JSON",
        topic=topic,
        partition=2,
        offset=5,
        retry_count=retries,
    )
    return [*OWN, *headers(reason)]


async def put(kafka: EmbeddedKafka, topic: str, value: bytes | None, its_headers: Headers) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        await producer.send_and_wait(topic, value, b"BTG-07", partition=2, headers=its_headers)


@pytest.fixture
async def letters(kafka: EmbeddedKafka, topics: TopicSet) -> None:
    """Four letters in partition 2, offset 0 to 3."""
    name, source = topics.dlt(topics.convoy_pings), topics.convoy_pings
    await put(kafka, name, EVIL, of(source))
    await put(kafka, name, b"\x00\xff", of(source, "bad-time"))
    await put(kafka, name, None, of(source, "no-value", retries=3))
    await put(kafka, name, b"x", of("elsewhere"))


def told(result: Result) -> list[list[str]]:
    return [line.split() for line in result.stdout.splitlines()]


@pytest.mark.usefixtures("letters")
async def test_list_shows_what_there_is_by_reason(kafka: EmbeddedKafka, topics: TopicSet) -> None:
    table = await against(kafka, topics, "list")
    assert (table.exit_code, table.stdout.count("BTG-07")) == (0, 4)
    assert table.stderr == "4 dead letters: 2 bad-json, 1 bad-time, 1 no-value.\n"
    some = await against(kafka, topics, "list", "--json", "--code", "bad-json", "--last", "1")
    (only,) = map(json.loads, some.stdout.splitlines())
    assert (only["id"], only["code"], only["key"]) == ("convoy-pings-dlt/2/3", "bad-json", "BTG-07")
    assert (only["bytes"], only["retry_count"]) == (1, 0)


@pytest.mark.usefixtures("letters")
async def test_show_lets_nothing_through_to_the_terminal_and_raw_gives_the_bytes(
    kafka: EmbeddedKafka, topics: TopicSet
) -> None:
    shown = await against(kafka, topics, "show", "convoy-pings-dlt/2/0")
    assert "\x1b" not in shown.stdout
    assert '\\x1b[2J{"lat": 1' in shown.stdout
    assert "header traceparent: \\xff" in shown.stdout
    assert "header kawal.error.code: bad-json" in shown.stdout
    assert "00 ff" in (await against(kafka, topics, "show", "convoy-pings-dlt/2/1")).stdout
    raw = await against(kafka, topics, "show", "convoy-pings-dlt/2/0", "--raw")
    assert raw.stdout_bytes == EVIL
    whole = json.loads((await against(kafka, topics, "show", "convoy-pings-dlt/2/2", "--json")).stdout)
    assert (whole["value_base64"], whole["headers"][0]) == (None, {"name": "ce_id", "value": "7"})
    for missing in ("convoy-pings-dlt/2/9", "alerts/0/0"):
        assert (await against(kafka, topics, "show", missing)).exit_code == 1


@pytest.mark.usefixtures("letters")
async def test_redrive_sends_bytes_and_own_headers_once_and_counts(
    kafka: EmbeddedKafka, topics: TopicSet, read_all: ReadAll
) -> None:
    rehearsed = await against(kafka, topics, "redrive", "--all", "--dry-run")
    fates = ["would-send", "would-send", "too-often", "not-ours"]
    assert told(rehearsed) == [[fate, f"convoy-pings-dlt/2/{offset}"] for offset, fate in enumerate(fates)]
    assert await read_all(topics.convoy_pings) == []

    by_code = await against(kafka, topics, "redrive", "--code", "bad-time")
    assert told(by_code) == [["sent", "convoy-pings-dlt/2/1"]]
    by_all = await against(kafka, topics, "redrive", "--all")
    fates_left = {2: "too-often", 3: "not-ours", 0: "sent"}
    assert told(by_all) == [[fate, f"convoy-pings-dlt/2/{offset}"] for offset, fate in fates_left.items()]
    assert "1 were sent again 3 times and came back" in by_all.stderr

    records = await read_all(topics.convoy_pings)
    assert [(record.partition, record.key, record.value) for record in records] == [
        (2, b"BTG-07", b"\x00\xff"),
        (2, b"BTG-07", EVIL),
    ]
    assert all(list(record.headers) == [*OWN, (RETRY_COUNT, b"1")] for record in records)
    again = await against(kafka, topics, "redrive", "convoy-pings-dlt/2/0")
    assert again.exit_code == 1
    assert "1 of 1 are not there, or were sent again already" in again.stderr
    assert len(await read_all(topics.convoy_pings)) == 2
    assert "2 dead letters" in (await against(kafka, topics, "list")).stderr


async def test_a_record_that_comes_back_three_times_goes_no_further(
    kafka: EmbeddedKafka, topics: TopicSet, read_all: ReadAll
) -> None:
    source = TopicPartition(topics.convoy_pings, 2)
    await put(kafka, topics.convoy_pings, b"{", OWN)
    fates = []
    for _ in range(4):
        record = (await read_all(topics.convoy_pings))[-1]
        letter = dead_letter(source, record, Rejected(0, "bad-json", "E", "is no JSON"))  # as the worker makes it
        await put(kafka, topics.dlt(topics.convoy_pings), letter.value, list(letter.headers))
        fates += [line[0] for line in told(await against(kafka, topics, "redrive", "--all"))]
    assert fates == ["sent", "sent", "sent", "too-often"]
    records = await read_all(topics.convoy_pings)
    assert [list(record.headers) for record in records] == [
        OWN,
        *([*OWN, (RETRY_COUNT, count)] for count in (b"1", b"2", b"3")),
    ]


async def test_letters_of_the_gateway_are_listed_where_it_has_a_topic(kafka: EmbeddedKafka, topics: TopicSet) -> None:
    name = topics.dlt(f"{topics.prefix}.gateway")
    async with admin_client(kafka.bootstrap) as admin:
        if name not in await admin.list_topics():
            await admin.create_topics([NewTopic(name, topics.partitions, 1)])
    await put(kafka, name, b"{}", of("http", "unknown-device"))
    listed = await against(kafka, topics, "list", "--code", "unknown-device", "--json")
    assert json.loads(listed.stdout)["id"] == "gateway-dlt/2/0"


async def test_without_topics_or_a_known_code_it_says_what_to_do(kafka: EmbeddedKafka) -> None:
    nothing = TopicSet("nothing-here", 4)
    missing = await against(kafka, nothing, "list")
    assert missing.exit_code == 5
    assert "kawal topics ensure" in missing.stderr
    wrong = await against(kafka, nothing, "list", "--code", "bad-tim")
    assert wrong.exit_code == 2
    assert "did you mean bad-time?" in wrong.stderr
    for words in (["redrive"], ["redrive", "--all", "--code", "bad-time"], ["show", "17"]):
        assert (await against(kafka, nothing, *words)).exit_code == 2
