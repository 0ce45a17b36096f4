"""Every alert says in two languages what happened."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.dtypes import KINDS
from streams.words import Names, message

REASONS = {
    "deviation": ["off-route"],
    "stall": ["standing", "standing-silent", "over-dwell"],
    "signal-lost": ["silent", "silent-in-stretch"],
    "separation": ["apart"],
    "unescorted": ["no-fresh-escort", "no-escort-planned"],
    "wrong-way": ["backwards"],
    "late": ["behind-schedule"],
    "overspeed": ["too-fast"],
    "sos": ["duress"],
    "bad-position": ["mock", "teleport", "frozen"],
    "missed-checkpoint": ["skipped"],
    "early-departure": ["left-early"],
    "arrived": ["arrived"],
}
ENDS = {
    "deviation": "rejoined",
    "stall": "moved",
    "signal-lost": "heard",
    "separation": "together",
    "unescorted": "escort-back",
    "wrong-way": "forwards",
    "late": "on-schedule",
    "overspeed": "slowed",
    "sos": "released",
    "bad-position": "clean",
}
OTHER_ENDS = ["arrived", "plan-withdrawn", "plan-changed"]
TOLD = [
    *((kind, step, reason) for kind in KINDS for step in ("raised", "updated") for reason in REASONS[kind]),
    *((kind, "cleared", reason) for kind, own in ENDS.items() for reason in (own, *OTHER_ENDS)),
]


@pytest.mark.parametrize("told", TOLD, ids="-".join)
def test_every_transition_has_a_sentence_in_both_languages(told: tuple[str, str, str]) -> None:
    words = message(told, Names(Names("KT-1"), "Simpang"), 143.2, 200.0)
    for sentence in (words.en, words.id):
        assert "KT-1" in sentence
        assert sentence.endswith(".")
        assert not set(sentence) & set("{}")
    assert words.en != words.id


def test_a_deviation_tells_how_far() -> None:
    words = message(("deviation", "raised", "off-route"), Names("KT-1"), 143.6, 20.0)
    assert words.en == "KT-1 is 144 m off its route."
    assert words.id == "KT-1 keluar rute sejauh 144 m."


@pytest.mark.parametrize(
    ("duration_s", "english", "indonesian"),
    [
        (0.0, "0 s", "0 detik"),
        (59.4, "59 s", "59 detik"),
        (59.6, "1 min 0 s", "1 menit 0 detik"),
        (200.0, "3 min 20 s", "3 menit 20 detik"),
        (7325.0, "122 min 5 s", "122 menit 5 detik"),
    ],
)
def test_a_stall_tells_how_long(duration_s: float, english: str, indonesian: str) -> None:
    words = message(("stall", "raised", "standing"), Names("KT-1"), duration_s, duration_s)
    assert words.en == f"KT-1 has stood still for {english}."
    assert words.id == f"KT-1 berhenti selama {indonesian}."


def test_a_delay_is_told_as_a_time() -> None:
    words = message(("late", "raised", "behind-schedule"), Names("KT-1"), 754.2, 20.0)
    assert words.en == "KT-1 is expected 12 min 34 s late."
    assert words.id == "KT-1 diperkirakan terlambat 12 menit 34 detik."


@pytest.mark.parametrize("reason", OTHER_ENDS)
@pytest.mark.parametrize("kind", ENDS)
def test_an_end_for_another_reason_tells_that_reason_and_no_number(kind: str, reason: str) -> None:
    words = message((kind, "cleared", reason), Names("KT-1"), math.nan, 200.0)
    assert "nan" not in words.en + words.id
    assert words == message(("deviation", "cleared", reason), Names("KT-1"), math.nan, 5.0)


@given(st.sampled_from(TOLD), st.text(min_size=1, max_size=64))
def test_a_name_is_repeated_as_it_is(told: tuple[str, str, str], who: str) -> None:
    words = message(told, Names(who), 1.0, 1.0)
    assert who in words.en
    assert who in words.id
