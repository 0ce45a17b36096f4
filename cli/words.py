"""The words that people read in a terminal, in English and Indonesian. What crosses the wire is never translated."""

from __future__ import annotations

from enum import StrEnum


class Lang(StrEnum):
    """A language of the terminal."""

    EN = "en"
    ID = "id"


_INDONESIAN = {
    # severities
    "critical": "kritis",
    "high": "tinggi",
    "medium": "sedang",
    "low": "rendah",
    # transitions
    "raised": "muncul",
    "updated": "memburuk",
    "cleared": "selesai",
    # states of a convoy
    "planned": "direncanakan",
    "under-way": "berjalan",
    "halted": "berhenti",
    "arrived": "tiba",
    "silent": "sinyal hilang",
    # links of a vehicle
    "live": "aktif",
    "late": "lambat",
    "stale": "basi",
    "lost": "hilang",
    # headings
    "Convoy": "Konvoi",
    "Route": "Rute",
    "State": "Keadaan",
    "Vehicles": "Kendaraan",
    "Open": "Terbuka",
    "Alerts": "Peringatan",
    "newest first": "terbaru di atas",
    "none yet": "belum ada",
    "event time": "waktu kejadian",
    "pings": "ping",
    "Ctrl-C stops": "Ctrl-C berhenti",
    "Control room": "Ruang kendali",
}


def word(text: str, lang: Lang) -> str:
    """`text` in the language asked for; English is the text itself."""
    return _INDONESIAN[text] if lang is Lang.ID else text
