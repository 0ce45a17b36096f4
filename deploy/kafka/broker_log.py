"""What the broker's log says about its end."""

import re
from pathlib import Path

_TAIL_BYTES = 256 * 1024

# First matching one wins; each is (in the log, for people).
_KNOWN = (
    (r"No space left on device", "the disk is full. Free some space and start again; what was acknowledged is kept"),
    (r"Address already in use", "its port is taken by another program. Choose another port"),
    (r"OutOfMemoryError", "it ran out of memory"),
    (r"Failed to acquire lock on file", "another broker uses the same data folder. Stop that one first"),
)
_CAUSE = re.compile(
    r'^(?:Caused by: |Exception in thread "[^"]*" )?((?:[\w$]+\.)+[\w$]*(?:Exception|Error)\b.*|Error: .*)',
    re.MULTILINE,
)
_BAD_LINE = re.compile(r"^\S+ (?:ERROR|FATAL) (.*)", re.MULTILINE)


def log_size(log: Path) -> int:
    """Return the size of the log in bytes, 0 when there is none: where the lines of the next start begin."""
    return log.stat().st_size if log.exists() else 0


def explain_end(log: Path, start: int) -> str:
    """Return in a few words why the broker ended, from its log after byte `start`."""
    text = _tail(log, start)
    for pattern, meaning in _KNOWN:
        if re.search(pattern, text):
            return meaning
    lines = _CAUSE.findall(text) or _BAD_LINE.findall(text) or text.split("\n")
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "it said nothing")


def _tail(log: Path, start: int) -> str:
    size = log_size(log)
    # Smaller than at the start: the log was rolled over meanwhile.
    begin = max(0 if size < start else start, size - _TAIL_BYTES)
    if not size:
        return ""
    with log.open("rb") as file:
        file.seek(begin)
        return file.read().decode("utf-8", errors="replace")
