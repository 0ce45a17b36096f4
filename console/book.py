"""All alarms: taken in record by record, folded, inhibited, counted. Pure: every time is given."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from operator import itemgetter

import msgspec
from pydantic import ValidationError

from console.flood import KEPT_MS, Flood, Sound
from console.fold import Alarm, Step, fold
from console.records import AlertRecord, read_alert
from models.alert import RANK, TOLD_ONCE, Severity
from models.alert_action import AlertAction

CONVOY_WIDE = ("signal-lost", "unescorted")
ENDED_BY_ARRIVAL = ("stall", "late")
CHATTER_MS = 60_000
CHATTER_TIMES = 3
"""One vehicle's alarm that comes so often within this time is a limit set too tight, or a faulty device."""

LISTED_MAX = 5_000
LISTED_CLOSED_MS = 12 * 3_600_000
"""What was closed stays in the list for a shift."""

COUNTED = {(name, False): ((name, "all"),) for name in RANK} | {
    (name, True): ((name, "all"), (name, "unacked")) for name in RANK
}
"""As what an alarm counts, by its severity and by whether it waits for somebody: made once, not for each alarm."""


class Entry(msgspec.Struct, gc=False):
    """One alarm with its records: `head` is the first, `sounded` how many sounds were counted."""

    head: AlertRecord
    steps: tuple[Step, ...] = ()
    actions: tuple[AlertAction, ...] = ()
    alarm: Alarm | None = None
    suppressed: str | None = None
    sounded: int = 0
    counted: tuple[tuple[str, str], ...] = ()

    @property
    def group(self) -> str:
        """The row of the list that it stands in: one convoy and one kind."""
        return f"{self.head.convoy_id}|{self.head.kind}"

    @property
    def now(self) -> Alarm:
        """The alarm as it was folded last."""
        assert self.alarm is not None
        return self.alarm


