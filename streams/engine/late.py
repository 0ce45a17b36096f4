"""late: predicted to be at the next checkpoint or at the end later than planned.

The prediction: for HORIZON_S it goes on at the pace of the last minutes, then as the plan has it. A short halt hardly
counts, a long one counts in full, and a fast quarter of an hour is not taken for the whole way.
"""

import math

import numpy as np

from streams.engine.dtypes import (
    BEHIND_SCHEDULE,
    FOREVER,
    LATE,
    LOW,
    MEDIUM,
    ON_SCHEDULE,
    Out,
    Plans,
    Records,
    Row,
    Step,
)
from streams.engine.episodes import (
    close_episode,
    follow_episode,
    open_episode,
    peak_worth_telling,
    severity_of,
    update_episode,
)
from streams.engine.jit import entry, kernel
from streams.engine.stall import seems_to_stand
from streams.engine.stretches import crossing_s

HORIZON_S = 180.0
PACE_MEMORY_S = 180.0  # a red light of a minute takes a quarter off the pace, ten minutes take it all


@kernel
def slowed(pace_mps: float, elapsed_s: float, way_m: float, most_mps: float) -> float:
    """The pace after `elapsed_s` more in which the vehicle came `way_m` along the route; what was before fades
    exponentially, so it does not matter in how many fixes the way was heard.
    """
    way_mps = min(max(way_m / max(elapsed_s, 1.0), 0.0), most_mps)
    return way_mps + (pace_mps - way_mps) * math.exp(-elapsed_s / PACE_MEMORY_S)


@kernel
def track_pace(vehicle: Row, convoy: Row, step: Step) -> None:
    """Learn the pace from one more fix; where progress is unknown, or its position froze, it stays."""
    way_m = vehicle.progress_m - step.from_m
    if not math.isnan(way_m) and vehicle.frozen_ms == 0:
        vehicle.pace_mps = slowed(np.float64(vehicle.pace_mps), step.ms / 1000.0, way_m, convoy.speed_max_mps)


@kernel
def next_point(schedule: Records, part: tuple[int, int], at_m: float) -> int:
    """Number of the first point of the schedule ahead of `at_m`, -1 behind the last."""
    for k in range(part[0], part[0] + part[1]):
        if schedule[k].at_m > at_m:
            return k
    return -1


@kernel
def scheduled_ms(schedule: Records, part: tuple[int, int], at_m: float) -> float:
    """When the plan has a vehicle at `at_m`, a place before the last point of `part` = (first, count): in a straight
    line from point to point. The first point of a timetable is the start of the route.
    """
    following = next_point(schedule, part, at_m)
    point = schedule[following]
    before = schedule[following - 1]
    share = (at_m - before.at_m) / (point.at_m - before.at_m)
    return float(before.ms + share * (point.ms - before.ms))


@entry
def lateness_s(schedule: Records, part: tuple[int, int], at_m: float, pace_mps: float, now_ms: float) -> float:
    """How much later than planned a vehicle at `at_m` will be, the worse of the next point and the way beyond; negative
    is early, NaN without a planned time ahead.
    """
    following = next_point(schedule, part, at_m)
    if following < 0 or math.isnan(at_m):
        return np.nan
    point = schedule[following]
    ahead_m = at_m + pace_mps * HORIZON_S
    late_s = -np.inf
    if ahead_m >= point.at_m:
        late_s = (now_ms - point.ms) / 1000.0 + (point.at_m - at_m) / pace_mps
    last = schedule[part[0] + part[1] - 1]
    if ahead_m >= last.at_m:
        return max(late_s, (now_ms - last.ms) / 1000.0 + (last.at_m - at_m) / pace_mps)
    return max(late_s, (now_ms - scheduled_ms(schedule, part, ahead_m)) / 1000.0 + HORIZON_S)


@kernel
def late_severity(convoy: Row, late_s: float) -> int:
    """Low, and medium beyond `late_medium_s`."""
    return MEDIUM if late_s > convoy.late_medium_s else LOW


@kernel
def predicted_late_s(vehicle: Row, plans: Plans, convoy: Row, pace_mps: float, now_ms: int) -> float:
    """How late a vehicle at its place will be, NaN without a timetable, and off the route: nobody knows where it will
    come back.
    """
    if not convoy.schedule_count or vehicle.hypothesis_age_ms[vehicle.chosen] > 0:
        return np.nan
    part = (convoy.schedule_from, convoy.schedule_count)
    return lateness_s(plans.schedule, part, vehicle.progress_m, pace_mps, float(now_ms))


@kernel
def judge_late(vehicle: Row, convoy: Row, late_s: float, out: Out) -> None:
    """Raise a vehicle that will be more than `late_s` late, clear below half of it; the onset is the moment of the
    prediction.
    """
    evidence = (late_s, convoy.late_s)
    at_ms = out.moment[0].at_ms
    if not vehicle.open[LATE]:
        open_episode(vehicle, LATE, late_severity(convoy, late_s), (at_ms, BEHIND_SCHEDULE), evidence, out)
        return
    follow_episode(vehicle, LATE, late_severity(convoy, late_s), BEHIND_SCHEDULE, evidence, out)
    if late_s < convoy.late_s / 2.0:
        close_episode(vehicle, LATE, ON_SCHEDULE, (late_s, convoy.late_s / 2.0), out)


@kernel
def tell_growing(late_s: float, vehicle: Row, convoy: Row, out: Out) -> None:
    """Tell that a vehicle known to be late becomes much later."""
    if peak_worth_telling(LATE, late_s, out):
        update_episode(vehicle, LATE, BEHIND_SCHEDULE, (late_s, convoy.late_s), out)


@kernel
def sweep_late(vehicle: Row, plans: Plans, convoy: Row, out: Out) -> None:
    """A vehicle seen standing gets later in silence, as if it were heard at the same place; of another one silence says
    nothing, nor where the plan expects it.
    """
    moment = out.moment[0]
    silent_ms = moment.detected_ms - vehicle.fix_received_ms
    if not convoy.schedule_count or not seems_to_stand(vehicle) or silent_ms <= 0:
        return
    if silent_ms <= 1000.0 * crossing_s(vehicle, plans, convoy):
        return
    moment.at_ms = vehicle.fix_ms + silent_ms
    pace_mps = slowed(np.float64(vehicle.pace_mps), silent_ms / 1000.0, 0.0, convoy.speed_max_mps)
    late_s = predicted_late_s(vehicle, plans, convoy, pace_mps, moment.at_ms)
    if vehicle.open[LATE] or late_s > convoy.late_s:
        judge_late(vehicle, convoy, late_s, out)


@kernel
def late_due_ms(vehicle: Row, plans: Plans, convoy: Row) -> float:
    """Stream time before which silence cannot raise lateness or its severity: with no more way at all it would be as
    late as the schedule at its place says, and HORIZON_S.
    """
    if not convoy.schedule_count or not seems_to_stand(vehicle) or math.isnan(vehicle.progress_m):
        return float(FOREVER)
    part = (convoy.schedule_from, convoy.schedule_count)
    done = vehicle.open[LATE] and severity_of(vehicle, LATE) >= MEDIUM
    if done or next_point(plans.schedule, part, vehicle.progress_m) < 0:
        return float(FOREVER)
    allowed_s = (convoy.late_medium_s if vehicle.open[LATE] else convoy.late_s) - HORIZON_S
    at_ms = scheduled_ms(plans.schedule, part, vehicle.progress_m) + 1000.0 * allowed_s
    return float(at_ms + (vehicle.fix_received_ms - vehicle.fix_ms))
