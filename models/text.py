"""Text that people write: it shows what it says, on a terminal as in a browser."""

import unicodedata

_JOINERS = frozenset("\u200c\u200d")
"""They part and join letters, as Arabic and Javanese script need it, and make one picture of several emoji."""

_UNSEEN = _JOINERS | {chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))}


def is_shown(letter: str) -> bool:
    """Whether a letter may be shown: what could hide, turn round or forge the text around it may not."""
    return letter.isprintable() or letter in _JOINERS


def readable(text: str, also: str = "") -> str:
    """Return a text with a plain space for each other one, such as the no-break space of word processors.

    Raises ValueError where it has a letter that may not be shown and is none of `also`, or nothing that can be seen.
    """
    plain = "".join(" " if unicodedata.category(letter) == "Zs" else letter for letter in text)
    if not all(is_shown(letter) or letter in also for letter in plain):
        raise ValueError("must have no control character")
    if all(letter.isspace() or letter in _UNSEEN for letter in plain):
        raise ValueError("must have something that can be seen")
    return plain
