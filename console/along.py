"""Where past positions lie along a route, for drawing. The worker judges; this only draws what is past."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from models.geometry import DEGREE_M

NEAR_M = 2_000.0
"""Further from its route, a place along it would say nothing."""

BACK_M = 300.0
AHEAD_M = 500.0
AHEAD_MPS = 40.0


class Track:
    """A route laid flat around its middle."""

    def __init__(self, route: Sequence[tuple[float, float]]) -> None:
        line = np.asarray(route, np.float64)
        self._middle = line.mean(axis=0)
        self._scale = np.array([np.cos(np.radians(self._middle[1])), 1.0]) * DEGREE_M
        corners = (line - self._middle) * self._scale
        self._starts, self._ways = corners[:-1], np.diff(corners, axis=0)
        lengths_m = np.hypot(*self._ways.T)
        self._squares = np.maximum(lengths_m**2, 1e-9)
        self._lengths_m = lengths_m
        self._from_m = np.concatenate([[0.0], np.cumsum(lengths_m)[:-1]])

    def follow(self, fixes: Iterable[tuple[float, float, float]]) -> Iterator[tuple[int | None, int | None]]:
        """Give progress and distance, whole metres, of fixes (second, lon, lat) in order of time.

        Where the route passes a place twice, that passage counts which can be reached from the fix before.
        """
        last_s, last_m = 0.0, None
        for at_s, lon, lat in fixes:
            away_m, along_m = self._all(lon, lat)
            reach = np.ones(len(away_m), bool)
            if last_m is not None:
                ahead_m = last_m + AHEAD_M + AHEAD_MPS * (at_s - last_s)
                reach = (along_m >= last_m - BACK_M) & (along_m <= ahead_m)
            if not (reach & (away_m <= NEAR_M)).any():
                reach = away_m <= NEAR_M
            if not reach.any():
                yield None, None
                continue
            best = int(np.argmin(np.where(reach, away_m, np.inf)))
            last_s, last_m = at_s, float(along_m[best])
            yield round(last_m), round(float(away_m[best]))

    def _all(self, lon: float, lat: float) -> tuple[np.ndarray, np.ndarray]:
        """Distance to each stretch of the route, and the place along it that is nearest."""
        apart = (np.array([lon, lat]) - self._middle) * self._scale - self._starts
        share = np.clip((apart * self._ways).sum(axis=1) / self._squares, 0.0, 1.0)
        away_m = np.hypot(*(apart - share[:, None] * self._ways).T)
        return away_m, self._from_m + share * self._lengths_m
