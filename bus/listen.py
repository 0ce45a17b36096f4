"""A socket to serve on, or in one line why there is none."""

from __future__ import annotations

import socket

BACKLOG = 2048


class ListenError(RuntimeError):
    """A process cannot listen where it was told to; the text says what to do."""

    @classmethod
    def at(cls, host: str, port: int, setting: str, error: OSError) -> ListenError:
        """The error of a host and port; `setting` is the name of the one that says the port."""
        reason = str(error.strerror or error).partition(" (while")[0]  # the address again, which Python adds
        return cls(f"Cannot listen on {host}:{port}: {reason}. Set {setting} to another port, 0 for any free one.")


def listener(host: str, port: int, setting: str) -> socket.socket:
    """A listening socket, by IPv6 where the host is one. Raises ListenError."""
    try:
        family, _kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise ListenError.at(host, port, setting, error) from error
