"""Which fixes move a vehicle: newer ones, at a speed that a vehicle can have."""

from streams.engine.dtypes import ACCEPTED, CONFLICTING, DUPLICATE, HELD, NEVER, OLDER, Row
from streams.engine.geometry import distance_m
from streams.engine.jit import kernel
from streams.engine.matching import forget_place

# Under a second between two fixes their noise alone implies any speed.
LEAST_ELAPSED_S = 1.0
AGREEING_FIXES = 2


@kernel
def implied_mps(from_ms: int, lat: float, lon: float, fix: Row) -> float:
    """Speed that it takes to get from an earlier position to the fix."""
    elapsed_s = max(abs(fix.fix_ms - from_ms) / 1000.0, LEAST_ELAPSED_S)
    return distance_m(lat, lon, fix.lat, fix.lon) / elapsed_s


@kernel
def hold(vehicle: Row, fix: Row) -> None:
    """Put a fix aside until others agree with it."""
    vehicle.held_ms = fix.fix_ms
    vehicle.held_lat = fix.lat
    vehicle.held_lon = fix.lon
    vehicle.held_agreeing = 0


@kernel
def admit_far(vehicle: Row, convoy: Row, fix: Row) -> int:
    """A fix out of reach: held; two later ones that agree with the held one prove a relocation, and matching starts
    afresh.
    """
    if vehicle.held_ms == NEVER or fix.fix_ms < vehicle.held_ms:
        hold(vehicle, fix)
        return HELD
    if implied_mps(vehicle.held_ms, vehicle.held_lat, vehicle.held_lon, fix) > convoy.teleport_mps:
        hold(vehicle, fix)
        return HELD
    vehicle.held_agreeing += 1
    if vehicle.held_agreeing < AGREEING_FIXES:
        return HELD
    vehicle.held_ms = NEVER
    forget_place(vehicle)
    return ACCEPTED


@kernel
def same_place(lat: float, lon: float, fix: Row) -> bool:
    """Whether the fix repeats a position exactly."""
    return bool(lat == fix.lat and lon == fix.lon)


@kernel
def admit(vehicle: Row, convoy: Row, fix: Row) -> int:
    """What becomes of a fix: ACCEPTED, DUPLICATE, CONFLICTING, OLDER or HELD. Only ACCEPTED may move the vehicle."""
    if vehicle.fix_ms == NEVER:
        return ACCEPTED
    if fix.fix_ms == vehicle.fix_ms:
        return DUPLICATE if same_place(vehicle.lat, vehicle.lon, fix) else CONFLICTING
    if fix.fix_ms < vehicle.fix_ms:
        return OLDER
    if fix.fix_ms == vehicle.held_ms:
        return DUPLICATE if same_place(vehicle.held_lat, vehicle.held_lon, fix) else CONFLICTING
    if implied_mps(vehicle.fix_ms, vehicle.lat, vehicle.lon, fix) > convoy.teleport_mps:
        return admit_far(vehicle, convoy, fix)
    if fix.fix_ms > vehicle.held_ms:
        vehicle.held_ms = NEVER
    return ACCEPTED
