"""What it costs to believe that a vehicle went from one place of its route to another, with the fix that says so.

Costs are in units of a log-likelihood: a margin of 6 is a likelihood ratio of about 400. A fix that a story
cannot explain costs 8.
"""

import math
from typing import NamedTuple

import numpy as np

from streams.engine.dtypes import Plans, Row, Story
from streams.engine.evidence import MOVING_MPS, WANDERING_M, Evidence
from streams.engine.jit import kernel

LATERAL_COST_MAX = 6.0  # distance within the corridor alone never makes a fix unexplained: progress goes on at 90 m
TRANSITION_COST_MAX = 16.0  # a shortcut to far ahead is rare, not impossible: three fixes must be able to prove it
HEADING_COST = 2.0  # times 1 - cos: 4 for the opposite direction
DETOUR_FREE_M = 50.0  # noise of two fixes: no cost for so much difference of progress and distance moved
DETOUR_SCALE_M = 50.0
DETOUR_SCALE_S = 15.0  # longer apart, two fixes say less of the way between them: a winding road is none
DETOUR_SHARE = 0.05  # of the way driven beside the road: what its fixes leave out
RETREAT_FREE_M = 15.0  # a standing vehicle's fixes wander so far
RETREAT_SCALE_M = 10.0
TURN_COST = 12.0  # going back along the route: more than one unexplained fix, less than two
PAID_M = RETREAT_FREE_M + RETREAT_SCALE_M * TURN_COST
BEHIND_M = PAID_M + RETREAT_FREE_M  # a story that has turned keeps its farthest point so far behind it
BACK_SCALE_M = 150.0  # and on: or a story that turned somewhere would follow the true one on the other leg for ever
SIDEWAYS_COST = 6.0  # moving across a road is no way along it: with distance and heading about an unexplained fix
SIDEWAYS_FREE = 0.3  # a road is joined at an angle, and drawn with fewer bends than it has
TURNED_M = 40.0  # from here on a heading against the road's is expected


class Way(NamedTuple):
    """From where a story stands to a fix: in a straight line, as the vehicle may have driven, how much an unlike way
    costs in metres a unit, and whether the story found the road at the fix before.
    """

    straight_m: float
    driven_m: float
    scale_m: float
    on_road: bool


@kernel
def place_cost(plans: Plans, convoy: Row, fix: Row, place: Row, direction: int) -> float:
    """Cost of a fix at a place: its distance from the road, and where it moves how its heading fits `direction`."""
    scale_m = np.fmax(convoy.deviation_raise_m / 5.0, fix.accuracy_m)
    cost = min(0.5 * (place.lateral_m / scale_m) ** 2, LATERAL_COST_MAX)
    if math.isnan(fix.heading_deg) or fix.speed_mps <= MOVING_MPS:
        return cost
    v = plans.vertices[convoy.vertex_from + place.segment]
    heading = math.radians(fix.heading_deg)
    along = (v.dx_m * math.sin(heading) + v.dy_m * math.cos(heading)) / v.segment_m
    return cost + HEADING_COST * (1.0 - along * direction)


@kernel
def retreat_cost(story: Story) -> float:
    """Cost of all the way that a story has gone back from its farthest point: however slowly, it is paid once."""
    retreat_m = story.peak_m - story.at_m
    return min(max(retreat_m - RETREAT_FREE_M, 0.0) / RETREAT_SCALE_M, TURN_COST)


@kernel
def has_turned(story: Story) -> bool:
    """Whether a story goes back and has paid for the turn in full."""
    return bool(story.peak_m - story.at_m > PAID_M)


@kernel
def go_on(start: Story, at_m: float, segment: int, drift_m: float) -> Story:
    """The story that goes on to `at_m`. Its farthest point goes with a position that drifts, either way, and follows it
    back once the turning is paid for in full. Forward again from there, farther than noise, is another turn: where a
    road leads there and back, one that turned twice would else be as good as one that never did.
    """
    drifted_m = min(max(at_m - start.at_m, -drift_m), drift_m)
    if has_turned(start):
        peak_m = start.peak_m + drifted_m
        return Story(at_m, segment, min(peak_m, at_m + BEHIND_M) if peak_m - at_m > PAID_M else at_m)
    peak_m = max(start.peak_m + min(drifted_m, 0.0), at_m - max(drifted_m, 0.0))
    return Story(at_m, segment, peak_m if peak_m - at_m <= PAID_M else at_m + BEHIND_M)


@kernel
def direction_of(story: Story, accuracy_m: float) -> int:
    """1 for a story that goes forwards, -1 for one that has turned back, farther than the fix may be off: a receiver
    that loses the sky slides back along the road and says so, while its heading stays right.
    """
    free_m = TURNED_M if math.isnan(accuracy_m) else TURNED_M + accuracy_m
    return -1 if story.peak_m - story.at_m > free_m else 1


@kernel
def transition_cost(start: Story, end: Story, way: Way) -> float:
    """Cost of going from one story to the next: of turning, of going on back, and of an unlike way."""
    along_m = abs(end.at_m - start.at_m)
    differing_m = max(way.straight_m - along_m, along_m - way.driven_m)
    detour = min(max(differing_m - DETOUR_FREE_M, 0.0) / way.scale_m, TRANSITION_COST_MAX)
    if has_turned(start) and not has_turned(end):
        return detour
    back_m = max(start.peak_m - end.at_m - (BEHIND_M if has_turned(start) else PAID_M), 0.0)
    return detour + retreat_cost(end) - retreat_cost(start) + back_m / BACK_SCALE_M


@kernel
def sideways_cost(start: Story, end: Story, way: Way, evidence: Evidence) -> float:
    """Cost of having moved across the road and not along it since the fix before."""
    if not way.on_road or evidence.moved_m <= WANDERING_M:
        return 0.0
    aside = 1.0 - abs(end.at_m - start.at_m) / evidence.moved_m
    return SIDEWAYS_COST * max(aside - SIDEWAYS_FREE, 0.0) / (1.0 - SIDEWAYS_FREE)


@kernel
def leads_on(start: Story, at_m: float, way: Way) -> bool:
    """Whether a place lies no farther along the road than the fix is away: where the vehicle has just come to."""
    return bool(abs(at_m - start.at_m) <= way.straight_m + DETOUR_FREE_M)


@kernel
def way_of(start: Story, elapsed_s: float, straight_m: float, evidence: Evidence) -> Way:
    """What is known of the way from a story that was on the road `elapsed_s` ago. Of one off the road that is how far
    the vehicle has moved since: a detour may be longer than the road, hardly shorter.
    """
    if elapsed_s <= evidence.elapsed_s:
        return Way(straight_m, straight_m, DETOUR_SCALE_M * max(elapsed_s / DETOUR_SCALE_S, 1.0), True)
    driven_m = np.fmax(straight_m, evidence.off_way_m)
    scale_m = DETOUR_SCALE_M * max(evidence.elapsed_s / DETOUR_SCALE_S, 1.0) + DETOUR_SHARE * driven_m
    return Way(straight_m, driven_m, scale_m, False)
