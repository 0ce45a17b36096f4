"""Rows, enums and reason codes: every name that kernels and their callers share.

Instants are int64 milliseconds since the epoch, `NEVER` where there is none; distances are metres; unknown numbers are
NaN. Arrays are record arrays, so `row.progress_m` reads the same compiled and interpreted.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

# Far enough from any instant that no difference of two of them overflows.
NEVER = -(2**61)
FOREVER = 2**61

PING, TICK, HOLE, FILL = 0, 1, 2, 3

# What became of one record, in the order of RESULTS.
ACCEPTED, DUPLICATE, CONFLICTING, OLDER, HELD, DEAD_LETTER, UNKNOWN_VEHICLE, TICKED = range(8)
RESULTS = ("accepted", "duplicate", "conflicting", "older", "held", "dead-letter", "unknown-vehicle", "tick")

# Kinds with an episode come first: their number is their place in a row of episodes. The others are told once.
(
    DEVIATION,
    STALL,
    SIGNAL_LOST,
    SEPARATION,
    UNESCORTED,
    WRONG_WAY,
    LATE,
    OVERSPEED,
    SOS,
    BAD_POSITION,
    MISSED_CHECKPOINT,
    EARLY_DEPARTURE,
    ARRIVED,
) = range(13)
KINDS = (
    "deviation",
    "stall",
    "signal-lost",
    "separation",
    "unescorted",
    "wrong-way",
    "late",
    "overspeed",
    "sos",
    "bad-position",
    "missed-checkpoint",
    "early-departure",
    "arrived",
)
UNITS = ("m", "s", "s", "m", "s", "m", "s", "m/s", "s", "s", "m", "s", "m")
EPISODES = 10

RAISED, UPDATED, CLEARED = range(3)
TRANSITIONS = ("raised", "updated", "cleared")

LOW, MEDIUM, HIGH, CRITICAL = range(4)
SEVERITIES = ("low", "medium", "high", "critical")

(
    OFF_ROUTE,
    REJOINED,
    STANDING,
    STANDING_SILENT,
    OVER_DWELL,
    MOVED,
    SILENT,
    SILENT_IN_STRETCH,
    HEARD,
    DESTINATION,
    PLAN_WITHDRAWN,
    PLAN_CHANGED,
    APART,
    TOGETHER,
    NO_FRESH_ESCORT,
    NO_ESCORT_PLANNED,
    ESCORT_BACK,
    BACKWARDS,
    FORWARDS,
    BEHIND_SCHEDULE,
    ON_SCHEDULE,
    TOO_FAST,
    SLOWED,
    DURESS,
    RELEASED,
    MOCK,
    TELEPORT,
    FROZEN,
    CLEAN,
    SKIPPED,
    LEFT_EARLY,
    GAP_OVER,
) = range(32)
REASONS = (
    "off-route",
    "rejoined",
    "standing",
    "standing-silent",
    "over-dwell",
    "moved",
    "silent",
    "silent-in-stretch",
    "heard",
    "arrived",
    "plan-withdrawn",
    "plan-changed",
    "apart",
    "together",
    "no-fresh-escort",
    "no-escort-planned",
    "escort-back",
    "backwards",
    "forwards",
    "behind-schedule",
    "on-schedule",
    "too-fast",
    "slowed",
    "duress",
    "released",
    "mock",
    "teleport",
    "frozen",
    "clean",
    "skipped",
    "left-early",
    "gap-over",
)

# Limits that kernels read, by their names in a plan.
LIMITS = (
    "deviation_raise_m",
    "deviation_clear_m",
    "deviation_hold_s",
    "deviation_critical_m",
    "accuracy_cap_m",
    "stall_radius_m",
    "stall_hold_s",
    "stall_high_s",
    "signal_lost_s",
    "signal_lost_medium_s",
    "signal_lost_high_s",
    "no_signal_mps",
    "speed_max_mps",
    "back_tolerance_m",
    "teleport_mps",
    "arrive_radius_m",
    "arrive_pct",
    "depart_m",
    "separation_raise_m",
    "separation_clear_m",
    "separation_hold_s",
    "separation_critical_m",
    "together_m",
    "partner_stale_s",
    "unescorted_hold_s",
    "unescorted_clear_m",
    "wrong_way_m",
    "wrong_way_hold_s",
    "wrong_way_clear_m",
    "missed_checkpoint_m",
    "late_s",
    "late_medium_s",
    "early_departure_s",
    "overspeed_hold_s",
    "overspeed_clear_s",
    "sos_clear_s",
    "bad_position_clear_s",
)

DURATION_MS_MAX = 2**31 - 1
"""Rows keep durations as int32, 24 days at most: nothing that is counted needs more."""

VEHICLES_MAX = 64
"""As many vehicles as a plan may have: a ping of one can decide on all others."""

CHECKPOINTS_MAX = 200
"""As many checkpoints as a plan may have: one ping can bring that many alerts."""

TRAIL = 6
"""Recent fixes that a row keeps to compare vehicles at one instant: one may be this many intervals ahead of another."""

HYPOTHESES = 6
"""Places on the route kept open at once: laps and parallel legs need a few, a row must stay small."""


def _record(*fields: tuple[str, DTypeLike] | tuple[str, DTypeLike, tuple[int, ...]]) -> "np.dtype[np.void]":
    return np.dtype(list(fields), align=True)


FIX = _record(
    ("received_ms", np.int64),
    ("fix_ms", np.int64),
    ("lat", np.float64),
    ("lon", np.float64),
    ("speed_mps", np.float32),
    ("heading_deg", np.float32),
    ("accuracy_m", np.float32),
    ("battery_pct", np.float32),
    ("row", np.int32),
    ("kind", np.int8),
    ("sos", np.int8),
    ("mock", np.int8),
)
"""One record of a batch: a ping (without a position it is a presence), a tick, or the hole that a bad record left."""

VEHICLE = _record(
    ("convoy", np.int32),
    ("version", np.int32),
    ("received_count", np.int64),
    # The newest fix that was accepted, when word of the vehicle last came, and the newest report without a position.
    ("fix_ms", np.int64),
    ("fix_received_ms", np.int64),
    ("heard_ms", np.int64),
    ("presence_ms", np.int64),
    ("lat", np.float64),
    ("lon", np.float64),
    ("speed_mps", np.float32),
    ("heading_deg", np.float32),
    ("accuracy_m", np.float32),
    ("battery_pct", np.float32),
    ("ping_interval_s", np.float32),
    ("overspeed_mps", np.float32),
    # Where it is along the route: the chosen hypothesis, and all that are still open.
    ("lateral_m", np.float64),
    ("progress_m", np.float64),
    ("first_lat", np.float64),
    ("first_lon", np.float64),
    # Single precision is 2 cm at 200 km. Ages count from the newest fix that was matched back to one on the road.
    ("matched_ms", np.int64),
    ("hypothesis_m", np.float32, (HYPOTHESES,)),
    ("hypothesis_age_ms", np.int32, (HYPOTHESES,)),
    ("hypothesis_peak_m", np.float32, (HYPOTHESES,)),
    ("hypothesis_cost", np.float32, (HYPOTHESES,)),
    ("hypothesis_segment", np.int32, (HYPOTHESES,)),
    ("hypothesis_count", np.int8),
    ("chosen", np.int8),
    ("located", np.int8),
    ("held_agreeing", np.int8),
    # deviation: pings beyond (or, while open, back inside) the limit in a row, and the first of them.
    ("streak_count", np.int32),
    ("streak_ms", np.int64),
    # A fix that implies an impossible speed waits here for others that agree.
    ("held_ms", np.int64),
    ("held_lat", np.float64),
    ("held_lon", np.float64),
    # stall: where and since when it stands; the place before, should one outlying fix have moved it.
    ("anchor_ms", np.int64),
    ("anchor_lat", np.float64),
    ("anchor_lon", np.float64),
    ("before_ms", np.int64),
    ("before_lat", np.float64),
    ("before_lon", np.float64),
    ("stop_since_ms", np.int64),
    ("stop", np.int32),
    # departure: its least progress before `depart_at`.
    ("begin_m", np.float32),
    # wrong-way: the farthest point, the one farthest back since; how far it moved and how long it took from near the
    # farthest, and how many fixes each set a new low.
    ("far_m", np.float32),
    ("low_m", np.float32),
    ("back_moved_m", np.float32),
    ("back_ms", np.int32),
    ("back_count", np.int8),
    # missed-checkpoint: the first that is neither visited nor missed, -1 before the departure; which of those from it
    # on are visited, a bit each; further down the onset last told.
    ("checkpoint", np.int16),
    ("checkpoints_version", np.int32),
    ("visited", np.int32),
    # By how much its fixes are older than their receipt at the least; `lag_count` in a row have said so.
    ("lag_ms", np.int32),
    ("missed_ms", np.int64),
    # late: progress in time, over the last minutes.
    ("pace_mps", np.float32),
    # overspeed: for how long it has been too fast, -1 while it is not.
    ("fast_ms", np.int32),
    # sos: the newest fix time at which the button is known to have been pressed.
    ("sos_ms", np.int64),
    # bad-position: when a fix was last rejected, the times between the last three; how long the coordinates froze,
    # negative once the vehicle stopped in that.
    ("reject_ms", np.int64),
    ("reject_gap_ms", np.int32, (2,)),
    ("frozen_ms", np.int32),
    ("stops_version", np.int32),
    # Its recent fixes, oldest first: when the newest was and how much older each is, positions in 1e-7 degrees, the
    # place along the route NaN where it was off it. Of cargo, so many are judged.
    ("trail_ms", np.int64),
    ("trail_age_ms", np.int32, (TRAIL,)),
    ("trail_lat", np.int32, (TRAIL,)),
    ("trail_lon", np.int32, (TRAIL,)),
    ("trail_m", np.float32, (TRAIL,)),
    # Of cargo, for separation: the name of its nearest escort, and since when it is apart. For unescorted: when it was
    # last sure to move, and for how long it had been under way then, on receive time.
    ("partner", np.int32),
    ("moving_for_ms", np.int32),
    ("apart_ms", np.int64),
    ("moving_ms", np.int64),
    # How far it has moved since the hypothesis that is believed last found the road.
    ("off_way_m", np.float32),
    # Of each kind 0 where no episode is open, else 1 + its severity: what is asked at every ping stays at hand.
    ("open", np.int8, (EPISODES,)),
    ("trail_count", np.int8),
    ("trail_judged", np.int8),
    ("cargo", np.int8),
    ("lag_count", np.int8),
    ("departed", np.int8),
    # stall: bits that say whether the vehicle still rolled when it came to where it stands, and to the place before,
    # and whether its device ever told of a movement.
    ("rolling", np.int8),
    ("arrived", np.int8),
    ("sos", np.int8),
    # The reason code with which it left the plan, 0 while it is in it.
    ("dropped", np.int8),
)
"""What is remembered of one vehicle whatever it does; a state record holds it."""

EPISODE = _record(
    ("onset_ms", np.int64),
    ("told_ms", np.int64),
    ("peak", np.float64),
    ("told_peak", np.float64),
    # Since when it has been as it must be for the episode to end, NEVER while it is not.
    ("good_ms", np.int64),
)
"""What is remembered of an open episode; beside the rows, for most vehicles have none."""

CONVOY = _record(
    ("version", np.int32),
    ("high_risk", np.int8),
    ("vertex_from", np.int32),
    ("vertex_count", np.int32),
    ("stop_from", np.int32),
    ("stop_count", np.int32),
    ("stops_version", np.int32),
    ("stretch_from", np.int32),
    ("stretch_count", np.int32),
    ("checkpoints_version", np.int32),
    ("checkpoint_from", np.int32),
    ("checkpoint_count", np.int32),
    ("schedule_from", np.int32),
    ("schedule_count", np.int32),
    ("member_from", np.int32),
    ("member_count", np.int32),
    ("cargo_count", np.int32),
    ("length_m", np.float64),
    ("depart_ms", np.int64),
    *((name, np.float64) for name in LIMITS),
)
"""One planned convoy: where its route, places and times lie in the tables, and its limits."""

VERTEX = _record(
    ("lat", np.float64),
    ("lon", np.float64),
    ("m_per_lat_deg", np.float64),
    ("m_per_lon_deg", np.float64),
    ("dx_m", np.float64),
    ("dy_m", np.float64),
    ("segment_m", np.float64),
    ("at_m", np.float64),
)
"""One point of a route and the segment to the next one, in a flat frame of its own; the last has a segment of 0 m."""

STOP = _record(("lat", np.float64), ("lon", np.float64), ("radius_m", np.float64), ("max_dwell_s", np.float64))
STRETCH = _record(("from_m", np.float64), ("to_m", np.float64))
MEMBER = _record(("row", np.int32), ("name", np.int32))
"""A vehicle of a convoy's plan, cargo first: its row, -1 while it was never heard, and its name in short."""


