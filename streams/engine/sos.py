"""sos: the duress button. Told at once, at any time: before departure, after arrival, without a position, held or late.

A call for help is never lost to a rule about positions. A ping that is refused for its place or order still says that
the button was pressed, at its own time; only one that is newer than everything says that it was released.
"""

import math

import numpy as np

from streams.engine.dtypes import ACCEPTED, CRITICAL, DURESS, HELD, NEVER, RELEASED, SOS, Out, Row
from streams.engine.episodes import close_episode, good_for_s, open_episode
from streams.engine.jit import kernel


@kernel
def tell_elsewhere(fix: Row, out: Out) -> None:
    """The alert just told is of a fix that did not become the vehicle's newest: it says that fix's place."""
    told = out.transitions[out.filled[0] - 1]
    if not math.isnan(fix.lat):
        told.lat = fix.lat
        told.lon = fix.lon
        told.progress_m = np.nan
        told.lateral_m = np.nan


@kernel
def press(vehicle: Row, fix: Row, newest: bool, out: Out) -> None:
    """The button is pressed, later than it was known to be."""
    vehicle.sos_ms = fix.fix_ms
    if vehicle.open[SOS]:
        episode = out.episodes[out.moment[0].row, SOS]
        if episode.good_ms <= fix.fix_ms:
            episode.good_ms = NEVER
        return
    open_episode(vehicle, SOS, CRITICAL, (fix.fix_ms, DURESS), (0.0, np.nan), out)
    if not newest:
        tell_elsewhere(fix, out)


@kernel
def judge_sos(vehicle: Row, convoy: Row, fix: Row, result: int, out: Out) -> None:
    """Raise at the first ping with `sos`; clear once the newest pings have been without it for `sos_clear_s`.

    `result` is what became of the ping. Duplicates raise nothing: their time is known.
    """
    out.moment[0].at_ms = fix.fix_ms
    newest = result in (ACCEPTED, HELD)
    if fix.sos:
        if fix.fix_ms > vehicle.sos_ms:
            press(vehicle, fix, newest, out)
    elif newest and good_for_s(SOS, fix.fix_ms > vehicle.sos_ms, out) >= convoy.sos_clear_s:
        pressed_s = (fix.fix_ms - out.episodes[out.moment[0].row, SOS].onset_ms) / 1000.0
        close_episode(vehicle, SOS, RELEASED, (pressed_s, convoy.sos_clear_s), out)
