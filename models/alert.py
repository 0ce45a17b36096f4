"""Alert: one transition of one episode, the value of the alerts topic."""

from typing import Annotated, Literal
from uuid import NAMESPACE_URL, uuid5

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from models.instants import InstantMs, format_instant
from models.record import Written

Kind = Literal[
    "deviation",
    "stall",
    "separation",
    "unescorted",
    "signal-lost",
    "wrong-way",
    "missed-checkpoint",
    "late",
    "early-departure",
    "overspeed",
    "sos",
    "bad-position",
    "arrived",
]
Severity = Literal["critical", "high", "medium", "low"]
Transition = Literal["raised", "updated", "cleared"]

RANK: dict[Severity, int] = {"low": 0, "medium": 1, "high": 2, "critical": 3}
"""Severities by how bad they are."""

TOLD_ONCE: frozenset[Kind] = frozenset({"missed-checkpoint", "early-departure", "arrived"})
"""Kinds without an end: they are over as soon as they are told."""

LATE_S = 900.0
"""An alert decided longer than this after its event is late: it tells of the past and must not sound, unless it is a
call for help.
"""

# Changing this changes the id of every alert: open episodes would be raised a second time under another id.
ALERT_NAMESPACE = uuid5(NAMESPACE_URL, "https://kawal.example/alerts")


def alert_id(convoy_id: str, vehicle_id: str | None, kind: str, onset_ms: int) -> str:
    """Return the id of an episode: the same after any crash or replay. No vehicle: an empty part."""
    return str(uuid5(ALERT_NAMESPACE, f"{convoy_id}|{vehicle_id or ''}|{kind}|{format_instant(onset_ms)}"))


def tells_of_past(late: bool, kind: Kind) -> bool:
    """Whether an alert tells of the past. A call for help never does: whenever it was made, nobody has heard it yet."""
    return late and kind != "sos"


def _rounder(digits: int) -> AfterValidator:
    # + 0.0 turns -0.0, which is written differently, into 0.0
    return AfterValidator(lambda value: round(float(value), digits) + 0.0)


Tenths = Annotated[float, Field(allow_inf_nan=False), _rounder(1)]
Degrees = Annotated[float, Field(allow_inf_nan=False), _rounder(6)]
Seconds = Annotated[float, Field(allow_inf_nan=False), _rounder(3)]


class Message(BaseModel):
    """One sentence for people in English and in Indonesian."""

    model_config = ConfigDict(frozen=True)

    en: str = Field(description="English.")
    id: str = Field(description="Indonesian.")


class Nearest(BaseModel):
    """A place or reserve near the alert."""

    model_config = ConfigDict(frozen=True)

    kind: str = Field(description="What it is: checkpoint, stop, or the kind of a site, such as POLSEK.")
    name: str = Field(description="Name shown to people.")
    distance_m: Tenths = Field(description="Distance in metres.")


class Alert(Written):
    """A transition of an episode; the same input gives the same bytes, for no wall clock is in it.

    Inside, instants are integer milliseconds (`onset_ms`, `at_ms`, `detected_at_ms`); in JSON they are text under
    `onset`, `at`, `detected_at`. `delay_s`, `late` and `duration_s` follow from them and need not be given.
    Numbers are rounded when the alert is made: metres and evidence to 0.1, degrees to 1e-6, seconds to 1 ms.
    None is unknown.
    """

    alert_id: str = Field(description="UUIDv5 of convoy, vehicle, kind and onset: one id an episode.")
    transition: Transition = Field(description="What happened to the episode.")
    kind: Kind = Field(description="What the episode is.")
    severity: Severity = Field(description="How bad it is now.")
    convoy_id: str = Field(description="The convoy.")
    vehicle_id: str | None = Field(default=None, description="The vehicle; null where it is the whole convoy.")
    other_vehicle_ids: list[str] = Field(default_factory=list, description="Other vehicles involved.")
    onset_ms: InstantMs = Field(alias="onset", description="Event time at which the condition began.")
    at_ms: InstantMs = Field(alias="at", description="Event time of this transition.")
    detected_at_ms: InstantMs = Field(
        alias="detected_at", description="Stream time of the decision: the timestamp of the record that brought it."
    )
    delay_s: Seconds = Field(
        default_factory=lambda data: (data["detected_at_ms"] - data["at_ms"]) / 1000,
        description="From the transition to its detection, in seconds.",
    )
    late: bool = Field(
        default_factory=lambda data: data["delay_s"] > LATE_S,
        description="Detected more than 900 seconds after it happened.",
    )
    lat: Degrees | None = Field(default=None, description="Latitude at `at`.")
    lon: Degrees | None = Field(default=None, description="Longitude at `at`.")
    progress_m: Tenths | None = Field(default=None, description="Progress along the route in metres.")
    lateral_m: Tenths | None = Field(default=None, description="Distance from the route in metres.")
    value: Tenths | None = Field(default=None, description="What was measured.")
    threshold: Tenths | None = Field(default=None, description="The limit it was held against.")
    unit: str | None = Field(default=None, description="Unit of value, threshold and peak.")
    peak: Tenths | None = Field(default=None, description="The worst value of the episode so far.")
    duration_s: Seconds = Field(
        default_factory=lambda data: (data["at_ms"] - data["onset_ms"]) / 1000,
        description="From onset to this transition, in seconds.",
    )
    reason: str = Field(description="Short code that says why.")
    message: Message = Field(description="One sentence for people.")
    nearest: list[Nearest] | None = Field(default=None, description="What is near, nearest first.")

    @property
    def is_past(self) -> bool:
        """Whether it tells of the past."""
        return tells_of_past(self.late, self.kind)

    @property
    def sounds(self) -> bool:
        """Whether it wakes an operator: medium or worse, and not told of the past."""
        return self.severity != "low" and not self.is_past
