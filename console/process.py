"""The console process: reads the topics, serves the pages, and ends in order."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn
from aiokafka import AIOKafkaProducer

from bus.follow import following
from bus.tasks import Tasks, stop_on_signals, until
from console.desk import Desk, Options
from console.journal import Journal
from console.people import People
from console.reading import follow, load, read_topics, watch_group
from console.room import Room
from console.server import create_app
from console.sessions import Sessions
from console.stream import Stream
from models.settings import Settings
from models.topics import TopicSet

STOP_S = 3

log = logging.getLogger(__name__)


class ConsoleError(ValueError):
    """The console cannot be served as it is configured; the text says what to do."""


def console_folder(settings: Settings) -> Path:
    """The folder of the console's users and sessions."""
    if settings.console_dir is not None:
        return settings.console_dir
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "kawal"


async def run_console(broker: str, settings: Settings, tell: Callable[[str], None]) -> None:
    """Serve the console until SIGTERM or SIGINT; `tell` writes a line on the terminal, and never into a log.

    Raises ConsoleError, PeopleError, KafkaConnectionError, UnknownTopicOrPartitionError, and whatever ended it.
    """
    options, folder = _options(settings), console_folder(settings)
    people = People(folder)
    has_nobody = not people.all()
    topics = TopicSet(settings.topic_prefix, settings.partitions)
    room = Room(topics, Stream(secrets.token_hex(6)))
    stop, tasks = stop_on_signals(), Tasks()
    with _listening(settings) as listener:
        async with following(broker, read_topics(topics), from_beginning=True) as follower:
            producer = AIOKafkaProducer(bootstrap_servers=broker, acks="all", enable_idempotence=True)
            desk = Desk(broker, room, people, Sessions(folder), Journal(folder), producer, options)
            await load(follower, room, desk.now_ms())
            await producer.start()
            try:
                tasks.start(follow(follower, room, desk.read_back, desk.now_ms))
                tasks.start(watch_group(broker, topics, room.feed))
                tasks.start(_seconds(desk))
                server = Server(_config(desk, settings))
                serving = tasks.start(_serve(server, listener))
                _announce(desk, settings, listener, tell, has_nobody)
                await until(stop, tasks)
                await _end(desk, server, serving)
            finally:
                await tasks.stop()
                await producer.stop()
    log.info("ended in order")


class Server(uvicorn.Server):
    """A server whose end is this process's affair."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class ServerEnded(RuntimeError):
    """The server ended by itself."""


async def _serve(server: Server, listener: socket.socket) -> None:
    await server.serve([listener])
    if not server.should_exit:
        raise ServerEnded("the web server ended by itself")


async def _end(desk: Desk, server: Server, serving: asyncio.Task[None]) -> None:
    desk.sessions.save(desk.wall_s())
    for client in list(desk.room.stream.clients):
        client.end()
    server.should_exit = True
    with suppress(TimeoutError):
        async with asyncio.timeout(STOP_S):
            await asyncio.shield(serving)


def _options(settings: Settings) -> Options:
    """How the console is served. Raises ConsoleError."""
    tls = (settings.console_tls_cert, settings.console_tls_key)
    if any(tls) and not all(tls):
        raise ConsoleError("TLS needs both KAWAL_CONSOLE_TLS_CERT and KAWAL_CONSOLE_TLS_KEY.")
    for path in (*tls, settings.console_basemap):
        if path is not None and not path.is_file():
            raise ConsoleError(f"There is no file {path}.")
    secure = all(tls) or settings.console_behind_proxy
    if not secure and not _is_loopback(settings.console_bind):
        raise ConsoleError(
            f"KAWAL_CONSOLE_BIND={settings.console_bind} would send passwords and positions in the clear: set"
            " KAWAL_CONSOLE_TLS_CERT and KAWAL_CONSOLE_TLS_KEY, or KAWAL_CONSOLE_BEHIND_PROXY=1 if a proxy speaks TLS."
        )
    return Options(secure=secure, basemap=settings.console_basemap, demo=settings.console_demo)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _config(desk: Desk, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(desk),
        http="httptools",
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.console_behind_proxy,
        timeout_graceful_shutdown=STOP_S,
        ssl_certfile=settings.console_tls_cert,
        ssl_keyfile=settings.console_tls_key,
    )


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """The socket of the console. Raises ConsoleError where it cannot be opened."""
    try:
        family, _kind, _, _, address = socket.getaddrinfo(
            settings.console_bind, settings.console_port, type=socket.SOCK_STREAM
        )[0]
        listener = socket.create_server(address[:2], family=family, backlog=512)
    except OSError as error:
        raise ConsoleError(
            f"The console cannot listen on {settings.console_bind}:{settings.console_port}: {error.strerror}."
            " Set KAWAL_CONSOLE_PORT to another port, 0 for any free one."
        ) from error
    with listener:
        yield listener


def _announce(
    desk: Desk, settings: Settings, listener: socket.socket, tell: Callable[[str], None], has_nobody: bool
) -> None:
    scheme = "https" if settings.console_tls_cert else "http"
    host, port = listener.getsockname()[:2]
    url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/"
    tell(f"Console at {url}")
    if has_nobody:
        tell(f"Nobody may sign in yet. This link makes the first supervisor, once: {url}#first={desk.first.text}")
    else:
        desk.first.use_up()


async def _seconds(desk: Desk) -> None:
    """Let each second pass, at its beginning; never returns."""
    while True:
        await asyncio.sleep(1.0 - time.time() % 1.0)
        desk.second()
