"""Records to columns: what a ping may be is said by models.ping, and each record that is none gets its reason."""

from collections.abc import Iterator, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any, Protocol, get_args

import annotated_types
import msgspec
import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, ValidationError

from models.dead_letter import Code
from models.instants import BUFFERED_MS_MAX, FIRST_MS, FUTURE_MS, ROLLOVER_MS, instant_ms
from models.ping import PING, Ping, ping_fault
from streams.engine.dtypes import FIX, HOLE, TICK, Records
from streams.engine.dtypes import PING as PING_KIND
from streams.scan import FIELDS, VALUE_BYTES_MAX, found, scan

TICK_RANK = 2

_CONSTRAINTS = {
    annotated_types.Ge: "ge",
    annotated_types.Le: "le",
    annotated_types.MinLen: "min_length",
    annotated_types.MaxLen: "max_length",
}
_FLOAT_MAX = float(np.finfo(np.float64).max)
_ROW_FLOAT_MAX = float(np.finfo(np.float32).max)

_NO_TEXT = np.empty(0, np.uint8)
_FOUND = found()

DOUBLE_EXACT_S = 2.0**32
"""Seconds since the epoch below which, to the year 2106, a double tells one microsecond from the next."""


class Record(Protocol):
    """The part of a Kafka record that decoding needs."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


@dataclass(frozen=True, order=True, slots=True)
class Rejected:
    """Why the record at `index` of the batch cannot be used; the message holds no value out of it."""

    index: int
    code: Code
    exception: str
    message: str


@dataclass(slots=True)
class Columns:
    """A batch in its order: FIX rows, their `row` still unset, and whose they are, as places in a text."""

    fixes: Records
    text: NDArray[np.uint8]
    spans: NDArray[np.int64]  # (records, 4): a convoy's name begins and ends, its vehicle's begins and ends

    @property
    def fix_ms(self) -> NDArray[np.int64]:
        """When each fix was taken, 0 for ticks and holes."""
        column: NDArray[np.int64] = self.fixes.fix_ms
        return column

    def names(self, indexes: Sequence[int] | NDArray[np.intp]) -> list[tuple[str, str]]:
        """Tell whose these pings are, each as (convoy_id, vehicle_id)."""
        text = self.text.tobytes()
        return [
            (text[convoy:convoy_end].decode(), text[vehicle:vehicle_end].decode())
            for convoy, convoy_end, vehicle, vehicle_end in self.spans[indexes].tolist()
        ]


def _hot_type(kind: Any, rules: Sequence[Any]) -> Any:
    """Say a field of Ping in msgspec's words, constraints included."""
    if kind is AwareDatetime:
        return Annotated[datetime, msgspec.Meta(tz=True)]
    constraints: dict[str, Any] = {}
    for info in rules:
        for rule in getattr(info, "metadata", ()):
            name = _CONSTRAINTS.get(type(rule))
            if name is not None:
                constraints[name] = getattr(rule, name)
    optional = type(None) in get_args(kind)
    bare = next((part for part in get_args(kind) if part is not type(None)), kind)
    if bare is float:
        # JSON can say 1e999
        constraints = {"ge": -_FLOAT_MAX, "le": _FLOAT_MAX, **constraints}
    hot: Any = Annotated[bare, msgspec.Meta(**constraints)] if constraints else bare
    return hot | None if optional else hot


def _hot_field(field: Any) -> tuple[str, Any] | tuple[str, Any, Any]:
    kind, *rules = get_args(field.type) or (field.type,)
    hot = _hot_type(kind, rules)
    return (field.name, hot) if field.default is MISSING else (field.name, hot, field.default)


# The same fields, types and ranges as Ping, in the form that msgspec reads.
HotPing = msgspec.defstruct("HotPing", [_hot_field(field) for field in fields(Ping)], gc=False)
_decode = msgspec.json.Decoder(HotPing).decode

NUMBERS = ("lat", "lon", "speed_mps", "heading_deg", "accuracy_m", "battery_pct", "sos", "mock")
_NUMBERS_OF = tuple(map(attrgetter, NUMBERS))


def _check_one(index: int, record: Record) -> Any:
    """Read one record with care: a ping, or the Rejected that says why it is none."""
    value = record.value
    if value is None:
        return Rejected(index, "no-value", "ValueError", "the record has no value")
    if len(value) > VALUE_BYTES_MAX:
        return Rejected(index, "too-large", "ValueError", f"{len(value)} bytes, more than {VALUE_BYTES_MAX}")
    try:
        return _decode(value.decode())
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError):
        pass
    try:
        return PING.validate_json(value)
    except ValidationError as error:
        code: Code = "bad-json" if error.errors()[0]["type"] == "json_invalid" else "bad-field"
        return Rejected(index, code, "ValidationError", ping_fault(error))


def _instants_ms(pings: Sequence[Any]) -> NDArray[np.int64]:
    seconds = np.array([ping.time.timestamp() for ping in pings], np.float64)
    if np.abs(seconds).max() >= DOUBLE_EXACT_S:
        return np.array([instant_ms(ping.time) for ping in pings], np.int64)
    whole: NDArray[np.int64] = np.rint(seconds * 1e6).astype(np.int64) // 1000
    return whole


def _numbers(pings: Sequence[Any]) -> NDArray[np.float64]:
    """Give a row for each of NUMBERS and a column for each ping; null becomes NaN."""
    table = np.array([list(map(number_of, pings)) for number_of in _NUMBERS_OF], np.float64)
    # 1e300 m/s is a number too; as infinity it could be written in no status
    return np.clip(table, -_ROW_FLOAT_MAX, _ROW_FLOAT_MAX, out=table)


