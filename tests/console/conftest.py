"""A console over a real socket, with clocks that the test sets; with Kafka where the test needs it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
import uvicorn
from aiokafka import AIOKafkaProducer

from bus.follow import following
from bus.tasks import Tasks
from console.desk import Desk, Options
from console.journal import Journal
from console.people import People, UserRole
from console.process import Server
from console.reading import follow, load, read_topics
from console.room import Room
from console.server import create_app
from console.sessions import Sessions
from console.stream import Stream
from models.topics import TopicSet

PASSWORD = "correct horse battery"


@dataclass
class Served:
    """A running console. `client` has no cookies; `sign_in` gives one that has."""

    desk: Desk
    url: str
    now_s: float = 1_795_000_000.0

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(base_url=self.url, timeout=20) as client:
            yield client

    @asynccontextmanager
    async def signed_in(self, role: UserRole = "operator", name: str = "ani") -> AsyncIterator[httpx.AsyncClient]:
        """A browser of a person who has signed in; its POSTs carry the session's token."""
        if self.desk.people.find(name) is None:
            self.desk.people.add(name, role, PASSWORD)
        async with self.client() as client:
            answer = await client.post("/api/login", json={"user": name, "password": PASSWORD, "post": "Posko 1"})
            assert answer.status_code == 200, answer.text
            client.headers["X-Kawal-Csrf"] = answer.json()["csrf"]
            yield client


@asynccontextmanager
async def serve(
    folder: Path, broker: str = "", topics: TopicSet | None = None, **options: Any
) -> AsyncIterator[Served]:
    """Serve a console; with a broker it reads and writes the topics."""
    producer = AIOKafkaProducer(bootstrap_servers=broker, acks="all") if broker else cast(AIOKafkaProducer, None)
    static = folder / "static"
    static.mkdir(exist_ok=True)
    (static / "index.html").write_text("<!doctype html><title>Kawal</title>")
    room = Room(topics or TopicSet(), Stream("boot"))
    desk = Desk(
        broker,
        room,
        People(folder),
        Sessions(folder),
        Journal(folder),
        producer,
        options=Options(static=static, vendor=folder, **options),
    )
    listener = socket.create_server(("127.0.0.1", 0))
    served = Served(desk, f"http://127.0.0.1:{listener.getsockname()[1]}")
    if not broker:
        desk.wall_s = lambda: served.now_s
    server = Server(uvicorn.Config(create_app(desk), lifespan="off", log_config=None, http="httptools"))
    tasks = Tasks()
    serving = tasks.start(server.serve([listener]))
    with listener:
        async with _reading(served, broker, tasks):
            try:
                yield served
            finally:
                for client in list(room.stream.clients):
                    client.end()
                server.should_exit = True
                await serving
                await tasks.stop()


@asynccontextmanager
async def _reading(served: Served, broker: str, tasks: Tasks) -> AsyncIterator[None]:
    desk = served.desk
    if not broker:
        yield
        return
    async with following(broker, read_topics(desk.room.topics), from_beginning=True) as follower:
        await load(follower, desk.room, desk.now_ms())
        await desk.producer.start()
        tasks.start(follow(follower, desk.room, desk.read_back, desk.now_ms))
        try:
            yield
        finally:
            await desk.producer.stop()


class Events:
    """The events of a stream, read as a browser does."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()
        self.last_id = ""

    async def next(self, *names: str) -> Any:
        """The next event of one of these names; others are passed over."""
        name = ""
        async with asyncio.timeout(20):
            async for line in self._lines:
                field, _, text = line.partition(": ")
                if field == "id":
                    self.last_id = text
                elif field == "event":
                    name = text
                elif field == "data" and name in names:
                    return json.loads(text)
        raise AssertionError(f"the stream ended before {names}")


@asynccontextmanager
async def events(client: httpx.AsyncClient, last_id: str = "") -> AsyncIterator[Events]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    async with client.stream("GET", "/api/stream", headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        yield Events(response)
