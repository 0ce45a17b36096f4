"""The state record of a convoy: a version byte, who its vehicles are, and their rows as they stand in memory."""

from typing import NamedTuple

import msgspec
import numpy as np

from streams.engine.dtypes import VEHICLE, Records

VERSION = 1
"""Raised whenever VEHICLE or Head changes; every version needs a migration to the next."""


class StateVersionError(RuntimeError):
    """The state was written by a version of Kawal that this one does not know, or it is damaged."""


class Head(msgspec.Struct, array_like=True):
    """Which row is whose, and the next second whose silence has not been judged."""

    due_ms: int
    vehicle_ids: list[str]


class ConvoyState(NamedTuple):
    """A convoy's state, read."""

    head: Head
    rows: Records


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Head).decode


def dump_state(head: Head, rows: Records) -> bytes:
    """Write the value of a state record."""
    names = _encode(head)
    return b"".join((bytes((VERSION,)), len(names).to_bytes(4, "little"), names, rows.tobytes()))


def load_state(value: bytes) -> ConvoyState:
    """Read the value of a state record. Raises StateVersionError when another version wrote it, or it is damaged."""
    version = value[0] if value else None
    if version != VERSION:
        raise StateVersionError(f"the state has version {version}, this Kawal reads version {VERSION}: run a newer one")
    names_end = 5 + int.from_bytes(value[1:5], "little")
    try:
        head = _decode(value[5:names_end])
        rows = np.frombuffer(value, VEHICLE, offset=names_end).view(np.recarray)
    except (ValueError, msgspec.MsgspecError) as error:
        raise StateVersionError(f"the state record is damaged: {error}") from error
    if len(rows) != len(head.vehicle_ids):
        raise StateVersionError("the state record is damaged: its rows and its vehicles differ in number")
    return ConvoyState(head, rows)
