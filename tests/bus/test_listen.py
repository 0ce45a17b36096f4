"""A port that is taken is told in one line, with the setting that says another."""

import socket

import pytest
from prometheus_client import CollectorRegistry

from bus.listen import ListenError, listener
from bus.metrics_server import metrics_server


def test_a_port_that_is_taken_is_told_with_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = taken.getsockname()
        with pytest.raises(ListenError, match=r"in use\. Set KAWAL_PORT"):
            listener(*address, "KAWAL_PORT")
        with (
            pytest.raises(ListenError, match=r"in use.*Set KAWAL_PORT"),
            metrics_server(address, "KAWAL_PORT", CollectorRegistry()),
        ):
            pass
