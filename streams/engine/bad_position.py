"""bad-position: a position that cannot be believed. Made up by the device, leaping about, or frozen while it moves."""

import numpy as np

from streams.engine.dtypes import BAD_POSITION, CLEAN, FROZEN, MEDIUM, MOCK, TELEPORT, Out, Row, Step
from streams.engine.episodes import close_episode, good_for_s, grown_ms, open_episode
from streams.engine.evidence import MOVING_MPS
from streams.engine.jit import kernel

TELEPORT_WINDOW_MS = 600_000  # three rejected fixes within ten minutes are no longer single spikes
FROZEN_MS = 60_000


@kernel
def track_frozen(vehicle: Row, fix: Row, step: Step) -> None:
    """Count for how long the vehicle reports a speed while its coordinates stay exactly the same.

    Where it stops meanwhile they are no more believed than before, but that is no proof: the count is negative then.
    """
    if step.moved_m != 0.0:
        vehicle.frozen_ms = 0
    elif fix.speed_mps > MOVING_MPS:
        vehicle.frozen_ms = grown_ms(max(vehicle.frozen_ms, 0), step)
    elif vehicle.frozen_ms > 0:
        vehicle.frozen_ms = -vehicle.frozen_ms


@kernel
def teleports_ms(vehicle: Row) -> int:
    """In what time the last three rejected fixes came."""
    return int(np.int64(vehicle.reject_gap_ms[0]) + np.int64(vehicle.reject_gap_ms[1]))


@kernel
def raise_bad_position(vehicle: Row, fix: Row, rejected: bool, out: Out) -> None:
    """Raise for the first reason that holds. Value and threshold are seconds, unknown for a position made up."""
    window_ms = teleports_ms(vehicle)
    if fix.mock:
        open_episode(vehicle, BAD_POSITION, MEDIUM, (fix.fix_ms, MOCK), (np.nan, np.nan), out)
    elif vehicle.frozen_ms >= FROZEN_MS:
        frozen_ms = int(vehicle.frozen_ms)
        evidence = (frozen_ms / 1000.0, FROZEN_MS / 1000.0)
        open_episode(vehicle, BAD_POSITION, MEDIUM, (fix.fix_ms - frozen_ms, FROZEN), evidence, out)
    elif rejected and window_ms <= TELEPORT_WINDOW_MS:
        evidence = (window_ms / 1000.0, TELEPORT_WINDOW_MS / 1000.0)
        open_episode(vehicle, BAD_POSITION, MEDIUM, (vehicle.reject_ms - window_ms, TELEPORT), evidence, out)


@kernel
def judge_bad_position(vehicle: Row, convoy: Row, fix: Row, rejected: bool, out: Out) -> None:
    """Raise on `mock`, on the third rejected fix in ten minutes, or after a minute of exactly the same coordinates at
    a reported speed above 2 m/s; clear after `bad_position_clear_s` without any of these.
    """
    if not vehicle.open[BAD_POSITION]:
        raise_bad_position(vehicle, fix, rejected, out)
        return
    doubtful = fix.mock or rejected or vehicle.frozen_ms > 0
    good_s = good_for_s(BAD_POSITION, not doubtful, out)
    if good_s >= convoy.bad_position_clear_s:
        close_episode(vehicle, BAD_POSITION, CLEAN, (good_s, convoy.bad_position_clear_s), out)
