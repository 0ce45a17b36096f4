"""Gaps that are filled afterwards: older fixes never touch live state, they are kept and judged on their own, late.

From the first older fix that comes between two of a vehicle's trail on, all its fixes are kept for a while. Then they
are judged in the order of their own times on a row of their own, which begins at the oldest entry of the trail. What
that finds and the live run did not is told: raised and cleared at once, or where it lasts, left to the live run. Where
it found the vehicle elsewhere along the route, for it had seen too few fixes, the live run goes on from there.
"""

import math
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.engine.dtypes import (
    BAD_POSITION,
    CLEARED,
    DEVIATION,
    FILL,
    FIX,
    FOREVER,
    GAP_OVER,
    MISSED_CHECKPOINT,
    NEVER,
    OVERSPEED,
    STALL,
    TRANSITION,
    WRONG_WAY,
    Plans,
    Records,
    Row,
    records,
)
from streams.engine.geometry import distance_m
from streams.engine.stall import seems_to_stand
from streams.engine.step import KEPT_MAX, SETTLE_MS
from streams.engine.trail import BROKEN, UNITS_PER_DEG

Fixes = NDArray[np.void]
"""FIX rows as a plain array: each look into a record array costs microseconds."""

KINDS_IN_GAPS = frozenset({DEVIATION, STALL, WRONG_WAY, OVERSPEED, BAD_POSITION, MISSED_CHECKPOINT})
"""What a vehicle's own fixes say of it. The others go by receive times, by other vehicles or by what comes next."""

LASTING = frozenset({DEVIATION, WRONG_WAY, OVERSPEED, BAD_POSITION})
"""What lasts at the newest fix is no news of the past: the live run, which saw too few fixes to raise it, goes on with
it. A halt it judges by more than its row remembers.
"""

KINDS_ALONG = frozenset({DEVIATION, WRONG_WAY, MISSED_CHECKPOINT})
PROVED_LATE = frozenset({DEVIATION, WRONG_WAY})
"""What the first fixes of may have come in time, too few to prove it."""

ASTRAY_M = 300.0

PLACE = (
    *("matched_ms", "located", "chosen", "progress_m", "lateral_m", "first_lat", "first_lon", "off_way_m"),
    *(f"hypothesis_{name}" for name in ("m", "age_ms", "peak_m", "cost", "segment", "count")),
)
WAY = ("far_m", "low_m", "back_moved_m", "back_ms", "back_count")
CHECKPOINTS = ("checkpoint", "visited", "missed_ms")
"""What a row knows of where the vehicle is along the route, of whether it goes back, and of what it has passed."""

SETTLE_MS_MAX = 300_000
"""A vehicle whose pings never come in order is judged so often all the same."""


def _no_fixes() -> Fixes:
    return np.zeros(0, FIX)


@dataclass(slots=True)
class Gap:
    """What is kept of a vehicle with a gap being filled: when the first older fix came, when it will be judged, the
    kinds that the live run knows of or that cannot be judged, the version of its route and its progress at the
    beginning; for how long it was off the route then, and how far it had moved beside it, both 0 on it; FIX rows, the
    oldest first at the beginning, of which those that fill the gap have the kind FILL.
    """

    begun_ms: int
    due_ms: int
    known: set[int]
    version: int
    begin_m: float = math.nan
    off_ms: int = 0
    off_way_m: float = 0.0
    fixes: Fixes = field(default_factory=_no_fixes)

    def keep(self, fixes: Fixes) -> None:
        """Keep more fixes, in the order in which they came."""
        self.fixes = np.concatenate([self.fixes, fixes])
        older = fixes["received_ms"][fixes["kind"] == FILL]
        if len(older):
            self.due_ms = min(int(older[-1]) + SETTLE_MS, self.begun_ms + SETTLE_MS_MAX)
        if len(self.fixes) >= KEPT_MAX:
            self.due_ms = int(fixes["received_ms"][-1])


