"""Progress along the route: a few hypotheses a vehicle, each fix extends them, the cheapest explanation wins.

A fix near an out-and-back road, a lap or a crossing fits several places of the route. Instead of guessing, each row
keeps up to HYPOTHESES places and the cost of the story that leads to each: how far the fixes lay from the road, how
the progress differs from the distance moved, how the heading fits (after Newson and Krumm 2009, along one known route
instead of a road network). A hypothesis looks only at a window ahead and as far behind as the vehicle has moved, so
progress cannot leap to another leg that passes by; one that no longer finds the road stays where it lost it, pays for
every fix, and its window grows forwards with time.
"""

import math

import numpy as np

from streams.engine.costs import (
    HEADING_COST,
    Way,
    direction_of,
    go_on,
    leads_on,
    place_cost,
    sideways_cost,
    transition_cost,
    way_of,
)
from streams.engine.dtypes import DURATION_MS_MAX, HYPOTHESES, Plans, Records, Row, Scratch, Step, Story
from streams.engine.evidence import Evidence, accuracy_allowance_m, weigh
from streams.engine.geometry import distance_m, wrap_deg
from streams.engine.jit import kernel
from streams.engine.places import find_places

OFF_COST = 8.0  # a fix that this hypothesis cannot explain
SWITCH_COST = 6.0  # below this a second story never takes over: progress would flicker between two legs of one road
FORGET_COST = 40.0  # five unexplained fixes: a story this bad is dropped
REACQUIRE_COST = 20.0  # looking behind the window again: must be corroborated by three fixes more
REACQUIRE_MS = 120_000  # and only after two minutes without the road, or a detour that crosses an earlier leg would win
SAME_PLACE_M = 30.0  # two stories that end within this distance are one
DECIDE_M = 50.0  # displacement after which the first match is decided
TIE_COST = 1.0  # where stories are equally good the earlier leg is assumed: a convoy begins at the beginning
EARLY_FACTOR = 2.0  # times `depart_m`: a vehicle at the start before its time is sought so far along
WINDOW_SLACK_M = 200.0
WINDOW_FACTOR = 1.2
AMBIGUOUS_MS = 120_000  # after so long without a fix the place is decided as it was at first


@kernel
def moved_m(plans: Plans, convoy: Row, fix: Row, start: Story) -> float:
    """How far a fix lies in a straight line from where a story stands."""
    v = plans.vertices[convoy.vertex_from + start.segment]
    u = (start.at_m - v.at_m) / v.segment_m
    x = wrap_deg(fix.lon - v.lon) * v.m_per_lon_deg - u * v.dx_m
    y = (fix.lat - v.lat) * v.m_per_lat_deg - u * v.dy_m
    return math.hypot(x, y)


@kernel
def keep_child(children: Records, count: int, child: tuple[Story, int, float, float, int, int]) -> int:
    """Add a child (story, ms, cost, lateral_m, on_route, chosen), or merge it with one that ends at the same place."""
    story, ms, cost, lateral_m, on_route, chosen = child
    slot = count
    for k in range(count):
        if children[k].on_route == on_route and abs(children[k].at_m - story.at_m) <= SAME_PLACE_M:
            slot = k
            break
    c = children[slot]
    if slot < count:
        chosen = max(chosen, c.chosen)
        c.chosen = chosen
        if c.cost <= cost:
            return count
    c.at_m = story.at_m
    c.segment = story.segment
    c.peak_m = story.peak_m
    c.ms = ms
    c.cost = cost
    c.lateral_m = lateral_m
    c.on_route = on_route
    c.chosen = chosen
    return max(count, slot + 1)


@kernel
def nearest_m(scratch: Scratch, places: int) -> float:
    """Distance to the nearest of the places found."""
    least_m = np.inf
    for k in range(places):
        least_m = min(least_m, scratch.places[k].lateral_m)
    return least_m


