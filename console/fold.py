"""One alarm out of its records: the condition as the worker tells it, and what people did about it.

Pure: the time is given. What came in which order is known within each of the two topics only, so the records of both
are laid into one order by time: a transition's is that of its record, an action's its own. Two consoles, and one that
starts anew, therefore see the same alarm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from console.records import AlertRecord
from models.alert import RANK, Severity
from models.alert_action import AlertAction

AckState = Literal["active-unack", "active-ack", "gone-unack", "gone-ack", "closed"]

ACK_MS = 600_000
ACK_CRITICAL_MS = 180_000
"""An acknowledgement that lasted for ever would hide an alarm whose owner has gone home."""


class Step(msgspec.Struct, frozen=True, gc=False):
    """One transition: what it tells, when its record was written, and the record's value as it came."""

    told: AlertRecord
    seen_ms: int
    value: bytes


class Ack(NamedTuple):
    """Who has an alarm, since when, and until when if the condition lasts."""

    action: AlertAction
    at_ms: int
    severity: Severity
    expires_ms: int | None


class Refusal(NamedTuple):
    """Why an action changed nothing, and who was first, if anybody."""

    error: str
    winner: AlertAction | None = None


class Alarm(msgspec.Struct, gc=False):
    """One alarm at one moment. `sounds_ms`: when it called for somebody; `next_ms`: when it changes by itself.

    Tuples and a mapping that nobody changes: of an alarm that nobody has touched they are not even made.
    """

    severity: Severity
    raised_ms: int | None = None
    gone_ms: int | None = None
    ack: Ack | None = None
    returned: bool = False
    escalation: int = 0
    assignee: str | None = None
    shelved: AlertAction | None = None
    closed: AlertAction | None = None
    first_ack_ms: int | None = None
    sounds_ms: tuple[int, ...] = ()
    refused: Mapping[str, Refusal] = MappingProxyType({})

    @property
    def notification(self) -> bool:
        """Whether it only tells: no sound, no acknowledgement, over when the condition is."""
        return self.severity == "low"

    @property
    def state(self) -> AckState:
        """Where it stands on both axes."""
        if self.closed or (self.notification and self.gone_ms is not None):
            return "closed"
        if self.gone_ms is None:
            return "active-ack" if self.ack else "active-unack"
        return "gone-ack" if self.ack else "gone-unack"

    @property
    def next_ms(self) -> int | None:
        """When time alone changes it next."""
        if self.ack is None and self.shelved is None:
            return None
        times = [self.ack.expires_ms if self.ack else None, self.shelved.until_ms if self.shelved else None]
        return min((ms for ms in times if ms is not None), default=None)


def fold(steps: Sequence[Step], actions: Sequence[AlertAction], told_once: bool, now_ms: int) -> Alarm:
    """Give the alarm at `now_ms` from its transitions and actions, each in the order of its topic.

    At least one transition. `told_once`: the condition is over as soon as it is told.
    """
    alarm = Alarm(steps[0].told.severity)
    if not actions:  # nearly all at a start: time changes only what people did
        newest_ms = 0
        for step in steps:
            newest_ms = max(newest_ms, step.seen_ms)
            _take_step(alarm, step.told, newest_ms, told_once)
        return alarm
    for at_ms, item in _in_order(steps, actions):
        _pass_time(alarm, at_ms)
        if isinstance(item, Step):
            _take_step(alarm, item.told, at_ms, told_once)
        elif refusal := _take_action(alarm, item, at_ms):
            alarm.refused = {**alarm.refused, str(item.action_id): refusal}
    _pass_time(alarm, now_ms)
    return alarm


def _in_order(steps: Sequence[Step], actions: Sequence[AlertAction]) -> Iterator[tuple[int, Step | AlertAction]]:
    """Merge both by time; where clocks disagree with a topic's order, the order holds. Transitions go first."""
    told = list(_rising((step.seen_ms, step) for step in steps))
    done = list(_rising(((action.at_ms, action) for action in actions), told[0][0]))
    return iter(sorted([*told, *done], key=lambda item: (item[0], isinstance(item[1], AlertAction))))


def _rising(
    items: Iterable[tuple[int, Step | AlertAction]], newest_ms: int = 0
) -> Iterator[tuple[int, Step | AlertAction]]:
    for at_ms, item in items:
        newest_ms = max(newest_ms, at_ms)
        yield newest_ms, item


def _pass_time(alarm: Alarm, now_ms: int) -> None:
    ack, shelved = alarm.ack, alarm.shelved
    if ack and ack.expires_ms is not None and ack.expires_ms <= now_ms:
        alarm.ack, alarm.returned = None, True
        alarm.escalation += 1
        alarm.sounds_ms += (ack.expires_ms,)
    if shelved and shelved.until_ms is not None and shelved.until_ms <= now_ms:
        alarm.shelved = None


def _take_step(alarm: Alarm, told: AlertRecord, at_ms: int, told_once: bool) -> None:
    clears = told.transition == "cleared"
    if is_news := alarm.raised_ms is None:
        alarm.raised_ms = at_ms
    elif is_news := RANK[told.severity] > RANK[alarm.severity]:
        alarm.severity = told.severity
        if alarm.ack and RANK[told.severity] > RANK[alarm.ack.severity]:
            alarm.ack, alarm.returned = None, True
        if told.severity == "critical":
            alarm.shelved = None
    if is_news and not (clears or told.is_past or alarm.notification):
        alarm.sounds_ms += (at_ms,)
    if (clears or told_once) and alarm.gone_ms is None:
        alarm.gone_ms = at_ms
        alarm.ack = alarm.ack and alarm.ack._replace(expires_ms=None)


def _take_action(alarm: Alarm, action: AlertAction, at_ms: int) -> Refusal | None:
    """Apply an action, or say why it changes nothing."""
    refusal = None
    match action.action:
        case "note":
            pass
        case _ if alarm.closed:
            refusal = Refusal("closed", alarm.closed)
        case "acknowledge":
            refusal = _acknowledge(alarm, action, at_ms)
        case "assign":
            alarm.assignee = action.assignee
        case "shelve":
            refusal = _shelve(alarm, action)
        case "unshelve":
            refusal = None if alarm.shelved else Refusal("not-shelved")
            alarm.shelved = None
        case "close":
            refusal = None if alarm.state == "gone-ack" else Refusal("not-gone-ack")
            alarm.closed = None if refusal else action
    return refusal


def _acknowledge(alarm: Alarm, action: AlertAction, at_ms: int) -> Refusal | None:
    if alarm.ack:
        return Refusal("already-acknowledged", alarm.ack.action)
    if alarm.notification:
        return Refusal("notification")
    severity = action.severity or alarm.severity
    if RANK[severity] < RANK[alarm.severity]:
        return Refusal("severity-rose")
    lasts_ms = ACK_CRITICAL_MS if alarm.severity == "critical" else ACK_MS
    alarm.ack = Ack(action, at_ms, severity, None if alarm.gone_ms is not None else at_ms + lasts_ms)
    alarm.returned = False
    alarm.first_ack_ms = at_ms if alarm.first_ack_ms is None else alarm.first_ack_ms
    return None


def _shelve(alarm: Alarm, action: AlertAction) -> Refusal | None:
    if alarm.severity == "critical":
        return Refusal("critical")
    if alarm.shelved:
        return Refusal("already-shelved", alarm.shelved)
    alarm.shelved = action
    return None


def refusal_of(alarm: Alarm, action: AlertAction) -> Refusal | None:
    """Say why an action would change nothing if it were the next; the alarm stays as it is."""
    return _take_action(replace(alarm), action, action.at_ms)
