"""The operation that the console's bench shows: places and plans of its convoys and, in the worker's place, status."""

import math
import time

from models.convoy_status import ConvoyStatus
from models.plan import ConvoyPlan

CONVOYS = 1000
ABREAST = 25
SPACE_DEG = 0.012, 0.016
ROUTE_POINTS = 60
STEP_DEG = 0.002
BEHIND_DEG = 0.001
SPEED_MPS = 10


def place_of(number: int) -> tuple[float, float]:
    """Latitude and longitude of a convoy: a thousand lie beside each other on a screen's map."""
    row, column = divmod(number % CONVOYS, ABREAST)
    return -0.1 - row * SPACE_DEG[0], 117.2 + column * SPACE_DEG[1]


def plan_of(number: int) -> ConvoyPlan:
    """A plan of 13 winding kilometres through the convoy's place, with two checkpoints and an authorised stop."""
    lat, lon = place_of(number)
    steps = range(-ROUTE_POINTS // 2, ROUTE_POINTS // 2)
    route = [(lon + step * STEP_DEG, lat + STEP_DEG * math.sin(step / 3)) for step in steps]
    places = [{"name": f"km {at // 5}", "lon": route[at][0], "lat": route[at][1]} for at in (15, 30, 45)]
    return ConvoyPlan.model_validate(
        {
            "operation": "bench",
            "timezone": "Asia/Makassar",
            "convoy_id": f"C-{number:04}",
            "name": f"Convoy {number}",
            "route": route,
            "vehicles": [
                {"vehicle_id": f"KT-{number:04}-A", "role": "cargo", "mode": "truck"},
                {"vehicle_id": f"KT-{number:04}-B", "role": "escort", "mode": "car"},
            ],
            "checkpoints": places[::2],
            "stops": [places[1] | {"max_dwell_s": 900}],
        }
    )


def status_of(number: int, second: int, convoy: str = "C", vehicle: str = "KT") -> bytes:
    """The status of a convoy of two vehicles, the cargo ahead, so long after the bench began."""
    at_ms, (lat, lon) = round(time.time() * 1000), place_of(number)
    vehicles = [
        {
            "vehicle_id": f"{vehicle}-{number:04}-{letter}",
            "role": role,
            "time_ms": at_ms,
            "lat": lat,
            "lon": lon + second * 1e-4 - behind_deg,
            "speed_mps": SPEED_MPS + second % 7,
            "heading_deg": second * 7 % 360,
            "progress_m": second * 110.0,
            "lateral_m": second % 9,
            "link": "live",
            "battery_pct": 80,
        }
        for letter, role, behind_deg in (("A", "cargo", 0.0), ("B", "escort", BEHIND_DEG))
    ]
    return ConvoyStatus.model_validate(
        {
            "convoy_id": f"{convoy}-{number:04}",
            "at_ms": at_ms,
            "state": "under-way",
            "progress_m": second * 110.0,
            "route_length_m": 60_000.0,
            "eta_ms": at_ms + 3_600_000 + second * 100,
            "lateness_s": second / 10,
            "vehicles": vehicles,
        }
    ).to_json()
