"""The gateway process: checks what it needs, listens, and ends in order."""

from __future__ import annotations

import asyncio
import logging
import resource
import ssl
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from functools import partial
from typing import Any, Protocol

import uvicorn

from bus.garbage import collect_rarely
from bus.listen import BACKLOG, listener
from bus.metrics_server import metrics_server
from bus.process import TopicsError, check_patiently
from bus.tasks import Tasks, stop_on_signals, until
from gateway.calls import Calls
from gateway.connection import Connection
from gateway.directory import Directory
from gateway.guard import CONNECTIONS_MAX, SWEEP_S, close_idle, close_slow, connections_max
from gateway.http import Parts, create_app, doors
from gateway.intake import Intake
from gateway.listen import server_tls
from gateway.metrics import Metrics
from gateway.throttle import Throttle
from gateway.upkeep import Upkeep
from gateway.writer import BUDGET_S, Writer
from models.settings import Settings, user_data
from models.topics import TopicSet

log = logging.getLogger(__name__)


async def run_gateway(broker: str, settings: Settings, insecure: bool = False) -> None:
    """Take in what trackers send until SIGTERM or SIGINT.

    Raises ListenError, CallsError, TopicsError, KafkaConnectionError when no broker answers in time, and what ended it.
    """
    tls = server_tls(settings, settings.gateway_bind, insecure)
    listening = listener(settings.gateway_bind, settings.gateway_port, "KAWAL_GATEWAY_PORT")
    inputs = _inputs(broker, settings, insecure)
    stop = stop_on_signals()
    _raise_open_files()
    topics = TopicSet(settings.topic_prefix, settings.partitions)
    faults = await check_patiently(broker, topics)
    if faults:
        raise TopicsError("\n".join(faults))
    tasks, metrics, throttle = Tasks(), Metrics(), Throttle(settings.gateway_messages_per_s)
    folder = settings.gateway_dir or user_data() / "gateway"
    with (
        closing(Calls(folder)) as calls,
        metrics_server(
            (settings.metrics_bind, settings.gateway_metrics_port), "KAWAL_GATEWAY_METRICS_PORT", metrics.registry
        ),
    ):
        async with parts_of(broker, topics, tasks, metrics, calls, throttle) as parts:
            server = _server(parts, tls)
            collect_rarely()
            tasks.start(_look_around(server, parts))
            for one in inputs:
                tasks.start(one.run(parts))
            serving = tasks.start(server.serve([listening]))
            log.info("listening at %s://%s:%d", "https" if tls else "http", *listening.getsockname()[:2])
            try:
                await until(stop, tasks)
            finally:
                server.should_exit = True
                await asyncio.wait([serving])
                await tasks.stop()
    log.info("ended in order")


@asynccontextmanager
async def parts_of(
    broker: str, topics: TopicSet, tasks: Tasks, metrics: Metrics, calls: Calls, throttle: Throttle
) -> AsyncIterator[Parts]:
    """What every way in needs: a directory that follows plans and devices, and a writer, joined in an intake."""
    directory = Directory()
    upkeep = Upkeep(directory, broker, topics, metrics)
    tasks.start(upkeep.run())
    await until(upkeep.loaded, tasks)
    async with Writer(broker, topics) as writer:
        tasks.start(calls.deliver(writer))
        yield Parts(Intake(directory, writer, topics, metrics, calls), directory, writer, metrics, upkeep, throttle)


class _Input(Protocol):
    """A way in beside HTTP; what it raises ends the gateway."""

    def run(self, parts: Parts) -> Coroutine[Any, Any, None]: ...


def _inputs(broker: str, settings: Settings, insecure: bool) -> list[_Input]:
    """The ways in that the settings name; their libraries are loaded only then. Raises BindError."""
    inputs: list[_Input] = []
    if settings.gateway_mqtt_url is not None:
        from gateway.mqtt import MqttInput  # noqa: PLC0415

        inputs.append(MqttInput(settings.gateway_mqtt_url, settings, insecure))
    if settings.gateway_cot_port is not None:
        from gateway.cot import CotInput  # noqa: PLC0415

        inputs.append(CotInput(settings.gateway_cot_port, settings, insecure))
    if settings.gateway_traccar_topics is not None:
        from gateway.traccar import TraccarInput  # noqa: PLC0415 - Faust takes a second to load

        inputs.append(TraccarInput(settings.gateway_traccar_topics, broker, settings))
    return inputs


class _Server(uvicorn.Server):
    """uvicorn without its own handling of signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(parts: Parts, tls: ssl.SSLContext | None) -> _Server:
    config = uvicorn.Config(
        create_app(parts),
        http=partial(Connection, doors(parts)),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,  # paths hold tokens
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=int(BUDGET_S) + 2,
    )
    config.load()
    config.ssl = tls
    return _Server(config)


def _raise_open_files() -> None:
    """Each connection is an open file; the usual soft limit is a thousand."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if (allowed := connections_max()) < CONNECTIONS_MAX:
        log.warning(
            "the system's limit of open files allows %d connections; ulimit -Hn or LimitNOFILE raise it", allowed
        )


async def _look_around(server: _Server, parts: Parts) -> None:
    """Keep the gauges up to date and slow senders out."""
    loop, metrics = asyncio.get_running_loop(), parts.metrics
    while True:
        connections = server.server_state.connections
        if slow := close_slow(connections, loop.time()):
            metrics.count("http", "too-slow", slow)
        close_idle(connections, loop.time())
        metrics.connections.set(len(connections))
        metrics.waiting_bytes.set(parts.writer.waiting_bytes)
        metrics.devices.set(sum(device.revoked_at is None for device in parts.directory.devices.values()))
        await asyncio.sleep(SWEEP_S)
