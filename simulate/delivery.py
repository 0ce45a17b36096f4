"""What becomes of pings on their way: delayed, lost, held back in the device, repeated, out of order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulate.faults import Burst, Dropout, Fault, Repeats, Shuffle
from simulate.ride import Ride
from simulate.track import Floats

DELAY_S = (0.2, 2.0)
REPEAT_S = (1.0, 25.0)
"""A copy of a ping comes this much after the first: a retry, or a second network."""

BUFFERING_SHARE = 0.5
"""Half of the devices keep what they measure in a stretch without signal, and send it at its end."""

BURST_STEP_S = 0.05


class Delivery(NamedTuple):
    """The pings that arrive, in no order: which of the vehicle's pings each is, and when it comes."""

    ping: NDArray[np.int64]
    received_s: Floats


def deliver(ride: Ride, faults: Iterable[Fault], time_s: Floats, rng: np.random.Generator) -> Delivery:
    """Send a ping at each of `time_s`."""
    ways = rng.spawn(4)
    delay_s = np.clip(ways[0].lognormal(np.log(0.5), 0.5, len(time_s)), *DELAY_S)
    # one connection keeps the order
    received_s = np.maximum.accumulate(time_s + delay_s)
    kept = _through_stretches(ride, time_s, received_s, bool(ways[1].uniform() < BUFFERING_SHARE))
    for fault in faults:
        if isinstance(fault, Dropout):
            kept &= ~_inside(fault, time_s)
        elif isinstance(fault, Burst):
            _hold_back(_inside(fault, time_s), fault.from_s + fault.duration_s, received_s)
    pings = np.flatnonzero(kept)
    return _mixed(Delivery(pings, received_s[pings]), faults, ways[2:])


def _mixed(sent: Delivery, faults: Iterable[Fault], ways: list[np.random.Generator]) -> Delivery:
    """Repeat and shuffle what arrives."""
    ping, received_s = sent
    for fault in faults:
        if isinstance(fault, Repeats):
            ping = np.tile(ping, fault.times)
            copies_s = [received_s + ways[0].uniform(*REPEAT_S, len(received_s)) for _ in range(fault.times - 1)]
            received_s = np.concatenate([received_s, *copies_s])
        elif isinstance(fault, Shuffle):
            received_s = received_s + ways[1].uniform(0.0, fault.within_s, len(received_s))
    return Delivery(ping, received_s)


def _inside(fault: Dropout | Burst, time_s: Floats) -> NDArray[np.bool_]:
    return (time_s >= fault.from_s) & (time_s < fault.from_s + fault.duration_s)


def _through_stretches(ride: Ride, time_s: Floats, received_s: Floats, buffers: bool) -> NDArray[np.bool_]:
    """Which pings get out of the planned stretches without signal; a device that buffers sends them at the end."""
    kept = np.ones(len(time_s), dtype=np.bool_)
    along_m = ride.along(time_s)
    for stretch in ride.plan.no_signal:
        inside = (along_m >= stretch.from_m) & (along_m <= stretch.to_m)
        if not buffers:
            kept &= ~inside
        elif inside.any():
            _hold_back(inside, float(time_s[inside][-1]), received_s)
    return kept


def _hold_back(held: NDArray[np.bool_], until_s: float, received_s: Floats) -> None:
    """Let the held pings arrive one after the other from `until_s` on, and none of the later ones overtake them."""
    received_s[held] = np.maximum(received_s[held], until_s + BURST_STEP_S * np.arange(np.count_nonzero(held)))
    np.maximum.accumulate(received_s, out=received_s)
