"""The order of a vehicle's pings within one second changes nothing.

Of two positions with the same time the first to come counts: they contradict each other, and so do two words about the
duress button. All other pings of one second may overtake each other on their way.
"""

import json
import math
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from models.alert import Alert
from streams.recording import Arrival
from tests.streams.engine.road import STRAIGHT, Drive, Point, examples, ping, plan, seconds
from tests.streams.engine.test_properties import judged, move, traffic

OFF_M = (0.0, 0.0, 48.0, 163.0, 310.0, 620.0)
SPEEDS_MPS = (0.0, 0.0, 9.3, 17.7)
BEAT_S = 7
"""No limit is a multiple of it, nor nearly one: which of a second's pings is judged decides nothing."""

SIDE_MPS_MAX = 40.0
WITHIN_S = (0.0, 0.2, 0.4)
UNEQUAL_S = 1.5
"""Pings of one second differ by less, and silence is judged on whole seconds."""

leg = st.tuples(st.sampled_from(SPEEDS_MPS), st.sampled_from(OFF_M), st.sampled_from((1, 2, 4, 30)), st.booleans())
Second = list[Arrival]


def copies(arrivals: list[Arrival], data: st.DataObject) -> Iterator[Second]:
    """Each ping with copies of it that say more, and perhaps one without a position, all received at once."""
    for arrival in arrivals:
        body = json.loads(arrival.value)
        told = [body | {"seq": n, "battery_pct": 50 + n} for n in range(data.draw(st.integers(0, 2)))]
        if data.draw(st.booleans()):
            told.append({name: body[name] for name in ("vehicle_id", "convoy_id", "time", "sos") if name in body})
        yield [arrival, *(replace(arrival, value=json.dumps(one).encode()) for one in told)]


def what(values: list[bytes]) -> list[tuple[str, ...]]:
    """The alerts without where the vehicle was: at a ping without a position it was where the last one had it."""
    alerts = [Alert.from_json(value) for value in values]
    return sorted((a.alert_id, a.transition, a.severity, a.reason, str(a.at_ms), str(a.detected_at_ms)) for a in alerts)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(move, max_size=30), st.data())
def test_copies_and_presences_of_one_instant_may_come_in_any_order(moves: list[dict], data: st.DataObject):
    groups = list(copies(traffic(moves), data))
    shuffled = [arrival for group in groups for arrival in data.draw(st.permutations(group))]
    assert what(judged([shuffled])) == what(judged([[arrival for group in groups for arrival in group]]))


def way(legs: list[tuple[float, float, int, bool]], data: st.DataObject) -> Iterator[Second]:
    """One to three pings in every seventh second along and beside the road, received together a moment later."""
    x, y, at_s = 4000.0, 0.0, 0
    for speed_mps, off_m, beats, sos in legs:
        for _ in range(beats):
            at_s += BEAT_S
            x += BEAT_S * speed_mps
            y += math.copysign(min(abs(off_m - y), SIDE_MPS_MAX * BEAT_S), off_m - y)
            within_s = data.draw(st.lists(st.sampled_from(WITHIN_S), min_size=1, max_size=3, unique=True))
            points: list[Point] = [(x + s * speed_mps, y) for s in sorted(within_s)]
            yield [
                ping(at_s + s, point, received_s=at_s + 0.9, sos=sos)
                for s, point in zip(sorted(within_s), points, strict=True)
            ]


def alerts_of(seconds_of: list[Second]) -> list[Alert]:
    drive = Drive(plan(STRAIGHT)).send(*(arrival for second in seconds_of for arrival in second))
    return drive.until(seconds(drive.detection.status("C1").at_ms) + 700).alerts


def nearly(one: Alert, other: Alert) -> bool:
    """Whether two alerts tell the same, but for which ping of the second told it."""
    same = all(getattr(one, name) == getattr(other, name) for name in ("kind", "transition", "severity", "reason"))
    moments = (one.at_ms - other.at_ms, one.onset_ms - other.onset_ms)
    return same and all(abs(ms) <= 1000 * UNEQUAL_S for ms in moments)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(leg, min_size=1, max_size=4), st.data())
def test_several_fixes_of_one_second_may_come_in_any_order(legs: list, data: st.DataObject):
    in_order = list(way(legs, data))
    shuffled = [data.draw(st.permutations(second)) for second in in_order]
    pairs = zip(alerts_of(shuffled), alerts_of(in_order), strict=True)
    assert all(nearly(one, other) for one, other in pairs)
