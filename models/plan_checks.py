"""Checks of a convoy that need its geometry or other convoys; each yields what it finds wrong."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models.faults import Finding
from models.geometry import Point, distance_to_line_m, length_m, steps_m
from models.plan import DEVICES_MAX, ROUTE_POINTS_MAX, VEHICLES_MAX, Checkpoint, NoSignal, Stop

JUMP_MAX_M = 50_000.0
JUMPS_SHOWN = 10
PLACE_DISTANCE_MAX_M = 2_000.0
SITE_DISTANCE_MAX_M = 10_000.0
"""A convoy carries the sites so near its route: with all of them its record would grow with the whole operation."""


def check_route(route: Sequence[Point]) -> Iterator[Finding]:
    """Find a route of too many points, and jumps of more than 50 km."""
    if len(route) > ROUTE_POINTS_MAX:
        yield ("route",), f"has {len(route):,} points, at most {ROUTE_POINTS_MAX:,} are possible: simplify it"
    steps = steps_m(route)
    jumps = [number for number, step_m in enumerate(steps, start=1) if step_m > JUMP_MAX_M]
    for number in jumps[:JUMPS_SHOWN]:
        yield ("route",), f"jumps {steps[number - 1] / 1000:,.0f} km from point {number} to the next, at most 50 km"


def check_places(field: str, places: Mapping[int, Checkpoint | Stop], route: Sequence[Point]) -> Iterator[Finding]:
    """Find checkpoints and stops more than 2 km away from the route."""
    for index, place in places.items():
        away_m = distance_to_line_m((place.lon, place.lat), route)
        if away_m > PLACE_DISTANCE_MAX_M:
            yield (field, index), f"{place.name} is {away_m / 1000:,.1f} km away from the route, at most 2 km"


def check_stretches(stretches: Mapping[int, NoSignal], route: Sequence[Point]) -> Iterator[Finding]:
    """Find stretches without signal that end behind the route's end; 1 % and 100 m are let pass."""
    route_m = length_m(route)
    for index, stretch in stretches.items():
        if stretch.to_m > route_m * 1.01 + 100:
            yield ("no_signal", index, "to_m"), f"is {stretch.to_m:,.0f} m, the route is {route_m:,.0f} m long"


def check_cargo(vehicles: Any) -> Iterator[Finding]:
    """Find a convoy whose vehicles, as they stand in the file, are all escorts."""
    roles = [vehicle.get("role") for _, vehicle in _mappings(vehicles)]
    if roles and all(role == "escort" for role in roles):
        yield ("vehicles",), "no vehicle has the role cargo"


def check_owners(convoy: str, vehicles: Any, owners: dict[tuple[str, str], str]) -> Iterator[Finding]:
    """Find vehicles and devices that stand in two places; `owners` remembers them from convoy to convoy."""
    for index, vehicle in _mappings(vehicles):
        for claim in _claims(vehicle):
            if claim in owners:
                yield ("vehicles", index, claim[0]), f"{claim[1]} is in convoy {owners[claim]} already"
            owners.setdefault(claim, convoy)


def _mappings(items: Any) -> list[tuple[int, dict[Any, Any]]]:
    listed = items[:VEHICLES_MAX] if isinstance(items, list) else []
    return [(index, item) for index, item in enumerate(listed) if isinstance(item, dict)]


def _claims(vehicle: dict[Any, Any]) -> list[tuple[str, str]]:
    devices = vehicle.get("device_ids")
    named = [("device_ids", device) for device in (devices[:DEVICES_MAX] if isinstance(devices, list) else [])]
    claims = [("vehicle_id", vehicle.get("vehicle_id")), *named]
    return [(field, identifier) for field, identifier in claims if isinstance(identifier, str)]
