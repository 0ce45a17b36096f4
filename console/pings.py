"""Pings read from the topics for a time: a convoy's trail, its newest reports, and a past hour of everybody."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

import msgspec

from bus.follow import Record, following
from console.along import Track
from models.instants import format_instant, instant_ms
from models.plan import ConvoyPlan
from models.topics import TopicSet, partition_of

POINTS_MAX = 500
"""A trail of more points is no better on a screen."""

RECORDS_MAX = 1_000_000
NAP_RECORDS = 500
"""Records that are already here are read without a pause; the event stream must not wait for them."""

HISTORY_MS_MAX = 7 * 86_400_000


class _Fix(msgspec.Struct, gc=False):
    vehicle_id: str
    convoy_id: str
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    lat: float | None = None
    lon: float | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    accuracy_m: float | None = None


_read_fix = msgspec.json.Decoder(_Fix).decode


@dataclass(frozen=True, slots=True)
class Heard:
    """A ping with where it was heard and when."""

    fix: _Fix
    role: str
    received_ms: int

    @property
    def delay_s(self) -> float:
        """From the fix to its receipt."""
        return round((self.received_ms - instant_ms(self.fix.time)) / 1000, 1)


@dataclass(slots=True)
class Pings:
    """The pings of a span of receive time, by convoy and vehicle. `complete`: none were left out."""

    by_vehicle: dict[tuple[str, str], list[Heard]] = field(default_factory=lambda: defaultdict(list))
    complete: bool = True


async def read_pings(broker: str, topics: TopicSet, begin_ms: int, end_ms: int, convoy_id: str | None = None) -> Pings:
    """Read what was received from `begin_ms` until before `end_ms`, of one convoy or of all. Raises KafkaError."""
    found, count = Pings(), 0
    numbers = range(topics.partitions)
    if convoy_id is not None:
        numbers = range(partition := partition_of(convoy_id.encode(), topics.partitions), partition + 1)
    async with following(broker, [topics.convoy_pings, topics.escort_pings], from_beginning=False) as follower:
        for topic, role in ((topics.convoy_pings, "cargo"), (topics.escort_pings, "escort")):
            for number in numbers:
                async for record in follower.between(topic, number, begin_ms, end_ms):
                    count += 1
                    if count > RECORDS_MAX:
                        found.complete = False
                        return found
                    if count % NAP_RECORDS == 0:
                        await asyncio.sleep(0)
                    if convoy_id is None or record.key == convoy_id.encode():
                        _add(found, record, role)
    return found


def _add(found: Pings, record: Record, role: str) -> None:
    try:
        fix = _read_fix(record.value or b"")
    except msgspec.MsgspecError:
        return  # it is in the dead letters
    found.by_vehicle[fix.convoy_id, fix.vehicle_id].append(Heard(fix, role, record.timestamp))


def trail(pings: Pings, plan: ConvoyPlan | None) -> dict[str, Any]:
    """Give the points of a convoy's history, thinned, in order of their own times."""
    track = Track(plan.route) if plan else None
    points = [
        point for heard in pings.by_vehicle.values() for point in _points(thinned(_by_time(heard), POINTS_MAX), track)
    ]
    return {"points": points, "complete": pings.complete}


def newest(pings: Pings, vehicle_id: str, limit: int) -> list[dict[str, Any]]:
    """Give the newest pings of a vehicle, the last received first."""
    heard = [it for (_, name), its in pings.by_vehicle.items() if name == vehicle_id for it in its]
    heard.sort(key=lambda it: it.received_ms, reverse=True)
    return [_point(it) | {"delay_s": it.delay_s} for it in heard[:limit]]


def frames(pings: Pings, begin_ms: int, points_max: int) -> dict[str, Any]:
    """Give everybody's points of a span for playing it back, thinned to one a step; times count from its begin."""
    count = sum(map(len, pings.by_vehicle.values()))
    step_s = 5 * max(1, math.ceil(count / points_max))
    vehicles = [
        {
            "convoy_id": convoy_id,
            "vehicle_id": vehicle_id,
            "role": heard[0].role,
            "points": _stepped(heard, begin_ms, step_s),
        }
        for (convoy_id, vehicle_id), heard in sorted(pings.by_vehicle.items())
    ]
    return {"step_s": step_s, "vehicles": vehicles}


def thinned(items: Sequence[Heard], count_max: int) -> Sequence[Heard]:
    """Give so many at most, evenly spread, the first and the last among them."""
    if len(items) <= count_max:
        return items
    step = (len(items) - 1) / (count_max - 1)
    return [items[round(number * step)] for number in range(count_max)]


def _stepped(heard: Sequence[Heard], begin_ms: int, step_s: int) -> list[list[float]]:
    last: dict[int, list[float]] = {}
    for it in heard:
        if it.fix.lat is not None and it.fix.lon is not None:
            t_s = round((it.received_ms - begin_ms) / 1000, 1)
            last[int(t_s // step_s)] = [t_s, round(it.fix.lat, 5), round(it.fix.lon, 5), it.delay_s]
    return list(last.values())


def _by_time(heard: Sequence[Heard]) -> list[Heard]:
    located = [it for it in heard if it.fix.lat is not None and it.fix.lon is not None]
    return sorted(located, key=lambda it: it.fix.time)


def _points(heard: Sequence[Heard], track: Track | None) -> list[dict[str, Any]]:
    points = [_point(it) for it in heard]
    if track is not None:
        fixes = [(it.fix.time.timestamp(), it.fix.lon or 0.0, it.fix.lat or 0.0) for it in heard]
        for point, (progress_m, lateral_m) in zip(points, track.follow(fixes), strict=True):
            point["progress_m"], point["lateral_m"] = progress_m, lateral_m
    return points


def _point(it: Heard) -> dict[str, Any]:
    fix = it.fix
    return {
        "vehicle_id": fix.vehicle_id,
        "role": it.role,
        "time": format_instant(instant_ms(fix.time)),
        "received": format_instant(it.received_ms),
        "lat": fix.lat,
        "lon": fix.lon,
        "speed_mps": fix.speed_mps,
        "heading_deg": fix.heading_deg,
        "accuracy_m": fix.accuracy_m,
        "progress_m": None,
        "lateral_m": None,
    }
