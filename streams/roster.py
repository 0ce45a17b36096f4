"""Which row is whose: found for a whole batch at once, from the names as they stand in the text of its records."""

import os
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.decode import Columns
from streams.engine.dtypes import PING, Records
from streams.engine.jit import entry, kernel
from streams.scan import Text, are_same

NOBODY = -1
FNV_PRIME = np.uint64(0x01000193)
HASH_BITS = np.uint64(0xFFFFFFFF)
ROOM_MIN = 1024
"""Rows for which there is room at first."""


@kernel
def mix(text: Text, start: int, end: int, before: np.uint64) -> np.uint64:
    """Mix bytes into a hash (FNV-1a of 32 bits)."""
    for at in range(start, end):
        before = (before ^ np.uint64(text[at])) * FNV_PRIME & HASH_BITS
    return before


@kernel
def first_slot(text: Text, name: NDArray[np.int64], seed: np.uint64, slots: NDArray[np.int32]) -> int:
    """Give the slot where the search for a name begins; there are a power of two of them."""
    mixed = mix(text, name[2], name[3], mix(text, name[0], name[1], seed))
    return int(np.int64(mixed & np.uint64(len(slots) - 1)))


class Entries(NamedTuple):
    """Rows by name, in a hash table with open addressing."""

    slots: NDArray[np.int32]  # a power of two of them, each a row or NOBODY
    names: NDArray[np.int64]  # (rows, 4): where in the text a convoy's name begins and ends, and its vehicle's
    text: Text
    seed: np.uint64


@entry
def enter(row: int, entries: Entries) -> None:
    """Enter a row whose name is in no slot yet."""
    slots = entries.slots
    slot = first_slot(entries.text, entries.names[row], entries.seed, slots)
    while slots[slot] != NOBODY:
        slot = (slot + 1) & (len(slots) - 1)
    slots[slot] = row


@entry
def find(fixes: Records, text: Text, spans: NDArray[np.int64], entries: Entries) -> None:
    """Set the row of each ping, NOBODY where it has none."""
    slots, known = entries.slots, entries.text
    for i in range(len(fixes)):
        fixes[i].row = NOBODY
        if fixes[i].kind != PING:
            continue
        a = spans[i]
        slot = first_slot(text, a, entries.seed, slots)
        while slots[slot] != NOBODY:
            b = entries.names[slots[slot]]
            if are_same(text, a[2], a[3], known, b[2], b[3]) and are_same(text, a[0], a[1], known, b[0], b[1]):
                fixes[i].row = slots[slot]
                break
            slot = (slot + 1) & (len(slots) - 1)


class Roster:
    """The rows of the vehicles of one partition by (convoy_id, vehicle_id)."""

    def __init__(self) -> None:
        self.row_of: dict[tuple[str, str], int] = {}
        # Whoever may send pings cannot choose names that all begin their search in one slot.
        self._seed = np.uint64(int.from_bytes(os.urandom(4)))
        self._rebuild()

    def add(self, convoy_id: str, vehicle_id: str, row: int) -> None:
        """Enter a vehicle that is not in the roster."""
        self.row_of[convoy_id, vehicle_id] = row
        if not self._stale:
            self._enter(convoy_id.encode(), vehicle_id.encode(), row)

    def remove(self, convoy_id: str, vehicle_id: str) -> int:
        """Take a vehicle out; gives the row that it had."""
        self._stale = True
        return self.row_of.pop((convoy_id, vehicle_id))

    def find_rows(self, columns: Columns) -> None:
        """Set the row of each ping of a batch, NOBODY where its vehicle is not in the roster."""
        if self._stale:
            self._rebuild()
        find(columns.fixes, columns.text, columns.spans, self._entries)

    def _rebuild(self) -> None:
        room = max(ROOM_MIN, 2 * max(self.row_of.values(), default=0))
        slots: NDArray[np.int32] = np.full(2 << room.bit_length(), NOBODY, np.int32)
        names = np.zeros((room, 4), np.int64)
        self._entries = Entries(slots, names, np.zeros(64 * room, np.uint8), self._seed)
        self._used = 0
        self._stale = False
        for (convoy_id, vehicle_id), row in self.row_of.items():
            self._enter(convoy_id.encode(), vehicle_id.encode(), row)

    def _enter(self, convoy: bytes, vehicle: bytes, row: int) -> None:
        if row >= len(self._entries.names):
            self._stale = True
            return
        start, middle = self._used, self._used + len(convoy)
        self._used = end = middle + len(vehicle)
        if end > len(self._entries.text):
            longer = np.concatenate([self._entries.text, np.zeros(end, np.uint8)])
            self._entries = self._entries._replace(text=longer)
        self._entries.text[start:end] = np.frombuffer(convoy + vehicle, np.uint8)
        self._entries.names[row] = start, middle, middle, end
        enter(row, self._entries)
