"""Dead letters: a record that cannot be used keeps its bytes, its headers say why."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Code = Literal[
    "bad-json",
    "bad-field",
    "wrong-key",
    "bad-time",
    "too-large",
    "no-value",
    # of the gateway only
    "unknown-device",
    "no-convoy",
    "identity-mismatch",
    "encrypted",
]

EXCEPTION = "__streams.errors.exception"
MESSAGE = "__streams.errors.message"
TOPIC = "__streams.errors.topic"
PARTITION = "__streams.errors.partition"
OFFSET = "__streams.errors.offset"
CODE = "kawal.error.code"
STAGE = "kawal.error.stage"
RETRY_COUNT = "kawal.retry-count"
REDRIVEN = "kawal.redriven-offset"
"""In a record of its own behind a dead letter, without value: the letter at this offset was sent again."""

RETRIES_MAX = 3
"""A record that came back so often comes back for ever."""

MESSAGE_CHARS_MAX = 500

_REASONS = frozenset({EXCEPTION, MESSAGE, TOPIC, PARTITION, OFFSET, CODE, STAGE, RETRY_COUNT})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Why a record could not be used, and where it stood. The message holds no value out of the record."""

    code: Code
    exception: str
    message: str
    topic: str
    partition: int
    offset: int
    stage: str = "decode"
    retry_count: int = 0


def retry_count(record_headers: Iterable[tuple[str, bytes]]) -> int:
    """Return how often a record was sent again, by its headers; 0 where they say nothing that is a number."""
    text = dict(record_headers).get(RETRY_COUNT, b"0")
    return int(text) if text.isdigit() and len(text) < 10 else 0


def without_reasons(record_headers: Iterable[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Return the headers that a record had before it became a dead letter."""
    return [(name, value) for name, value in record_headers if name not in _REASONS]


def headers(letter: DeadLetter) -> list[tuple[str, bytes]]:
    """Return the headers of a dead letter, as Kafka takes them."""
    texts = {
        EXCEPTION: letter.exception,
        MESSAGE: letter.message[:MESSAGE_CHARS_MAX],
        TOPIC: letter.topic,
        PARTITION: str(letter.partition),
        OFFSET: str(letter.offset),
        CODE: letter.code,
        STAGE: letter.stage,
        RETRY_COUNT: str(letter.retry_count),
    }
    return [(name, text.encode(errors="replace")) for name, text in texts.items()]
