"""What an alert says to people: one sentence a kind and transition, in English and Indonesian."""

import math

from models.alert import Message

_RAISED = {
    "deviation": ("{who} is {value} m off its route.", "{who} keluar rute sejauh {value} m."),
    "stall": ("{who} has stood still for {duration}.", "{who} berhenti selama {duration}."),
    "signal-lost": ("Nothing has been received from {who} for {duration}.", "Sinyal {who} hilang selama {duration}."),
    "arrived": ("{who} has arrived.", "{who} telah tiba."),
}
_CLEARED = {
    "deviation": ("{who} is back on its route.", "{who} kembali ke rute."),
    "stall": ("{who} moves again after {duration}.", "{who} bergerak lagi setelah {duration}."),
    "signal-lost": (
        "{who} is heard again after {duration} of silence.",
        "Sinyal {who} kembali setelah hilang {duration}.",
    ),
}
# Where the reason is the news it has words of its own.
_RAISED_BY = {
    "standing-silent": (
        "{who} stood still when it fell silent and has not been seen to move for {duration}.",
        "{who} berhenti saat sinyalnya hilang dan tidak terlihat bergerak selama {duration}.",
    ),
    "over-dwell": (
        "{who} has stood still for {duration}, longer than its authorised stop allows.",
        "{who} berhenti selama {duration}, melebihi batas titik singgahnya.",
    ),
}
_CLEARED_BY = {
    "arrived": ("{who} has arrived; what was open is over.", "{who} telah tiba; peringatan sebelumnya selesai."),
    "plan-withdrawn": ("The plan of {who} was withdrawn.", "Rencana {who} dibatalkan."),
    "plan-changed": ("{who} is no longer in the plan.", "{who} tidak lagi ada dalam rencana."),
}


def _span(duration_s: float, minute: str, second: str) -> str:
    minutes, seconds = divmod(round(duration_s), 60)
    return f"{minutes} {minute} {seconds} {second}" if minutes else f"{seconds} {second}"


def message(told: tuple[str, str, str], who: str, value: float, duration_s: float) -> Message:
    """Word a transition; `told` = (kind, transition, reason), `value` in the unit of the kind."""
    kind, transition, reason = told
    if transition == "cleared":
        english, indonesian = _CLEARED_BY.get(reason) or _CLEARED[kind]
    else:
        english, indonesian = _RAISED_BY.get(reason) or _RAISED[kind]
    measured = "" if math.isnan(value) else f"{value:.0f}"
    return Message(
        en=english.format(who=who, value=measured, duration=_span(duration_s, "min", "s")),
        id=indonesian.format(who=who, value=measured, duration=_span(duration_s, "menit", "detik")),
    )
