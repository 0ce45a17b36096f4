"""The state record of a convoy: a version byte, who its vehicles are, their rows as they stand in memory, those
episodes of each that are open, and the fixes that are kept where a gap is being filled.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
import numpy as np

from streams.engine.dtypes import EPISODE, EPISODES, FIX, Records, records
from streams.engine.gaps import Fixes, Gap
from streams.state_layouts import LAYOUTS, todays

VERSION = 5
"""Raised whenever VEHICLE, EPISODE, FIX or Head changes; the layout of the version before is then kept in LAYOUTS."""


class StateVersionError(RuntimeError):
    """The state was written by a version of Kawal that this one does not know, or it is damaged."""


class GapHead(msgspec.Struct, array_like=True):
    """What is known of a gap being filled, but for its fixes; `place` is that of the vehicle in `vehicle_ids`."""

    place: int
    fix_count: int
    begun_ms: int
    due_ms: int
    known: list[int]
    version: int
    begin_m: float | None
    off_ms: int = 0
    off_way_m: float = 0.0


class Head(msgspec.Struct, array_like=True):
    """Which row is whose, the next second whose silence has not been judged, and the gaps being filled."""

    due_ms: int
    vehicle_ids: list[str]
    gaps: list[GapHead] = []


class ConvoyState(NamedTuple):
    """A convoy's state, read: VEHICLE rows, an EPISODE for each of them and each kind, zero where none is open, and the
    gaps being filled by the place of their vehicle.
    """

    head: Head
    rows: Records
    episodes: Records
    gaps: dict[int, Gap]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Head).decode


def dump_state(head: Head, rows: Records, episodes: Records, gaps: Mapping[int, Gap]) -> bytes:
    """Write the value of a state record; `gaps` by the place of their vehicle."""
    head.gaps = [_gap_head(place, gap) for place, gap in gaps.items()]
    names = _encode(head)
    is_open = episodes[rows["open"] != 0]
    fixes = b"".join(gap.fixes.tobytes() for gap in gaps.values())
    size = len(names).to_bytes(4, "little")
    return b"".join((bytes((VERSION,)), size, names, rows.tobytes(), is_open.tobytes(), fixes))


def load_state(value: bytes) -> ConvoyState:
    """Read the value of a state record, of this version or one before. Raises StateVersionError if it cannot be."""
    layout = _layout(value)
    names_end = 5 + int.from_bytes(value[1:5], "little")
    try:
        head = _decode(value[5:names_end])
        rows_end = names_end + len(head.vehicle_ids) * layout.itemsize
        rows = todays(np.frombuffer(value[names_end:rows_end], layout))
        episodes_end = rows_end + int(np.count_nonzero(rows.open)) * EPISODE.itemsize
        saved = np.frombuffer(value[rows_end:episodes_end], EPISODE)
        fixes = np.frombuffer(value[episodes_end:], FIX)
    except (ValueError, msgspec.MsgspecError) as error:
        raise StateVersionError(f"the state record is damaged: {error}") from error
    if len(rows) != len(head.vehicle_ids) or len(saved) != np.count_nonzero(rows.open):
        raise StateVersionError("the state record is damaged: it has not as many rows as vehicles and open episodes")
    episodes = records((len(rows), EPISODES), EPISODE)
    episodes[rows.open != 0] = saved
    return ConvoyState(head, rows, episodes, _gaps(head, fixes))


def _layout(value: bytes) -> np.dtype[np.void]:
    version = value[0] if value else 0
    if version in LAYOUTS:
        return LAYOUTS[version]
    what = f"the state was written in version {version}, this Kawal reads {min(LAYOUTS)} to {VERSION}"
    if version > VERSION:
        raise StateVersionError(f"{what}: start the newer Kawal again that wrote it")
    raise StateVersionError(f"{what}: start a version between the two first")


def _gap_head(place: int, gap: Gap) -> GapHead:
    begin_m = None if math.isnan(gap.begin_m) else gap.begin_m
    known = sorted(gap.known)
    off = gap.off_ms, gap.off_way_m
    return GapHead(place, len(gap.fixes), gap.begun_ms, gap.due_ms, known, gap.version, begin_m, *off)


def _gaps(head: Head, fixes: Fixes) -> dict[int, Gap]:
    """Give each gap its fixes, in the order written."""
    counts = [max(one.fix_count, 0) for one in head.gaps]
    places = {one.place for one in head.gaps}
    if sum(counts) != len(fixes) or 0 in counts or not places <= set(range(len(head.vehicle_ids))):
        raise StateVersionError("the state record is damaged: it has not as many fixes as its gaps say")
    gaps, begin = {}, 0
    for one, count in zip(head.gaps, counts, strict=True):
        begin_m = math.nan if one.begin_m is None else one.begin_m
        where = begin_m, one.off_ms, one.off_way_m
        kept = fixes[begin : begin + count]
        gaps[one.place] = Gap(one.begun_ms, one.due_ms, set(one.known), one.version, *where, kept)
        begin += count
    return gaps
