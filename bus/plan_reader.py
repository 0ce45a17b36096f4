"""Plans are broadcast: every worker reads the whole plans topic, without a group, and then follows it."""

import logging
from collections.abc import Callable

from aiokafka import ConsumerRecord
from pydantic import ValidationError

from bus.follow import Follower, following
from models.plan import ConvoyPlan
from models.topics import TopicSet

log = logging.getLogger(__name__)

PlanRecord = ConsumerRecord[bytes | None, bytes | None]


class Plans:
    """The plans in force, by convoy. A record that is no plan changes nothing; it is counted and logged."""

    def __init__(self) -> None:
        self.by_convoy: dict[str, ConvoyPlan] = {}
        self.bad = 0

    async def load(self, follower: Follower, topics: TopicSet) -> None:
        """Read the topic to its present end."""
        for record in await follower.read_to_end(topics.plans):
            self.apply(record)

    def apply(self, record: PlanRecord) -> tuple[str, ConvoyPlan | None] | None:
        """Take in a record and return the convoy with its new plan, None if withdrawn; None if nothing changed."""
        convoy_id = (record.key or b"").decode(errors="replace")
        if record.value is None:
            return (convoy_id, None) if self.by_convoy.pop(convoy_id, None) else None
        plan = self._read(convoy_id, record.value)
        if plan is None or self.by_convoy.get(convoy_id) == plan:
            return None
        self.by_convoy[convoy_id] = plan
        return convoy_id, plan

    def _read(self, convoy_id: str, value: bytes) -> ConvoyPlan | None:
        try:
            plan = ConvoyPlan.from_json(value)
        except ValidationError as error:
            self._refuse(convoy_id, f"{error.error_count()} faults, first at {_place(error)}")
            return None
        if plan.convoy_id != convoy_id:
            self._refuse(convoy_id, "the record's key is another convoy")
            return None
        return plan

    def _refuse(self, convoy_id: str, reason: str) -> None:
        self.bad += 1
        log.warning("a plan record was ignored convoy_id=%r reason=%r; import the plan again", convoy_id, reason)


def _place(error: ValidationError) -> str:
    """Return where the first fault is; the value there stays out of the log."""
    fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return ".".join(map(str, fault["loc"])) + ": " + fault["type"]


async def read_plans(broker: str, topics: TopicSet) -> dict[str, ConvoyPlan]:
    """Return the plans in force now, by convoy."""
    plans = Plans()
    async with following(broker, [topics.plans], from_beginning=True) as follower:
        await plans.load(follower, topics)
    return plans.by_convoy


async def follow_plans(follower: Follower, plans: Plans, changed: Callable[[str, ConvoyPlan | None], None]) -> None:
    """Apply every further plan record and report what it changed; never returns."""
    async for record in follower.follow():
        change = plans.apply(record)
        if change is not None:
            changed(*change)
