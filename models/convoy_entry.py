"""One convoy of a plan file: its route read, its limits merged, everything in it checked on its own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from models.faults import Finding, reason_of
from models.geometry import Point, near_line
from models.limits import Limits
from models.plan import PLACES_MAX, Checkpoint, ConvoyPlan, NoSignal, Site, Stop, Vehicle
from models.plan_checks import SITE_DISTANCE_MAX_M, check_cargo, check_places, check_route, check_stretches
from models.route_files import Route, RouteError, read_route, route_of_geojson

Part = TypeVar("Part", bound=BaseModel)

_PARTS: Mapping[str, type[BaseModel]] = {
    "vehicles": Vehicle,
    "checkpoints": Checkpoint,
    "stops": Stop,
    "no_signal": NoSignal,
}


class ConvoyEntry(NamedTuple):
    """What a convoy in a plan file gives: its plan, or findings; and what was done to its route."""

    plan: ConvoyPlan | None
    findings: list[Finding]
    notes: list[str]


def read_entry(
    entry: dict[str, Any], head: dict[str, Any], sites: Sequence[Site], profile: dict[str, Any], folder: Path
) -> ConvoyEntry:
    """Read one convoy.

    `head` holds the operation and its timezone, `sites` those of the operation, `profile` the limits of the convoy's
    risk. A fault in one part hides no fault in another: each part is checked on its own as far as it is well-formed.
    """
    # an empty list of sites is let pass: records of the topic, which people make files of, have one
    has_sites = entry.get("sites", []) != []
    misplaced = [name for name in head if name in entry] + ["sites"] * has_sites
    findings: list[Finding] = [((name,), "stands at the top of the file, not in a convoy") for name in misplaced]
    limits, wrong_limits = _merge_limits(entry.get("limits", {}), profile)
    (route, notes, *_), wrong_route = _read_route(entry["route"], folder) if "route" in entry else (Route([], []), [])
    findings += [*wrong_limits, *wrong_route, *check_cargo(entry.get("vehicles")), *_along_route(entry, route)]
    near = _near_sites(sites, route)
    fields = entry | head | {"limits": limits, "sites": near} | ({"route": route} if route else {})
    plan, errors = _validated(fields)
    findings += [(error["loc"], reason_of(error, _known(error))) for error in errors if not _is_told(error)]
    return ConvoyEntry(None if findings else plan, findings, notes)


def limit_findings(limits: Any) -> list[Finding]:
    """Find the limits that are unknown or out of range, and pairs in the wrong order at the empty location."""
    try:
        Limits.model_validate(limits, extra="forbid")
    except ValidationError as error:
        return [(fault["loc"], reason_of(fault, Limits.model_fields)) for fault in error.errors()]
    return []


def good_limits(limits: dict[str, Any], findings: Iterable[Finding]) -> dict[str, Any]:
    """Return the limits in which nothing was found."""
    bad = {location[0] for location, _ in findings if location}
    return {name: value for name, value in limits.items() if name not in bad}


def well_formed(model: type[Part], items: Any) -> dict[int, Part]:
    """Return the items of a list that are sound in themselves, by index."""
    found: dict[int, Part] = {}
    for index, item in enumerate(islice(items, PLACES_MAX) if isinstance(items, list) else ()):
        try:
            found[index] = model.model_validate(item)
        except ValidationError:
            continue
    return found


def _merge_limits(overrides: Any, profile: dict[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    if not isinstance(overrides, dict):
        return profile, [(("limits",), "must be a mapping of fields")]
    bad = [finding for finding in limit_findings(overrides) if finding[0]]
    merged = profile | good_limits(overrides, bad)
    return merged, [(("limits", *location), reason) for location, reason in [*bad, *limit_findings(merged)]]


def _read_route(route: Any, folder: Path) -> tuple[Route, list[Finding]]:
    try:
        match route:
            case str():
                read = read_route(folder / route)
            case dict():
                read = route_of_geojson(route)
            case _:
                raise RouteError("must be the name of a file, or a GeoJSON LineString")
    except RouteError as error:
        return Route([], []), [(("route",), str(error))]
    return read, list(check_route(read.line))


def _near_sites(sites: Sequence[Site], route: Sequence[Point]) -> list[Site]:
    if len(route) < 2:
        return []
    near = near_line([(site.lon, site.lat) for site in sites], route, SITE_DISTANCE_MAX_M)
    return [site for site, is_near in zip(sites, near, strict=True) if is_near]


def _along_route(entry: dict[str, Any], route: Sequence[Point]) -> Iterator[Finding]:
    if len(route) < 2:
        return
    for field, model in (("checkpoints", Checkpoint), ("stops", Stop)):
        yield from check_places(field, well_formed(model, entry.get(field)), route)
    yield from check_stretches(well_formed(NoSignal, entry.get("no_signal")), route)


def _validated(fields: dict[str, Any]) -> tuple[ConvoyPlan | None, list[ErrorDetails]]:
    try:
        return ConvoyPlan.model_validate(fields, extra="forbid"), []
    except ValidationError as error:
        return None, error.errors()


def _is_told(error: ErrorDetails) -> bool:
    """Tell whether another check reports this with a better place: the head, limits, routes, vehicles as a group."""
    first, kind = error["loc"][0], error["type"]
    return (
        first in ("operation", "timezone", "limits")
        or (first == "route" and kind != "missing")
        or (error["loc"] == ("vehicles",) and kind == "value_error")
    )


def _known(error: ErrorDetails) -> Iterable[str]:
    location = error["loc"]
    model = ConvoyPlan if len(location) == 1 else _PARTS.get(str(location[0]), ConvoyPlan)
    return [name for name in model.model_fields if name not in ("operation", "timezone", "sites")]