CHECKPOINT = _record(
    ("lat", np.float64),
    ("lon", np.float64),
    ("radius_m", np.float64),
    ("from_m", np.float64),
    ("at_m", np.float64),
    ("off_m", np.float64),
)
"""A place to pass, in the plan's order: where along the route it is first near enough to be visited and where it is
passed, never before the one before it, and how far off the route it is.
"""

SCHEDULE = _record(("at_m", np.float64), ("ms", np.int64))
"""A point of the timetable: when the plan has the convoy where; both rise from point to point."""

TRANSITION = _record(
    ("row", np.int32),
    # The row of another vehicle that is part of it, -1 for none.
    ("other", np.int32),
    ("kind", np.int8),
    ("transition", np.int8),
    ("severity", np.int8),
    ("reason", np.int8),
    # Found in a gap that was filled afterwards, and over by its end.
    ("late", np.int8),
    ("onset_ms", np.int64),
    ("at_ms", np.int64),
    ("detected_ms", np.int64),
    # The number of the checkpoint in the plan that it speaks of, -1 for none.
    ("checkpoint", np.int16),
    ("lat", np.float64),
    ("lon", np.float64),
    ("progress_m", np.float64),
    ("lateral_m", np.float64),
    ("value", np.float64),
    ("threshold", np.float64),
    ("peak", np.float64),
)
"""What an alert says, before it has words."""

