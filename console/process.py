"""The console process: reads the topics, serves the pages, and ends in order."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn
from aiokafka import AIOKafkaProducer

from bus.connection import connection
from bus.follow import following
from bus.listen import listener
from bus.tasks import Tasks, stop_on_signals, until
from console.archive import is_archive
from console.desk import Desk, Options
from console.gateways import watch_gateways
from console.health import create_health_app
from console.journal import Journal
from console.notify import Notifier, ToldFile
from console.people import People
from console.reading import follow, load, read_topics, watch_group
from console.recall import KEPT_MS
from console.room import Room
from console.server import create_app
from console.sessions import Sessions
from console.stream import Stream
from console.webhooks import Target, is_loopback, read_webhooks
from models.settings import Settings, user_data
from models.topics import TopicSet

STOP_S = 3
LOOPBACK = "127.0.0.1,::1"

log = logging.getLogger(__name__)


class ConsoleError(ValueError):
    """The console cannot be served as it is configured; the text says what to do."""


def console_folder(settings: Settings) -> Path:
    """The folder of the console's users and sessions."""
    return settings.console_dir or user_data()


async def run_console(broker: str, settings: Settings, tell: Callable[[str], None]) -> None:
    """Serve the console until SIGTERM or SIGINT; `tell` writes a line on the terminal, and never into a log.

    Raises ConsoleError, ListenError, PeopleError, WebhookError, KafkaConnectionError, UnknownTopicOrPartitionError,
    and whatever ended it.
    """
    options, folder = _options(settings), console_folder(settings)
    targets = [] if settings.console_webhooks is None else read_webhooks(settings.console_webhooks)
    people = People(folder)
    has_nobody = not people.all()
    topics = TopicSet(settings.topic_prefix, settings.partitions)
    room = Room(topics, Stream(secrets.token_hex(6)), shows_stream=settings.console_demo)
    gateways = settings.console_gateways.split(",") if settings.console_gateways else []
    stop, tasks = stop_on_signals(), Tasks()
    with (
        listener(settings.console_bind, settings.console_port, "KAWAL_CONSOLE_PORT") as pages,
        listener(settings.metrics_bind, settings.console_metrics_port, "KAWAL_CONSOLE_METRICS_PORT") as health,
    ):
        async with following(broker, read_topics(topics), from_beginning=True) as follower:
            producer = AIOKafkaProducer(**connection(broker), acks="all", enable_idempotence=True)
            desk = Desk(broker, room, people, Sessions(folder), Journal(folder), producer, options=options)
            room.stream.dropped = desk.metrics.dropped.labels("slow").inc
            await load(follower, room, desk.now_ms())
            await producer.start()
            try:
                tasks.start(follow(follower, room, desk.read_back, desk.now_ms))
                tasks.start(watch_group(broker, topics, room.feed))
                tasks.start(watch_gateways(gateways, room.gateways, desk.steady_s))
                tasks.start(_seconds(desk))
                tasks.start(_hours(desk))
                tasks.start(_notify(desk, targets, folder))
                tasks.start(_serve(_health_server(desk), health))
                server = Server(config_of(desk, settings))
                serving = tasks.start(_serve(server, pages))
                _announce(desk, settings, pages, tell, has_nobody)
                log.info("metrics at http://%s:%d/metrics", *health.getsockname()[:2])
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
    if settings.console_basemap is not None and not is_archive(settings.console_basemap):
        raise ConsoleError(
            f"KAWAL_CONSOLE_BASEMAP={settings.console_basemap} is no PMTiles archive of version 3: name one, such as an"
            " extract of Protomaps, or leave it unset to have the coast alone."
        )
    secure = all(tls) or bool(settings.console_behind_proxy)
    if not secure and not is_loopback(settings.console_bind):
        raise ConsoleError(
            f"KAWAL_CONSOLE_BIND={settings.console_bind} would send passwords and positions in the clear: set"
            " KAWAL_CONSOLE_TLS_CERT and KAWAL_CONSOLE_TLS_KEY, or KAWAL_CONSOLE_BEHIND_PROXY to 1 or the"
            " address of a proxy that speaks TLS."
        )
    return Options(secure=secure, basemap=settings.console_basemap, demo=settings.console_demo)


def config_of(desk: Desk, settings: Settings) -> uvicorn.Config:
    """Say how the pages are served."""
    proxies = settings.console_behind_proxy
    return uvicorn.Config(
        create_app(desk),
        http="httptools",
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        # whose word is taken for where a request came from
        forwarded_allow_ips=proxies if isinstance(proxies, str) else LOOPBACK,
        timeout_graceful_shutdown=STOP_S,
        ssl_certfile=settings.console_tls_cert,
        ssl_keyfile=settings.console_tls_key,
    )


def _health_server(desk: Desk) -> Server:
    """The server of the second port."""
    app = create_health_app(desk.health, desk.metrics)
    return Server(uvicorn.Config(app, http="httptools", loop="none", lifespan="off", log_config=None, access_log=False))


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
        wait_s = 1.0 - time.time() % 1.0
        begin_s = time.monotonic()
        await asyncio.sleep(wait_s)
        desk.metrics.loop_lag.observe(max(0.0, time.monotonic() - begin_s - wait_s))
        desk.second()


async def _hours(desk: Desk) -> None:
    """Forget what is long over, each hour; never returns."""
    while True:
        await asyncio.sleep(3_600.0)
        desk.room.book.forget(desk.now_ms() - KEPT_MS)


async def _notify(desk: Desk, targets: Sequence[Target], folder: Path) -> None:
    """Tell the webhooks; never returns."""
    notifier = Notifier(
        targets, desk.room.book, ToldFile(folder), lambda out: desk.metrics.notifications.labels(out).inc()
    )
    desk.room.changed = lambda alert_ids: notifier.changed(alert_ids, time.monotonic())
    notifier.begin(time.monotonic())
    await notifier.run()
