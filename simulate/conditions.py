"""What the road and the network are like where nothing is wrong: lights, traffic, and how well satellites are seen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """How often the ordinary troubles of a drive come. A rate of 0 leaves one out."""

    lights_per_km: float = 0.0
    """Red lights: the convoy waits 10 to 70 s."""
    jams_per_km: float = 0.0
    """Stretches of 150 to 500 m driven at a walking pace."""
    halts_per_h: float = 0.0
    """Longer halts of exponential length, mean `HALT_MEAN_S`, of a drive at cruising speed."""
    multipath_per_h: float = 0.0
    """Excursions of the measured position, of a device's hour."""


CALM = Conditions()
"""A free road under an open sky, as the demo drives it."""

ORDINARY = Conditions(lights_per_km=0.25, jams_per_km=0.04, multipath_per_h=9.0)
"""Roads with lights and slow stretches; positions as far off as those that were measured."""

HALT_MEAN_S = 219.0
ORDINARY_HALTS_PER_H = 2.5
"""Real traces stay within 50 m for 180 s 1.1 times an hour and for 480 s 0.28 times: an exponential length of this
mean, and this many of any length.
"""