@kernel
def add_anywhere(plans: Plans, convoy: Row, fix: Row, entry: tuple[int, int, float, float], scratch: Scratch) -> int:
    """Add a story for each place found; `entry` = (places, children so far, cost, limit_m). Gives the new number of
    children.
    """
    places, count, entry_cost, limit_m = entry
    for k in range(places):
        p = scratch.places[k]
        if p.lateral_m <= limit_m:
            cost = entry_cost + place_cost(plans, convoy, fix, p, 1)
            story = Story(p.at_m, p.segment, p.at_m)
            count = keep_child(scratch.children, count, (story, fix.fix_ms, cost, p.lateral_m, 1, 0))
    return count


@kernel
def reach_of(start: Story, convoy: Row, elapsed_s: float, straight_m: float) -> tuple[float, float, int]:
    """Where a story may be by now: as far behind as the vehicle has moved, and as far ahead as the time since its last
    fix on the road allows.
    """
    low_m = max(0.0, start.at_m - convoy.back_tolerance_m - WINDOW_FACTOR * straight_m)
    high_m = start.at_m + WINDOW_FACTOR * convoy.speed_max_mps * elapsed_s + WINDOW_SLACK_M
    return low_m, min(convoy.length_m, high_m), start.segment


@kernel
def price(plans: Plans, convoy: Row, fix: Row, start: Story, found: tuple[int, Way, Evidence], scratch: Scratch) -> int:
    """Set the cost of each place seen from `start`; `found` = (places, the way to the fix, what it proves). The
    cheapest or -1. To come back to the road elsewhere takes a fix that proves it.
    """
    places, way, evidence = found
    limit_m = convoy.deviation_raise_m + accuracy_allowance_m(fix.accuracy_m, convoy.accuracy_cap_m)
    best, best_cost = -1, np.inf
    for k in range(places):
        p = scratch.places[k]
        p.cost = np.inf
        if p.lateral_m <= limit_m:
            story = go_on(start, p.at_m, p.segment, evidence.drift_m)
            p.cost = place_cost(plans, convoy, fix, p, direction_of(story, fix.accuracy_m))
            p.cost += sideways_cost(start, story, way, evidence)
            p.cost = evidence.weight * p.cost + transition_cost(start, story, way)
        proves = way.on_road or leads_on(start, p.at_m, way)
        if p.cost < min(best_cost, OFF_COST if proves else evidence.weight * OFF_COST):
            best, best_cost = k, p.cost
    return best


@kernel
def story_of(vehicle: Row, parent: int) -> Story:
    """A hypothesis as a story, in double precision from here on."""
    at_m = np.float64(vehicle.hypothesis_m[parent])
    return Story(at_m, vehicle.hypothesis_segment[parent], np.float64(vehicle.hypothesis_peak_m[parent]))


@kernel
def last_on_road_ms(vehicle: Row, parent: int) -> int:
    """When a hypothesis last found the road."""
    return vehicle.matched_ms - np.int64(vehicle.hypothesis_age_ms[parent])


@kernel
def finds_road(vehicle: Row, since_ms: int) -> bool:
    """Whether a story that is as good as any found the road at or after an instant: no other explains the fixes better
    by the vehicle being elsewhere.
    """
    for k in range(vehicle.hypothesis_count):
        if vehicle.hypothesis_cost[k] == 0.0 and last_on_road_ms(vehicle, k) >= since_ms:
            return True
    return False


@kernel
def extend(
    vehicle: Row, plans: Plans, convoy: Row, fix: Row, family: tuple[int, int, Evidence], scratch: Scratch
) -> int:
    """Add what a hypothesis may become; `family` = (its number, children so far, what the fix proves). Gives the new
    number of children.
    """
    parent, count, evidence = family
    start = story_of(vehicle, parent)
    on_road_ms = last_on_road_ms(vehicle, parent)
    paid = np.float64(vehicle.hypothesis_cost[parent])
    chosen = 1 if vehicle.chosen == parent else 0
    elapsed_s = (fix.fix_ms - on_road_ms) / 1000.0
    straight_m = moved_m(plans, convoy, fix, start)
    reach = reach_of(start, convoy, elapsed_s, straight_m)
    places = find_places(plans, convoy, fix, reach, scratch)
    way = way_of(start, elapsed_s, straight_m, evidence)
    best = price(plans, convoy, fix, start, (places, way, evidence), scratch)
    for k in range(places):
        p = scratch.places[k]
        if p.cost < np.inf:
            story = go_on(start, p.at_m, p.segment, evidence.drift_m)
            goes_on = k == best and (way.on_road or leads_on(start, p.at_m, way))
            child = (story, fix.fix_ms, paid + p.cost, p.lateral_m, 1, chosen if goes_on else 0)
            count = keep_child(scratch.children, count, child)
    if best < 0:
        child = (start, on_road_ms, paid + evidence.weight * OFF_COST, nearest_m(scratch, places), 0, chosen)
        count = keep_child(scratch.children, count, child)
    return count


