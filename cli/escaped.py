"""Bytes of strangers on a terminal: what could move a cursor or forge a line is shown, not sent."""

from __future__ import annotations

from collections.abc import Iterator

SHOWN_BYTES_MAX = 64 * 1024
HEX_WIDTH = 16


def escaped(content: bytes) -> str:
    """Return bytes as one line of text; what is not printable, or no UTF-8, becomes an escape."""
    return "".join(map(_letter, content.decode(errors="surrogateescape")))


def lines_of(content: bytes) -> Iterator[str]:
    """Yield bytes as lines to show: as text where they are UTF-8, else in hex; a large rest is left out, and told."""
    shown = content[:SHOWN_BYTES_MAX]
    if _is_text(content):
        yield from (escaped(line) for line in shown.splitlines())
    else:
        for begin in range(0, len(shown), HEX_WIDTH):
            row = shown[begin : begin + HEX_WIDTH]
            letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
            yield f"{begin:08x}  {row.hex(' '):<{3 * HEX_WIDTH - 1}}  {letters}"
    if len(content) > SHOWN_BYTES_MAX:
        yield f"... and {len(content) - SHOWN_BYTES_MAX:,} bytes more: --raw gives all"


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return b"\x00" not in content


def _letter(letter: str) -> str:
    if letter.isprintable():
        return letter
    if 0xDC80 <= ord(letter) <= 0xDCFF:  # a byte that is no UTF-8
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode()
