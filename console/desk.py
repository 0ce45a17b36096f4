"""What all answers of the server are made from."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka import AIOKafkaProducer

from console.feed import Judgement
from console.health import Health
from console.journal import Journal
from console.metrics import Metrics
from console.people import People, PeopleError, User
from console.quality import stale
from console.reading import ReadBack
from console.room import Room
from console.security import Cookie
from console.sessions import Brake, FirstLink, Sessions
from models.alert import RANK

STATIC = Path(__file__).parent / "static"
VENDOR = Path(__file__).parent / "vendor"


@dataclass(frozen=True, slots=True)
class Options:
    """How this console is served. `basemap`: a PMTiles archive of the user's."""

    secure: bool = False
    basemap: Path | None = None
    demo: bool = False
    static: Path = STATIC
    vendor: Path = VENDOR


@dataclass(slots=True)
class Desk:
    """The room and the people in it. Clocks: the wall's for people and records, the monotonic one for ages."""

    broker: str
    room: Room
    people: People
    sessions: Sessions
    journal: Journal
    producer: AIOKafkaProducer
    metrics: Metrics = field(default_factory=Metrics)
    health: Health = field(default_factory=lambda: Health(time.monotonic))
    options: Options = field(default_factory=Options)
    read_back: ReadBack = field(default_factory=ReadBack)
    first: FirstLink = field(default_factory=FirstLink)
    brake: Brake = field(default_factory=Brake)
    # Reading the past takes seconds: several at once would make the event stream wait.
    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    wall_s: Callable[[], float] = time.time
    steady_s: Callable[[], float] = time.monotonic

    @property
    def cookie(self) -> Cookie:
        """The cookie of its sessions."""
        return Cookie(self.options.secure)

    def now_ms(self) -> int:
        """The wall clock's milliseconds."""
        return round(self.wall_s() * 1000)

    def second(self) -> None:
        """Do what a second's passing does: end sessions, send what changed."""
        now_s = self.wall_s()
        try:
            users: list[User] = self.people.all()
        except PeopleError:
            users = []  # who may sign in is not known: nobody stays signed in; who tries to is told, and the log why
        for client in self.room.stream.clients:
            client.session.seen_s = now_s  # a screen that shows the room is in use
        self.sessions.keep_only({user.name: user.role for user in users if not user.disabled}, now_s)
        for client in list(self.room.stream.clients):
            if not self.sessions.lasts(client.session):
                client.end()
        judged = self.room.second(self.now_ms(), self.steady_s())
        self.health.second(judged)
        self.measure(judged)

    def measure(self, judged: Judgement) -> None:
        """Bring the metrics up to date, once a second."""
        book, metrics = self.room.book, self.metrics
        for sound in book.called:
            metrics.annunciated.labels(sound.group.rpartition("|")[2], sound.severity).inc()
        for severity, took_s in book.acked:
            metrics.time_to_ack.labels(severity).observe(took_s)
        book.called.clear()
        book.acked.clear()
        metrics.chatter.inc(book.chattered)
        book.chattered = 0
        for severity in RANK:
            unacked = book.counts[severity, "unacked"]
            metrics.open.labels(severity, "none").set(unacked)
            metrics.open.labels(severity, "other").set(book.counts[severity, "all"] - unacked)
        is_flood = book.flood.since_ms is not None
        metrics.flood.set(is_flood)
        metrics.flood_seconds.inc(is_flood)
        metrics.stale.set(len(stale(book, self.now_ms())))
        metrics.clients.set(len(self.room.stream.clients))
        metrics.bad_records.set(book.bad + self.room.bad + self.room.plans.bad)
        if judged.tick_age_s is not None:
            metrics.heartbeat.labels("console").set(self.wall_s() - judged.tick_age_s)
