"""What may go wrong in a simulated operation. Seconds count from the operation's begin, metres along the route."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Detour:
    """The whole convoy drives beside its route, `offset_m` to the left (negative: right), and comes back."""

    convoy_id: str
    from_m: float
    length_m: float
    offset_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """The convoy stands `duration_s` where its first vehicle has driven `at_m` metres."""

    convoy_id: str
    at_m: float
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """The convoy turns at `at_m`, drives `back_m` back along its route, and turns again."""

    convoy_id: str
    at_m: float
    back_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprint:
    """The convoy drives `speed_mps` for `length_m` metres, whatever the curves."""

    convoy_id: str
    from_m: float
    length_m: float
    speed_mps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyStart:
    """The convoy leaves `by_s` before its `depart_at`."""

    convoy_id: str
    by_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """One vehicle stands `duration_s` while the others go on; then it catches up."""

    convoy_id: str
    vehicle_id: str
    from_s: float
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropout:
    """Nothing that a vehicle sends between two event times arrives."""

    convoy_id: str
    vehicle_id: str
    from_s: float
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """What a vehicle sends between two event times waits in the device and arrives at the end, all at once."""

    convoy_id: str
    vehicle_id: str
    from_s: float
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """Every ping of a vehicle arrives `times` times."""

    convoy_id: str
    vehicle_id: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shuffle:
    """Every ping of a vehicle takes up to `within_s` longer to arrive, each its own time: they overtake each other."""

    convoy_id: str
    vehicle_id: str
    within_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spike:
    """One fix of a vehicle, the first from `at_s` on, is `distance_m` off."""

    convoy_id: str
    vehicle_id: str
    at_s: float
    distance_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockError:
    """A device's clock is `offset_s` behind the true time."""

    convoy_id: str
    vehicle_id: str
    offset_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Duress:
    """The crew presses the duress button and releases it later."""

    convoy_id: str
    vehicle_id: str
    from_s: float
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A device repeats its position while it goes on reporting speed."""

    convoy_id: str
    vehicle_id: str
    from_s: float
    duration_s: float


Driving = Detour | Halt | Return | Sprint | EarlyStart
"""What a whole convoy does; the other faults are of one vehicle."""

Fault = Driving | Behind | Dropout | Burst | Repeats | Shuffle | Spike | ClockError | Duress | Frozen