def begin_gap(vehicle: Row, convoy: Row, received_ms: int) -> Gap:
    """Begin to keep the fixes of a vehicle, with those of its trail; of them neither speed nor accuracy is known."""
    known = set(np.flatnonzero(vehicle.open).tolist())
    gap = Gap(received_ms, received_ms + SETTLE_MS, known, int(vehicle.version))
    count = int(vehicle.trail_count)
    placed = np.flatnonzero(vehicle.trail_lat[:count] != BROKEN)
    seeds = np.zeros(len(placed), FIX)
    seeds["fix_ms"] = entries_ms(vehicle)[placed]
    seeds["lat"] = vehicle.trail_lat[placed] / UNITS_PER_DEG
    seeds["lon"] = vehicle.trail_lon[placed] / UNITS_PER_DEG
    for name in ("speed_mps", "heading_deg", "battery_pct"):
        seeds[name] = np.nan
    seeds["accuracy_m"] = convoy.accuracy_cap_m
    gap.fixes = seeds
    along_m = vehicle.trail_m[placed]
    on_route = np.flatnonzero(~np.isnan(along_m))
    if len(on_route):
        gap.begin_m = float(along_m[on_route[0]])
    else:
        gap.begin_m = float(vehicle.progress_m)  # where it left the route
        if not math.isnan(gap.begin_m):
            gap.off_ms, gap.off_way_m = way_off_road(vehicle, seeds)
    if not len(on_route) or on_route[0] > 0:
        gap.known.add(WRONG_WAY)  # how far it has gone beside the route is not known, and so not what leads back
    return gap


def way_off_road(vehicle: Row, seeds: Fixes) -> tuple[int, float]:
    """For how long a vehicle that is off its route, and was so all along its trail, had been off it at the oldest entry
    in milliseconds, and how far it had moved in metres.
    """
    left_ms = int(vehicle.matched_ms - vehicle.hypothesis_age_ms[vehicle.chosen])
    lat, lon = seeds["lat"], seeds["lon"]
    moved_m = sum(map(distance_m, lat[:-1], lon[:-1], lat[1:], lon[1:]))
    return max(int(seeds["fix_ms"][0]) - left_ms, 0), max(float(vehicle.off_way_m) - moved_m, 0.0)


class Replay(NamedTuple):
    """Kept fixes judged on a row of which nobody knows: the row, its episodes, what was told, and its place along the
    route at each entry of the vehicle's trail, NaN off it.
    """

    row: Row
    episodes: Records
    told: Records
    along_m: list[float]


def entries_ms(vehicle: Row) -> NDArray[np.int64]:
    """Give the instants of the entries of a vehicle's trail."""
    return vehicle.trail_ms - vehicle.trail_age_ms[: int(vehicle.trail_count)].astype(np.int64)


def in_order(gap: Gap, spacing_ms: float) -> tuple[Fixes, int]:
    """Give what was kept in the order of its own times, and since when it says more than the live run saw: FOREVER for
    never. Those that fill the gap have the kind FILL.

    Older fixes that may be copies of what the live run passed over are left out.
    """
    fixes = gap.fixes[np.lexsort((gap.fixes["kind"], gap.fixes["fix_ms"]))]
    fixes = fixes[np.diff(fixes["fix_ms"], prepend=NEVER) > 0]
    fills = fixes["kind"] == FILL
    seen_ms = np.concatenate([[NEVER], fixes["fix_ms"][~fills], [FOREVER]])
    after = np.searchsorted(seen_ms, fixes["fix_ms"])
    away_ms = np.minimum(fixes["fix_ms"] - seen_ms[after - 1], seen_ms[after] - fixes["fix_ms"])
    fixes = fixes[~fills | (away_ms >= spacing_ms)]
    fills = np.flatnonzero(fixes["kind"] == FILL)
    since_ms = int(fixes["fix_ms"][fills[0] - 1]) if len(fills) else FOREVER
    return fixes, since_ms


