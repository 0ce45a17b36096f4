"""The words of reports and notifications, in English and Indonesian."""

from __future__ import annotations

from collections.abc import Mapping

from models.alert import Kind, Severity
from models.alert_action import ActionName

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
INFORMATION = ("for information", "untuk diketahui")
"""What a notification is in place of a state: nobody was to do anything about it."""

DONE: Mapping[ActionName, tuple[str, str]] = {
    "acknowledge": ("acknowledged", "mengakui"),
    "assign": ("assigned it to {to}", "menugaskan kepada {to}"),
    "shelve": ("shelved it until {until}: {reason}", "menunda sampai {until}: {reason}"),
    "unshelve": ("unshelved it", "membatalkan tunda"),
    "note": ("noted", "mencatat"),
    "close": ("closed it: {reason}", "menutup: {reason}"),
}
REFUSALS = {
    "first": ("refused: {who} was first", "ditolak: {who} lebih dahulu"),
    "other": ("refused", "ditolak"),
    "critical": ("refused: it was critical", "ditolak: peringatannya kritis"),
    "not-gone-ack": ("refused: it was not over and acknowledged", "ditolak: belum selesai dan diakui"),
    "not-shelved": ("refused: it was not shelved", "ditolak: tidak sedang ditunda"),
    "notification": ("refused: it was a notification", "ditolak: hanya pemberitahuan"),
    "severity-rose": ("refused: its severity had just risen", "ditolak: tingkatnya baru saja naik"),
}
FAULTS = {
    "bad-instant": ("The start or the end is no date and time.", "Awal atau akhirnya bukan tanggal dan jam."),
    "instant-too-far": ("The year must lie between 1970 and 2999.", "Tahunnya harus antara 1970 dan 2999."),
    "bad-order": ("The end must be after the start.", "Akhir harus sesudah awal."),
    "span-too-long": ("A report covers 31 days at most.", "Laporan paling panjang 31 hari."),
    "bad-language": ("The language must be id or en.", "Bahasanya harus id atau en."),
    "broker-away": ("Kafka cannot be reached; try again.", "Kafka tidak terjangkau; coba lagi."),
}
"""Why there is no report, by the server's code."""

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
    "shelved": ("shelved", "ditunda"),
    "notes": ("notes", "catatan"),
}
PAGE_HEADINGS = {
    "raised": ("raised", "muncul"),
    "whose": ("convoy, vehicle", "konvoi, kendaraan"),
    "what": ("alarm", "peringatan"),
    "state": ("state", "keadaan"),
    "ack": ("acknowledged after", "diakui setelah"),
    "done": ("what was done", "yang dilakukan"),
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
    "over-at": ("over at {at}", "selesai {at}"),
    "no-report": ("There is no report", "Laporan tidak dapat dibuat"),
    "back": ("Back to the reports", "Kembali ke laporan"),
}


def pick(pair: tuple[str, str], lang: str) -> str:
    """Give the English or the Indonesian word of a pair."""
    return pair[lang == "id"]
