"""What a page is sent of convoys: changes alone, and little enough for a poor line."""

import json
import random

import msgspec

from console.records import read_status
from console.stream import Chunk
from console.views import convoy_delta, convoy_view
from models.instants import format_instant
from tests.console.alarms import T_MS

SECOND_BYTES_MAX = 40_000
CONVOYS = 100  # of a thousand that report each ten seconds


def status(number: int, rnd: random.Random) -> bytes:
    """A convoy's status with two vehicles whose every figure is another each time."""
    at = format_instant(T_MS + rnd.randrange(60_000))
    vehicles = [
        {
            "vehicle_id": f"KT-{number:04}-{letter}", "role": "cargo", "link": "live", "time": at,
            "lat": rnd.uniform(-8, 5), "lon": rnd.uniform(95, 141), "speed_mps": round(rnd.uniform(0, 25), 1),
            "heading_deg": rnd.uniform(0, 360), "progress_m": rnd.uniform(0, 60_000), "lateral_m": rnd.uniform(0, 20),
        }
        for letter in "AB"
    ]  # fmt: skip
    fields = {"convoy_id": f"C-{number:04}", "at": at, "state": "under-way", "route_length_m": 60_000.0, "eta": at}
    return json.dumps(fields | {"progress_m": rnd.uniform(0, 60_000), "vehicles": vehicles}).encode()


def test_a_second_of_a_nations_convoys_is_small() -> None:
    rnd = random.Random(1)
    views = [[convoy_view(read_status(status(number, rnd))) for _ in "ab"] for number in range(CONVOYS)]
    event = Chunk(msgspec.json.encode({"convoys": [convoy_delta(old, new) for old, new in views]}))
    assert len(event.packed) < SECOND_BYTES_MAX / 4
    assert len(event.raw) < SECOND_BYTES_MAX


def test_what_has_not_changed_is_not_sent() -> None:
    view = convoy_view(read_status(status(1, random.Random(1))))
    assert convoy_delta(view, view | {"at": "later"}) is None
    assert convoy_delta(view, view | {"state": "halted"}) == {"convoy_id": "C-0001", "state": "halted"}
