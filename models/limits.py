"""Limits: every number that decides when an alert is raised, rises and clears."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Mode = Literal["truck", "car", "motorcycle", "boat", "other"]

OVERSPEED_MPS: dict[Mode, float] = {"truck": 25.0, "car": 33.0, "motorcycle": 28.0, "boat": 15.0}
"""Speed limits in force where a plan sets no `overspeed_mps`; a mode that is not here has none."""

RISING = (
    ("deviation_clear_m", "deviation_raise_m"),
    ("deviation_raise_m", "deviation_critical_m"),
    ("stall_hold_s", "stall_high_s"),
    ("separation_clear_m", "separation_raise_m"),
    ("separation_raise_m", "separation_critical_m"),
    ("signal_lost_s", "signal_lost_medium_s"),
    ("signal_lost_medium_s", "signal_lost_high_s"),
    ("wrong_way_clear_m", "wrong_way_m"),
    ("late_s", "late_medium_s"),
    ("speed_max_mps", "teleport_mps"),
)
"""Pairs of limits of which the first must be below the second."""

Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Percent = Annotated[float, Field(strict=True, gt=0, le=100, allow_inf_nan=False)]


def _limit(default: float, description: str) -> float:
    limit: float = Field(default=default, description=description)
    return limit


class Limits(BaseModel):
    """The limits of one convoy: metres, seconds, metres per second, all above zero.

    A value equal to its limit counts as inside. Of a pair the lower one must be lower: an alert that clears
    where it is raised would flap.
    """

    model_config = ConfigDict(frozen=True)

    back_tolerance_m: Positive = _limit(100, "How far behind the last progress the route is searched.")
    speed_max_mps: Positive = _limit(40, "Highest speed along the route that the search for progress allows for.")
    teleport_mps: Positive = _limit(70, "Implied speed above which a fix is held until two later ones agree with it.")
    accuracy_cap_m: Positive = _limit(50, "Largest part of the reported accuracy that is taken off the distance.")

    deviation_raise_m: Positive = _limit(100, "Distance from the route above which a deviation begins.")
    deviation_clear_m: Positive = _limit(60, "Distance from the route below which a deviation ends.")
    deviation_hold_s: Positive = _limit(20, "How long the distance must last, to raise as to clear.")
    deviation_critical_m: Positive = _limit(500, "Distance from the route above which a deviation is critical.")

    stall_radius_m: Positive = _limit(50, "A vehicle that stays within this radius does not move.")
    stall_hold_s: Positive = _limit(180, "How long without movement before a stall is listed.")
    stall_high_s: Positive = _limit(480, "How long without movement before a stall is high.")

    separation_raise_m: Positive = _limit(500, "Gap of cargo and nearest escort above which they are apart.")
    separation_clear_m: Positive = _limit(300, "Gap of cargo and nearest escort below which they are together.")
    separation_hold_s: Positive = _limit(30, "How long the gap must last, to raise as to clear.")
    separation_critical_m: Positive = _limit(1000, "Gap above which a separation is critical.")
    together_m: Positive = _limit(100, "Vehicles this near in a straight line are together, whatever the route says.")
    partner_stale_s: Positive = _limit(60, "A fix older than this, or than three intervals, says nothing of a partner.")

    unescorted_hold_s: Positive = _limit(60, "How long cargo may move without a fresh fix of any escort.")
    unescorted_clear_m: Positive = _limit(300, "A fresh escort within this distance ends it.")

    signal_lost_s: Positive = _limit(90, "Silence, where three intervals are shorter, after which signal is lost.")
    signal_lost_medium_s: Positive = _limit(300, "Silence after which lost signal is medium.")
    signal_lost_high_s: Positive = _limit(600, "Silence after which lost signal is high.")
    no_signal_mps: Positive = _limit(3, "Speed at which a planned stretch without signal is thought to be crossed.")

    wrong_way_m: Positive = _limit(200, "Movement back along the route above which the way is wrong.")
    wrong_way_hold_s: Positive = _limit(20, "How long the movement back must last.")
    wrong_way_clear_m: Positive = _limit(100, "Movement forward again that ends it.")

    missed_checkpoint_m: Positive = _limit(300, "Progress past a checkpoint after which it is missed.")
    late_s: Positive = _limit(600, "Predicted delay above which a convoy is late; below half of it that ends.")
    late_medium_s: Positive = _limit(1800, "Predicted delay above which lateness is medium.")

    depart_m: Positive = _limit(300, "Distance from the start beyond which a vehicle has departed.")
    early_departure_s: Positive = _limit(300, "How long before the planned departure a departure is early.")
    overspeed_mps: Positive | None = Field(
        default=None,
        description="Speed above which any vehicle is too fast; null: truck 25, car 33, motorcycle 28, boat 15.",
    )
    overspeed_hold_s: Positive = _limit(30, "How long a vehicle must be too fast.")
    overspeed_clear_s: Positive = _limit(10, "How long below the limit ends it.")
    sos_clear_s: Positive = _limit(60, "How long the duress button must be released to end an emergency.")
    bad_position_clear_s: Positive = _limit(600, "How long without a doubtful fix ends a doubtful position.")

    arrive_radius_m: Positive = _limit(150, "Distance from the end of the route within which a vehicle has arrived.")
    arrive_pct: Percent = _limit(95, "Share of the route that must lie behind a vehicle that has arrived.")

    @model_validator(mode="after")
    def _check_pairs(self) -> Self:
        faults = [
            f"{low} ({getattr(self, low):g}) must be below {high} ({getattr(self, high):g})"
            for low, high in RISING
            if getattr(self, low) >= getattr(self, high)
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self
