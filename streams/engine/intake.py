"""Which fixes move a vehicle: newer ones, at a speed that a vehicle can have."""

from streams.engine.dtypes import ACCEPTED, CONFLICTING, DUPLICATE, DURATION_MS_MAX, HELD, NEVER, OLDER, Row
from streams.engine.geometry import distance_m
from streams.engine.jit import kernel
from streams.engine.matching import forget_place
from streams.engine.trail import break_trail

# Under a second between two fixes their noise alone implies any speed.
LEAST_ELAPSED_S = 1.0
AGREEING_FIXES = 2


@kernel
def implied_mps(from_ms: int, lat: float, lon: float, fix: Row) -> float:
    """Speed that it takes to get from an earlier position to the fix."""
    elapsed_s = max(abs(fix.fix_ms - from_ms) / 1000.0, LEAST_ELAPSED_S)
    return distance_m(lat, lon, fix.lat, fix.lon) / elapsed_s


@kernel
def reject_held(vehicle: Row) -> None:
    """The fix that was held turned out to be a spike."""
    vehicle.reject_gap_ms[1] = vehicle.reject_gap_ms[0]
    vehicle.reject_gap_ms[0] = min(vehicle.held_ms - vehicle.reject_ms, DURATION_MS_MAX)
    vehicle.reject_ms = vehicle.held_ms


@kernel
def admit_far(vehicle: Row, convoy: Row, fix: Row) -> int:
    """A fix out of reach is held; two later ones, each in reach of the one before, prove a relocation.

    Matching then starts afresh. One that is older than the held one says nothing new.
    """
    if fix.fix_ms < vehicle.held_ms:
        return OLDER
    agreeing = 0
    if vehicle.held_ms != NEVER:
        speed_mps = implied_mps(vehicle.held_ms, vehicle.held_lat, vehicle.held_lon, fix)
        if speed_mps <= convoy.teleport_mps:
            agreeing = vehicle.held_agreeing + 1
        else:
            reject_held(vehicle)
    if agreeing == AGREEING_FIXES:
        vehicle.held_ms = NEVER
        forget_place(vehicle)
        break_trail(vehicle)
        return ACCEPTED
    vehicle.held_ms = fix.fix_ms
    vehicle.held_lat = fix.lat
    vehicle.held_lon = fix.lon
    vehicle.held_agreeing = agreeing
    return HELD


@kernel
def same_place(lat: float, lon: float, fix: Row) -> bool:
    """Whether the fix repeats a position exactly."""
    return bool(lat == fix.lat and lon == fix.lon)


@kernel
def admit_presence(vehicle: Row, fix: Row) -> int:
    """What becomes of a ping without a position: it counts when it is the newest word of the vehicle."""
    if fix.fix_ms == vehicle.presence_ms:
        return DUPLICATE
    if fix.fix_ms < max(vehicle.presence_ms, vehicle.fix_ms):
        return OLDER
    vehicle.presence_ms = fix.fix_ms
    return ACCEPTED


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
    if vehicle.held_ms != NEVER and fix.fix_ms > vehicle.held_ms:
        reject_held(vehicle)
        vehicle.held_ms = NEVER
    return ACCEPTED
