"""An alarm is what its transitions and actions make of it, whatever order they were read in."""

from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

from console.book import Book
from console.fold import Alarm, Step, fold
from console.records import read_alert
from models.alert import RANK
from models.alert_action import AlertAction
from tests.console.alarms import MIN_MS, T_MS, action, alert


def step(minute: float, severity: str = "high", cleared: bool = False) -> Step:
    told = alert(minute, "cleared" if cleared else "raised", severity=severity)
    return Step(read_alert(told.to_json()), told.at_ms, told.to_json())


RAISED = step(0)


def after(minute: float, *actions: AlertAction, steps: tuple[Step, ...] = (RAISED,)) -> Alarm:
    return fold(steps, actions, False, T_MS + round(minute * MIN_MS))


def test_an_alarm_goes_the_whole_way_to_its_close() -> None:
    ack, close = action(1, "acknowledge", 1), action(2, "close", 6)
    assert after(0).state == "active-unack"
    assert after(1, ack).state == "active-ack"
    steps = (RAISED, step(5, cleared=True))
    assert after(5, steps=steps).state == "gone-unack"
    assert after(5, ack, steps=steps).state == "gone-ack"
    assert after(6, ack, close, steps=steps).state == "closed"


@pytest.mark.parametrize(("severity", "minutes"), [("high", 10), ("critical", 3)])
def test_an_acknowledgement_expires_while_the_condition_lasts(severity: str, minutes: int) -> None:
    steps, ack = (step(0, severity),), action(1, "acknowledge", 1)
    assert after(minutes + 0.99, ack, steps=steps).state == "active-ack"
    expired = after(minutes + 1, ack, steps=steps)
    assert (expired.state, expired.returned, expired.escalation) == ("active-unack", True, 1)
    assert len(expired.sounds_ms) == 2
    gone = after(60, ack, steps=(*steps, step(minutes, cleared=True)))
    assert (gone.state, gone.escalation) == ("gone-ack", 0)


def test_the_first_of_two_wins_and_the_other_is_told_who() -> None:
    first, second = action(1, "acknowledge", 1, "ani"), action(2, "acknowledge", 1, "budi")
    alarm = after(2, first, second)
    assert alarm.ack
    assert alarm.ack.action.actor == "ani"
    refusal = alarm.refused[str(second.action_id)]
    assert (refusal.error, refusal.winner) == ("already-acknowledged", first)


def test_what_the_topic_has_first_is_first_even_if_its_clock_is_ahead() -> None:
    ahead, behind = action(1, "acknowledge", 2, "ani"), action(2, "acknowledge", 1, "budi")
    alarm = after(3, ahead, behind)
    assert alarm.ack
    assert alarm.ack.action.actor == "ani"


def test_a_rise_voids_the_acknowledgement_and_ends_shelving() -> None:
    actions = action(1, "acknowledge", 1), action(2, "shelve", 1)
    alarm = after(2, *actions, steps=(RAISED, step(2, "critical")))
    assert (alarm.state, alarm.returned, alarm.shelved, alarm.severity) == ("active-unack", True, None, "critical")


def test_an_acknowledgement_of_less_than_the_alarm_has_become_does_not_cover_it() -> None:
    steps = (RAISED, step(2, "critical"))
    stale = action(1, "acknowledge", 3, severity="high")
    alarm = after(3, stale, steps=steps)
    assert alarm.state == "active-unack"
    assert alarm.refused[str(stale.action_id)].error == "severity-rose"


def test_shelving_ends_by_itself_and_is_never_for_what_is_critical() -> None:
    shelve = action(1, "shelve", 1)
    assert after(30.9, shelve).shelved == shelve
    assert after(31, shelve).shelved is None
    assert after(1, shelve, action(2, "unshelve", 1)).shelved is None
    alarm = after(1, shelve, steps=(step(0, "critical"),))
    assert (alarm.shelved, alarm.refused[str(shelve.action_id)].error) == (None, "critical")


def test_a_notification_makes_no_sound_wants_no_acknowledgement_and_closes_with_its_condition() -> None:
    low = (step(0, "low"),)
    ack = action(1, "acknowledge", 1)
    alarm = after(1, ack, steps=low)
    assert (alarm.notification, alarm.sounds_ms, alarm.ack) == (True, (), None)
    assert after(2, steps=(*low, step(2, "low", cleared=True))).state == "closed"
    risen = after(9, steps=(*low, step(8, "high")))
    assert (risen.notification, len(risen.sounds_ms), risen.returned) == (False, 1, False)


def test_what_is_told_once_is_gone_and_waits_for_its_acknowledgement() -> None:
    alarm = fold([step(0, "medium")], [], True, T_MS)
    assert (alarm.state, len(alarm.sounds_ms)) == ("gone-unack", 1)


# The oracle goes through the time minute by minute; all times drawn are whole minutes.

