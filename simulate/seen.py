"""What could be known of a vehicle: the fixes that came in time to count, and the truth at each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from simulate.faults import ClockError, Fault
from simulate.ride import Ride
from simulate.track import Floats
from simulate.traffic import Log
from simulate.truth import Label, Window

STALE_S = 180.0

WEEKS_S = 1024 * 7 * 86_400.0
"""Satellites count weeks from 0 to 1,023: a clock so far behind is repaired, and counts as right."""

CLOCK_ERROR_S = 1_800.0
"""A clock that is farther behind is put right by receive time."""


class Seen:
    """The fixes of one vehicle that were newer than all before them, in order, up to its arrival."""

    def __init__(self, log: Log, begin_s: float, end_s: float) -> None:
        self.begin_s = begin_s
        self.end_s = end_s
        self.ride: Ride = log.ride
        self.faults: Sequence[Fault] = log.faults
        self.interval_s = log.ride.vehicle.ping_interval_s
        order = np.lexsort((log.delivery.ping, log.delivery.received_s))
        ping = log.delivery.ping[order]
        newest = np.maximum.accumulate(ping) if len(ping) else ping
        counts = np.diff(newest, prepend=-1) > 0
        self.time_s: Floats = log.time_s[ping[counts]]
        self.received_s: Floats = log.delivery.received_s[order][counts]
        kept = self.time_s <= self.arrival_s
        self.time_s, self.received_s = self.time_s[kept], self.received_s[kept]

    @cached_property
    def arrival_s(self) -> float:
        """The first fix at the end of the route; infinite where none came."""
        near = self.left_m(self.time_s) <= self.ride.plan.limits.arrive_radius_m / 2
        return float(self.time_s[near][0]) if near.any() else float("inf")

    @cached_property
    def along_m(self) -> Floats:
        """Metres along the route at each fix."""
        return self.ride.along(self.time_s)

    @cached_property
    def lateral_m(self) -> Floats:
        """Distance from the route at each fix."""
        return self.ride.lateral_m(self.time_s)

    @cached_property
    def every_s(self) -> Floats:
        """Each second from the departure to the arrival, or to the last fix."""
        return np.arange(self.ride.depart_s, min(self.arrival_s, float(self.time_s.max(initial=0.0))), 1.0)

    @cached_property
    def behind_s(self) -> float:
        """How far its own times are behind the true ones, once those that can be put right are."""
        offset_s = sum(fault.offset_s for fault in self.faults if isinstance(fault, ClockError))
        return 0.0 if offset_s >= CLOCK_ERROR_S else offset_s

    def left_m(self, time_s: Floats) -> Floats:
        """Distance from the end of the route in a straight line, infinite before nine tenths of it are driven."""
        track = self.ride.track
        off_m = np.abs(self.ride.position(time_s) - track.points_m[-1])
        return np.where(self.ride.along(time_s) >= 0.9 * track.length_m, off_m, np.inf)

    def silences(self) -> Iterator[tuple[float, float, float, bool]]:
        """The times between fixes: the time of a fix, when it arrived, when the next did, and whether one did.

        After the last fix of a vehicle that has not arrived there is silence until the end of the operation.
        """
        last_s = [] if np.isfinite(self.arrival_s) else [self.end_s]
        until_s = [*self.received_s[1:].tolist(), *last_s]
        for i, (fix_s, came_s, next_s) in enumerate(zip(self.time_s, self.received_s, until_s, strict=False)):
            yield float(fix_s), float(came_s), next_s, i < len(self.time_s) - 1

    def seems_to_stand(self, fix_s: float) -> bool:
        """Whether its last two fixes up to a time show it within the radius of a stall, their accuracy included."""
        limits = self.ride.plan.limits
        last_two = self.time_s[self.time_s <= fix_s][-2:]
        apart_m = np.abs(np.diff(self.ride.position(last_two)))
        return bool((apart_m <= limits.stall_radius_m + limits.accuracy_cap_m).any())

    def heard_s(self, time_s: float) -> float:
        """When the first fix from `time_s` on arrived; the time itself where none came."""
        later = np.flatnonzero(self.time_s >= time_s)
        return float(max(self.received_s[later[0]], time_s)) if len(later) else time_s

    def label(
        self,
        kind: str,
        must: bool,
        onset: Window,
        raised: Window,
        cleared: Window | None = None,
        began_s: float | None = None,
    ) -> Label:
        """A label of this vehicle; its onset is in the time of its own clock, that of silence in the true one.

        Without `began_s` the condition began at the earliest onset.
        """
        behind_s = 0.0 if kind == "signal-lost" else self.behind_s
        own = Window(float(onset.from_s) - behind_s, float(onset.to_s) - behind_s)
        plan, vehicle = self.ride.plan, self.ride.vehicle
        truly_s = float(onset.from_s) if began_s is None else began_s
        return Label(plan.convoy_id, vehicle.vehicle_id, kind, must, own, raised, cleared, truly_s)

    def expects_silence(self, time_s: float) -> bool:
        """Whether the vehicle is in, or was a minute ago in, a planned stretch without signal."""
        along_m = self.ride.along(np.array([time_s - STALE_S, time_s]))
        return any(s.to_m >= along_m[0] and s.from_m <= along_m[1] for s in self.ride.plan.no_signal)
