"""What is told of a convoy between alerts: where its vehicles are and how fresh that is."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from models.alert import alert_id
from models.convoy_status import ConvoyStatus, Link, State, VehicleStatus
from models.plan import Vehicle
from streams.alerts import known
from streams.compile_plan import Compiled
from streams.engine.dtypes import EPISODES, KINDS, NEVER, Records

STALE_MS = 600_000
"""Silence after which a position is no longer one: ten minutes, as CloudTAK has it."""

PACE_MPS_MIN = 1.0
"""Below this pace an arrival that no plan gives a time to is not predicted: it would be tomorrow, then never."""

HALTED_MS = 60_000
"""A convoy is halted when all its cargo has stood this long: traffic lights are shorter."""


class Expected(NamedTuple):
    """A predicted arrival and how much later it is than planned; None is unknown."""

    eta_ms: int | None
    lateness_s: float | None


class Seen(NamedTuple):
    """The part of a vehicle's row that a status tells, as Python values: a hundred such reads a convoy are slow from
    rows.
    """

    heard_ms: int
    fix_ms: int
    anchor_ms: int
    lat: float
    lon: float
    speed_mps: float
    heading_deg: float
    progress_m: float
    pace_mps: float
    lateral_m: float
    battery_pct: float
    located: int
    departed: int
    arrived: int
    open: Sequence[int]
    onset_ms: list[int]


def seen(vehicle_ids: Sequence[str], rows: Records, episodes: Records) -> dict[str, Seen]:
    """Read VEHICLE rows and their EPISODE rows, those of `vehicle_ids` in their order."""
    read = rows[list(Seen._fields[:-1])].tolist()
    onsets_ms = episodes["onset_ms"].tolist()
    return {
        vehicle_id: Seen._make([*row, onset_ms])
        for vehicle_id, row, onset_ms in zip(vehicle_ids, read, onsets_ms, strict=True)
    }


def link_of(row: Seen | None, vehicle: Vehicle, signal_lost_s: float, stream_ms: int) -> Link:
    """How fresh the word of a vehicle is: live within two intervals, late until its signal counts as lost, then stale,
    lost.
    """
    if row is None or row.heard_ms == NEVER:
        return "lost"
    silent_ms = stream_ms - row.heard_ms
    if silent_ms <= 2000 * vehicle.ping_interval_s:
        return "live"
    if silent_ms <= 1000 * max(3 * vehicle.ping_interval_s, signal_lost_s):
        return "late"
    return "stale" if silent_ms <= STALE_MS else "lost"


def _vehicle_status(vehicle: Vehicle, row: Seen | None, link: Link) -> VehicleStatus:
    if row is None or row.fix_ms == NEVER:
        battery_pct = None if row is None else known(row.battery_pct)
        return VehicleStatus(vehicle_id=vehicle.vehicle_id, role=vehicle.role, link=link, battery_pct=battery_pct)
    return VehicleStatus(
        vehicle_id=vehicle.vehicle_id,
        role=vehicle.role,
        time_ms=row.fix_ms,
        lat=known(row.lat),
        lon=known(row.lon),
        speed_mps=known(row.speed_mps),
        heading_deg=known(row.heading_deg),
        progress_m=known(row.progress_m),
        lateral_m=known(row.lateral_m),
        link=link,
        battery_pct=known(row.battery_pct),
    )


def open_alert_ids(convoy_id: str, rows: Mapping[str, Seen]) -> Iterator[str]:
    """Give the ids of all open episodes of a convoy."""
    for vehicle_id, row in rows.items():
        for kind in range(EPISODES):
            if row.open[kind]:
                yield alert_id(convoy_id, vehicle_id, KINDS[kind], int(row.onset_ms[kind]))


def _state(cargo: list[Seen], links: set[Link]) -> State:
    if not any(row.departed or row.located for row in cargo):
        return "planned"
    if all(row.arrived for row in cargo):
        return "arrived"
    if links <= {"stale", "lost"}:
        return "silent"
    if not any(row.departed for row in cargo):
        return "planned"
    standing = all(row.arrived or row.fix_ms - row.anchor_ms >= HALTED_MS for row in cargo)
    return "halted" if standing else "under-way"


def _expected(compiled: Compiled, row: Seen) -> Expected:
    """Predict the arrival of a vehicle under way from its newest fix, and how late it will be."""
    schedule, length_m = compiled.schedule, compiled.length_m
    late_s = compiled.lateness_s(row.progress_m, row.pace_mps, row.fix_ms)
    left_s = (length_m - row.progress_m) / row.pace_mps if row.pace_mps >= PACE_MPS_MIN else math.nan
    if not math.isnan(late_s) and schedule.at_m[-1] == length_m:
        return Expected(int(schedule.ms[-1]) + round(1000 * late_s), late_s)
    return Expected(None if math.isnan(left_s) else row.fix_ms + round(1000 * left_s), known(late_s))


def expected(compiled: Compiled, cargo: Sequence[Seen], state: State) -> Expected:
    """Say when a convoy under way will arrive and how late: as its rearmost cargo vehicle does, of those whose place is
    known.
    """
    under_way = [row for row in cargo if row.departed and not row.arrived and not math.isnan(row.progress_m)]
    if state in ("planned", "arrived") or not under_way:
        return Expected(None, None)
    return _expected(compiled, min(under_way, key=lambda row: row.progress_m))


def convoy_status(compiled: Compiled, rows: Mapping[str, Seen], stream_ms: int) -> ConvoyStatus:
    """Make the status of a convoy at a stream time from the rows of its vehicles that have been heard.

    Its progress is that of its rearmost cargo vehicle. A planned cargo vehicle never heard keeps it from arriving.
    """
    plan = compiled.plan
    limit_s = plan.limits.signal_lost_s
    links = {v.vehicle_id: link_of(rows.get(v.vehicle_id), v, limit_s, stream_ms) for v in plan.vehicles}
    vehicles = [_vehicle_status(v, rows.get(v.vehicle_id), links[v.vehicle_id]) for v in plan.vehicles]
    ids = [v.vehicle_id for v in plan.vehicles if v.role == "cargo"]
    cargo = [rows[vehicle_id] for vehicle_id in ids if vehicle_id in rows]
    state = _state(cargo, set(links.values()))
    if state == "arrived" and len(cargo) < len(ids):
        state = "under-way"
    progress_m = [v.progress_m for v in vehicles if v.role == "cargo" and v.progress_m is not None]
    prediction = expected(compiled, cargo, state)
    return ConvoyStatus(
        convoy_id=plan.convoy_id,
        at_ms=stream_ms,
        state=state,
        progress_m=min(progress_m, default=None),
        route_length_m=compiled.length_m,
        eta_ms=prediction.eta_ms,
        lateness_s=prediction.lateness_s,
        open_alerts=list(open_alert_ids(plan.convoy_id, rows)),
        vehicles=vehicles,
    )
