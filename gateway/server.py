"""The gateway process: checks what it needs, listens, and ends in order."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from bus.follow import following
from bus.process import TopicsError, check_patiently, metrics_server
from bus.tasks import Tasks, stop_on_signals, until
from gateway.calls import Calls
from gateway.directory import Directory
from gateway.guard import SWEEP_S, GuardedProtocol, close_slow
from gateway.http import Parts, create_app
from gateway.intake import Intake
from gateway.metrics import Metrics
from gateway.writer import BUDGET_S, Writer
from models.settings import Settings
from models.topics import TopicSet

KEEP_ALIVE_S = 75
"""Longer than the minute between two pings of a phone that stands; a new TLS connection costs it a second."""

BACKLOG = 2048
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

log = logging.getLogger(__name__)


class BindError(RuntimeError):
    """The gateway may not, or cannot, listen where it was told to."""


async def run_gateway(broker: str, settings: Settings, insecure: bool = False) -> None:
    """Take in what trackers send until SIGTERM or SIGINT.

    Raises BindError, CallsError, TopicsError, KafkaConnectionError when no broker answers in time, and what ended it.
    """
    tls = _tls(settings, insecure)
    listener = _listener(settings)
    stop = stop_on_signals()
    _raise_open_files()
    topics = TopicSet(settings.topic_prefix, settings.partitions)
    faults = await check_patiently(broker, topics)
    if faults:
        raise TopicsError("\n".join(faults))
    tasks, metrics = Tasks(), Metrics()
    folder = settings.gateway_dir or user_data() / "gateway"
    with closing(Calls(folder)) as calls, metrics_server(settings, metrics.registry):
        async with parts_of(broker, topics, tasks, metrics, calls) as parts:
            server = _server(create_app(parts), tls)
            tasks.start(_look_around(server, parts))
            serving = tasks.start(server.serve([listener]))
            log.info("listening at %s://%s:%d", "https" if tls else "http", *listener.getsockname()[:2])
            try:
                await until(stop, tasks)
            finally:
                server.should_exit = True
                await asyncio.wait([serving])
                await tasks.stop()
    log.info("ended in order")


@asynccontextmanager
async def parts_of(broker: str, topics: TopicSet, tasks: Tasks, metrics: Metrics, calls: Calls) -> AsyncIterator[Parts]:
    """What every way in needs: a directory that follows plans and devices, and a writer, joined in an intake."""
    directory = Directory()
    async with following(broker, [topics.plans, topics.devices], from_beginning=True) as follower:
        await directory.load(follower, topics)
        tasks.start(directory.follow(follower, topics))
        async with Writer(broker, topics) as writer:
            tasks.start(calls.deliver(writer))
            yield Parts(Intake(directory, writer, topics, metrics, calls), directory, writer, metrics)


def user_data() -> Path:
    """Kawal's folder among the user's data."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "kawal"


class _Server(uvicorn.Server):
    """uvicorn without its own handling of signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(app: Starlette, tls: ssl.SSLContext | None) -> _Server:
    config = uvicorn.Config(
        app,
        http=GuardedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,  # paths hold tokens
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(BUDGET_S) + 2,
    )
    config.load()
    config.ssl = tls
    return _Server(config)


def _listener(settings: Settings) -> socket.socket:
    host, port = settings.gateway_bind, settings.gateway_port
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise BindError(f"The gateway cannot listen on {host}:{port}: {error.strerror or error}.") from error


def _tls(settings: Settings, insecure: bool) -> ssl.SSLContext | None:
    certificate, key = settings.gateway_tls_cert, settings.gateway_tls_key
    if certificate is None:
        if settings.gateway_bind not in LOOPBACK and not insecure:
            raise BindError(
                f"Without a certificate the gateway listens on loopback only, not on {settings.gateway_bind}: tokens "
                "and positions would be readable on the way. Set KAWAL_GATEWAY_TLS_CERT and KAWAL_GATEWAY_TLS_KEY, or "
                "say --insecure where a proxy in front of it has the certificate."
            )
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise BindError(f"The certificate {certificate} cannot be used with its key: {error}") from error
    return context


def _raise_open_files() -> None:
    """Each connection is an open file; the usual soft limit is a thousand."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _look_around(server: _Server, parts: Parts) -> None:
    """Keep the gauges up to date and slow senders out."""
    loop, metrics = asyncio.get_running_loop(), parts.metrics
    while True:
        connections = server.server_state.connections
        if slow := close_slow(connections, loop.time()):
            metrics.requests.labels("http", "too-slow").inc(slow)
        metrics.connections.set(len(connections))
        metrics.waiting_bytes.set(parts.writer.waiting_bytes)
        metrics.devices.set(sum(device.revoked_at is None for device in parts.directory.devices.values()))
        await asyncio.sleep(SWEEP_S)
