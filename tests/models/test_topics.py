"""Topics, their settings and the partition of a key."""

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from models.dead_letter import DeadLetter, headers
from models.topics import DEAD_LETTER_BYTES_MAX, PING_BYTES_MAX, TopicSet, partition_of

DAY_MS = 86_400_000


def config(topics: TopicSet, name: str) -> dict[str, str]:
    return next(spec.config for spec in topics.specs() if spec.name == name)


@given(st.binary(max_size=80), st.integers(1, 200))
def test_a_key_goes_where_kafkas_default_partitioner_puts_it(key: bytes, partitions: int) -> None:
    numbers = list(range(partitions))
    assert partition_of(key, partitions) == DefaultPartitioner()(key, numbers, numbers)


# Values of org.apache.kafka.common.utils.UtilsTest: signed 32 bit there.
@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_the_hash_is_that_of_kafkas_own_tests(key: bytes, hashed: int) -> None:
    assert partition_of(key, 2**31) == hashed & 0x7FFFFFFF


def test_a_prefix_names_the_whole_set() -> None:
    names = [spec.name for spec in TopicSet("exercise", 3).specs()]
    assert names == [
        "exercise.convoy-pings", "exercise.escort-pings", "exercise.ticks", "exercise.plans", "exercise.alerts",
        "exercise.convoys", "exercise.alert-actions", "exercise.state", "exercise.devices",
        "exercise.convoy-pings-dlt", "exercise.escort-pings-dlt", "exercise.gateway-dlt",
    ]  # fmt: skip


def test_every_topic_has_the_same_number_of_partitions() -> None:
    assert {spec.partitions for spec in TopicSet(partitions=5).specs()} == {5}


def test_a_live_set_takes_the_brokers_clock_and_forgets_after_its_days() -> None:
    topics = TopicSet()
    assert config(topics, topics.convoy_pings)["message.timestamp.type"] == "LogAppendTime"
    assert config(topics, topics.escort_pings)["retention.ms"] == str(7 * DAY_MS)
    assert config(topics, topics.ticks) == {
        "cleanup.policy": "delete",
        "retention.ms": str(DAY_MS),
        "message.timestamp.type": "LogAppendTime",
    }
    assert config(topics, topics.alerts)["retention.ms"] == str(90 * DAY_MS)
    assert config(topics, topics.dlt(topics.convoy_pings))["retention.ms"] == str(30 * DAY_MS)


def test_a_replay_set_takes_the_replays_clock_and_forgets_nothing() -> None:
    topics = TopicSet(replay=True)
    for name in (topics.convoy_pings, topics.escort_pings, topics.ticks):
        assert config(topics, name)["message.timestamp.type"] == "CreateTime"
        assert config(topics, name)["retention.ms"] == "-1"


def test_what_is_kept_by_key_is_compacted() -> None:
    topics = TopicSet()
    for name in (topics.plans, topics.convoys, topics.state):
        assert config(topics, name)["cleanup.policy"] == "compact"


def test_a_dead_letter_has_room_for_the_largest_ping_and_its_headers() -> None:
    letter = DeadLetter(
        code="bad-json", exception="DecodeError", message="é" * 5000, topic="t" * 249, partition=11, offset=2**62
    )
    size = sum(len(name) + len(value) for name, value in headers(letter))
    assert PING_BYTES_MAX + size < DEAD_LETTER_BYTES_MAX


def test_a_dead_letter_says_why_and_where() -> None:
    letter = DeadLetter(
        code="wrong-key",
        exception="",
        message="\ud800",
        topic="kawal.convoy-pings",
        partition=3,
        offset=7,
        retry_count=1,
    )
    assert dict(headers(letter)) == {
        "__streams.errors.exception": b"",
        "__streams.errors.message": b"?",
        "__streams.errors.topic": b"kawal.convoy-pings",
        "__streams.errors.partition": b"3",
        "__streams.errors.offset": b"7",
        "kawal.error.code": b"wrong-key",
        "kawal.error.stage": b"decode",
        "kawal.retry-count": b"1",
    }
