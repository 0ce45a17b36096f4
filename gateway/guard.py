"""Limits of the gateway's connections: how many, how large a head, how slow a request, how long without one."""

from __future__ import annotations

import resource
from collections.abc import Iterable
from typing import Any

HEAD_BYTES_MAX = 16 * 1024
REQUEST_S_MAX = 30.0
"""A phone on the edge of a cell needs seconds for a few hundred bytes; who needs longer sends on purpose."""

IDLE_S_MAX = 75.0
"""Longer than the minute between two pings of a phone that stands; a new TLS connection costs it a second."""

SWEEP_S = 5.0
"""One look at all connections costs much less than a timer for each request."""

CONNECTIONS_MAX = 25_000
SPARE_FILES = 1200
"""Of the open files that the system allows, for Kafka and Cursor on Target: else a full house cuts them off."""


def connections_max() -> int:
    """So many connections may be open at once: each is an open file."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(CONNECTIONS_MAX, files - SPARE_FILES)


def close_idle(connections: Iterable[Any], now_s: float) -> None:
    """Close the connections on which nothing was asked for too long."""
    for one in [one for one in connections if one.idle_s is not None and now_s - one.idle_s > IDLE_S_MAX]:
        one.transport.close()


def close_slow(connections: Iterable[Any], now_s: float) -> int:
    """Close the connections whose request has taken too long to arrive; returns how many."""
    slow = [one for one in connections if one.since_s is not None and now_s - one.since_s > REQUEST_S_MAX]
    for one in slow:
        one.transport.abort()
    return len(slow)
