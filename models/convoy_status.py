"""ConvoyStatus: where a convoy and its vehicles are, the value of the convoys topic."""

from typing import Literal

from pydantic import Field

from models.alert import Degrees, Seconds, Tenths
from models.instants import InstantMs
from models.plan import Role
from models.record import Written

State = Literal["planned", "under-way", "halted", "arrived", "silent"]
Link = Literal["live", "late", "stale", "lost"]


class VehicleStatus(Written):
    """The last known of one vehicle. None is unknown."""

    vehicle_id: str = Field(description="The vehicle.")
    role: Role = Field(description="Cargo or escort.")
    time_ms: InstantMs | None = Field(default=None, alias="time", description="When its last fix was taken.")
    lat: Degrees | None = Field(default=None, description="Latitude of the last fix.")
    lon: Degrees | None = Field(default=None, description="Longitude of the last fix.")
    speed_mps: Tenths | None = Field(default=None, description="Speed in metres per second.")
    heading_deg: Tenths | None = Field(default=None, description="Course in degrees clockwise from true north.")
    progress_m: Tenths | None = Field(default=None, description="Progress along the route in metres.")
    lateral_m: Tenths | None = Field(default=None, description="Distance from the route in metres.")
    link: Link = Field(description="How fresh what was received is.")
    battery_pct: Tenths | None = Field(default=None, description="Charge of the device in per cent.")


class ConvoyStatus(Written):
    """The state of one convoy at stream time `at`. None is unknown."""

    convoy_id: str = Field(description="The convoy.")
    at_ms: InstantMs = Field(alias="at", description="Stream time of this status.")
    state: State = Field(description="What the convoy does.")
    progress_m: Tenths | None = Field(default=None, description="Progress along the route in metres.")
    route_length_m: Tenths = Field(description="Length of the route in metres.")
    eta_ms: InstantMs | None = Field(default=None, alias="eta", description="Predicted arrival.")
    lateness_s: Seconds | None = Field(default=None, description="Predicted delay in seconds; negative is early.")
    open_alerts: list[str] = Field(default_factory=list, description="Ids of the alerts that are open.")
    vehicles: list[VehicleStatus] = Field(default_factory=list, description="Every vehicle of the plan.")
