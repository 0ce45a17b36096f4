"""What people write shows what it says: plain spaces, joined letters and emoji, and nothing that hides or forges."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from models.alert_action import Text
from models.plan import Identifier, Name
from models.text import readable

PILOT = "\U0001f468\u200d\u2708\ufe0f"  # a man, a joiner, an aeroplane drawn in colours
NAMES = (TypeAdapter(Name), TypeAdapter(Text))


@pytest.mark.parametrize("text", [PILOT, "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "Posko 1"])
def test_joined_letters_and_emoji_stay_as_they_are(text: str) -> None:
    assert [kind.validate_python(text) for kind in NAMES] == [text, text]


@given(st.characters(categories=["Zs"]))
def test_every_kind_of_space_is_a_plain_one(space: str) -> None:
    assert [kind.validate_python(f"{space}Posko{space}1{space}") for kind in NAMES] == ["Posko 1", "Posko 1"]


@given(st.characters(categories=["Cc", "Cf", "Zl", "Zp"], exclude_characters="\u200c\u200d\n"))
def test_what_could_hide_or_forge_text_on_a_terminal_is_refused(letter: str) -> None:
    for kind in NAMES:
        with pytest.raises(ValidationError, match="must have no control character"):
            kind.validate_python(f"a{letter}b")


@pytest.mark.parametrize("text", ["\u200d", "\u200d \u200c", "\ufe0f", "\u200d\u00a0\U000e0100"])
def test_what_nobody_can_see_is_no_text(text: str) -> None:
    for kind in NAMES:
        with pytest.raises(ValidationError, match="something that can be seen"):
            kind.validate_python(text)


def test_only_free_text_has_lines() -> None:
    name, text = NAMES
    assert text.validate_python("one\ntwo") == "one\ntwo"
    with pytest.raises(ValidationError, match="control character"):
        name.validate_python("one\ntwo")


@given(st.text())
def test_what_is_readable_stays_the_same_when_it_is_read_again(text: str) -> None:
    try:
        plain = readable(text)
    except ValueError:
        return
    assert readable(plain) == plain
    assert {unicodedata.category(letter) for letter in plain} & {"Cc", "Zl", "Zp"} == set()


@pytest.mark.parametrize("text", ["KT\u00a08123", f"KT{PILOT}", "KT\u200d8123"])
def test_an_identifier_has_neither_joiners_nor_other_spaces(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Identifier).validate_python(text)
