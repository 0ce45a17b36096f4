"""Opening, following and closing an episode: at most one is open a vehicle and kind, and each step is told."""

import numpy as np

from streams.engine.dtypes import CLEARED, DURATION_MS_MAX, NEVER, RAISED, UPDATED, Out, Row, Step
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
    t.other = -1
    t.kind, t.transition, t.reason = told
    t.checkpoint = -1
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
def severity_of(vehicle: Row, kind: int) -> int:
    """Severity of the open episode of a kind."""
    return int(vehicle.open[kind] - 1)


@kernel
def tell_episode(vehicle: Row, told: tuple[int, int, int], evidence: tuple[float, float], out: Out) -> None:
    """Tell a transition of the kind's open episode with its severity, onset and peak, and remember that it was told.

    A peak grows only where a ping or an alert saves it: one that grew in every sweep would be another after a crash.
    """
    value, threshold = evidence
    episode = out.episodes[out.moment[0].row, told[0]]
    episode.peak = np.fmax(episode.peak, value)  # the value is NaN where the end was not measured
    out.transitions[out.filled[0]].severity = severity_of(vehicle, told[0])
    tell(vehicle, told, episode.onset_ms, (value, threshold, episode.peak), out)
    episode.told_ms = out.moment[0].at_ms
    episode.told_peak = episode.peak
    out.changed[out.moment[0].row] = 1


@kernel
def open_episode(
    vehicle: Row, kind: int, severity: int, onset: tuple[int, int], evidence: tuple[float, float], out: Out
) -> None:
    """Raise: `onset` = (onset_ms, reason), `evidence` = (value, threshold)."""
    onset_ms, reason = onset
    vehicle.open[kind] = 1 + severity
    episode = out.episodes[out.moment[0].row, kind]
    episode.onset_ms = onset_ms
    episode.peak = evidence[0]
    episode.good_ms = NEVER
    tell_episode(vehicle, (kind, RAISED, reason), evidence, out)


@kernel
def follow_episode(
    vehicle: Row, kind: int, severity: int, reason: int, evidence: tuple[float, float], out: Out
) -> None:
    """Tell an update of an open episode when its severity rises; it never falls."""
    if severity > severity_of(vehicle, kind):
        vehicle.open[kind] = 1 + severity
        tell_episode(vehicle, (kind, UPDATED, reason), evidence, out)


@kernel
def peak_worth_telling(kind: int, value: float, out: Out) -> bool:
    """Take a value of the open episode in; whether its peak has grown by a quarter since it was last told, a minute ago
    or more.
    """
    moment = out.moment[0]
    episode = out.episodes[moment.row, kind]
    episode.peak = np.fmax(episode.peak, value)
    grown = episode.peak >= UPDATE_GROWTH * episode.told_peak
    return bool(grown and moment.at_ms - episode.told_ms >= UPDATE_PAUSE_MS)


@kernel
def good_for_s(kind: int, good: bool, out: Out) -> float:
    """Seconds for which it has been as it must be for the open episode to end, fix by fix; -1 where it is not now."""
    moment = out.moment[0]
    episode = out.episodes[moment.row, kind]
    if not good:
        episode.good_ms = NEVER
        return -1.0
    if episode.good_ms == NEVER:
        episode.good_ms = moment.at_ms
    return (moment.at_ms - episode.good_ms) / 1000.0


@kernel
def grown_ms(held_ms: int, step: Step) -> int:
    """A duration of a row that goes on for one step more."""
    return min(int(held_ms) + step.ms, DURATION_MS_MAX)


@kernel
def close_episode(vehicle: Row, kind: int, reason: int, evidence: tuple[float, float], out: Out) -> None:
    """Clear the open episode of a kind."""
    tell_episode(vehicle, (kind, CLEARED, reason), evidence, out)
    vehicle.open[kind] = 0
