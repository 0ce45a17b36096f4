"""What an alert says to people: one sentence a kind and transition, in English and Indonesian."""

import math
from typing import NamedTuple

from models.alert import Message

_RAISED = {
    "deviation": ("{who} is {value} m off its route.", "{who} keluar rute sejauh {value} m."),
    "stall": ("{who} has stood still for {duration}.", "{who} berhenti selama {duration}."),
    "signal-lost": ("Nothing has been received from {who} for {duration}.", "Sinyal {who} hilang selama {duration}."),
    "separation": ("{who} is {value} m away from its escort.", "{who} terpisah {value} m dari pengawalnya."),
    "unescorted": (
        "{who} has moved for {duration} without word of any escort.",
        "{who} bergerak selama {duration} tanpa kabar dari pengawal.",
    ),
    "wrong-way": (
        "{who} has gone back {value} m along its route.",
        "{who} berbalik arah sejauh {value} m di rutenya.",
    ),
    "late": ("{who} is expected {value} late.", "{who} diperkirakan terlambat {value}."),
    "overspeed": ("{who} drives at {value} m/s.", "{who} melaju {value} m/detik."),
    "sos": ("{who} calls for help.", "{who} meminta pertolongan."),
    "bad-position": ("The position of {who} is doubtful.", "Posisi {who} meragukan."),
    "missed-checkpoint": (
        "{who} has passed the checkpoint {place} without having been there.",
        "{who} melewati titik periksa {place} tanpa singgah.",
    ),
    "early-departure": ("{who} left {value} before its time.", "{who} berangkat {value} sebelum waktunya."),
    "arrived": ("{who} has arrived.", "{who} telah tiba."),
}
_CLEARED = {
    "deviation": ("{who} is back on its route.", "{who} kembali ke rute."),
    "stall": ("{who} moves again after {duration}.", "{who} bergerak lagi setelah {duration}."),
    "signal-lost": (
        "{who} is heard again after {duration} of silence.",
        "Sinyal {who} kembali setelah hilang {duration}.",
    ),
    "separation": ("{who} is together with its escort again.", "{who} kembali bersama pengawalnya."),
    "unescorted": ("{who} has its escort again.", "{who} kembali dikawal."),
    "wrong-way": ("{who} goes forward on its route again.", "{who} kembali maju di rutenya."),
    "late": ("{who} is on schedule again.", "{who} kembali sesuai jadwal."),
    "overspeed": ("{who} has slowed down after {duration}.", "{who} melambat setelah {duration}."),
    "sos": ("{who} no longer calls for help.", "{who} tidak lagi meminta pertolongan."),
    "bad-position": ("The position of {who} is trusted again.", "Posisi {who} kembali dapat dipercaya."),
}
# Kinds whose value is a time.
_TIMED = frozenset({"late", "early-departure"})
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
    "no-escort-planned": ("No escort is planned for {who}.", "{who} tidak memiliki pengawal dalam rencana."),
    "mock": ("{who} reports a made-up position.", "{who} mengirim posisi palsu."),
    "teleport": ("The position of {who} jumps about.", "Posisi {who} melompat-lompat."),
    "frozen": ("{who} moves and its position does not.", "{who} bergerak tetapi posisinya tidak berubah."),
}
_CLEARED_BY = {
    "gap-over": (
        "What is known of it from the pings of {who} that came later ends here.",
        "Yang diketahui dari ping {who} yang datang terlambat berakhir di sini.",
    ),
    "arrived": ("{who} has arrived; what was open is over.", "{who} telah tiba; peringatan sebelumnya selesai."),
    "plan-withdrawn": ("The plan of {who} was withdrawn.", "Rencana {who} dibatalkan."),
    "plan-changed": (
        "The plan of {who} has changed; what was open is over.",
        "Rencana {who} berubah; peringatan sebelumnya selesai.",
    ),
}


class Names(NamedTuple):
    """Whom a sentence speaks of, and which place."""

    who: str
    place: str = ""


def _span(duration_s: float, minute: str, second: str) -> str:
    minutes, seconds = divmod(round(duration_s), 60)
    return f"{minutes} {minute} {seconds} {second}" if minutes else f"{seconds} {second}"


def _measured(kind: str, value: float, minute: str, second: str) -> str:
    if math.isnan(value):
        return ""
    return _span(value, minute, second) if kind in _TIMED else f"{value:.0f}"


def message(told: tuple[str, str, str], names: Names, value: float, duration_s: float) -> Message:
    """Word a transition; `told` = (kind, transition, reason), `value` in the unit of the kind."""
    kind, transition, reason = told
    if transition == "cleared":
        english, indonesian = _CLEARED_BY.get(reason) or _CLEARED[kind]
    else:
        english, indonesian = _RAISED_BY.get(reason) or _RAISED[kind]
    return Message(
        en=english.format(
            who=names.who,
            place=names.place,
            value=_measured(kind, value, "min", "s"),
            duration=_span(duration_s, "min", "s"),
        ),
        id=indonesian.format(
            who=names.who,
            place=names.place,
            value=_measured(kind, value, "menit", "detik"),
            duration=_span(duration_s, "menit", "detik"),
        ),
    )
