"""What the topics still hold of one alert: its transitions, the plan of its convoy, the pings around it."""

from __future__ import annotations

from typing import NamedTuple

from bus.follow import Follower, Record, following
from bus.plan_reader import Plans
from models.alert import Alert
from models.instants import instant_ms
from models.plan import ConvoyPlan
from models.topics import TopicSet
from streams.episodes import Episodes
from streams.explain import span_ms
from streams.recording import CARGO, ESCORT, Arrival

WARM_UP_MS = 3_600_000
"""The engine needs the way before the onset to know where on its route a vehicle was, and for how long."""

DRIVE_MS_MAX = 86_400_000
"""A convoy that departed within a day before the onset is followed from its departure."""

BEFORE_DEPARTURE_MS = 600_000


class NoPlanError(ValueError):
    """The convoy's plan is not in force any more."""


class Past(NamedTuple):
    """An alert's transitions in order, at least one, the plan in force now, the convoy's pings in order of receipt."""

    plan: ConvoyPlan
    alerts: list[Alert]
    arrivals: list[Arrival]


async def read_past(broker: str, topics: TopicSet, wanted: str) -> Past:
    """Read what is kept of the alert that an id, or the beginning of one, means; committed records only.

    Pings that are kept no longer are missing. Raises NoSuchAlertError, NoPlanError, KafkaConnectionError,
    UnknownTopicOrPartitionError.
    """
    inputs = [topics.convoy_pings, topics.escort_pings]
    async with following(broker, [topics.alerts, topics.plans, *inputs], from_beginning=False) as follower:
        episodes = Episodes(wanted)
        partition = 0
        async for record in follower.to_end(topics.alerts):
            if episodes.add_record(record.value):
                partition = record.partition
        alerts = episodes.the_one()
        plans = Plans()
        await plans.load(follower, topics)
        plan = plans.by_convoy.get(alerts[0].convoy_id)
        if plan is None:
            raise NoPlanError(f"The plan of {alerts[0].convoy_id} is not in force any more.")
        found = [
            (record.timestamp, rank, record.offset, record.value or b"")
            for rank, topic in ((CARGO, inputs[0]), (ESCORT, inputs[1]))
            for record in await _pings(follower, (topic, partition), plan, alerts)
        ]
    key = plan.convoy_id.encode()
    return Past(plan, alerts, [Arrival(ms, key, value, rank) for ms, rank, _, value in sorted(found)])


async def _pings(follower: Follower, source: tuple[str, int], plan: ConvoyPlan, alerts: list[Alert]) -> list[Record]:
    """Read a convoy's pings of one topic and partition from long enough before the episode to somewhat after it."""
    key, (_, until_ms) = plan.convoy_id.encode(), span_ms(plan, alerts)
    found = []
    async for record in follower.since(*source, _begin_ms(plan, alerts[0].onset_ms)):
        if record.timestamp > until_ms:
            break
        if record.key == key:
            found.append(record)
    return found


def _begin_ms(plan: ConvoyPlan, onset_ms: int) -> int:
    begin_ms = onset_ms - WARM_UP_MS
    if plan.depart_at is None:
        return begin_ms
    depart_ms = instant_ms(plan.depart_at)
    followed = onset_ms - DRIVE_MS_MAX <= depart_ms <= onset_ms
    return min(begin_ms, depart_ms - BEFORE_DEPARTURE_MS) if followed else begin_ms
