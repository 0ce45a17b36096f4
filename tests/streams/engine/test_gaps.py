"""gaps: what arrives later than what came after it is judged late, in its own event time, and changes nothing live."""

import json
import random
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from models.alert import Alert
from models.instants import parse_instant
from models.plan import ConvoyPlan
from streams.recording import Arrival
from tests.streams.engine.road import (
    STRAIGHT,
    Drive,
    Point,
    checkpoint,
    examples,
    instant,
    line,
    ping,
    plan,
    seconds,
)

END_S = 1500
Order = Callable[[float], float]


def on_time(at_s: float) -> float:
    return at_s


def newest_first(at_s: float) -> float:
    """Without a network from 350 to 1000 s; then the phone sends the newest fix and after it the older ones."""
    return 1000 + at_s / 1000 if 350 <= at_s < 1000 else at_s


def backwards(at_s: float) -> float:
    return 1001 - at_s / 1000 if 350 <= at_s < 1000 else at_s


def drive(
    where: Callable[[float], Point], order: Order = on_time, every_s: int = 10, **fields: object
) -> list[Arrival]:
    pings = [ping(at_s, where(at_s), received_s=order(at_s), **fields) for at_s in range(0, END_S, every_s)]
    return sorted(pings, key=lambda arrival: arrival.received_ms)


def off_between(from_s: float, to_s: float) -> Callable[[float], Point]:
    return lambda at_s: (10.0 * at_s, 200.0 if from_s <= at_s <= to_s else 0.0)


def told(arrivals: Iterable[Arrival], convoy: ConvoyPlan | None = None) -> list[Alert]:
    alerts = Drive(convoy or plan(STRAIGHT)).send(*arrivals).until(END_S + 70).alerts
    return [alert for alert in alerts if alert.kind not in ("signal-lost", "arrived")]


def seconds_of(arrival: Arrival) -> float:
    return seconds(parse_instant(json.loads(arrival.value)["time"]))


def steps(alerts: Iterable[Alert]) -> list[tuple[str, str, float, float]]:
    return [(a.kind, a.transition, seconds(a.onset_ms), seconds(a.at_ms)) for a in alerts]


@pytest.mark.parametrize("order", [newest_first, backwards])
def test_a_detour_in_a_gap_is_told_as_if_it_had_been_heard_but_late(order: Order):
    live, late = told(drive(off_between(400, 700))), told(drive(off_between(400, 700), order))
    assert steps(late) == steps(live) == [("deviation", "raised", 400, 420), ("deviation", "cleared", 400, 730)]
    assert [a.alert_id for a in late] == [a.alert_id for a in live]
    assert [(a.late, a.sounds) for a in late] == [(True, False)] * 2
    assert [(a.progress_m, a.lateral_m) for a in late] == [(a.progress_m, a.lateral_m) for a in live]


def test_a_detour_that_began_before_the_gap_is_told_where_only_the_gap_proves_it():
    """Two fixes of it come in time, ten seconds apart."""
    live, late = told(drive(off_between(330, 700))), told(drive(off_between(330, 700), newest_first))
    assert steps(late) == steps(live) == [("deviation", "raised", 330, 350), ("deviation", "cleared", 330, 730)]
    assert [(a.alert_id, a.late) for a in late] == [(a.alert_id, True) for a in live]


def test_a_detour_that_was_told_and_over_is_not_told_again():
    """One of its fixes comes late, when the trail reaches back to the middle of it."""
    where = off_between(350, 400)
    late = ping(395, where(395), received_s=431)
    both = sorted([*drive(where), late], key=lambda arrival: arrival.received_ms)
    assert steps(told(both)) == steps(told(drive(where)))


def test_a_halt_and_a_sprint_in_a_gap_are_told():
    def where(at_s: float) -> Point:
        stood_s = min(max(at_s - 400, 0), 250)
        return (10.0 * (at_s - stood_s) + 25 * min(max(at_s - 700, 0), 60), 0.0)

    assert steps(told(drive(where, newest_first))) == [
        ("stall", "raised", 400, 580),
        ("stall", "cleared", 400, 670),
        ("overspeed", "raised", 710, 740),
        ("overspeed", "cleared", 710, 780),
    ]


def test_a_halt_that_was_told_and_over_is_not_told_again():
    """One of its fixes comes late, when the trail still has all the others."""

    def where(at_s: float) -> Point:
        return (10.0 * (at_s - min(max(at_s - 300, 0), 200)), 0.0)

    live = drive(where, every_s=100)
    both = sorted([*live, ping(350, where(350), received_s=701)], key=lambda arrival: arrival.received_ms)
    assert steps(told(both)) == steps(told(live))
    assert steps(told(live)) == [("stall", "raised", 300, 480), ("stall", "cleared", 300, 700)]


