"""What the rows of a state record looked like in the versions before, and how they become today's."""

from __future__ import annotations

import numpy as np

from streams.engine.dtypes import VEHICLE, Records, records
from streams.engine.engine import blank_row

# Written down whole, in the order of its fields, a type before those of it: what it was made from may change, the
# records that are kept do not.
_VEHICLE_2 = """
i4 convoy version
i8 received_count fix_ms fix_received_ms heard_ms presence_ms
f8 lat lon
f4 speed_mps heading_deg accuracy_m battery_pct ping_interval_s overspeed_mps
f8 lateral_m progress_m first_lat first_lon
i8 matched_ms
6f4 hypothesis_m
6i4 hypothesis_age_ms
6f4 hypothesis_peak_m hypothesis_cost
6i4 hypothesis_segment
i1 hypothesis_count chosen located held_agreeing
i4 streak_count
i8 streak_ms held_ms
f8 held_lat held_lon
i8 anchor_ms
f8 anchor_lat anchor_lon
i8 before_ms
f8 before_lat before_lon
i8 stop_since_ms
i4 stop
f4 begin_m far_m low_m back_moved_m
i4 back_ms
i1 back_count
i2 checkpoint
i4 checkpoints_version visited
i8 missed_ms
f4 pace_mps
i4 fast_ms
i8 sos_ms reject_ms
2i4 reject_gap_ms
i4 frozen_ms stops_version
i8 trail_ms
6i4 trail_age_ms trail_lat trail_lon
6f4 trail_m
i4 partner moving_for_ms
i8 apart_ms moving_ms
10i1 open
i1 trail_count trail_judged cargo departed rolling arrived sos dropped
"""

_VEHICLE_3 = """
i4 convoy version
i8 received_count fix_ms fix_received_ms heard_ms presence_ms
f8 lat lon
f4 speed_mps heading_deg accuracy_m battery_pct ping_interval_s overspeed_mps
f8 lateral_m progress_m first_lat first_lon
i8 matched_ms
6f4 hypothesis_m
6i4 hypothesis_age_ms
6f4 hypothesis_peak_m hypothesis_cost
6i4 hypothesis_segment
i1 hypothesis_count chosen located held_agreeing
i4 streak_count
i8 streak_ms held_ms
f8 held_lat held_lon
i8 anchor_ms
f8 anchor_lat anchor_lon
i8 before_ms
f8 before_lat before_lon
i8 stop_since_ms
i4 stop
f4 begin_m far_m low_m back_moved_m
i4 back_ms
i1 back_count
i2 checkpoint
i4 checkpoints_version visited lag_ms
i8 missed_ms
f4 pace_mps
i4 fast_ms
i8 sos_ms reject_ms
2i4 reject_gap_ms
i4 frozen_ms stops_version
i8 trail_ms
6i4 trail_age_ms trail_lat trail_lon
6f4 trail_m
i4 partner moving_for_ms
i8 apart_ms moving_ms
10i1 open
i1 trail_count trail_judged cargo lag_count departed rolling arrived sos dropped
"""


def _layout(text: str) -> np.dtype[np.void]:
    fields = [(name, kind) for kind, *names in map(str.split, text.split("\n")[1:-1]) for name in names]
    return np.dtype(fields, align=True)


LAYOUTS = {2: _layout(_VEHICLE_2), 3: _layout(_VEHICLE_3), 4: VEHICLE, 5: VEHICLE}
"""The row of a vehicle, by the version of the state records that hold it: each that is still read. Of 4 and 5 only what
is kept of a gap differs.
"""


def todays(rows: np.ndarray[tuple[int], np.dtype[np.void]]) -> Records:
    """Give rows of any of the layouts as rows of VEHICLE; what they do not know yet is unknown."""
    if rows.dtype == VEHICLE:
        return rows.view(np.recarray)
    known = records(len(rows), VEHICLE)
    known[:] = blank_row()[0]
    for name in rows.dtype.names or ():
        known[name] = rows[name]
    return known
