"""Why an alert of a kind comes and goes, with the limits that decided."""

from __future__ import annotations

from models.limits import Limits

_RAISES = {
    "deviation": "the distance from the route, less the reported accuracy (at most {accuracy_cap_m:g} m), is above"
    " deviation_raise_m ({deviation_raise_m:g} m) for deviation_hold_s ({deviation_hold_s:g} s) and 2 pings;"
    " critical above deviation_critical_m ({deviation_critical_m:g} m)",
    "stall": "it stays within stall_radius_m ({stall_radius_m:g} m) for stall_hold_s ({stall_hold_s:g} s), outside of"
    " an authorised stop; high or critical at stall_high_s ({stall_high_s:g} s)",
    "signal-lost": "nothing is received for more than signal_lost_s ({signal_lost_s:g} s) or three ping intervals;"
    " medium at signal_lost_medium_s ({signal_lost_medium_s:g} s), high at signal_lost_high_s"
    " ({signal_lost_high_s:g} s)",
    "separation": "the gap to the nearest escort is above separation_raise_m ({separation_raise_m:g} m) for"
    " separation_hold_s ({separation_hold_s:g} s); critical above separation_critical_m ({separation_critical_m:g} m)",
    "unescorted": "cargo moves and no escort of its plan has a fresh fix for unescorted_hold_s"
    " ({unescorted_hold_s:g} s), or the plan has none",
    "wrong-way": "it is more than wrong_way_m ({wrong_way_m:g} m) behind its farthest point, in 3 pings and"
    " wrong_way_hold_s ({wrong_way_hold_s:g} s) after the turn",
    "late": "it is predicted to be more than late_s ({late_s:g} s) later than planned; medium above late_medium_s"
    " ({late_medium_s:g} s)",
    "overspeed": "it is faster than overspeed_mps, or the limit of its mode, for overspeed_hold_s"
    " ({overspeed_hold_s:g} s)",
    "sos": "a ping says that the button is pressed, at once",
    "bad-position": "a ping says that its position is made up, or the third fix within 600 s is out of reach, or the"
    " coordinates stay the same for 60 s while it reports a speed",
    "missed-checkpoint": "a checkpoint lies more than missed_checkpoint_m ({missed_checkpoint_m:g} m) behind and it was"
    " not within its radius",
    "early-departure": "it is more than depart_m ({depart_m:g} m) on its way more than early_departure_s"
    " ({early_departure_s:g} s) before depart_at",
    "arrived": "it is within arrive_radius_m ({arrive_radius_m:g} m) of the route's end with arrive_pct"
    " ({arrive_pct:g} %) of it behind",
}
_CLEARS = {
    "deviation": "the same distance is within deviation_clear_m ({deviation_clear_m:g} m) for as long",
    "stall": "two fixes are beyond the radius",
    "signal-lost": "the next ping comes",
    "separation": "the gap is within separation_clear_m ({separation_clear_m:g} m) for as long",
    "unescorted": "an escort with a fresh fix is within unescorted_clear_m ({unescorted_clear_m:g} m)",
    "wrong-way": "it is wrong_way_clear_m ({wrong_way_clear_m:g} m) forward again",
    "late": "it is predicted to be less than half of late_s late",
    "overspeed": "it is within the limit for overspeed_clear_s ({overspeed_clear_s:g} s)",
    "sos": "pings are without it for sos_clear_s ({sos_clear_s:g} s)",
    "bad-position": "nothing of the kind happens for bad_position_clear_s ({bad_position_clear_s:g} s)",
}


def rule_lines(kind: str, limits: Limits) -> list[str]:
    """Say when an alert of a kind is raised and when it is cleared under these limits, a line each."""
    values = limits.model_dump()
    lines = [f"Raised when {_RAISES[kind].format(**values)}."]
    if kind in _CLEARS:
        lines.append(f"Cleared when {_CLEARS[kind].format(**values)}, or the vehicle arrives or leaves the plan.")
    return lines