def _fix_ms(pings: Sequence[Any], received_ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """Say when each fix was taken; an instant that lost a roll-over of the GPS week is repaired."""
    fix_ms = _instants_ms(pings)
    repaired_ms = fix_ms + ROLLOVER_MS
    rolled_over = (repaired_ms >= received_ms - BUFFERED_MS_MAX) & (repaired_ms <= received_ms + FUTURE_MS)
    return np.where(rolled_over, repaired_ms, fix_ms)


def _doubts(columns: dict[str, Any], pings: Sequence[Any], keys: Sequence[bytes | None]) -> Iterator[Rejected]:
    """Find what a field's own range cannot show: half a position, a foreign key, a fix from nowhere in time."""
    fix_ms, latest_ms = columns["fix_ms"], columns["received_ms"] + FUTURE_MS
    for index in np.flatnonzero(np.isnan(columns["lat"]) != np.isnan(columns["lon"])).tolist():
        yield Rejected(index, "bad-field", "ValueError", "lat and lon must be given both or neither")
    for index in np.flatnonzero(fix_ms < FIRST_MS).tolist():
        yield Rejected(index, "bad-field", "ValueError", "time: is outside of the years 1 to 9999 in UTC")
    if [ping.convoy_id.encode() for ping in pings] != keys:
        for index, (ping, key) in enumerate(zip(pings, keys, strict=True)):
            if ping.convoy_id.encode() != key:
                yield Rejected(index, "wrong-key", "ValueError", "the record key is not the ping's convoy_id")
    for index in np.flatnonzero(fix_ms > latest_ms).tolist():
        ahead_s = (fix_ms[index] - latest_ms[index] + FUTURE_MS) // 1000
        yield Rejected(index, "bad-time", "ValueError", f"the fix is {ahead_s} s ahead of its receipt")


def decode(
    batch: Sequence[Record], rank: NDArray[np.int8], received_ms: NDArray[np.int64]
) -> tuple[Columns, list[Rejected]]:
    """Turn a batch in merged order into columns of the same length; nothing raises.

    `rank` is 0 for a cargo vehicle's ping, 1 for an escort's, 2 for a tick; `received_ms` the records' timestamps. A
    record that cannot be used is a hole in the columns and one Rejected, in the batch's order.
    """
    # Not a record array yet: each attribute of one costs microseconds, and in live traffic a batch is one ping.
    fixes = np.zeros(len(batch), FIX)
    fixes["received_ms"] = received_ms
    fixes["kind"] = np.where(rank == TICK_RANK, TICK, HOLE)
    columns = Columns(fixes.view(np.recarray), _NO_TEXT, np.zeros((len(batch), 4), np.int64))
    if (rank == TICK_RANK).all():
        return columns, []
    text, begin = _text(batch)
    columns.text = np.frombuffer(text, np.uint8)
    scan(columns.text, begin, columns.fixes, columns.spans, FIELDS, _FOUND)
    unread = np.flatnonzero(fixes["kind"] == HOLE)
    return columns, _read_with_care(columns, batch, unread) if len(unread) else []


def _text(batch: Sequence[Record]) -> tuple[bytes, NDArray[np.int64]]:
    """Lay all values, then all keys, one behind the other with a zero byte after each; gives where each begins too."""
    parts = [record.value or b"" for record in batch]
    parts += [record.key or b"" for record in batch]
    begin = np.zeros(len(parts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)) + 1, out=begin[1:])
    parts.append(b"")
    return b"\0".join(parts), begin


def _read_with_care(columns: Columns, batch: Sequence[Record], where: NDArray[np.intp]) -> list[Rejected]:
    """Read the records at `where`, which are unusual or none."""
    read = [_check_one(index, batch[index]) for index in where.tolist()]
    rejected = [item for item in read if type(item) is Rejected]
    if rejected:
        kept = [i for i, item in enumerate(read) if type(item) is not Rejected]
        where, read = where[kept], [read[i] for i in kept]
    if read:
        rejected += _place(columns, batch, where, read)
    return sorted(rejected)


def _place(columns: Columns, batch: Sequence[Record], where: NDArray[np.intp], pings: Sequence[Any]) -> list[Rejected]:
    """Write the pings to their places in the batch, save for those that are doubtful as a whole."""
    fixes = columns.fixes.view(np.ndarray)
    received_ms = fixes["received_ms"][where]
    values: dict[str, Any] = dict(zip(NUMBERS, _numbers(pings), strict=True))
    values |= {"received_ms": received_ms, "fix_ms": _fix_ms(pings, received_ms), "kind": PING_KIND}
    for name, column in values.items():
        fixes[name][where] = column
    _append_names(columns, where, pings)
    places = where.tolist()
    doubts: dict[int, Rejected] = {}
    for doubt in _doubts(values, pings, [batch[i].key for i in places]):
        doubts.setdefault(doubt.index, doubt)
    for index in doubts:
        fixes["kind"][places[index]], fixes["fix_ms"][places[index]] = HOLE, 0
    return [replace(doubt, index=places[index]) for index, doubt in doubts.items()]


def _append_names(columns: Columns, where: NDArray[np.intp], pings: Sequence[Any]) -> None:
    """Lay the names of pings behind the text of their batch: in their records they may be written otherwise."""
    names = [name.encode() for ping in pings for name in (ping.convoy_id, ping.vehicle_id)]
    ends = len(columns.text) + np.cumsum([len(name) for name in names]).reshape(-1, 2)
    lengths = np.array([len(name) for name in names]).reshape(-1, 2)
    columns.spans[where] = np.stack([ends - lengths, ends], axis=2).reshape(-1, 4)
    columns.text = np.concatenate([columns.text, np.frombuffer(b"".join(names), np.uint8)])
