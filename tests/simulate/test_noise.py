"""GPS errors are as large, and last as long, as those that were measured; accuracies are a device's own."""

from functools import cache

import numpy as np

from simulate.conditions import ORDINARY
from simulate.noise import accuracy_m, gauss_markov, multipath

HOURS = 132
TIME_S = np.arange(0.0, HOURS * 3600.0)


@cache
def lateral_m(seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    error_m = gauss_markov(len(TIME_S), 1.0, rng) + multipath(TIME_S, ORDINARY.multipath_per_h, rng)
    return np.abs(error_m.real)


def test_distances_from_the_road_are_those_of_real_tracks() -> None:
    p50, p99, p999 = np.percentile(lateral_m(), [50, 99, 99.9])
    assert 2.5 < p50 < 3.5
    assert 28 < p99 < 40
    assert 65 < p999 < 95


def test_excursions_beyond_100_m_are_as_rare_and_short_as_in_real_tracks() -> None:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (lateral_m() > 100).astype(int), [0]))))
    lasts_s = edges[1::2] - edges[::2]
    assert 4 < len(lasts_s) * 66 / HOURS < 16  # 9 in 66 hours
    assert (lasts_s >= 20).sum() * 66 / HOURS <= 4  # 1


def test_without_a_rate_or_times_there_is_no_excursion() -> None:
    rng = np.random.default_rng(1)
    assert not multipath(TIME_S[:3600], 0.0, rng).any()
    assert len(multipath(TIME_S[:0], 9.0, rng)) == 0


def test_a_device_tells_an_accuracy_always_or_never_and_a_larger_one_in_an_excursion() -> None:
    excursion_m = np.concatenate((np.zeros(200), np.full(200, 150.0))) + 0j
    devices = [accuracy_m(excursion_m, np.random.default_rng(seed)) for seed in range(200)]
    mute = [device for device in devices if None in device]
    assert 10 < len(mute) < 60
    assert all(set(device) == {None} for device in mute)
    for device in devices:
        if device not in mute:
            assert np.mean(device[200:]) > np.mean(device[:200])  # type: ignore[arg-type]
