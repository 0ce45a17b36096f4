"""Ports on the loopback address."""

import random
import socket

from deploy.kafka.errors import EmbeddedKafkaError

HOST = "127.0.0.1"

# Below the range that systems give to outgoing connections (32768 on Linux, 49152 elsewhere): a client that keeps
# trying while the broker is down could otherwise be given the broker's own port, connect to itself and block it.
_CHOICE = range(20_000, 30_000)


def is_free(port: int) -> bool:
    """Return whether a server can listen on the port now."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((HOST, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """Return a port that nobody listens on."""
    for port in random.sample(_CHOICE, 100):
        if is_free(port):
            return port
    raise EmbeddedKafkaError(
        f"No free port between {_CHOICE.start} and {_CHOICE.stop}. Stop some servers and try again."
    )
