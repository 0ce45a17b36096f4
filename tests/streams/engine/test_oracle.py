"""The compiled engine tells what the naive rules tell."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from models.alert import Alert
from tests.streams.engine.naive import FAST_MPS, Fix, Naive
from tests.streams.engine.road import STRAIGHT, Drive, Point, examples, ping, plan, seconds

# Away from the limits by more than the two planes differ: what happens at a limit is said by the examples.
OFF_M = (0.0, 13.0, 48.0, 71.0, 88.0, 113.0, 163.0, 310.0, 620.0)
SPEEDS_MPS = (0.0, 0.0, 0.31, 3.1, 9.3, 17.7)
GAPS_S = (1, 5, 10, 10, 10, 30, 61, 127, 250, 700)
STARTS_M = (7.0, 250.0, 4000.0, 18_500.0, 19_700.0)
SIDE_MPS_MAX = 60.0

leg = st.tuples(
    st.sampled_from(GAPS_S),
    st.sampled_from(SPEEDS_MPS),
    st.sampled_from(OFF_M),
    st.sampled_from((0.0, 0.0, 0.0, 23.0, 400.0)),
    st.integers(1, 8),
    st.sampled_from((False, False, False, True)),
)


def drive_of(start_m: float, legs: list[tuple[float, float, float, float, int, bool]]) -> list[Fix]:
    """Fixes every so many seconds, at speeds along the road and distances from it, received at once."""
    fixes = [Fix(0.0, 0.0, (start_m, 0.0), 0.0)]
    for gap_s, speed_mps, off_m, accuracy_m, times, sos in legs:
        for _ in range(times):
            last = fixes[-1]
            x, y = last.point
            side_m = math.copysign(min(abs(off_m - y), SIDE_MPS_MAX * gap_s), off_m - y)
            side_m = off_m - y if abs(off_m - y) == abs(side_m) else 0.0
            point: Point = (min(x + speed_mps * gap_s, 20_050.0), y + side_m)
            fixes.append(Fix(last.time_s + gap_s, last.received_s + gap_s, point, accuracy_m, sos))
    return fixes


def told(alert: Alert) -> tuple[str, str, str, float, float]:
    return alert.kind, alert.transition, alert.severity, seconds(alert.onset_ms), seconds(alert.at_ms)


def naively(fixes: list[Fix], end_s: float) -> list[tuple[str, str, str, float, float]]:
    naive, second = Naive(), 0.0
    for fix in fixes:
        while second < fix.received_s:
            naive.second(second)
            second += 1
        naive.hear(fix)
    while second <= end_s:
        naive.second(second)
        second += 1
    return naive.told


@settings(max_examples=examples(150), deadline=None)
@given(st.sampled_from(STARTS_M), st.lists(leg, min_size=1, max_size=8), st.sampled_from((0.0, 100.0, 1000.0)))
def test_a_drive_brings_what_the_naive_rules_bring(start_m: float, legs: list, tail_s: float):
    fixes = drive_of(start_m, legs)
    end_s = fixes[-1].received_s + tail_s
    drive = Drive(plan(STRAIGHT, limits={"overspeed_mps": FAST_MPS}))
    drive.send(*(ping(fix.time_s, fix.point, accuracy_m=fix.accuracy_m, sos=fix.sos) for fix in fixes)).until(end_s)
    assert [told(alert) for alert in drive.alerts] == naively(fixes, end_s)
