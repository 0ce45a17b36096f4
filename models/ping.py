"""Ping: one report of one vehicle, the value of the two ping topics."""

from dataclasses import dataclass, fields
from typing import Annotated, Any, get_args

from annotated_types import Ge, Le
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    with_config,
)
from pydantic.fields import FieldInfo

from models.instants import parse_instant

INT64_MAX = 2**63 - 1

NAME_MAX = 64
"""Characters of the longest name of a vehicle or convoy."""


def _check_instant(value: Any) -> Any:
    # pydantic alone takes the text "1732665610" for a time
    if isinstance(value, str):
        parse_instant(value)
    elif isinstance(value, int | float):
        raise ValueError("must be a text like 2024-11-27T00:00:10.000Z")
    return value


@with_config(
    ConfigDict(
        strict=True,
        allow_inf_nan=False,
        title="Ping",
        json_schema_extra={"dependentRequired": {"lat": ["lon"], "lon": ["lat"]}},
    )
)
@dataclass(slots=True, kw_only=True)
class Ping:
    """A report of a vehicle's device: a fix, or without `lat` and `lon` the bare presence of the device.

    Unknown fields are ignored. The time of receipt is the Kafka timestamp of the record.
    """

    vehicle_id: Annotated[str, Field(min_length=1, max_length=NAME_MAX, description="The vehicle, as in the plan.")]
    convoy_id: Annotated[
        str, Field(min_length=1, max_length=NAME_MAX, description="The convoy, as in the plan; equals the record key.")
    ]
    time: Annotated[
        AwareDatetime,
        BeforeValidator(_check_instant),
        # strict refuses even text once a validator has seen it; numbers are refused above
        Field(strict=False, description="When the fix was taken, not when it was sent."),
    ]
    lat: Annotated[
        float | None,
        Field(ge=-90, le=90, description="Latitude in WGS 84 degrees, north positive; null together with lon."),
    ] = None
    lon: Annotated[
        float | None,
        Field(ge=-180, le=180, description="Longitude in WGS 84 degrees, east positive; null together with lat."),
    ] = None
    speed_mps: Annotated[float | None, Field(ge=0, description="Speed over ground in metres per second.")] = None
    heading_deg: Annotated[
        float | None, Field(ge=0, le=360, description="Course in degrees clockwise from true north.")
    ] = None
    accuracy_m: Annotated[
        float | None, Field(ge=0, description="Radius in metres that holds the true position with 68 %.")
    ] = None
    altitude_m: Annotated[float | None, Field(description="Altitude in metres.")] = None
    battery_pct: Annotated[float | None, Field(ge=0, le=100, description="Charge of the device in per cent.")] = None
    sos: Annotated[bool, Field(description="The duress button is pressed.")] = False
    mock: Annotated[bool, Field(description="The device reports a mock location.")] = False
    seq: Annotated[int | None, Field(ge=-INT64_MAX, le=INT64_MAX, description="The device's own counter.")] = None
    source: Annotated[str | None, Field(description="Which client sent it, e.g. traccar-client/10.")] = None
    tracker_id: Annotated[str | None, Field(description="Which device, where a vehicle carries more than one.")] = None


def _check_pair(ping: Ping) -> Ping:
    if (ping.lat is None) != (ping.lon is None):
        raise ValueError("lat and lon must be given both or neither")
    return ping


PING: TypeAdapter[Ping] = TypeAdapter(Annotated[Ping, AfterValidator(_check_pair)])
"""Validates and writes a Ping: `PING.validate_json(value)`; strict, so no text for a number and no NaN."""


def _range(info: FieldInfo) -> tuple[float, float]:
    low = next((float(rule.ge) for rule in info.metadata if isinstance(rule, Ge)), float("-inf"))  # type: ignore[arg-type]
    high = next((float(rule.le) for rule in info.metadata if isinstance(rule, Le)), float("inf"))  # type: ignore[arg-type]
    return low, high


def _ranges() -> dict[str, tuple[float, float]]:
    annotated = {field.name: get_args(field.type) for field in fields(Ping)}
    return {name: _range(rules[-1]) for name, (kind, *rules) in annotated.items() if float in get_args(kind)}


RANGES: dict[str, tuple[float, float]] = _ranges()
"""Lowest and highest allowed value of each float field, infinite where there is no bound; both ends are allowed."""


def ping_fault(error: ValidationError) -> str:
    """Say in one line what is wrong with a ping, without a value out of it: positions stay out of logs and headers."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(": ".join([*(str(part) for part in fault["loc"]), fault["msg"]]) for fault in faults)
