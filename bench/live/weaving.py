"""Live traffic: one vehicle of each convoy leaves its route and comes back, over and over, each at its own time."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bench.workload import CONVOY_SIZE, Events, Floats, Ints, Workload

CYCLE_S = 80.0
OFF_S = 38.0  # well over the 20 s that raise the alert, and the rest of the cycle over the 20 s that clear it
RAMP_S = 8.0
OFF_M = 200.0
SETTLE_S = 20.0


@dataclass(frozen=True, slots=True)
class Weaves(Events):
    """Detours of 38 s in each 80 s, of the first vehicle of each convoy."""

    def lateral_m(self, vehicle: Ints, elapsed_s: Floats) -> Floats:
        """How far to the right of the route."""
        since_s = elapsed_s - self.detour_s[vehicle]
        into_s = np.where(since_s >= 0, since_s % CYCLE_S, np.nan)
        return OFF_M * np.nan_to_num(np.clip(np.minimum(into_s, OFF_S - into_s) / RAMP_S, 0, 1))


class Weaving(Workload):
    """A ping a second from each of 2,000 vehicles; some six alerts a second are raised and as many cleared."""

    @cached_property
    def events(self) -> Events:
        """The weaving; nobody halts."""
        first_s = np.full(self.vehicles, np.nan)
        first_s[::CONVOY_SIZE] = SETTLE_S + np.random.default_rng([self.seed, 4]).uniform(0, CYCLE_S, self.convoys)
        return Weaves(first_s, np.full(self.vehicles, np.nan))


def weaving(vehicles: int, seconds: int, start_ms: int) -> Weaving:
    """Traffic of so many vehicles for so many seconds."""
    return Weaving(vehicles * seconds, interval_s=1, start_ms=start_ms)