def test_what_goes_on_after_the_gap_is_told_once_by_the_live_run():
    alerts = told(drive(off_between(900, 1100), newest_first))
    assert steps(alerts) == [("deviation", "raised", 1000, 1020), ("deviation", "cleared", 1000, 1130)]


def test_what_the_live_run_knows_is_not_told_again():
    alerts = told(drive(off_between(300, 1200), newest_first))
    assert steps(alerts) == [("deviation", "raised", 300, 320), ("deviation", "cleared", 300, 1230)]


def test_what_lasts_at_the_last_word_before_silence_is_told_and_stays_open():
    """Nothing comes after the burst but the way back, much later."""
    off = drive(off_between(600, 1300), newest_first)
    burst = [a for a in off if a.received_ms <= ping(1001, None).received_ms]
    [raised] = told([*burst, ping(1070, None)])
    assert steps([raised]) == [("deviation", "raised", 600, 620)]
    assert raised.sounds
    alerts = told([*burst, *(a for a in off if a.received_ms >= ping(1200, None).received_ms)])
    assert steps(alerts) == [("deviation", "raised", 600, 620), ("deviation", "cleared", 600, 1330)]


@pytest.mark.parametrize(
    ("kind", "mps", "speed_mps"),
    [("overspeed", 10.0, 40.0), ("bad-position", 0.0, 5.0)],
)
def test_what_the_newest_fixes_still_show_goes_on_as_one(kind: str, mps: float, speed_mps: float):
    plain = drive(lambda at_s: (10.0 * at_s, 0.0), newest_first)
    odd = drive(lambda at_s: (9000.0 + mps * (at_s - 900), 0.0), newest_first, speed_mps=speed_mps)
    burst = [b if at_s >= 900 else a for a, b in zip(plain, odd, strict=True) if (at_s := seconds_of(a)) <= 1000]
    after = [a for a in plain if seconds_of(a) >= 1200]
    raised, *others = [a for a in told([*burst, ping(1070, None), *after]) if a.kind == kind]
    assert (raised.transition, raised.late, seconds(raised.onset_ms)) == ("raised", False, 900)
    assert {a.alert_id for a in others} <= {raised.alert_id}


def turns_back(from_s: float, to_s: float, on_s: float) -> Callable[[float], Point]:
    """Forwards, back between the first two moments, and from the third one on again."""

    def where(at_s: float) -> Point:
        back_s, stood_s = (
            min(max(at_s, begin_s), end_s) - begin_s for begin_s, end_s in ((from_s, to_s), (to_s, on_s))
        )
        return (10.0 * (at_s - 2 * back_s - stood_s), 0.0)

    return where


@pytest.mark.parametrize("order", [newest_first, backwards])
def test_a_way_back_that_the_newest_fix_still_shows_goes_on_as_one_that_sounds(order: Order):
    alerts = [a for a in told(drive(turns_back(950, 1000, 1200), order)) if a.kind == "wrong-way"]
    assert steps(alerts)[0] == ("wrong-way", "raised", 950, 980)
    assert steps(alerts)[-1] == ("wrong-way", "cleared", 950, 1210)
    assert {(a.alert_id, a.late) for a in alerts} == {(alerts[0].alert_id, False)}
    assert alerts[0].sounds


def test_a_way_back_that_began_before_the_gap_is_told_where_only_the_gap_proves_it():
    """Of the way back two fixes come in time; the third and the halt after it come too late, and out of order."""
    places = {0: 9000, 30: 9150, 60: 9050, 90: 8850, 120: 8800, 150: 8700, 180: 8700, 210: 8700}
    late_s = {90: 155, 120: 153}
    pings = [ping(at_s, (x, 0.0), received_s=late_s.get(at_s, at_s)) for at_s, x in places.items()]
    alerts = Drive(plan(STRAIGHT)).send(*sorted(pings, key=lambda a: a.received_ms)).until(230).alerts
    raised = [a for a in alerts if a.transition == "raised"]
    assert [(a.kind, seconds(a.onset_ms)) for a in raised] == [("wrong-way", 30)]


def test_a_way_back_that_was_told_and_over_is_not_told_again():
    """One of its fixes comes late, when the trail reaches back to the middle of it."""
    where = turns_back(300, 400, 400)
    late = ping(395, where(395), received_s=421)
    both = sorted([*drive(where), late], key=lambda arrival: arrival.received_ms)
    assert steps(told(both)) == steps(told(drive(where)))


