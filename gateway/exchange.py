"""A request at a door, from its head to its answer.

It is answered without the task, the scope and the event that ASGI takes for each: a door waits for nothing but Kafka,
and that calls back.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.http import Door
from gateway.request import Answer, Body, Head
from models.device import Device

if TYPE_CHECKING:
    from gateway.connection import Connection

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Exchange:
    """One request and its answer; to uvicorn's protocol it is a cycle like its own."""

    __slots__ = (
        *("_body", "_connection", "_device", "_door", "_expects", "_head", "_is_taken", "_is_whole"),
        *("disconnected", "keep_alive", "response_complete"),
    )

    message_event = asyncio.Event()
    """uvicorn's protocol sets it; nobody waits for it."""

    def __init__(self, connection: Connection, door: Door, head: Head) -> None:
        parser = connection.parser
        self._connection = connection
        self._door = door
        self._head = head
        self._expects = connection.expect_100_continue
        self._device: Device | None = None  # once it was let in
        self._body: Body | None = None  # phones say all in the head, and most requests have none
        self._is_whole = False  # all of its body has come
        self._is_taken = False  # what comes of its body from now on counts for nothing
        self.keep_alive = parser.should_keep_alive() and parser.get_http_version() != "1.0"
        self.disconnected = self.response_complete = False

    def start(self) -> None:
        """Let the request in, or refuse it."""
        if self._connection.transport.is_closing():
            self.leave()
            return
        try:
            device = self._door.admit(self._head)
        except Exception as error:
            device = self._door.answer(error)
        if isinstance(device, Answer):
            # Whether the body comes all the same is not known where the client asked first.
            self.keep_alive &= self._is_whole or not self._expects
            self._reply(device)
        else:
            self._await_body(device)

    def _await_body(self, device: Device) -> None:
        self._device = device
        if self._is_whole:
            self._go_on()
            return
        if self._expects:
            self._connection.transport.write(CONTINUE)
        self._connection.flow.resume_reading()

    def feed(self, piece: bytes) -> None:
        """Take in a piece of the body."""
        if not self._is_taken:
            if self._body is None:
                self._body = Body(self._door.buffered)
            self._body.add(piece)
            self._go_on()

    def end(self) -> None:
        """The body is there."""
        self._is_whole = True
        self._go_on()

    def leave(self) -> None:
        """Nobody asks any more: give back the memory of the body."""
        self._is_taken = True
        if self._body is not None:
            self._body.take()

    def _go_on(self) -> None:
        """Take the message in as soon as it is there and the request was let in."""
        if self._device is None or self._is_taken:
            return
        try:
            body = self._body
            if self._is_whole or (body is not None and body.is_enough):
                self._is_taken = True
                self._door.take(self._head, b"" if body is None else body.take(), self._device, self._reply)
        except Exception as error:
            self._reply(self._door.answer(error))

    def _reply(self, answer: Answer) -> None:
        """Send the answer, unless the client is gone."""
        if not self._is_taken:
            self.leave()
        connection = self._connection
        if not connection.transport.is_closing():
            connection.transport.write(answer.to_bytes(connection.server_state.default_headers, not self.keep_alive))
            if not self.keep_alive:
                connection.transport.close()
        if connection.flow.write_paused:
            connection.unread = self
        else:
            self.finish()

    def finish(self) -> None:
        """The answer is on its way: go on with the next request."""
        self._connection.unread = None
        self.response_complete = True
        self._connection.on_response_complete()
