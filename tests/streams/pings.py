"""One ping, written out: what the tests of reading share."""

from models.instants import parse_instant

TIME = "2024-11-27T00:00:10.000Z"
TIME_MS = parse_instant(TIME)
LEAST = {"vehicle_id": "KT-8123-LM", "convoy_id": "BTG-07", "time": TIME}
FULL = LEAST | {
    "lat": -0.26,
    "lon": 117.24,
    "speed_mps": 13.5,
    "heading_deg": 210,
    "accuracy_m": 4.5,
    "altitude_m": -3,
    "battery_pct": 81,
    "sos": True,
    "mock": False,
    "seq": -7,
    "source": "traccar-client/10",
    "tracker_id": "ö",
}
