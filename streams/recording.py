"""Recordings: one ping a line, in arrival order, as `kawal detect` and `kawal replay` read them."""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from models.instants import FIRST_MS, LAST_MS, instant_ms
from models.plan import ConvoyPlan

CARGO, ESCORT = 0, 1

PROGRESS_BYTES = 500_000
"""Telling of every line would cost as much as judging it."""


class Arrival(NamedTuple):
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


def _in_convoy(value: bytes, homes: Mapping[str, str]) -> tuple[_Line, bytes]:
    """Read a line, and add its convoy where it names none. Raises ValueError or MsgspecError with the reason."""
    ping = _read(value)
    if ping.convoy_id is not None:
        return ping, value
    ping.convoy_id = homes.get(ping.vehicle_id)
    if ping.convoy_id is None:
        raise ValueError("it names no convoy, and its vehicle is in no plan")
    # of two fields of one name the last one counts: it may have said null
    return ping, value[:-1] + b',"convoy_id":' + msgspec.json.encode(ping.convoy_id) + b"}"


def _received_ms(ping: _Line) -> int:
    received_ms = instant_ms(ping.received or ping.time)
    if not FIRST_MS <= received_ms <= LAST_MS:
        raise ValueError("it was received outside of the years 1 to 9999 in UTC")
    return received_ms


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
    unsaid = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            unsaid += len(line)
            if unsaid >= PROGRESS_BYTES:
                progress(unsaid)
                unsaid = 0
            value = (line.removeprefix(BOM_UTF8) if number == 1 else line).strip()
            if not value:
                continue
            try:
                ping, value = _in_convoy(value, homes)
                latest_ms = max(latest_ms, _received_ms(ping))
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                refuse(number, str(error))
                continue
            convoy_id = ping.convoy_id or ""
            rank = ESCORT if (convoy_id, ping.vehicle_id) in escorts else CARGO
            yield Arrival(latest_ms, convoy_id.encode(), value, rank, number)
    progress(unsaid)
