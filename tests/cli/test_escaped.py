"""Bytes of strangers, shown."""

from hypothesis import given
from hypothesis import strategies as st

from cli.escaped import SHOWN_BYTES_MAX, escaped, lines_of


def test_text_stays_and_what_a_terminal_would_obey_is_written_out() -> None:
    assert escaped('{"name": "Jalan Ségar"}'.encode()) == '{"name": "Jalan Ségar"}'
    assert escaped(b"a\x1b[2Jb\r\n\xff") == "a\\x1b[2Jb\\r\\n\\xff"
    assert escaped("\u202eabc".encode()) == "\\u202eabc"


def test_text_is_shown_by_lines_and_other_bytes_in_hex() -> None:
    assert list(lines_of(b"one\ntwo")) == ["one", "two"]
    assert [line.split() for line in lines_of(b"\x00\x01ABC")] == [["00000000", "00", "01", "41", "42", "43", "..ABC"]]
    assert list(lines_of(b"")) == []


def test_of_a_large_value_the_beginning_is_shown_and_the_rest_told() -> None:
    lines = list(lines_of(b"x" * (SHOWN_BYTES_MAX + 10)))
    assert lines == ["x" * SHOWN_BYTES_MAX, "... and 10 bytes more: --raw gives all"]


@given(st.binary(max_size=60))
def test_nothing_but_printable_letters_comes_out(content: bytes) -> None:
    assert escaped(content).isprintable()
    assert all(line.isprintable() for line in lines_of(content))
