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
    multipath_per_h: float = 0.0
    """Excursions of the measured position, of a device's hour."""


CALM = Conditions()
"""A free road under an open sky, as the demo drives it."""

ORDINARY = Conditions(lights_per_km=0.25, jams_per_km=0.04, multipath_per_h=9.0)
"""Roads with lights and slow stretches; positions as far off as those that were measured."""
