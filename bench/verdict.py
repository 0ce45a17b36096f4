"""Holds the alerts that came against the episodes that are right: a fast answer counts only if it is the right one."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer

from bench.workload import Episode
from bus.connection import connection
from models.alert import Alert

# A condition begins with the first ping in it, and a halt with the last ping near its place.
ONSET_EARLY_MS, ONSET_LATE_MS = 15_000, 45_000


class Found(NamedTuple):
    """A transition that came out, of whatever kind."""

    vehicle_id: str
    kind: str
    transition: str
    onset_ms: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many of the expected episodes were raised and cleared exactly once, and how many transitions were wrong."""

    expected: int
    found: int
    false: int

    @property
    def right(self) -> bool:
        return self.found == self.expected and not self.false

    def worse_of(self, other: "Verdict") -> "Verdict":
        """The one that found less, or said more that is wrong."""
        return min(self, other, key=lambda verdict: verdict.found - verdict.false)

    def __str__(self) -> str:
        return f"{self.found} of {self.expected}, {self.false} false"


def judge(alerts: Iterable[Found], episodes: Iterable[Episode]) -> Verdict:
    """Compare; a rise of severity within a right episode is neither found nor false."""
    expected: dict[tuple[str, str], int] = {(right.vehicle_id, right.kind): right.onset_ms for right in episodes}
    came: dict[tuple[str, str], list[str]] = {}
    false = 0
    for alert in alerts:
        onset_ms = expected.get(key := (alert.vehicle_id, alert.kind))
        if onset_ms is None or not -ONSET_EARLY_MS <= alert.onset_ms - onset_ms <= ONSET_LATE_MS:
            false += 1
        elif alert.transition != "updated":
            came.setdefault(key, []).append(alert.transition)
    found = sum(transitions == ["raised", "cleared"] for transitions in came.values())
    return Verdict(expected=len(expected), found=found, false=false)


def of_alert(value: bytes) -> Found:
    """A record of the alerts topic, or a line of `kawal detect`."""
    alert = Alert.from_json(value)
    return Found(alert.vehicle_id or "", alert.kind, alert.transition, alert.onset_ms)


def of_plain(value: bytes) -> Found:
    """A record of the plain Faust agent's alerts."""
    alert = json.loads(value)
    return Found(alert["vehicle_id"], alert["kind"], alert["transition"], round(alert["onset_s"] * 1000))


async def committed(broker: str, topic: str) -> list[bytes]:
    """Every committed record of a topic, up to its present end."""
    reader = AIOKafkaConsumer(
        topic, **connection(broker), isolation_level="read_committed", auto_offset_reset="earliest"
    )
    # What is committed may end a moment earlier: the broker answers a commit before it has written the markers.
    async with AIOKafkaConsumer(topic, **connection(broker)) as whole:
        ends = await whole.end_offsets(whole.assignment())
    async with reader:
        values: list[bytes] = []
        for partition, end in ends.items():
            while await reader.position(partition) < end:
                batch = await reader.getmany(partition, timeout_ms=200)
                values += [record.value for records in batch.values() for record in records if record.value]
    return values