@pytest.mark.parametrize(("speed_mps", "expected"), [(0.0, []), (5.0, ["raised", "cleared"])])
def test_a_halt_that_the_newest_fix_still_shows_is_left_to_the_live_run_where_that_sees_it(
    speed_mps: float, expected: list[str]
):
    plain = drive(lambda at_s: (10.0 * min(at_s, 600), 0.0), newest_first)
    newest = [ping(at_s, (6030.0, 0.0), speed_mps=speed_mps) for at_s in (1000, 1010)]
    burst = [a for a in plain if seconds_of(a) < 1000]
    pings = sorted([*burst, *newest], key=lambda arrival: arrival.received_ms)
    alerts = Drive(plan(STRAIGHT)).send(*pings, ping(1070, None)).alerts
    assert [a.transition for a in alerts if a.kind == "stall"] == expected
    assert all(a.reason == "gap-over" for a in alerts if a.transition == "cleared" and a.kind == "stall")


def test_a_live_run_that_took_the_other_leg_is_set_right_by_what_fills_the_gap():
    """It turns back 600 m before the end of a road there and back: the fixes that show the turn come too late."""
    where = turns_back(740, 850, 1000)

    def order(at_s: float) -> float:
        return 830 + at_s / 1000 if 740 <= at_s < 830 else at_s

    trip, progress_m = Drive(plan([(0.0, 0.0), (8000.0, 0.0), (0.0, 0.0)])), {}
    for arrival in drive(where, order):
        progress_m[seconds_of(arrival)] = trip.send(arrival).progress_m()
    assert progress_m[840] > 8000
    assert progress_m[910] == pytest.approx(where(910)[0], abs=1)


GATE = plan(STRAIGHT, checkpoints=[checkpoint((5000, 0))])


def test_a_checkpoint_that_an_older_fix_shows_visited_is_not_missed():
    """The road was left and joined again, so that the fixes in time do not prove that it was passed."""

    def where(at_s: float) -> Point:
        return (10.0 * at_s, 200.0 if 300 <= at_s < 480 or 520 < at_s <= 1000 else 0.0)

    assert "missed-checkpoint" in {
        a.kind for a in told([a for a in drive(where) if not 350 <= seconds_of(a) < 1000], GATE)
    }
    assert "missed-checkpoint" not in {a.kind for a in told(drive(where, newest_first), GATE)}


def test_a_checkpoint_that_is_missed_in_a_gap_is_told_when_that_is_judged_and_sounds():
    """At the gap's end it is off its way again, so that the live run knows nothing of the way between."""

    def where(at_s: float) -> Point:
        return (10.0 * at_s, 200.0 if 400 <= at_s < 600 or 1000 <= at_s < 1200 else 0.0)

    live, late = told(drive(where), GATE), told(drive(where, newest_first), GATE)
    [live, missed] = [a for a in (*live, *late) if a.kind == "missed-checkpoint"]
    assert seconds(missed.detected_at_ms) == 1070
    assert (missed.alert_id, missed.at_ms, missed.sounds) == (live.alert_id, live.at_ms, True)


def test_a_gap_that_begins_beside_the_road_is_judged_knowing_since_when_the_vehicle_is_off_it():
    """So it finds where the vehicle came back, as far ahead as the whole time allows, and what it had passed by."""

    def where(at_s: float) -> Point:
        return (10.0 * at_s, 0.0 if at_s < 100 or 700 <= at_s < 750 or at_s >= 1200 else 200.0)

    def order(at_s: float) -> float:
        return 800 + at_s / 1000 if 650 <= at_s < 800 else at_s

    live, late = told(drive(where), GATE), told(drive(where, order), GATE)
    [live, missed] = [a for a in (*live, *late) if a.kind == "missed-checkpoint"]
    assert seconds(missed.detected_at_ms) == 870
    assert (missed.alert_id, missed.at_ms, missed.sounds) == (live.alert_id, live.at_ms, True)


def test_nothing_goes_on_of_a_vehicle_that_has_arrived_meanwhile():
    """It is off its way until just before the end, where the fixes in time are too few to say so."""
    short = plan([(0.0, 0.0), (10_300.0, 0.0)])

    def where(at_s: float) -> Point:
        return (10.0 * at_s, 140.0 if 900 <= at_s < 1010 else 0.0)

    trip = Drive(short).send(*(a for a in drive(where, newest_first) if seconds_of(a) <= 1030)).until(1200)
    assert steps(a for a in trip.alerts if a.kind == "deviation") == [
        ("deviation", "raised", 900, 920),
        ("deviation", "cleared", 900, 1020),
    ]


