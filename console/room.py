"""The state of the control room: what the topics said, and what of it goes to the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bus.follow import Record
from bus.plan_reader import Plans
from console.book import Book
from console.feed import Feed, Judgement
from console.gateways import Gateways
from console.records import read_status
from console.stream import Client, Stream
from console.trail import Trail
from console.views import alarm_view, convoy_delta, convoy_view, convoy_whole, without_position
from models.alert import RANK
from models.alert_action import AlertAction
from models.instants import format_instant, parse_instant
from models.topics import TopicSet


@dataclass(slots=True)
class Room:
    """Takes records in, and sends what they change to the stream. Every time is given.

    `shows_stream`: the pages show the time of the newest status, as is right where a recording is played.
    """

    topics: TopicSet
    stream: Stream
    shows_stream: bool = False
    book: Book = field(default_factory=Book)
    trail: Trail = field(default_factory=Trail)
    feed: Feed = field(default_factory=Feed)
    gateways: Gateways = field(default_factory=Gateways)
    plans: Plans = field(default_factory=Plans)
    convoys: dict[str, dict[str, Any]] = field(default_factory=dict)
    newest_ms: int = 0
    status_newest_ms: int = 0
    bad: int = 0
    changed: Callable[[Sequence[str]], None] = lambda _: None
    _plan_values: dict[str, bytes] = field(default_factory=dict)
    _pending: dict[str, dict[str, Any] | None] = field(default_factory=dict)

    def begin(self, now_ms: int) -> None:
        """Fold once what the topics held already, all of it taken."""
        self.book.refold(list(self.book.entries), now_ms)
        self.book.called.clear()
        self.book.acked.clear()
        self._flush_convoys()

    def apply(self, record: Record, now_ms: int) -> None:
        """Take in a further record and send what it changed; convoys wait for the next second."""
        changed = self.take(record)
        if isinstance(changed, AlertAction):
            value = msgspec.Raw(changed.to_json())
            self.stream.publish("action", value, value)
            changed = changed.alert_id if changed.alert_id in self.book.entries else None
        if isinstance(changed, str):
            self._send_alarms(self.book.refold([changed], now_ms))

    def open_but_unknown(self) -> set[str]:
        """Give the alerts that the convoys have open and of which no record was taken: they are old."""
        views = [view for view in self._pending.values() if view is not None]
        return {alert_id for view in views for alert_id in view["open_alerts"]} - self.book.entries.keys()

    def status_ms(self, convoy_id: str) -> int | None:
        """Give the stream time of a convoy's newest status: in a replay set it is not the wall clock's."""
        view = self.convoys.get(convoy_id)
        return None if view is None else parse_instant(view["at"])

    def second(self, now_ms: int, now_s: float) -> Judgement:
        """Do what a second's passing does; `now_s` is of the monotonic clock."""
        judged = self.feed.judge(now_s)
        self.stream.forget_snapshots()
        if due := [alert_id for alert_id in self.book.due(now_ms) if alert_id in self.book.entries]:
            self._send_alarms(self.book.refold(due, now_ms))
        self._send_alarms(self.book.set_feed_late(judged.is_late))
        gateway = self.gateways.state(now_s)
        self._send_alarms(self.book.set_cut_off(self._behind_gateways() if gateway == "down" else frozenset()))
        if deltas := self._flush_convoys():
            self.stream.publish("convoy", {"at": format_instant(now_ms), "convoys": deltas})
        self.stream.tell("heartbeat", self.heartbeat(now_ms, judged, gateway))
        return judged

    def open(self, client: Client, last_event_id: str, now_ms: int, now_s: float) -> None:
        """Begin a client's stream."""
        self.stream.open(client, last_event_id, lambda: self.snapshot(client.is_desk, now_ms, now_s))

    def snapshot(self, is_desk: bool, now_ms: int, now_s: float) -> dict[str, Any]:
        """Give the whole state; the report desk is given no convoy and no place."""
        listed, left_out = self.book.listed(now_ms)
        alarms = [alarm_view(self.book.entries[alert_id]) for alert_id in listed]
        return {
            "boot": self.stream.boot,
            "seq": self.stream.seq,
            "now": format_instant(now_ms),
            "alarms": [without_position(alarm) for alarm in alarms] if is_desk else alarms,
            "alarms_left_out": left_out,
            "convoys": [] if is_desk else [convoy_whole(view) for view in self.convoys.values()],
            "plans": [] if is_desk else [msgspec.Raw(value) for value in self._plan_values.values()],
            "heartbeat": self.heartbeat(now_ms, self.feed.judge(now_s), self.gateways.state(now_s)),
        }

    def heartbeat(self, now_ms: int, judged: Judgement, gateway: str | None) -> dict[str, Any]:
        """Give the freshness of the picture and the counts beside it."""
        flood, counts = self.book.flood, self.book.counts
        shown_ms = self.status_newest_ms if self.shows_stream else 0
        return {
            "now": format_instant(now_ms),
            **({"shown_at": format_instant(shown_ms)} if shown_ms else {}),
            "newest_record_at": format_instant(self.newest_ms) if self.newest_ms else None,
            "tick_age_s": None if judged.tick_age_s is None else round(judged.tick_age_s, 1),
            "lag_records": judged.lag_records,
            "state": judged.state,
            "cause": judged.cause,
            "gateway": gateway,
            "flood": {
                "active": flood.since_ms is not None,
                "since": None if flood.since_ms is None else format_instant(flood.since_ms),
                "last_10_min": flood.last_10_min(now_ms),
            },
            "counts": {name: {what: counts[name, what] for what in ("unacked", "all")} for name in RANK},
        }

    def _behind_gateways(self) -> frozenset[str]:
        """The vehicles whose plan says by which devices they report: those report through a gateway."""
        vehicles = (vehicle for plan in self.plans.by_convoy.values() for vehicle in plan.vehicles)
        return frozenset(vehicle.vehicle_id for vehicle in vehicles if vehicle.device_ids)

    def take(self, record: Record) -> AlertAction | str | None:
        """Keep a record; gives the action, or the alert that it changed."""
        topic, value = record.topic, record.value
        self.newest_ms = max(self.newest_ms, record.timestamp)
        if topic == self.topics.alerts:
            return None if value is None else self.book.take_alert(value, record.timestamp)
        if topic == self.topics.alert_actions:
            action = None if value is None else self.book.read_action(value)
            if action is not None:
                self.trail.add(action)
            return action
        if topic == self.topics.convoys:
            self._take_status(record)
        elif (change := self.plans.apply(record)) is not None:
            self._put_plan(change[0], value)
        return None

    def _take_status(self, record: Record) -> None:
        name = (record.key or b"").decode(errors="replace")
        if record.value is None:
            self._pending[name] = None
            return
        try:
            view = self._pending[name] = convoy_view(read_status(record.value))
            self.status_newest_ms = max(self.status_newest_ms, parse_instant(view["at"]))
        except (msgspec.MsgspecError, ValueError):
            self.bad += 1

    def _put_plan(self, convoy_id: str, value: bytes | None) -> None:
        if value is None:
            self._plan_values.pop(convoy_id, None)
        else:
            self._plan_values[convoy_id] = value
        self.stream.publish("plan", {"convoy_id": convoy_id, "plan": msgspec.Raw(value or b"null")})

    def _flush_convoys(self) -> list[dict[str, Any]]:
        """Let the newest status of each convoy be the one that is shown; gives what that changes."""
        deltas = []
        for name, view in self._pending.items():
            if view is None:
                if self.convoys.pop(name, None) is not None:
                    deltas.append({"convoy_id": name, "withdrawn": True})
                continue
            old = self.convoys.get(name)
            self.convoys[name] = view
            delta = convoy_whole(view) if old is None else convoy_delta(old, view)
            if delta:
                deltas.append(delta)
        self._pending.clear()
        return deltas

    def _send_alarms(self, alert_ids: Iterable[str]) -> None:
        changed = list(alert_ids)
        self.changed(changed)
        for alert_id in changed:
            view = alarm_view(self.book.entries[alert_id])
            self.stream.publish("alert", view, without_position(view))
