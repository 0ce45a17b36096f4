"""Plan: one convoy with its route, vehicles and limits, the value of the plans topic."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from models.instants import Moment
from models.limits import Limits, Mode
from models.record import Record
from models.text import readable

ROUTE_POINTS_MAX = 20_000
VEHICLES_MAX = 64
PLACES_MAX = 200
DEVICES_MAX = 8

Role = Literal["cargo", "escort"]
Risk = Literal["low", "medium", "high"]
SiteKind = Literal["TPS", "PPS", "PPK", "KPU_KABKO", "KPU_PROV", "BAWASLU", "GUDANG", "POLSEK", "POLRES", "OTHER"]
Stage = Literal["outbound", "tps-to-ppk", "ppk-to-kpu", "kpu-to-province", "other"]


def _check_id(text: str) -> str:
    # "|" joins the parts of an alert's id, so an id with it could name two episodes
    if text != text.strip() or "|" in text or not text.isprintable():
        raise ValueError("must have no space at its ends, no | and no control character")
    return text


def _check_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is not an IANA timezone such as Asia/Makassar") from error
    return name


Identifier = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_check_id)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(readable)]
Timezone = Annotated[str, AfterValidator(_check_timezone)]
Latitude = Annotated[
    float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False, description="Latitude in WGS 84 degrees.")
]
Longitude = Annotated[
    float, Field(strict=True, ge=-180, le=180, allow_inf_nan=False, description="Longitude in WGS 84 degrees.")
]
Quantity = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Amount = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Point = tuple[Longitude, Latitude]

Item = TypeVar("Item")


def repeated(items: Iterable[Item], key: Callable[[Item], Iterable[str]]) -> list[str]:
    """Return the keys that occur more than once, in order of first occurrence."""
    return [name for name, count in Counter(name for item in items for name in key(item)).items() if count > 1]


class Vehicle(BaseModel):
    """A vehicle of the convoy."""

    model_config = ConfigDict(frozen=True)

    vehicle_id: Identifier = Field(description="Plate or call sign; pings carry it.")
    role: Role = Field(description="What it does: carry the goods or guard them.")
    mode: Mode = Field(default="car", description="What kind of vehicle it is.")
    ping_interval_s: Amount = Field(default=10.0, description="How often it reports, in seconds.")
    device_ids: list[Identifier] = Field(
        default_factory=list, max_length=DEVICES_MAX, description="Identifiers of the trackers it carries."
    )


class Checkpoint(BaseModel):
    """A place on the route that the convoy must pass."""

    model_config = ConfigDict(frozen=True)

    name: Name = Field(description="Name shown to people.")
    lat: Latitude
    lon: Longitude
    planned_at: Moment | None = Field(default=None, description="When the convoy should be there.")
    radius_m: Amount = Field(default=150.0, description="Passed within this distance in metres.")


class Stop(BaseModel):
    """An authorised halt: standing here is no stall until its time is used up."""

    model_config = ConfigDict(frozen=True)

    name: Name = Field(description="Name shown to people.")
    lat: Latitude
    lon: Longitude
    radius_m: Amount = Field(default=120.0, description="Inside within this distance in metres.")
    max_dwell_s: Amount = Field(default=1200.0, description="How long standing is allowed, in seconds.")


class Site(BaseModel):
    """A place of the operation that no vehicle must pass: an office, a warehouse, a police station."""

    model_config = ConfigDict(frozen=True)

    kind: SiteKind = Field(description="What stands there.")
    name: Name = Field(description="Name shown to people.")
    lat: Latitude
    lon: Longitude


class NoSignal(BaseModel):
    """A stretch of the route known to have no signal: silence there is expected."""

    model_config = ConfigDict(frozen=True)

    from_m: Quantity = Field(description="Where it begins, in metres along the route.")
    to_m: Quantity = Field(description="Where it ends, in metres along the route.")

    @field_validator("to_m")
    @classmethod
    def _check_order(cls, to_m: float, info: ValidationInfo) -> float:
        if to_m <= info.data.get("from_m", -1.0):
            raise ValueError("must be larger than from_m")
        return to_m


class ConvoyPlan(Record):
    """The plan of one convoy as it stands on the topic: route inlined, profile and overrides resolved."""

    operation: Name = Field(description="The operation the convoy belongs to, free text.")
    timezone: Timezone = Field(description="IANA timezone in which times are shown to people.")
    convoy_id: Identifier = Field(description="Key of the convoy in every topic.")
    name: Name = Field(description="Name shown to people.")
    stage: Stage = Field(default="other", description="Stage of the operation.")
    risk: Risk = Field(default="medium", description="How prone the area is; picks a profile of limits.")
    depart_at: Moment | None = Field(default=None, description="When the convoy may depart.")
    arrive_by: Moment | None = Field(default=None, description="When the convoy should have arrived.")
    route: list[Point] = Field(
        min_length=2, max_length=ROUTE_POINTS_MAX, description="The way as [lon, lat] in WGS 84 degrees."
    )
    vehicles: list[Vehicle] = Field(min_length=1, max_length=VEHICLES_MAX, description="Cargo and escorts.")
    checkpoints: list[Checkpoint] = Field(
        default_factory=list, max_length=PLACES_MAX, description="Places to pass, in order."
    )
    stops: list[Stop] = Field(default_factory=list, max_length=PLACES_MAX, description="Authorised halts.")
    no_signal: list[NoSignal] = Field(
        default_factory=list, max_length=PLACES_MAX, description="Stretches known to have no signal."
    )
    sites: list[Site] = Field(
        default_factory=list, max_length=PLACES_MAX, description="Sites of the operation near the route."
    )
    limits: Limits = Field(default_factory=Limits, description="When alerts are raised, rise and clear.")

    @field_validator("route")
    @classmethod
    def _check_route(cls, route: list[Point]) -> list[Point]:
        # 180 and -180 degrees are one meridian
        if len({(lon % 360.0, lat) for lon, lat in route}) < 2:
            raise ValueError("has no length: its points are all in one place")
        return route

    @field_validator("arrive_by")
    @classmethod
    def _check_times(cls, arrive_by: Moment | None, info: ValidationInfo) -> Moment | None:
        depart_at = info.data.get("depart_at")
        if arrive_by is not None and depart_at is not None and arrive_by <= depart_at:
            raise ValueError("must be later than depart_at")
        return arrive_by

    @field_validator("vehicles")
    @classmethod
    def _check_vehicles(cls, vehicles: list[Vehicle]) -> list[Vehicle]:
        twice = repeated(vehicles, lambda vehicle: [vehicle.vehicle_id])
        faults = [f"vehicle_id {name} occurs twice" for name in twice]
        faults += [f"device id {name} occurs twice" for name in repeated(vehicles, lambda vehicle: vehicle.device_ids)]
        if all(vehicle.role != "cargo" for vehicle in vehicles):
            faults.append("no vehicle has the role cargo")
        if faults:
            raise ValueError("; ".join(faults))
        return vehicles
