"""The words of reports and notifications, in English and Indonesian."""

from __future__ import annotations

from collections.abc import Mapping

from models.alert import Kind, Severity

KINDS: Mapping[Kind, tuple[str, str]] = {
    "deviation": ("off route", "keluar rute"),
    "stall": ("stalled", "berhenti lama"),
    "separation": ("separated", "terpisah"),
    "unescorted": ("unescorted", "tanpa pengawal"),
    "signal-lost": ("signal lost", "sinyal hilang"),
    "wrong-way": ("wrong way", "salah arah"),
    "missed-checkpoint": ("missed checkpoint", "titik periksa terlewat"),
    "late": ("late", "terlambat"),
    "early-departure": ("early departure", "berangkat terlalu awal"),
    "overspeed": ("too fast", "terlalu cepat"),
    "sos": ("duress", "darurat"),
    "bad-position": ("doubtful position", "posisi diragukan"),
    "arrived": ("arrived", "tiba"),
}
SEVERITIES: Mapping[Severity, tuple[str, str]] = {
    "critical": ("critical", "kritis"),
    "high": ("high", "tinggi"),
    "medium": ("medium", "sedang"),
    "low": ("low", "rendah"),
}
STATES = {
    "active-unack": ("active, not acknowledged", "aktif, belum ditangani"),
    "active-ack": ("active, acknowledged", "aktif, ditangani"),
    "gone-unack": ("over, not acknowledged", "selesai, belum ditangani"),
    "gone-ack": ("over, acknowledged", "selesai, ditangani"),
    "closed": ("closed", "ditutup"),
}
HEADINGS = {
    "raised": ("raised", "muncul"),
    "convoy": ("convoy", "konvoi"),
    "vehicle": ("vehicle", "kendaraan"),
    "kind": ("kind", "jenis"),
    "severity": ("severity", "tingkat"),
    "state": ("state", "keadaan"),
    "acknowledged_by": ("acknowledged by", "ditangani oleh"),
    "time_to_ack_s": ("seconds to acknowledge", "detik hingga ditangani"),
    "over": ("over", "selesai"),
    "closed_by": ("closed by", "ditutup oleh"),
    "reason": ("reason", "alasan"),
    "message": ("message", "pesan"),
    "notes": ("notes", "catatan"),
}
SENTENCES = {
    "title": ("Shift report", "Laporan piket"),
    "span": ("From {begin} to {end}", "Dari {begin} sampai {end}"),
    "made": ("Made at {at} by {user}, {post}", "Dibuat {at} oleh {user}, {post}"),
    "alarms": ("Alarms", "Peringatan"),
    "quality": ("Alarm quality", "Mutu peringatan"),
    "sounding": ("Alarms that called for an operator", "Peringatan yang memanggil petugas"),
    "flood": ("Share of time in a flood", "Bagian waktu dalam banjir peringatan"),
    "ack": ("Time to acknowledge, median and 95 of 100", "Waktu hingga ditangani, median dan 95 dari 100"),
    "stale": ("Active for more than a day", "Aktif lebih dari sehari"),
    "chattering": ("Chattering", "Berulang-ulang"),
    "none": ("None.", "Tidak ada."),
}


def pick(pair: tuple[str, str], lang: str) -> str:
    """Give the English or the Indonesian word of a pair."""
    return pair[lang == "id"]
