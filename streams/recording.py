"""Recordings: one ping a line, in arrival order, as `kawal detect` and `kawal replay` read them."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from models.instants import instant_ms
from models.plan import ConvoyPlan

CARGO, ESCORT = 0, 1


class Arrival(NamedTuple):
    """One recorded ping: when it arrived (never before the one before it), its record key and value, and its rank."""

    received_ms: int
    key: bytes
    value: bytes
    rank: int


class _Line(msgspec.Struct, gc=False):
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    vehicle_id: str
    convoy_id: str | None = None
    received: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


_read = msgspec.json.Decoder(_Line).decode


def read_recording(
    path: Path,
    plans: Iterable[ConvoyPlan],
    refuse: Callable[[int, str], None],
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Arrival]:
    """Read the pings of a recording in the order of its lines.

    A line's `received` is when it arrived, else its `time`; time never runs backwards in arrival order, so an earlier
    one counts as the latest so far. A line without `convoy_id` gets that of the plan which has its vehicle. A line
    that is no ping is given to `refuse` with its number and the reason. `progress` hears the bytes of each line.
    Raises OSError.
    """
    roles = {(plan.convoy_id, v.vehicle_id): v.role for plan in plans for v in plan.vehicles}
    homes = {vehicle_id: convoy_id for convoy_id, vehicle_id in roles}
    latest_ms = None
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            progress(len(line))
            value = line.strip()
            if not value:
                continue
            try:
                ping = _read(value)
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                refuse(number, str(error))
                continue
            convoy_id = ping.convoy_id
            if convoy_id is None:
                convoy_id = homes.get(ping.vehicle_id)
                if convoy_id is None:
                    refuse(number, "it names no convoy, and its vehicle is in no plan")
                    continue
                value = b'{"convoy_id":' + msgspec.json.encode(convoy_id) + b"," + value[1:]
            received_ms = instant_ms(ping.received or ping.time)
            latest_ms = received_ms if latest_ms is None else max(latest_ms, received_ms)
            rank = ESCORT if roles.get((convoy_id, ping.vehicle_id)) == "escort" else CARGO
            yield Arrival(latest_ms, convoy_id.encode(), value, rank)
