"""A convoy on a straight road, and the records that come of it, as plain as tests need them."""

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from models.alert import Alert
from models.instants import format_instant, parse_instant
from models.plan import ConvoyPlan, Vehicle
from streams.decode import decode
from streams.recording import Arrival
from streams.watch import Advance, Watch

START_MS = parse_instant("2024-11-28T00:00:00.000Z")
M_PER_DEG = 110_574.3
TICK_RANK = 2

ALONE = {"separation_raise_m": 1e8, "separation_critical_m": 1e9, "unescorted_hold_s": 1e9}
CARGO = Vehicle(vehicle_id="KT-1", role="cargo", ping_interval_s=10)
ESCORT = Vehicle(vehicle_id="POL-1", role="escort", ping_interval_s=10)


def plan_of(convoy_id: str = "BTG-07", vehicles: Sequence[Vehicle] = (CARGO, ESCORT), **more: object) -> ConvoyPlan:
    """A plan of 11 km due north from the equator. Its vehicles need not be together unless limits say so."""
    fields = {
        "operation": "Exercise",
        "timezone": "Asia/Makassar",
        "name": convoy_id,
        "route": [(117.0, 0.0), (117.0, 0.05), (117.0, 0.1)],
        "limits": ALONE,
        **more,
    }
    return ConvoyPlan.model_validate({"convoy_id": convoy_id, "vehicles": list(vehicles), **fields})


def at_ms(at_s: float) -> int:
    return START_MS + round(1000 * at_s)


def ping(
    at_s: float, along_m: float = 1000.0, aside_m: float = 0.0, received_s: float | None = None, **more: object
) -> Arrival:
    """A ping of the cargo vehicle of BTG-07 at a place `aside_m` east of its road, unless fields say otherwise."""
    fields = {
        "vehicle_id": CARGO.vehicle_id,
        "convoy_id": "BTG-07",
        "time": format_instant(at_ms(at_s)),
        "lat": along_m / M_PER_DEG,
        "lon": 117.0 + aside_m / M_PER_DEG,
        **more,
    }
    received_ms = at_ms(at_s if received_s is None else received_s)
    return Arrival(received_ms, str(fields["convoy_id"]).encode(), msgspec.json.encode(fields), 0)


def tick(at_s: float) -> Arrival:
    return Arrival(at_ms(at_s), b"", b"", TICK_RANK)


def advance(watch: Watch, arrivals: Sequence[Arrival]) -> Advance:
    """Decode a batch and let the watch judge it, as the worker does."""
    rank = np.array([arrival.rank for arrival in arrivals], np.int8)
    received_ms = np.array([arrival.received_ms for arrival in arrivals], np.int64)
    columns, _ = decode(arrivals, rank, received_ms)
    return watch.advance(columns)


def judge(watch: Watch, arrivals: Sequence[Arrival]) -> list[Alert]:
    return advance(watch, arrivals).alerts


def watch_over(*plans: ConvoyPlan) -> Watch:
    watch = Watch()
    for plan in plans:
        watch.put_plan(plan)
    return watch


def told(alerts: Iterable[Alert]) -> list[tuple[str, str]]:
    return [(alert.kind, alert.transition) for alert in alerts]


def detour(begin_s: float = 0.0, **more: object) -> list[Arrival]:
    """A vehicle drives 15 m/s for 120 s and is 300 m off the road in the second half."""
    return [ping(begin_s + s, 1000.0 + 15.0 * s, 0.0 if s < 60 else 300.0, **more) for s in range(0, 121, 10)]
