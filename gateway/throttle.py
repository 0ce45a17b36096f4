"""Slows a device that floods, and all of them together: answers come later, and beyond that they are to come again."""

import math
import time
from dataclasses import dataclass

from gateway.writer import Unavailable

DEVICE_PER_S = 20.0
"""What a device keeps without network it may send at this pace; live, it reports once in some seconds."""

DEVICE_BURST = 600
"""So many it may send at once: ten minutes of a ping a second."""

DELAY_S_MAX = 1.0
"""The clients send one message at a time, so a late answer slows them; who does not wait is refused beyond this."""


@dataclass(slots=True)
class Pace:
    """So many messages a second, and so many at once; `free_s` is when the next one is due."""

    per_s: float
    burst: float
    free_s: float = 0.0

    def take(self, messages: int, now_s: float) -> None:
        """Let messages pass."""
        self.free_s = max(self.free_s, now_s - self.burst / self.per_s) + messages / self.per_s


class Throttle:
    """Holds messages against the pace of their device and of all; its memory is that of the registered devices."""

    def __init__(self, per_s: float) -> None:
        self._all = Pace(per_s, per_s)
        self._devices: dict[str, Pace] = {}

    def admit(self, device_id: str, messages: int) -> float:
        """Return how long to wait, in seconds, before these messages are taken in. Raises Unavailable."""
        now_s = time.monotonic()
        device = self._devices.get(device_id)
        if device is None:
            device = self._devices[device_id] = Pace(DEVICE_PER_S, DEVICE_BURST)
        delay_s = max(now_s, device.free_s, self._all.free_s) - now_s
        if delay_s > DELAY_S_MAX:
            raise Unavailable("too much is sent at once", math.ceil(delay_s))
        device.take(messages, now_s)
        self._all.take(messages, now_s)
        return delay_s
