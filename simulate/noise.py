"""How far a measured position is from the true one: noise that remembers, and excursions by reflected signals."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from simulate.track import Floats

NOISE_SIGMA_M = 4.0
NOISE_TAU_S = 60.0
"""GPS errors last: phones drift over about a minute. White noise would be easier on every filter than the truth."""

EXCURSION_MEDIAN_M = 26.0
EXCURSION_SPREAD = 0.75
EXCURSION_MAX_M = 300.0
"""Together with the rate: distances from the true route of p50 3, p95 14, p99 35, p99.9 80 m, as measured in 66 hours
of real tracks. The largest was 291 m.
"""

EXCURSION_MEAN_S = 44.0
EXCURSION_S = (10.0, 150.0)

ACCURACY_FACTOR = 1.3
TOLD_SHARE = (0.1, 0.7)
"""How much of an excursion a device admits in its accuracy: some hardly any."""

MUTE_SHARE = 0.15
"""Devices that report no accuracy at all."""


def gauss_markov(count: int, interval_s: float, rng: np.random.Generator) -> NDArray[np.complex128]:
    """GPS error, east + 1j * north in metres: an AR(1) process whose memory is `NOISE_TAU_S`."""
    rho = float(np.exp(-interval_s / NOISE_TAU_S))
    steps = rng.normal(0.0, NOISE_SIGMA_M, (count, 2)) * np.sqrt(1 - rho * rho)
    steps[:1] /= np.sqrt(1 - rho * rho)
    jumps = (steps[:, 0] + 1j * steps[:, 1]).tolist()
    return np.array(list(accumulate(jumps, lambda last, jump: rho * last + jump)), dtype=np.complex128)


def multipath(time_s: Floats, per_h: float, rng: np.random.Generator) -> NDArray[np.complex128]:
    """Excursions that rise, turn and fall within seconds to minutes, east + 1j * north in metres at each time."""
    error_m = np.zeros(len(time_s), dtype=np.complex128)
    if not len(time_s) or per_h <= 0.0:
        return error_m
    span_s = float(time_s[-1] - time_s[0])
    for _ in range(rng.poisson(per_h * span_s / 3600.0)):
        begin_s = time_s[0] + rng.uniform(0.0, span_s)
        lasts_s = float(np.clip(rng.exponential(EXCURSION_MEAN_S), *EXCURSION_S))
        size_m = min(EXCURSION_MEDIAN_M * rng.lognormal(0.0, EXCURSION_SPREAD), EXCURSION_MAX_M)
        inside = slice(*np.searchsorted(time_s, (begin_s, begin_s + lasts_s)))
        share = (time_s[inside] - begin_s) / lasts_s
        error_m[inside] += size_m * np.sin(np.pi * share) * np.exp(2j * np.pi * rng.uniform())
    return error_m


def accuracy_m(excursion_m: NDArray[np.complex128], rng: np.random.Generator) -> list[float | None]:
    """The accuracy that one device reports: its own mean and honesty, None throughout for one that reports none."""
    typical_m = ACCURACY_FACTOR * NOISE_SIGMA_M * rng.lognormal(0.0, 0.3)
    told, mute = rng.uniform(*TOLD_SHARE), rng.uniform() < MUTE_SHARE
    scatter = rng.lognormal(0.0, 0.2, len(excursion_m))
    if mute:
        return [None] * len(excursion_m)
    reported_m: list[float | None] = (
        np.clip(typical_m * scatter + told * np.abs(excursion_m), 3.0, 200.0).round(1).tolist()
    )
    return reported_m
