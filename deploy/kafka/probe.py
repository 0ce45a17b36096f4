"""Whether a broker serves: one Metadata request over a plain socket, without a client library or an event loop."""

import socket
import struct

from deploy.kafka.ports import HOST

_ANSWER_S = 2.0

# Header v1: API key 3 (Metadata), version 1, correlation id 1, no client id. Body: an empty list of topics.
_METADATA_REQUEST = struct.pack(">hhihi", 3, 1, 1, -1, 0)


def is_serving(port: int) -> bool:
    """Return whether a broker answers at the port and counts itself among the cluster's brokers.

    Accepting connections is not enough: until the controller has let it in, a broker lists none.
    """
    try:
        with socket.create_connection((HOST, port), timeout=_ANSWER_S) as connection:
            connection.sendall(struct.pack(">i", len(_METADATA_REQUEST)) + _METADATA_REQUEST)
            _length, _correlation_id, brokers = struct.unpack(">iii", _read(connection, 12))
            return bool(brokers > 0)
    except (OSError, EOFError):
        return False


def _read(connection: socket.socket, size: int) -> bytes:
    answer = b""
    while len(answer) < size:
        part = connection.recv(size - len(answer))
        if not part:
            raise EOFError
        answer += part
    return answer
