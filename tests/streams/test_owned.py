"""What a worker owns: the same partition numbers of every topic, or nothing."""

import pytest

from bus.plan_reader import Plans
from bus.tasks import Tasks
from models.topics import TopicSet
from streams.handover import TopicPartition
from streams.health import Health
from streams.metrics import Metrics
from streams.owned import AssignmentError, Owned
from streams.report import Report
from tests.streams.test_lanes import Logs


async def test_topics_that_were_assigned_apart_end_the_worker_before_it_touches_the_broker() -> None:
    topics = TopicSet()
    owned = Owned(topics, Logs(), {}, Report(Metrics(), topics, Plans(), Health(topics.replay)), Tasks())
    apart = {TopicPartition(topic, number) for topic in owned.inputs for number in (0, 1)}
    apart.remove(TopicPartition(topics.ticks, 1))
    with pytest.raises(AssignmentError, match=r"kawal\.ticks: \[0\]"):
        await owned.assign("nobody:9092", apart)
    assert not owned.numbers()


async def test_the_first_failure_of_any_task_is_the_one_that_is_told() -> None:
    async def fail() -> None:
        raise RuntimeError("first")

    tasks = Tasks()
    tasks.start(fail())
    with pytest.raises(RuntimeError, match="first"):
        await tasks.failure()
    tasks.fail(RuntimeError("second"))
    with pytest.raises(RuntimeError, match="first"):
        await tasks.failure()
    await tasks.stop()