@kernel
def cheapest(children: Records, count: int, tie_cost: float) -> int:
    """Number of the cheapest story; among those within `tie_cost` of it, the one earliest along the route."""
    best = 0
    for k in range(1, count):
        if children[k].cost < children[best].cost:
            best = k
    limit = children[best].cost + tie_cost
    for k in range(count):
        if children[k].cost <= limit and children[k].at_m < children[best].at_m:
            best = k
    return best


@kernel
def nearest_of_cheap(children: Records, count: int, at_m: float) -> int:
    """Number of the story that is nearest to a place along the route, of those that are not clearly dearer than the
    cheapest.
    """
    best = cheapest(children, count, 0.0)
    limit = children[best].cost + SWITCH_COST
    for k in range(count):
        if children[k].cost <= limit and abs(children[k].at_m - at_m) < abs(children[best].at_m - at_m):
            best = k
    return best


@kernel
def select(vehicle: Row, children: Records, count: int) -> int:
    """Number of the story to believe: the incumbent's, unless another is cheaper by SWITCH_COST; of several then the
    one nearest to it. Free while not yet located.
    """
    if not vehicle.located:
        return cheapest(children, count, TIE_COST)
    best = cheapest(children, count, 0.0)
    for k in range(count):
        if children[k].chosen:
            stays = children[k].cost <= children[best].cost + SWITCH_COST
            return k if stays else nearest_of_cheap(children, count, children[k].at_m)
    return best


@kernel
def remember(vehicle: Row, fix: Row, children: Records, count: int, believed: int) -> None:
    """Keep the believed story as hypothesis 0 and the cheapest others, their costs counted from the cheapest."""
    vehicle.matched_ms = fix.fix_ms
    base = children[cheapest(children, count, 0.0)].cost
    kept = 0
    pick = believed
    while kept < HYPOTHESES and children[pick].cost <= base + FORGET_COST:
        c = children[pick]
        vehicle.hypothesis_m[kept] = c.at_m
        vehicle.hypothesis_age_ms[kept] = min(fix.fix_ms - c.ms, DURATION_MS_MAX)
        vehicle.hypothesis_cost[kept] = c.cost - base
        vehicle.hypothesis_segment[kept] = c.segment
        vehicle.hypothesis_peak_m[kept] = c.peak_m
        c.cost = np.inf
        kept += 1
        pick = cheapest(children, count, 0.0)
    vehicle.hypothesis_count = kept
    vehicle.chosen = 0
    if vehicle.hypothesis_age_ms[0] == 0:
        vehicle.off_way_m = 0.0


@kernel
def decide(vehicle: Row, fix: Row) -> None:
    """The first match counts once one story is left, heading tells, or the vehicle has moved DECIDE_M."""
    if vehicle.located:
        return
    gap = HEADING_COST + TIE_COST
    for k in range(1, vehicle.hypothesis_count):
        gap = min(gap, vehicle.hypothesis_cost[k] - vehicle.hypothesis_cost[0])
    alone = gap >= HEADING_COST + TIE_COST
    if alone or distance_m(vehicle.first_lat, vehicle.first_lon, fix.lat, fix.lon) >= DECIDE_M:
        vehicle.located = 1


@kernel
def forget_place(vehicle: Row) -> None:
    """Start matching afresh at the next fix."""
    vehicle.hypothesis_count = 0
    vehicle.located = 0
    vehicle.chosen = 0
    vehicle.lateral_m = np.nan
    vehicle.progress_m = np.nan


