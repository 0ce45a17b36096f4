"""Dead letters: a record that cannot be used keeps its bytes, its headers say why."""

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

MESSAGE_CHARS_MAX = 500


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