def test_the_older_ones_count_as_older_and_the_vehicle_stays_where_it_is():
    trip = Drive(plan(STRAIGHT)).send(*drive(off_between(400, 700), newest_first))
    assert trip.counts["older"] == 65
    assert trip.progress_m() == 14_900


def test_before_the_departure_nothing_is_told():
    convoy = plan(STRAIGHT, depart_at=instant(1050))
    waits = drive(lambda at_s: (max(10.0 * (at_s - 1050), 0.0), 200.0 if at_s < 600 else 0.0), newest_first)
    assert told(waits, convoy) == []


def test_a_road_there_and_back_is_followed_from_where_the_gap_began():
    road: list[Point] = [(0, 0), (8000, 0), (0, 0)]
    alerts = told(
        drive(lambda at_s: (10.0 * at_s if at_s < 800 else 16_000 - 10.0 * at_s, 0.0), newest_first), plan(road)
    )
    assert alerts == []


def test_more_than_is_kept_is_judged_in_parts():
    alerts = told(drive(off_between(400, 500), newest_first, every_s=1))
    assert ("deviation", "raised", 402, 422) in steps(alerts)


def test_a_copy_of_an_older_ping_says_nothing():
    arrivals = drive(off_between(500, 520))
    again = [replace(a, received_ms=a.received_ms + 45_000) for a in arrivals]
    both = sorted(arrivals + again, key=lambda arrival: arrival.received_ms)
    assert steps(told(both)) == steps(told(arrivals))


def test_a_copy_of_a_new_ping_while_a_gap_is_pending_says_nothing():
    arrivals = drive(off_between(400, 700), newest_first)
    copy = [replace(a, received_ms=a.received_ms + 5_000) for a in arrivals if a == ping(1020, (10_200.0, 0.0))]
    assert len(copy) == 1
    both = sorted(arrivals + copy, key=lambda arrival: arrival.received_ms)
    assert steps(told(both)) == steps(told(arrivals))


def test_what_another_vehicle_does_while_a_gap_is_pending_is_its_own():
    late = drive(off_between(400, 700), newest_first)
    other = [a for a in drive(off_between(1000, 1200), vehicle="V2") if a.received_ms >= ping(1000, None).received_ms]
    both = sorted(late + other, key=lambda arrival: arrival.received_ms)
    alerts = told(both, plan(STRAIGHT, vehicles=("V1", "V2")))
    mine = [(a.vehicle_id, a.late) for a in alerts if a.kind == "deviation" and a.transition == "raised"]
    assert sorted(mine) == [("V1", True), ("V2", False)]


def test_a_vehicle_that_leaves_the_plan_is_told_of_no_more():
    trip = Drive(plan(STRAIGHT))
    trip.send(*(a for a in drive(off_between(400, 700), newest_first) if a.received_ms <= ping(1010, None).received_ms))
    trip.detection.withdraw_plan("C1")
    before = len(trip.alerts)
    assert [a.kind for a in trip.until(1200).alerts[before:]] == []


@pytest.mark.compiled_only
@settings(max_examples=examples(30), deadline=None)
@given(st.integers(0, 2**32), st.sampled_from((5, 10, 15)), st.sampled_from((0.0, 120.0, -200.0)))
def test_pings_that_overtake_each_other_within_a_minute_tell_the_same(seed: int, every_s: int, aside_m: float):
    rng = random.Random(seed)

    def where(at_s: float) -> Point:
        stood_s = min(max(at_s - 1000, 0), 300)
        return (8.0 * (at_s - stood_s), aside_m if 300 <= at_s < 600 else 0.0)

    convoy = plan(line((0, 0), (20_000, 0), 500))
    live = told(drive(where, every_s=every_s), convoy)
    late = told(drive(where, lambda at_s: at_s + rng.uniform(0, 60), every_s), convoy)
    assert {(a.kind, a.transition) for a in late} == {(a.kind, a.transition) for a in live}
    assert len({a.alert_id for a in late}) == len({a.alert_id for a in live})


def test_a_route_that_changes_meanwhile_is_followed_from_scratch():
    trip = Drive(plan(STRAIGHT))
    arrivals = drive(off_between(400, 700), newest_first)
    filled = ping(1001, None).received_ms
    trip.send(*(a for a in arrivals if a.received_ms <= filled))
    trip.detection.put_plan(plan([(0.0, 0.0), (19_000.0, 0.0)]))
    trip.send(*(a for a in arrivals if a.received_ms > filled)).until(END_S)
    assert steps(a for a in trip.alerts if a.kind == "deviation") == [
        ("deviation", "raised", 400, 420),
        ("deviation", "cleared", 400, 730),
    ]
