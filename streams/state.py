"""The state record of a convoy: a version byte, who its vehicles are, their rows as they stand in memory, and those
episodes of each that are open.
"""

from typing import NamedTuple

import msgspec
import numpy as np

from streams.engine.dtypes import EPISODE, EPISODES, VEHICLE, Records, records

VERSION = 2
"""Raised whenever VEHICLE, EPISODE or Head changes; every version needs a migration to the next."""


class StateVersionError(RuntimeError):
    """The state was written by a version of Kawal that this one does not know, or it is damaged."""


class Head(msgspec.Struct, array_like=True):
    """Which row is whose, and the next second whose silence has not been judged."""

    due_ms: int
    vehicle_ids: list[str]


class ConvoyState(NamedTuple):
    """A convoy's state, read: VEHICLE rows, and an EPISODE for each of them and each kind, zero where none is open."""

    head: Head
    rows: Records
    episodes: Records


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Head).decode


def dump_state(head: Head, rows: Records, episodes: Records) -> bytes:
    """Write the value of a state record."""
    names = _encode(head)
    is_open = episodes[rows["open"] != 0]
    return b"".join((bytes((VERSION,)), len(names).to_bytes(4, "little"), names, rows.tobytes(), is_open.tobytes()))


def load_state(value: bytes) -> ConvoyState:
    """Read the value of a state record. Raises StateVersionError when another version wrote it, or it is damaged."""
    version = value[0] if value else None
    if version != VERSION:
        raise StateVersionError(f"the state has version {version}, this Kawal reads version {VERSION}: run a newer one")
    names_end = 5 + int.from_bytes(value[1:5], "little")
    try:
        head = _decode(value[5:names_end])
        rows_end = names_end + len(head.vehicle_ids) * VEHICLE.itemsize
        rows = np.frombuffer(value[names_end:rows_end], VEHICLE).view(np.recarray)
        saved = np.frombuffer(value[rows_end:], EPISODE)
    except (ValueError, msgspec.MsgspecError) as error:
        raise StateVersionError(f"the state record is damaged: {error}") from error
    if len(rows) != len(head.vehicle_ids) or len(saved) != np.count_nonzero(rows.open):
        raise StateVersionError("the state record is damaged: it has not as many rows as vehicles and open episodes")
    episodes = records((len(rows), EPISODES), EPISODE)
    episodes[rows.open != 0] = saved
    return ConvoyState(head, rows, episodes)
