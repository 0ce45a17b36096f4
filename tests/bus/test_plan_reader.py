"""Plans reach every worker, and a record that is no plan changes nothing."""

import asyncio
import logging

import pytest
from aiokafka import ConsumerRecord

from bench.fill import plans
from bench.workload import Workload
from bus.follow import following
from bus.plan_reader import Plans, follow_plans, read_plans
from deploy.kafka.embedded import EmbeddedKafka
from models.plan import ConvoyPlan
from models.topics import TopicSet
from tests.conftest import Outgoing, Produce

FIRST, SECOND = plans(Workload(800))


def record(key: bytes | None, value: bytes | None) -> ConsumerRecord:
    return ConsumerRecord("kawal.plans", 0, 0, 0, 0, key, value, None, 0, 0, ())


def written(plan: ConvoyPlan) -> tuple[bytes, bytes]:
    return plan.convoy_id.encode(), plan.to_json()


def test_a_plan_is_taken_in_once() -> None:
    known = Plans()
    assert known.apply(record(*written(FIRST))) == (FIRST.convoy_id, FIRST)
    assert known.apply(record(*written(FIRST))) is None
    assert known.by_convoy == {FIRST.convoy_id: FIRST}


def test_a_null_record_withdraws_a_plan_and_only_one_that_was_there() -> None:
    known = Plans()
    assert known.apply(record(b"BTG-99", None)) is None
    known.apply(record(*written(FIRST)))
    assert known.apply(record(FIRST.convoy_id.encode(), None)) == (FIRST.convoy_id, None)
    assert known.by_convoy == {}


@pytest.mark.parametrize(
    "bad",
    [b"{", b'{"convoy_id": "secret"}', b"\xff", b"", SECOND.to_json()],
    ids=["json", "fields", "utf8", "empty", "key"],
)
def test_a_record_that_is_no_plan_leaves_the_plan_before_it_in_force(
    bad: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    known = Plans()
    known.apply(record(*written(FIRST)))
    with caplog.at_level(logging.WARNING):
        assert known.apply(record(FIRST.convoy_id.encode(), bad)) is None
    assert known.by_convoy == {FIRST.convoy_id: FIRST}
    assert known.bad == 1
    [line] = caplog.messages
    assert FIRST.convoy_id in line
    assert "secret" not in line


async def test_plans_are_read_to_their_end_and_then_followed(
    kafka: EmbeddedKafka, topics: TopicSet, produce: Produce
) -> None:
    await produce(topics.plans, [Outgoing(*written(FIRST)), Outgoing(b"BTG-99", b"no plan")])
    assert await read_plans(kafka.bootstrap, topics) == {FIRST.convoy_id: FIRST}
    changes: asyncio.Queue[tuple[str, ConvoyPlan | None]] = asyncio.Queue()
    known = Plans()
    async with following(kafka.bootstrap, [topics.plans], from_beginning=True) as follower:
        await known.load(follower, topics)
        reading = asyncio.create_task(
            follow_plans(follower, known, lambda convoy_id, plan: changes.put_nowait((convoy_id, plan)))
        )
        await produce(topics.plans, [Outgoing(*written(SECOND)), Outgoing(FIRST.convoy_id.encode(), None)])
        async with asyncio.timeout(20):
            came = [await changes.get(), await changes.get()]
        reading.cancel()
    assert dict(came) == {SECOND.convoy_id: SECOND, FIRST.convoy_id: None}
