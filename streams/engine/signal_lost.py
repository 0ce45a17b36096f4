"""signal-lost: nothing received from a vehicle for too long. Judged on receive times, by the sweep alone."""

from streams.engine.dtypes import (
    CRITICAL,
    DEVIATION,
    HEARD,
    HIGH,
    LOW,
    MEDIUM,
    NEVER,
    SIGNAL_LOST,
    SILENT,
    SILENT_IN_STRETCH,
    SOS,
    Out,
    Plans,
    Row,
)
from streams.engine.episodes import close_episode, follow_episode, open_episode
from streams.engine.jit import kernel
from streams.engine.stretches import crossing_s


@kernel
def threshold_s(vehicle: Row, convoy: Row) -> float:
    """Silence that is still normal: three ping intervals, at least `signal_lost_s`."""
    return float(max(3.0 * vehicle.ping_interval_s, convoy.signal_lost_s))


@kernel
def was_standing(vehicle: Row, convoy: Row) -> bool:
    """Whether its fixes alone, before the silence, already showed a stall."""
    if vehicle.anchor_ms == NEVER or vehicle.stop >= 0:
        return False
    return bool(vehicle.fix_ms - vehicle.anchor_ms >= 1000.0 * convoy.stall_hold_s)


@kernel
def called_for_help(vehicle: Row) -> bool:
    """Whether its last word, or one that came late, was a call for help that was not taken back."""
    return bool(vehicle.sos or vehicle.open[SOS])


@kernel
def silence_severity(vehicle: Row, convoy: Row, silent_s: float) -> int:
    """Low at first, medium and high as it lasts; high at once off the route or after a stall, critical after duress."""
    if called_for_help(vehicle):
        return CRITICAL
    if vehicle.open[DEVIATION] or was_standing(vehicle, convoy) or silent_s >= convoy.signal_lost_high_s:
        return HIGH
    return MEDIUM if silent_s >= convoy.signal_lost_medium_s else LOW


@kernel
def sweep_signal_lost(vehicle: Row, plans: Plans, convoy: Row, out: Out) -> None:
    """Raise when nothing came for longer than is normal; in a no-signal stretch, than it takes to cross it. The onset
    is the last word.
    """
    moment = out.moment[0]
    moment.at_ms = moment.detected_ms
    silent_s = (moment.detected_ms - vehicle.heard_ms) / 1000.0
    normal_s = threshold_s(vehicle, convoy)
    excused_s = max(crossing_s(vehicle, plans, convoy) - normal_s, 0.0)
    limit_s = normal_s + excused_s
    if silent_s <= limit_s:
        return
    severity = silence_severity(vehicle, convoy, silent_s - excused_s)
    reason = SILENT_IN_STRETCH if excused_s > 0.0 else SILENT
    if vehicle.open[SIGNAL_LOST]:
        follow_episode(vehicle, SIGNAL_LOST, severity, reason, (silent_s, limit_s), out)
    else:
        open_episode(vehicle, SIGNAL_LOST, severity, (vehicle.heard_ms, reason), (silent_s, limit_s), out)


@kernel
def hear(vehicle: Row, convoy: Row, received_ms: int, out: Out) -> None:
    """Word of the vehicle came: its silence is over, on receive time."""
    if vehicle.open[SIGNAL_LOST]:
        out.moment[0].at_ms = received_ms
        silent_s = (received_ms - vehicle.heard_ms) / 1000.0
        close_episode(vehicle, SIGNAL_LOST, HEARD, (silent_s, threshold_s(vehicle, convoy)), out)
    vehicle.heard_ms = received_ms
