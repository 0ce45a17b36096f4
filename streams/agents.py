"""The Faust agent: one actor that takes every chunk of every owned partition."""

import asyncio
from typing import Any

import faust
from faust.events import Event
from faust.types import EventT, TopicT
from faust.types.tuples import Message

from bus.tasks import Tasks
from streams.handover import TopicPartition
from streams.owned import Owned


class RawSchema(faust.Schema[Any, Any]):
    """Passes the bytes on as they are: a decode error inside Faust would end the stream for good."""

    def compile(self, app: faust.App, **_: Any) -> Any:  # type: ignore[override]
        """Return the function that makes an event of a message."""

        async def decode(message: Message, *, propagate: bool = False) -> EventT[Any]:
            return Event(app, message.key, message.value, message.headers, message)

        return decode


def add_agent(app: faust.App, topic: TopicT, owned: Owned, tasks: Tasks) -> None:
    """Let the app process the topics' chunks.

    Faust would acknowledge a chunk whose agent raised, restart the agent and go on without it; so a failure is
    reported and nothing more is taken.
    """

    async def process(stream: faust.StreamT[Any]) -> None:
        try:
            async for chunk in stream:
                event = stream.current_event
                assert event is not None
                await owned.take(TopicPartition(*event.message.tp), chunk)
                # A full queue would never give way to the checkpoints.
                await asyncio.sleep(0)
        except Exception as error:
            tasks.fail(error)
            await asyncio.Event().wait()

    app.agent(topic, name="process")(process)
