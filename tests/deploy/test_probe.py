"""When a broker counts as serving."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploy.kafka.embedded import EmbeddedKafka
from deploy.kafka.ports import free_port, is_free
from deploy.kafka.probe import is_serving


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A server that reads a request and gives the same answer to each."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_a_running_broker_is_serving(kafka: EmbeddedKafka) -> None:
    assert is_serving(kafka.port)
    assert not is_free(kafka.port)


def test_nobody_is_not_serving() -> None:
    assert not is_serving(free_port())


@pytest.mark.parametrize(
    "answer",
    [
        struct.pack(">iii", 8, 1, 0),  # the controller has let no broker in yet
        b"HTTP/1",  # cut off
        b"",
    ],
)
def test_an_answer_without_a_broker_is_not_serving(answer: bytes) -> None:
    with answering(answer) as port:
        assert not is_serving(port)


def test_free_ports_lie_below_those_of_outgoing_connections() -> None:
    assert 20_000 <= free_port() < 30_000
