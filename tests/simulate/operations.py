"""A road of four legs with everything on it, and what is driven there."""

from datetime import timedelta
from functools import cache

import numpy as np

from models.instants import EPOCH, ONE_MS
from models.plan import Checkpoint, ConvoyPlan, NoSignal, Stop, Vehicle
from simulate.faults import Fault
from simulate.labels import label
from simulate.seen import Seen
from simulate.track import METRES_PER_DEGREE, Track
from simulate.traffic import Simulation, simulate
from simulate.truth import Label

BEGIN_MS = 1_764_000_000_000
DEPART_S = 1_200
SEED = 3
LENGTH_M = 15_000.0
ESCORT, CARGO = "POL-1", "KT-1"


def at(along_m: float) -> tuple[float, float]:
    """The [lon, lat] of a straight road to the east."""
    return 117.0 + along_m / METRES_PER_DEGREE, 0.0


def plan(**changed: object) -> ConvoyPlan:
    """A convoy of two on that road."""
    depart = EPOCH + BEGIN_MS * ONE_MS + timedelta(seconds=DEPART_S)
    fields: dict[str, object] = {
        "operation": "Test",
        "timezone": "Asia/Makassar",
        "convoy_id": "C-1",
        "name": "Test",
        "depart_at": depart,
        "arrive_by": depart + timedelta(seconds=LENGTH_M / 6),
        "route": [at(along_m) for along_m in np.arange(0, LENGTH_M + 1, 500.0).tolist()],
        "vehicles": [
            Vehicle(vehicle_id=ESCORT, role="escort", mode="car"),
            Vehicle(vehicle_id=CARGO, role="cargo", mode="truck"),
        ],
    }
    return ConvoyPlan.model_validate(fields | changed)


def checkpoint(along_m: float) -> Checkpoint:
    lon, lat = at(along_m)
    return Checkpoint(name=f"km {along_m / 1000:g}", lat=lat, lon=lon)


def stop(along_m: float, max_dwell_s: float) -> Stop:
    lon, lat = at(along_m)
    return Stop(name="Rest", lat=lat, lon=lon, max_dwell_s=max_dwell_s)


def tunnel() -> NoSignal:
    return NoSignal(from_m=6_000, to_m=8_500)


def driven(*faults: Fault, **changed: object) -> Simulation:
    return simulate([plan(**changed)], faults, BEGIN_MS, SEED)


def labelled(*faults: Fault, **changed: object) -> list[Label]:
    return label(driven(*faults, **changed))


def of(labels: list[Label], kind: str, vehicle_id: str | None = None) -> list[Label]:
    return [one for one in labels if one.kind == kind and vehicle_id in (None, one.vehicle_id)]


@cache
def track() -> Track:
    return Track.of(plan().route)


def seen(simulation: Simulation, vehicle_id: str) -> Seen:
    (log,) = (log for log in simulation.logs if log.ride.vehicle.vehicle_id == vehicle_id)
    return Seen(log, simulation.begin_ms / 1000, float(log.delivery.received_s.max()))
