"""One look at all connections closes those that are slow and those on which nothing is asked for."""

import asyncio
import socket

from uvicorn import Config
from uvicorn.server import ServerState

from gateway.connection import Connection
from gateway.guard import IDLE_S_MAX, REQUEST_S_MAX, close_idle, close_slow

ASKS = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"


async def app(_: object, __: object, send: object) -> None:
    """Answer 204."""
    await send({"type": "http.response.start", "status": 204, "headers": []})  # type: ignore[operator]
    await send({"type": "http.response.body"})  # type: ignore[operator]


async def test_who_is_slow_or_idle_is_closed_and_nobody_else() -> None:
    loop, state = asyncio.get_running_loop(), ServerState()
    config = Config(app, log_config=None, lifespan="off")
    config.load()

    async def connect(sent: bytes) -> socket.socket:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        await loop.connect_accepted_socket(
            lambda: Connection({}, config=config, server_state=state, app_state={}, _loop=loop), theirs
        )
        await loop.sock_sendall(ours, sent)
        return ours

    silent, slow, idle = [await connect(sent) for sent in (b"", ASKS[:-2], ASKS)]
    assert (await loop.sock_recv(idle, 1000)).startswith(b"HTTP/1.1 204")
    now_s = loop.time()
    close_idle(state.connections, now_s + IDLE_S_MAX - 1)
    assert close_slow(state.connections, now_s + REQUEST_S_MAX - 1) == 0
    assert len(state.connections) == 3
    assert close_slow(state.connections, now_s + REQUEST_S_MAX + 1) == 2
    close_idle(state.connections, now_s + IDLE_S_MAX + 1)
    for connection in (silent, slow, idle):
        assert await loop.sock_recv(connection, 1) == b""
        connection.close()
    assert state.connections == set()