SEVERITIES = st.sampled_from(["low", "medium", "high", "critical"])
ACTIONS = st.sampled_from(["acknowledge", "assign", "shelve", "unshelve", "note", "close"])
STEPS = st.lists(st.tuples(st.integers(0, 30), SEVERITIES, st.booleans()), min_size=1, max_size=5)
DONE = st.lists(st.tuples(st.integers(0, 40), ACTIONS, st.sampled_from(["ani", "budi"])), max_size=7)


def naive(steps: list[Any], done: list[Any], until_minute: int) -> dict[str, Any]:  # noqa: PLR0912 (naive)
    begin = steps[0][0]
    severity, gone, ack, shelved_until, closed, returned, escalation = steps[0][1], False, None, None, False, False, 0
    for minute in range(begin, until_minute + 1):
        if ack and not gone and minute >= ack[1]:
            ack, returned, escalation = None, True, escalation + 1
        if shelved_until is not None and minute >= shelved_until:
            shelved_until = None
        for at, worse, cleared in steps:
            if at == minute:
                if RANK[worse] > RANK[severity]:
                    severity = worse
                    if ack:
                        ack, returned = None, True
                    if severity == "critical":
                        shelved_until = None
                gone = gone or cleared
        for at, name, actor in done:
            if max(at, begin) != minute or closed:
                continue
            if name == "acknowledge" and ack is None and severity != "low":
                ack, returned = (actor, minute + (3 if severity == "critical" else 10)), False
            elif name == "shelve" and severity != "critical" and shelved_until is None:
                shelved_until = at + 30
            elif name == "unshelve":
                shelved_until = None
            elif name == "close" and gone and ack and severity != "low":
                closed = True
    return {
        "severity": severity,
        "gone": gone,
        "ack": ack and ack[0],
        "shelved": shelved_until is not None,
        "closed": closed,
        "returned": returned,
        "escalation": escalation,
    }


@given(STEPS, DONE, st.integers(40, 60))
def test_the_fold_is_what_a_minute_by_minute_walk_gives(steps: list[Any], done: list[Any], until: int) -> None:
    steps.sort(key=lambda it: it[0])
    done.sort(key=lambda it: it[0])
    actions = [action(number, name, at, actor) for number, (at, name, actor) in enumerate(done)]
    alarm = after(until, *actions, steps=tuple(step(at, worse, cleared) for at, worse, cleared in steps))
    assert {
        "severity": alarm.severity,
        "gone": alarm.gone_ms is not None,
        "ack": alarm.ack and alarm.ack.action.actor,
        "shelved": alarm.shelved is not None,
        "closed": alarm.closed is not None,
        "returned": alarm.returned,
        "escalation": alarm.escalation,
    } == naive(steps, done, until)


# Interleavings: the records of each alert keep their order within a topic, everything else may come in any order.

NAMES = ("KT-1", "KT-2", "POL-1")


def records(draw: st.DrawFn) -> list[list[Any]]:
    queues: list[list[Any]] = []
    numbers = count()
    for vehicle in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)):
        minutes = sorted(draw(st.lists(st.integers(0, 20), min_size=1, max_size=4)))
        kinds = ["raised", *draw(st.lists(st.sampled_from(["updated", "cleared"]), min_size=3, max_size=3))]
        told = [
            alert(at, kind, vehicle_id=vehicle, severity=draw(SEVERITIES))
            for at, kind in zip(minutes, kinds, strict=False)
        ]
        queues.append([(it.to_json(), it.at_ms) for it in told])
        done = sorted(draw(st.lists(st.tuples(st.integers(0, 25), ACTIONS), max_size=4)))
        queues.append([action(next(numbers), name, at, alert_id=told[0].alert_id) for at, name in done])
    return queues


def taken(items: list[Any], folding: bool) -> Book:
    book = Book()
    for item in items:
        name = book.take_action(item) if isinstance(item, AlertAction) else book.take_alert(*item)
        if folding and name:
            book.refold([name], T_MS + 30 * MIN_MS)
    book.refold(list(book.entries), T_MS + 30 * MIN_MS)
    return book


def told(book: Book) -> dict[str, Any]:
    return {name: (asdict(entry.now), entry.suppressed) for name, entry in book.entries.items()}


@given(st.data())
def test_any_interleaving_of_the_topics_folds_alike_and_duplicates_change_nothing(data: st.DataObject) -> None:
    queues = data.draw(st.composite(records)())
    expected = taken([item for queue in queues for item in queue], folding=False)
    mixed, waiting = [], [list(queue) for queue in queues if queue]
    while waiting:
        queue = data.draw(st.sampled_from(waiting))
        mixed.append(queue.pop(0))
        if data.draw(st.booleans()):
            mixed.append(data.draw(st.sampled_from(mixed)))
        waiting = [queue for queue in waiting if queue]
    book = taken(mixed, folding=True)
    assert told(book) == told(expected)
    assert +book.counts == +expected.counts