@kernel
def doubt_place(vehicle: Row, fix: Row) -> None:
    """After a long silence the vehicle may be at any of its places: which one is decided from here on."""
    vehicle.first_lat = fix.lat
    vehicle.first_lon = fix.lon
    vehicle.located = 0
    vehicle.progress_m = np.nan


@kernel
def lost_for_long(vehicle: Row, children: Records, count: int, fix_ms: int) -> bool:
    """Whether no story finds the road at this fix and the believed one has not for REACQUIRE_MS."""
    for k in range(count):
        if children[k].on_route:
            return False
    return bool(fix_ms - last_on_road_ms(vehicle, vehicle.chosen) >= REACQUIRE_MS)


@kernel
def follow(vehicle: Row, plans: Plans, convoy: Row, fix: Row, step: Step, scratch: Scratch) -> int:
    """Extend every hypothesis by the fix, and look at the whole route again where all have lost it; gives the
    children.
    """
    count, evidence = 0, weigh(vehicle, fix, step)
    vehicle.off_way_m = evidence.off_way_m
    for parent in range(vehicle.hypothesis_count):
        count = extend(vehicle, plans, convoy, fix, (parent, count, evidence), scratch)
    if not lost_for_long(vehicle, scratch.children, count, fix.fix_ms):
        return count
    limit_m = convoy.deviation_clear_m + accuracy_allowance_m(fix.accuracy_m, convoy.accuracy_cap_m)
    places = find_places(plans, convoy, fix, (0.0, convoy.length_m, 0), scratch)
    return add_anywhere(plans, convoy, fix, (places, count, OFF_COST + REACQUIRE_COST, limit_m), scratch)


@kernel
def begin(vehicle: Row, plans: Plans, convoy: Row, fix: Row, far_m: float, scratch: Scratch) -> int:
    """Open a hypothesis at each place up to `far_m` along the route where the fix may be; gives their number."""
    vehicle.first_lat = fix.lat
    vehicle.first_lon = fix.lon
    limit_m = convoy.deviation_raise_m + accuracy_allowance_m(fix.accuracy_m, convoy.accuracy_cap_m)
    places = find_places(plans, convoy, fix, (0.0, far_m, 0), scratch)
    vehicle.lateral_m = nearest_m(scratch, places)
    return add_anywhere(plans, convoy, fix, (places, 0, 0.0, limit_m), scratch)


@kernel
def believe(vehicle: Row, fix: Row, scratch: Scratch, count: int) -> None:
    """Set where the vehicle is by the best of the children, if there are any."""
    if count == 0:
        return
    believed = select(vehicle, scratch.children, count)
    vehicle.lateral_m = scratch.children[believed].lateral_m
    remember(vehicle, fix, scratch.children, count, believed)
    decide(vehicle, fix)
    if vehicle.located:
        vehicle.progress_m = np.float64(vehicle.hypothesis_m[0])


@kernel
def match_early(vehicle: Row, plans: Plans, convoy: Row, fix: Row, scratch: Scratch) -> None:
    """Set `lateral_m` and `progress_m` of a vehicle that stands at the start before its time: it is at the beginning,
    wherever else the road comes by, and each fix is matched afresh. On a road there and back, drifting fixes would
    otherwise tell a story of coming home.
    """
    forget_place(vehicle)
    far_m = min(convoy.length_m, EARLY_FACTOR * convoy.depart_m)
    believe(vehicle, fix, scratch, begin(vehicle, plans, convoy, fix, far_m, scratch))


@kernel
def match(vehicle: Row, plans: Plans, convoy: Row, fix: Row, step: Step, scratch: Scratch) -> None:
    """Set `lateral_m` (of this fix) and `progress_m` (NaN while unknown) and carry the hypotheses on by one fix.

    Off the route `lateral_m` is the distance to the window of the believed story and `progress_m` where it left the
    road.
    """
    if vehicle.hypothesis_count == 0:
        count = begin(vehicle, plans, convoy, fix, convoy.length_m, scratch)
    else:
        count = follow(vehicle, plans, convoy, fix, step, scratch)
    if step.ms >= AMBIGUOUS_MS:
        doubt_place(vehicle, fix)
    believe(vehicle, fix, scratch, count)
