"""Opening, following and closing an episode: at most one is open a vehicle and kind, and each step is told."""

import numpy as np

from streams.engine.dtypes import CLEARED, RAISED, UPDATED, Out, Row
from streams.engine.jit import kernel

UPDATE_GROWTH = 1.25  # a peak a quarter larger is worth telling
UPDATE_PAUSE_MS = 60_000  # but at most once a minute: an operator reads it


@kernel
def tell(
    vehicle: Row, told: tuple[int, int, int], onset_ms: int, evidence: tuple[float, float, float], out: Out
) -> None:
    """Write one transition: `told` = (kind, transition, reason), `evidence` = (value, threshold, peak)."""
    t = out.transitions[out.filled[0]]
    moment = out.moment[0]
    t.row = moment.row
    t.kind, t.transition, t.reason = told
    t.onset_ms = onset_ms
    t.at_ms = moment.at_ms
    t.detected_ms = moment.detected_ms
    t.lat = vehicle.lat
    t.lon = vehicle.lon
    t.progress_m = vehicle.progress_m
    t.lateral_m = vehicle.lateral_m
    t.value, t.threshold, t.peak = evidence
    out.filled[0] += 1


@kernel
def tell_episode(vehicle: Row, told: tuple[int, int, int], evidence: tuple[float, float], out: Out) -> None:
    """Tell a transition of the kind's open episode with its severity, onset and peak, and remember that it was told.

    A peak grows only where a ping or an alert saves it: one that grew in every sweep would be another after a crash.
    """
    kind = told[0]
    value, threshold = evidence
    vehicle.peak[kind] = np.fmax(vehicle.peak[kind], value)  # the value is NaN where the end was not measured
    out.transitions[out.filled[0]].severity = vehicle.severity[kind]
    tell(vehicle, told, vehicle.onset_ms[kind], (value, threshold, vehicle.peak[kind]), out)
    vehicle.told_ms[kind] = out.moment[0].at_ms
    vehicle.told_peak[kind] = vehicle.peak[kind]
    out.changed[out.moment[0].row] = 1


@kernel
def open_episode(
    vehicle: Row, kind: int, severity: int, onset: tuple[int, int], evidence: tuple[float, float], out: Out
) -> None:
    """Raise: `onset` = (onset_ms, reason), `evidence` = (value, threshold)."""
    onset_ms, reason = onset
    vehicle.open[kind] = 1
    vehicle.severity[kind] = severity
    vehicle.onset_ms[kind] = onset_ms
    vehicle.peak[kind] = evidence[0]
    tell_episode(vehicle, (kind, RAISED, reason), evidence, out)


@kernel
def follow_episode(
    vehicle: Row, kind: int, severity: int, reason: int, evidence: tuple[float, float], out: Out
) -> None:
    """Tell an update of an open episode when its severity rises; it never falls."""
    if severity > vehicle.severity[kind]:
        vehicle.severity[kind] = severity
        tell_episode(vehicle, (kind, UPDATED, reason), evidence, out)


@kernel
def peak_worth_telling(vehicle: Row, kind: int, at_ms: int) -> bool:
    """Whether the peak has grown by a quarter since it was last told, a minute ago or more."""
    grown = vehicle.peak[kind] >= UPDATE_GROWTH * vehicle.told_peak[kind]
    return bool(grown and at_ms - vehicle.told_ms[kind] >= UPDATE_PAUSE_MS)


@kernel
def close_episode(vehicle: Row, kind: int, reason: int, evidence: tuple[float, float], out: Out) -> None:
    """Clear the open episode of a kind."""
    tell_episode(vehicle, (kind, CLEARED, reason), evidence, out)
    vehicle.open[kind] = 0
