"""Recordings: one ping a line, in arrival order, as `kawal detect` and `kawal replay` read them."""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec

from models.instants import EPOCH, FIRST_MS, LAST_MS, ONE_MS
from models.plan import ConvoyPlan

CARGO, ESCORT = 0, 1

PROGRESS_BYTES = 500_000
"""Telling of every line would cost as much as judging it."""


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """One recorded ping: when it arrived (never before the one before it), its record key and value, its rank, and the
    number of its line, 0 where it was in no file.
    """

    received_ms: int
    key: bytes
    value: bytes
    rank: int
    line: int = 0


class _Line(msgspec.Struct, gc=False):
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    vehicle_id: str
    convoy_id: str | None = None
    received: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


_read = msgspec.json.Decoder(_Line).decode


def _with_convoy(value: bytes, ping: _Line, homes: Mapping[str, str]) -> tuple[str, bytes]:
    """Add its convoy to a line that names none. Raises ValueError with the reason."""
    convoy_id = homes.get(ping.vehicle_id)
    if convoy_id is None:
        raise ValueError("it names no convoy, and its vehicle is in no plan")
    # of two fields of one name the last one counts: it may have said null
    return convoy_id, value[:-1] + b',"convoy_id":' + msgspec.json.encode(convoy_id) + b"}"


def read_recording(
    path: Path,
    plans: Iterable[ConvoyPlan],
    refuse: Callable[[int, str], None],
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Arrival]:
    """Read the pings of a recording in the order of its lines.

    A line's `received` is when it arrived, else its `time`; time never runs backwards in arrival order, so an earlier
    one counts as the latest so far. A line without `convoy_id` gets that of the plan which has its vehicle. A line
    that is no ping is given to `refuse` with its number and the reason. `progress` hears now and then how many bytes
    more have been read. Raises OSError.
    """
    planned = [(plan.convoy_id, vehicle) for plan in plans for vehicle in plan.vehicles]
    escorts = {(convoy_id, vehicle.vehicle_id) for convoy_id, vehicle in planned if vehicle.role == "escort"}
    homes = {vehicle.vehicle_id: convoy_id for convoy_id, vehicle in planned}
    latest_ms = FIRST_MS
    with path.open("rb") as file:
        if file.peek(len(BOM_UTF8)).startswith(BOM_UTF8):
            file.read(len(BOM_UTF8))
        for number, line in enumerate(_lines(file, progress), 1):
            value = line.strip()
            if not value:
                continue
            try:
                ping = _read(value)
                convoy_id = ping.convoy_id
                if convoy_id is None:
                    convoy_id, value = _with_convoy(value, ping, homes)
                received_ms = ((ping.received or ping.time) - EPOCH) // ONE_MS  # instant_ms, without the call
                if not FIRST_MS <= received_ms <= LAST_MS:
                    raise ValueError("it was received outside of the years 1 to 9999 in UTC")
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                refuse(number, str(error))
                continue
            latest_ms = max(latest_ms, received_ms)
            rank = ESCORT if (convoy_id, ping.vehicle_id) in escorts else CARGO
            yield Arrival(latest_ms, convoy_id.encode(), value, rank, number)


def _lines(file: BinaryIO, progress: Callable[[int], None]) -> Iterator[bytes]:
    while lines := file.readlines(PROGRESS_BYTES):
        yield from lines
        progress(sum(map(len, lines)))
