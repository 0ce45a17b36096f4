"""Metres and degrees on the WGS 84 ellipsoid, near a point."""

import math

import numpy as np
from numpy.typing import NDArray

from streams.engine.jit import entry, kernel

_A_M = 6378137.0
_E2 = 6.69437999014e-3


def metres_per_deg(lats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metres in a degree of latitude and in one of longitude, a row for each of `lats`: the two radii of curvature.

    `lats` in degrees. Plain numpy: plans are compiled a route at a time, 20,000 of them when a nation's worker starts.
    """
    sines = np.sin(np.radians(lats))
    w = 1.0 - _E2 * sines * sines
    meridional_m = _A_M * (1.0 - _E2) / (w * np.sqrt(w))
    parallel_m = _A_M * np.cos(np.radians(lats)) / np.sqrt(w)
    return np.radians(np.stack([meridional_m, parallel_m], axis=1))


@kernel
def wrap_deg(degrees: float) -> float:
    """A difference of longitudes brought into -180..180, so that a route may cross the date line."""
    if degrees > 180.0:
        return degrees - 360.0
    if degrees < -180.0:
        return degrees + 360.0
    return degrees


@entry
def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Distance of two points in the flat frame of their mean latitude; error under 1e-4 up to 50 km."""
    s = math.sin(math.radians(0.5 * (lat1 + lat2)))
    w = 1.0 - _E2 * s * s
    root = math.sqrt(w)
    # both radii of curvature from one sine and two roots: this runs a few times a ping
    dy = math.radians(lat2 - lat1) * _A_M * (1.0 - _E2) / (w * root)
    dx = math.radians(wrap_deg(lon2 - lon1)) * _A_M * math.sqrt(1.0 - s * s) / root
    return math.sqrt(dx * dx + dy * dy)
