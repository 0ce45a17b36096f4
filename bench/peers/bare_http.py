"""Starlette under uvicorn with a handler that does nothing, as fast as they are; prints its port."""

import asyncio
import socket

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


async def answer(_: Request) -> Response:
    """Say 200."""
    return Response()


def main() -> None:
    """Serve until SIGTERM."""
    app = Starlette(routes=[Route("/v1/traccar-client/{token}", answer, methods=["POST"])])
    config = uvicorn.Config(app, http="httptools", ws="none", lifespan="off", access_log=False, log_level="warning")
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(listener.getsockname()[1], flush=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve([listener]))


if __name__ == "__main__":
    main()
