"""Slows a device that floods: its answers come later, and beyond that it is told to come again."""

import math
import time

from gateway.writer import Unavailable

RATE_PER_S = 20.0
"""What a device keeps without network it may send at this pace; live, it reports once in some seconds."""

BURST = 600
"""So many it may send at once: ten minutes of a ping a second."""

DELAY_S_MAX = 1.0
"""The clients send one message at a time, so a late answer slows them; who does not wait is refused beyond this."""


class Throttle:
    """Holds the messages of each device against its pace; its memory is that of the registered devices."""

    def __init__(self) -> None:
        self._free_s: dict[str, float] = {}

    def admit(self, device_id: str, messages: int) -> float:
        """Return how long to wait, in seconds, before these messages are taken in. Raises Unavailable."""
        now_s = time.monotonic()
        free_s = max(self._free_s.get(device_id, 0.0), now_s - BURST / RATE_PER_S)
        delay_s = max(0.0, free_s - now_s)
        if delay_s > DELAY_S_MAX:
            raise Unavailable("the device sends too much", math.ceil(delay_s))
        self._free_s[device_id] = free_s + messages / RATE_PER_S
        return delay_s