MOMENT = _record(
    ("row", np.int32),
    ("at_ms", np.int64),
    ("detected_ms", np.int64),
)
"""The instant that is being judged: whose row, its event time, and the stream time of the decision."""

Records = Any
"""An array of one of these, a numpy record array; its rows and fields read as attributes, for which numpy's stubs have
no types.
"""

Row = Any
"""One row of such an array, a view: setting a field changes the array."""


class Plans(NamedTuple):
    """The compiled plans of one partition: record arrays of CONVOY, VERTEX, STOP, STRETCH, CHECKPOINT, SCHEDULE and
    MEMBER.
    """

    convoys: Records
    vertices: Records
    stops: Records
    stretches: Records
    checkpoints: Records
    schedule: Records
    members: Records


class Step(NamedTuple):
    """From the vehicle's fix before to this one: the time, the straight way, and before it progress, distance from the
    route, reported speed and whether the coordinates had frozen; 0 and NaN where there was none.
    """

    ms: int
    moved_m: float
    from_m: float
    from_lateral_m: float
    from_mps: float
    from_frozen: bool


class Out(NamedTuple):
    """Where kernels write: TRANSITION rows and how many there are, all VEHICLE rows, the EPISODE of each row and
    kind, a flag and the next sweep due a row, the begin of a gap being filled and for how many fixes of it there is
    room, the MOMENT being judged.
    """

    transitions: Records
    filled: NDArray[np.int64]
    vehicles: Records
    episodes: Records
    changed: NDArray[np.uint8]
    due_ms: NDArray[np.int64]
    gap_ms: NDArray[np.int64]
    gap_left: NDArray[np.int32]
    moment: Records


