"""The formats that trackers send. Each file decodes one, purely: bytes in, a report out, or the reason why none.

Every format has `split`, which cuts what came at once (a body, a captured file) into messages, and `decode`, which
reads one message. A decoder raises Undecodable and nothing else, whatever the bytes are. The message alone decides:
what is cut out of a request or a file can be decoded again later, and gives the same.
"""

from collections.abc import Callable
from typing import NamedTuple

from gateway.protocols import cot, native, osmand, owntracks, traccar_client, traccar_forward
from gateway.protocols.report import Ignored, Report


class Format(NamedTuple):
    """How the messages of a kind of tracker are read."""

    split: Callable[[bytes], list[bytes]]
    decode: Callable[[bytes], Report | Ignored]


FORMATS = {
    "traccar-client": Format(traccar_client.split, traccar_client.decode),
    "osmand": Format(osmand.split, osmand.decode),
    "owntracks": Format(owntracks.split, owntracks.decode),
    "cot": Format(cot.split, cot.decode),
    "traccar-forward": Format(traccar_forward.split, traccar_forward.decode),
    "native": Format(native.split, native.decode),
}
"""By the name that a user types."""
