"""Traccar in: a Faust agent reads the topics that a Traccar server forwards to.

Traccar has answered the device by then and sends nothing again, so an offset is committed only when Kafka has the
ping. What was read again after a crash is known to the worker.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import faust
from aiokafka.errors import UnknownTopicOrPartitionError

from bus.faust_settings import faust_settings
from bus.follow import ends_of
from bus.process import TopicsError
from gateway.http import Parts
from gateway.intake import Intake, cut
from models.settings import Settings

BATCH_MAX = 500
GATHER_S = 0.05
LEAVE_S = 5.0

log = logging.getLogger(__name__)


class AppEndedError(RuntimeError):
    """Faust ended by itself."""


class TraccarInput:
    """Reads the topics that the settings name, shared with the other gateways of the installation."""

    def __init__(self, names: str, broker: str, settings: Settings) -> None:
        self._broker = broker
        self._names = [name.strip() for name in names.split(",") if name.strip()]
        self._group = f"{settings.topic_prefix}.gateway-traccar"

    async def run(self, parts: Parts) -> NoReturn:
        """Take in what Traccar forwards. Raises TopicsError, AppEndedError, and what the agent failed with."""
        await self._require()
        failed: asyncio.Future[NoReturn] = asyncio.get_running_loop().create_future()
        with TemporaryDirectory(prefix="kawal-gateway-") as folder:
            app = self._app(Path(folder))
            topic = app.topic(*self._names, key_serializer="raw", value_serializer="raw", allow_empty=True)
            _add_agent(app, topic, parts.intake, failed)
            ended: asyncio.Future[Any] = asyncio.ensure_future(app.wait_until_stopped())
            try:
                await app.start()
                log.info("reading Traccar's topics %s", ", ".join(self._names))
                await asyncio.wait({ended, failed}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                ended.cancel()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LEAVE_S):
                        await app.stop()
        if failed.done():
            failed.result()
        raise AppEndedError(f"the reader of Traccar's topics ended: {app.crash_reason!r}")

    async def _require(self) -> None:
        try:
            await ends_of(self._broker, self._names)
        except UnknownTopicOrPartitionError as error:
            raise TopicsError(
                f"There is no topic {error.args[0]} to read Traccar's positions from: let Traccar forward once, or "
                "create it, or correct KAWAL_GATEWAY_TRACCAR_TOPICS."
            ) from error

    def _app(self, folder: Path) -> faust.App:
        """A Faust app that declares no topic and opens no port, and begins with the oldest record."""
        return faust.App(
            self._group,
            **faust_settings(self._broker),
            datadir=folder,
            stream_buffer_maxsize=BATCH_MAX,
            broker_session_timeout=10.0,
            broker_heartbeat_interval=3.0,
            broker_rebalance_timeout=30.0,
            broker_request_timeout=40.0,
        )


def _add_agent(app: faust.App, topic: Any, intake: Intake, failed: asyncio.Future[NoReturn]) -> None:
    """Let the app take in the topic's records.

    Faust would acknowledge a record whose agent raised or was stopped, so it acknowledges nothing by itself here, and
    a failure is reported and nothing more is taken.
    """

    async def process(stream: faust.StreamT[Any]) -> None:
        try:
            async for events in stream.noack_take(BATCH_MAX, within=GATHER_S):  # type: ignore[attr-defined]
                await intake.take_patiently([cut("traccar-forward", event.value or b"", None) for event in events])
                for event in events:
                    await stream.ack(event)
        except Exception as error:
            if not failed.done():
                failed.set_exception(error)
            await asyncio.Event().wait()

    app.agent(topic, name="traccar")(process)