class Book:
    """Every alarm by its id. `take_alert` and `take_action` keep records; `refold` makes alarms of them.

    What sounded is remembered for `kept_ms`. `called`, `acked` and `chattered` gather what has happened, for whoever
    counts it.
    """

    def __init__(self, kept_ms: int = KEPT_MS) -> None:
        self.entries: dict[str, Entry] = {}
        self.flood = Flood(kept_ms)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.bad = 0
        self.is_feed_late = False
        self.cut_off: AbstractSet[str] = frozenset()
        self.called: list[Sound] = []
        self.acked: list[tuple[Severity, float]] = []
        self.chattered = 0
        self._orphans: dict[str, list[AlertAction]] = defaultdict(list)
        self._active: dict[str, set[str]] = defaultdict(set)
        self._arrived: set[tuple[str, str | None]] = set()
        self._due: list[tuple[int, str]] = []
        self._raised: dict[tuple[str, str, str | None], deque[int]] = {}

    def take_alert(self, value: bytes, seen_ms: int) -> str | None:
        """Keep a transition whose record was written at `seen_ms`; gives the alert, None if nothing is new."""
        try:
            told = read_alert(value)
        except msgspec.MsgspecError:
            self.bad += 1
            return None
        entry = self.entries.get(told.alert_id)
        if entry is None:
            entry = self.entries[told.alert_id] = Entry(told)
            self._note_chatter(entry, seen_ms)
            for action in self._orphans.pop(told.alert_id, ()):
                self._keep(entry, action)
        elif told.transition == "raised" or told in [step.told for step in entry.steps]:
            return None
        entry.steps += (Step(told, seen_ms, value),)
        return told.alert_id

    def take_action(self, action: AlertAction) -> str | None:
        """Keep an action; gives the alert, None if nothing is new. One may come before its alert is known."""
        entry = self.entries.get(action.alert_id)
        if entry is None:
            self._orphans[action.alert_id].append(action)
            return None
        return action.alert_id if self._keep(entry, action) else None

    def read_action(self, value: bytes) -> AlertAction | None:
        """Read an action's record and keep the action; gives None for what is none."""
        try:
            action = AlertAction.from_json(value)
        except ValidationError:
            self.bad += 1
            return None
        self.take_action(action)
        return action

    def _keep(self, entry: Entry, action: AlertAction) -> bool:
        if action.action_id in [it.action_id for it in entry.actions]:
            return False
        entry.actions += (action,)
        return True

    def due(self, now_ms: int) -> list[str]:
        """Give the alerts that time has changed since they were folded."""
        found = []
        while self._due and self._due[0][0] <= now_ms:
            found.append(heapq.heappop(self._due)[1])
        return found

    def refold(self, alert_ids: Iterable[str], now_ms: int) -> list[str]:
        """Fold these alarms, and those that they inhibit; gives all that may look different now."""
        convoys, changed, sounds = set(), dict.fromkeys(alert_ids), []
        for alert_id in changed:
            entry = self.entries[alert_id]
            before_ms = entry.alarm and entry.alarm.first_ack_ms
            alarm = entry.alarm = fold(entry.steps, entry.actions, entry.head.kind in TOLD_ONCE, now_ms)
            self._note_condition(entry)
            convoys.add(entry.head.convoy_id)
            next_ms = alarm.next_ms
            if next_ms is not None:
                heapq.heappush(self._due, (next_ms, alert_id))
            if before_ms is None and alarm.first_ack_ms is not None:
                self.acked.append((alarm.severity, (alarm.first_ack_ms - (alarm.raised_ms or 0)) / 1000))
            if len(alarm.sounds_ms) > entry.sounded:
                group = entry.group
                for at_ms in alarm.sounds_ms[entry.sounded :]:
                    sounds.append((Sound(at_ms, group, alarm.severity), entry))
                entry.sounded = len(alarm.sounds_ms)
        inhibited = [alert_id for name in convoys for alert_id in self._inhibit(name)]
        for sound, entry in sorted(sounds, key=itemgetter(0)):
            if not (entry.now.shelved or entry.suppressed) and self.flood.add(sound):
                self.called.append(sound)
        changed |= dict.fromkeys(inhibited)
        self._count(changed)
        return list(changed)

    def set_feed_late(self, is_late: bool) -> list[str]:
        """Say whether pings are judged more than a minute late; gives the alerts that this inhibits or frees."""
        if is_late == self.is_feed_late:
            return []
        self.is_feed_late = is_late
        return self._inhibit_all()

    def set_cut_off(self, vehicle_ids: AbstractSet[str]) -> list[str]:
        """Say whose gateway is down; gives the alerts that this inhibits or frees."""
        if vehicle_ids == self.cut_off:
            return []
        self.cut_off = vehicle_ids
        return self._inhibit_all()

    def _inhibit_all(self) -> list[str]:
        changed = [alert_id for name in list(self._active) for alert_id in self._inhibit(name)]
        self._count(changed)
        return changed

    def listed(self, now_ms: int) -> tuple[list[str], int]:
        """Give the alerts of the list, the most important where there are too many, and how many are left out."""
        recent_ms = now_ms - LISTED_CLOSED_MS
        found = [
            alert_id
            for alert_id, entry in self.entries.items()
            if entry.now.state != "closed" or (_over_ms(entry) or now_ms) > recent_ms
        ]
        if len(found) > LISTED_MAX:
            found.sort(key=self._importance, reverse=True)
        return found[:LISTED_MAX], max(0, len(found) - LISTED_MAX)

    def active(self) -> Iterator[Entry]:
        """Yield the alarms whose condition lasts."""
        for alert_ids in self._active.values():
            for alert_id in alert_ids:
                yield self.entries[alert_id]

    def forget(self, before_ms: int) -> list[str]:
        """Drop the alarms that are over and were last heard of before; gives their ids."""
        old = [
            alert_id
            for alert_id, entry in self.entries.items()
            if entry.now.gone_ms is not None and entry.steps[-1].seen_ms < before_ms
        ]
        for alert_id in old:
            self.counts.subtract(self.entries.pop(alert_id).counted)
        orphans = [name for name, actions in self._orphans.items() if actions[-1].at_ms < before_ms]
        for name in orphans:
            del self._orphans[name]
        return old

    def _importance(self, alert_id: str) -> tuple[bool, bool, int, bool, int]:
        """What waits for a person first, the worst of it before the rest; then what is not closed, active, new."""
        entry, alarm = self.entries[alert_id], self.entries[alert_id].now
        waits = alarm.state.endswith("-unack") and not alarm.notification
        is_open = alarm.state != "closed"
        return waits, is_open, RANK[alarm.severity], alarm.gone_ms is None, entry.steps[-1].seen_ms

    def _note_chatter(self, entry: Entry, seen_ms: int) -> None:
        head = entry.head
        key = (head.convoy_id, head.kind, head.vehicle_id)
        times = self._raised.get(key)
        if times is None:
            times = self._raised[key] = deque(maxlen=CHATTER_TIMES)
        times.append(seen_ms)
        self.chattered += len(times) == CHATTER_TIMES and times[-1] - times[0] <= CHATTER_MS

    def _note_condition(self, entry: Entry) -> None:
        head = entry.head
        if head.kind == "arrived":
            self._arrived.add((head.convoy_id, head.vehicle_id))
        if entry.now.gone_ms is None:
            self._active[head.convoy_id].add(head.alert_id)
        else:
            self._active[head.convoy_id].discard(head.alert_id)
            entry.suppressed = None

    def _inhibit(self, convoy_id: str) -> Iterator[str]:
        """Judge the inhibition of a convoy's active alarms anew, and yield those for which it is another."""
        active = self._active.get(convoy_id)
        if not active:
            self._active.pop(convoy_id, None)
            return
        wide = {
            self.entries[alert_id].head.kind for alert_id in active if self.entries[alert_id].head.vehicle_id is None
        }
        for alert_id in active:
            entry = self.entries[alert_id]
            rule = self._rule_against(entry, wide)
            if rule != entry.suppressed:
                entry.suppressed = rule
                yield alert_id

    def _rule_against(self, entry: Entry, wide: AbstractSet[str]) -> str | None:
        head = entry.head
        if entry.now.severity == "critical" or head.vehicle_id is None:
            return None  # what is critical is never held back
        if head.kind in CONVOY_WIDE and head.kind in wide:
            return "convoy-wide"
        if head.kind == "signal-lost" and head.vehicle_id in self.cut_off:
            return "gateway-down"
        if head.kind == "signal-lost" and self.is_feed_late:
            return "feed-late"
        if head.kind in ENDED_BY_ARRIVAL and (head.convoy_id, head.vehicle_id) in self._arrived:
            return "arrived"
        return None

    def _count(self, alert_ids: Iterable[str]) -> None:
        before: list[tuple[str, str]] = []
        after: list[tuple[str, str]] = []
        for alert_id in alert_ids:
            entry = self.entries[alert_id]
            before += entry.counted
            entry.counted = _countings(entry)
            after += entry.counted
        self.counts.subtract(before)
        self.counts.update(after)


def _countings(entry: Entry) -> tuple[tuple[str, str], ...]:
    alarm = entry.now
    if alarm.state == "closed":
        return ()
    waits = not (alarm.ack or alarm.notification or alarm.shelved or entry.suppressed)
    return COUNTED[alarm.severity, waits]


def _over_ms(entry: Entry) -> int | None:
    return entry.now.closed.at_ms if entry.now.closed else entry.now.gone_ms
