"""Gaps that are filled afterwards: older fixes never touch live state, they are kept and judged on their own, late.

From the first older fix that comes between two of a vehicle's trail on, all its fixes are kept for a while. Then they
are judged in the order of their own times on a row of their own, which begins at the oldest entry of the trail. What
that finds and the live run did not is told: raised and cleared at once, or where it lasts, left to the live run.
"""

import math
from collections.abc import Set
from dataclasses import dataclass, field

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
    NEVER,
    OVERSPEED,
    PING,
    STALL,
    TRANSITION,
    WRONG_WAY,
    Plans,
    Records,
    Row,
    records,
)
from streams.engine.step import KEPT_MAX, SETTLE_MS
from streams.engine.trail import BROKEN, UNITS_PER_DEG

Fixes = NDArray[np.void]
"""FIX rows as a plain array: each look into a record array costs microseconds."""

KINDS_IN_GAPS = frozenset({DEVIATION, STALL, WRONG_WAY, OVERSPEED, BAD_POSITION})
"""What a vehicle's own fixes say of it. The others go by receive times, by other vehicles or by what comes next; and a
checkpoint that was jumped over has been judged.
"""

LASTING = frozenset({DEVIATION, OVERSPEED, BAD_POSITION})
"""What lasts at the newest fix is no news of the past: the live run, which saw too few fixes to raise it, goes on with
it. A halt and a way back it judges by more than its row remembers.
"""

KINDS_ALONG = frozenset({DEVIATION, WRONG_WAY})
ASTRAY_M = 300.0

SETTLE_MS_MAX = 300_000
"""A vehicle whose pings never come in order is judged so often all the same."""


def _no_fixes() -> Fixes:
    return np.zeros(0, FIX)


@dataclass(slots=True)
class Gap:
    """What is kept of a vehicle with a gap being filled: when the first older fix came, when it will be judged, the
    kinds that the live run knows of or that cannot be judged, the version of its route and its progress at the
    beginning; FIX rows, the oldest first at the beginning, of which those that fill the gap have the kind FILL.
    """

    begun_ms: int
    due_ms: int
    known: set[int]
    version: int
    begin_m: float = math.nan
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
    seeds["fix_ms"] = vehicle.trail_ms - vehicle.trail_age_ms[placed]
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
    else:  # where it left the route; how far it has gone beside it since is not known, and so not what leads back
        gap.begin_m = float(vehicle.progress_m)
        gap.known.add(WRONG_WAY)
    return gap


def in_order(gap: Gap, spacing_ms: float) -> tuple[Fixes, int]:
    """Give what was kept in the order of its own times, and since when it says more than the live run saw: FOREVER for
    never.

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
    fixes["kind"] = PING
    return fixes, since_ms


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
    shadow.hypothesis_cost[0] = 0.0
    shadow.hypothesis_segment[0] = max(np.searchsorted(at_m, gap.begin_m, side="right") - 1, 0)
    shadow.hypothesis_count = shadow.located = 1
    shadow.progress_m = gap.begin_m


def is_astray(vehicle: Row, shadow: Row) -> bool:
    """Whether the two, after the same fixes, are not at the same place of the route: then what the shadow says of its
    way along it is not believed. A vehicle off the route has no place on it.
    """
    on_route = vehicle.hypothesis_age_ms[vehicle.chosen] == 0
    return bool(on_route and abs(vehicle.progress_m - shadow.progress_m) > ASTRAY_M)


def news(told: Records, kinds: Set[int], since_ms: int, until_ms: int) -> Records:
    """Give of what was told on the shadow the kinds that are news, marked late; what is still open and not LASTING ends
    here.
    """
    episodes: dict[tuple[int, int], list[Records]] = {}
    for one in told:
        if one.kind in kinds and one.onset_ms >= since_ms:
            episodes.setdefault((int(one.kind), int(one.onset_ms)), []).append(one)
    for (kind, _), steps in episodes.items():
        lasts = steps[-1].transition != CLEARED
        for step in steps:
            step.late = not (lasts and kind in LASTING)
        if lasts and kind not in LASTING:
            end = steps[-1].copy()
            end.transition, end.reason, end.at_ms = CLEARED, GAP_OVER, until_ms
            steps.append(end)
    found = [one for steps in episodes.values() for one in steps]
    news = records(len(found), TRANSITION)
    if found:
        news[:] = found
    return news


def take_over(vehicle: Row, episodes: Records, shadow: Row, judged: Records, found: Records) -> None:
    """Let the live run go on with the episodes that the news leave open: `episodes` are the vehicle's, `judged` the
    shadow's.
    """
    for kind in LASTING & set(found.kind[found.late == 0].tolist()):
        vehicle.open[kind] = shadow.open[kind]
        episodes[kind] = judged[kind]
        if kind == DEVIATION:
            vehicle.streak_ms, vehicle.streak_count = shadow.streak_ms, shadow.streak_count
        elif kind == OVERSPEED:
            vehicle.fast_ms = shadow.fast_ms
