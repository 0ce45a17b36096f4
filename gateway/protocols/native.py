"""Kawal's own format: a ping as it stands on the topic. The convoy may be left out: the gateway knows it.

Whoever writes it can read the contract, so it is held to it: a field out of range is a fault, not unknown.
"""

import msgspec
from pydantic import ValidationError

from gateway.protocols import values
from gateway.protocols.report import Report, Undecodable
from models.instants import instant_ms
from models.ping import PING, ping_fault

UNKNOWN_CONVOY = "unknown"


def split(data: bytes) -> list[bytes]:
    """Cut a body or a file: one object, an array, or one object a line."""
    return values.split_json(data)


def decode(data: bytes) -> Report:
    """Read one ping; its `vehicle_id` is a vehicle's or a device's. Raises Undecodable."""
    said = {**values.object_of(data), "convoy_id": UNKNOWN_CONVOY}
    try:
        ping = PING.validate_json(msgspec.json.encode(said))
    except ValidationError as error:
        raise Undecodable("bad-field", ping_fault(error)) from None
    report = Report(
        device=values.identity(ping.vehicle_id),
        source=ping.source or "native",
        time_ms=instant_ms(ping.time),
        speed_mps=ping.speed_mps,
        heading_deg=ping.heading_deg,
        accuracy_m=ping.accuracy_m,
        altitude_m=ping.altitude_m,
        battery_pct=ping.battery_pct,
        sos=ping.sos,
        mock=ping.mock,
        seq=ping.seq,
        tracker_id=ping.tracker_id,
    )
    return report.at(values.position(ping.lat, ping.lon))