def records(count: int | tuple[int, int], dtype: "np.dtype[np.void]") -> Records:
    """Make `count` zeroed rows of `dtype` whose fields read as attributes."""
    return np.zeros(count, dtype).view(np.recarray)


PLACE = _record(
    ("at_m", np.float64),
    ("lateral_m", np.float64),
    ("cost", np.float64),
    ("segment", np.int32),
)
"""A point of the route to which a fix is nearer than to the points around it, and what it costs to be there."""

CHILD = _record(
    ("at_m", np.float64),
    ("ms", np.int64),
    ("cost", np.float64),
    ("lateral_m", np.float64),
    ("peak_m", np.float64),
    ("segment", np.int32),
    ("on_route", np.int8),
    ("chosen", np.int8),
)
"""What one hypothesis may become with one more fix."""

PLACES = 16
"""Places of one stretch that are kept, the nearest ones."""

CHILDREN = HYPOTHESES * (PLACES + 1) + PLACES
"""Every place of every hypothesis, the hypotheses that found none, and the places of the whole route."""


class Story(NamedTuple):
    """Where a hypothesis stands: metres along the route, its segment, and how far it had come before it turned back."""

    at_m: float
    segment: int
    peak_m: float


class Scratch(NamedTuple):
    """Room that matching works in, made once: record arrays of PLACE and CHILD."""

    places: Records
    children: Records


def scratch() -> Scratch:
    """Make the room that one engine's matching works in."""
    return Scratch(records(PLACES, PLACE), records(CHILDREN, CHILD))