def seen_live(fixes: Fixes) -> Fixes:
    """Give those of them that the live run saw."""
    return fixes[fixes["kind"] != FILL]


def copy_fields(names: Iterable[str], source: Row, target: Row) -> None:
    """Let one row know what another knows."""
    for name in names:
        target[name] = source[name]


def shadow_of(vehicle: Row, gap: Gap, plans: Plans, shadow: Records) -> None:
    """Make a blank row stand where the vehicle was when the gap began, as far as its trail knows."""
    convoy = plans.convoys[vehicle.convoy]
    for name in ("convoy", "ping_interval_s", "overspeed_mps"):
        shadow[name] = vehicle[name]
    shadow.departed = vehicle.departed and gap.fixes["fix_ms"][0] >= convoy.depart_ms
    shadow.version = convoy.version
    shadow.checkpoint = convoy.checkpoint_count
    if gap.version != convoy.version or np.isnan(gap.begin_m):
        return
    at_m = plans.vertices.at_m[convoy.vertex_from : convoy.vertex_from + convoy.vertex_count - 1]
    shadow.matched_ms = gap.fixes["fix_ms"][0]
    shadow.hypothesis_m[0] = shadow.hypothesis_peak_m[0] = gap.begin_m
    shadow.hypothesis_age_ms[0] = gap.off_ms
    shadow.off_way_m = gap.off_way_m
    shadow.hypothesis_cost[0] = 0.0
    shadow.hypothesis_segment[0] = max(np.searchsorted(at_m, gap.begin_m, side="right") - 1, 0)
    shadow.hypothesis_count = shadow.located = 1
    shadow.progress_m = gap.begin_m
    shadow.checkpoints_version = vehicle.checkpoints_version
    copy_fields(CHECKPOINTS, vehicle, shadow)


def is_on_route(vehicle: Row) -> bool:
    """Whether it was on the route at its newest fix."""
    return bool(vehicle.hypothesis_age_ms[vehicle.chosen] == 0)


def at_one_place(vehicle: Row, shadow: Row) -> bool:
    """Whether the two, after their newest fix, are at the same place of the route, or left it there."""
    away_m = abs(vehicle.progress_m - shadow.progress_m)
    return bool(is_on_route(vehicle) == is_on_route(shadow) and away_m <= ASTRAY_M)


def is_astray(vehicle: Row, shadow: Row) -> bool:
    """Whether the two, after the same fixes, are not at the same place of the route: then what the shadow says of its
    way along it is not believed. A vehicle off the route has no place on it.
    """
    return bool(is_on_route(vehicle) and abs(vehicle.progress_m - shadow.progress_m) > ASTRAY_M)


def knows_way(vehicle: Row, convoy: Row, gap: Gap) -> bool:
    """Whether a shadow of the vehicle knows of its way what the live run knew when the gap began: of this route and its
    checkpoints, and after the departure.
    """
    planned = gap.version == vehicle.version == convoy.version
    planned = planned and vehicle.checkpoints_version == convoy.checkpoints_version
    departed = not vehicle.departed or gap.fixes["fix_ms"][0] >= convoy.depart_ms
    return bool(planned and departed and not math.isnan(gap.begin_m))


