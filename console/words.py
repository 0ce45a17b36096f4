"""The words of reports and notifications, in English and Indonesian."""

from __future__ import annotations

from collections.abc import Mapping

from models.alert import Kind, Severity

KINDS: Mapping[Kind, tuple[str, str]] = {
    "deviation": ("off route", "keluar rute"),
    "stall": ("standing still", "berhenti lama"),
    "separation": ("separated", "terpisah"),
    "unescorted": ("unescorted", "tanpa pengawal"),
    "signal-lost": ("signal lost", "sinyal hilang"),
    "wrong-way": ("wrong way", "salah arah"),
    "missed-checkpoint": ("missed checkpoint", "titik periksa terlewat"),
    "late": ("late", "terlambat"),
    "early-departure": ("early departure", "berangkat terlalu awal"),
    "overspeed": ("too fast", "terlalu cepat"),
    "sos": ("emergency", "darurat"),
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
    "active-unack": ("active, not acknowledged", "aktif, belum diakui"),
    "active-ack": ("active, acknowledged", "aktif, diakui"),
    "gone-unack": ("over, not acknowledged", "selesai, belum diakui"),
    "gone-ack": ("over, acknowledged", "selesai, diakui"),
    "closed": ("closed", "ditutup"),
}
CLOSE_REASONS = {
    "resolved": ("resolved", "teratasi"),
    "authorised": ("authorised", "diizinkan"),
    "false-alarm": ("false alarm", "peringatan palsu"),
    "device-fault": ("device fault", "gangguan perangkat"),
    "exercise": ("exercise", "latihan"),
    "duplicate-report": ("duplicate report", "laporan ganda"),
}
HEADINGS = {
    "raised": ("raised", "muncul"),
    "convoy": ("convoy", "konvoi"),
    "vehicle": ("vehicle", "kendaraan"),
    "kind": ("kind", "jenis"),
    "severity": ("severity", "tingkat"),
    "state": ("state", "keadaan"),
    "acknowledged_by": ("acknowledged by", "diakui oleh"),
    "time_to_ack_s": ("seconds to acknowledge", "detik hingga diakui"),
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
    "counts": ("Alarms by kind and severity", "Peringatan menurut jenis dan tingkat"),
    "alarms": ("Every alarm", "Setiap peringatan"),
    "quality": ("Alarm quality", "Mutu peringatan"),
    "sounding": ("Alarms that called for an operator", "Peringatan yang memanggil petugas"),
    "flood": ("Share of time in a flood", "Bagian waktu dalam banjir peringatan"),
    "ack": ("Time to acknowledge, median and 95 of 100", "Waktu hingga diakui, median dan 95 dari 100"),
    "stale": ("Active for more than a day", "Aktif lebih dari sehari"),
    "top": ("Noisiest convoys", "Konvoi tersering"),
    "chattering": ("Chattering (three times in a minute)", "Berderau (tiga kali dalam semenit)"),
    "source": (
        "Figures of ISA-18.2 and EEMUA 191 as quoted by prosys.com and controlglobal.com.",
        "Angka menurut ISA-18.2 dan EEMUA 191 sebagaimana dikutip prosys.com dan controlglobal.com.",
    ),
    "rate-10": (
        "Alarms in each 10 minutes; above the line it is a flood.",
        "Peringatan tiap 10 menit; di atas garis berarti banjir peringatan.",
    ),
    "rate": (
        "The worst 10 minutes of each {minutes}; above the line it is a flood.",
        "10 menit terberat dari tiap {minutes} menit; di atas garis berarti banjir peringatan.",
    ),
    "seconds": ("{seconds} s", "{seconds} dtk"),
    "minutes": ("{minutes} min {seconds:02} s", "{minutes} mnt {seconds:02} dtk"),
    "handover": ("Handover", "Serah terima piket"),
    "handed-over": ("Handed over by", "Diserahkan oleh"),
    "taken-over": ("Taken over by", "Diterima oleh"),
    "none": ("None.", "Tidak ada."),
}


def pick(pair: tuple[str, str], lang: str) -> str:
    """Give the English or the Indonesian word of a pair."""
    return pair[lang == "id"]