def learn(
    vehicle: Row,
    episodes: Records,
    convoy: Row,
    gap: Gap,
    replays: tuple[Replay, Replay],
    span_ms: tuple[int, int, int],
) -> Records:
    """Let the live run know what a gap shows: gives what is to be told, and where something lasts or the vehicle is
    elsewhere, it goes on from there.

    `episodes` are the vehicle's; `replays` = (all that was kept, what the live run saw of it), `span_ms` = the oldest
    fix, from when on that is more, and the newest one. Where what the live run saw leads to where it is, the other
    place that all lead to is believed: then it did not begin astray.
    """
    filled, seen = replays
    same = at_one_place(vehicle, filled.row)
    sure = knows_way(vehicle, convoy, gap) and (same or at_one_place(vehicle, seen.row))
    kinds = set(KINDS_IN_GAPS - gap.known)
    if not sure:
        kinds -= KINDS_ALONG if is_astray(vehicle, filled.row) else {MISSED_CHECKPOINT}
    if filled.row.open[STALL] and seems_to_stand(vehicle):
        kinds -= {STALL}
    found = news(filled.told, kinds, seen.told, lasting_of(vehicle, sure), span_ms)
    if not vehicle.arrived:
        take_over(vehicle, episodes, filled, found)
        if sure:
            follow_way(vehicle, filled, same and WRONG_WAY not in found.kind[found.late == 0])
    return found


def lasting_of(vehicle: Row, sure: bool) -> Set[int]:
    """The kinds that may last beyond the gap; that a checkpoint was missed does not end."""
    if vehicle.arrived:
        return {MISSED_CHECKPOINT}
    return LASTING | {MISSED_CHECKPOINT} if sure else LASTING - {WRONG_WAY}


def news(told: Records, kinds: Set[int], shown: Records, lasting: Set[int], span_ms: tuple[int, int, int]) -> Records:
    """Give of what was told on the shadow the kinds that are news, marked late; what is still open and not `lasting`
    ends here.

    What began before the gap and is PROVED_LATE is news where it was raised in it. Not where the live run was `shown`
    its kind as well, nor where it began before all that is kept: that may have been told. The other kinds must begin in
    the gap, and the live run was not `shown` the same. A checkpoint that was missed is news: it left it to the gap.
    """
    begin_ms, since_ms, until_ms = span_ms
    episodes: dict[tuple[int, int], list[Records]] = {}
    for one in told:
        if one.kind in kinds:
            episodes.setdefault((int(one.kind), int(one.onset_ms)), []).append(one)
    found: list[Records] = []
    for (kind, onset_ms), steps in episodes.items():
        proved_late = kind in PROVED_LATE and kind not in shown.kind and onset_ms > begin_ms
        proved_ms = steps[0].at_ms if proved_late else onset_ms
        is_known = proved_ms < since_ms or onset_ms in shown.onset_ms[shown.kind == kind]
        if is_known and kind != MISSED_CHECKPOINT:
            continue
        lasts = steps[-1].transition != CLEARED
        for step in steps:
            step.late = not (lasts and kind in lasting)
        if lasts and kind not in lasting:
            end = steps[-1].copy()
            end.transition, end.reason, end.at_ms = CLEARED, GAP_OVER, until_ms
            steps.append(end)
        found += steps
    news = records(len(found), TRANSITION)
    if found:
        news[:] = found
    return news


def take_over(vehicle: Row, episodes: Records, filled: Replay, found: Records) -> None:
    """Let the live run go on with the episodes that the news leave open; `episodes` are the vehicle's."""
    for kind in LASTING & set(found.kind[found.late == 0].tolist()):
        vehicle.open[kind] = filled.row.open[kind]
        episodes[kind] = filled.episodes[kind]
        if kind == DEVIATION:
            vehicle.streak_ms, vehicle.streak_count = filled.row.streak_ms, filled.row.streak_count
        elif kind == OVERSPEED:
            vehicle.fast_ms = filled.row.fast_ms


def follow_way(vehicle: Row, filled: Replay, stays: bool) -> None:
    """Let the live run know which checkpoints are behind, and unless it `stays` where it is go on from where the shadow
    is: what it remembers of its way there was elsewhere.
    """
    copy_fields(CHECKPOINTS, filled.row, vehicle)
    if not stays:
        copy_fields((*PLACE, *WAY), filled.row, vehicle)
        vehicle.trail_m[: len(filled.along_m)] = filled.along_m
