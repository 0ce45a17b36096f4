"""Each vehicle finds its row, however many there are, come and go."""

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.decode import Columns, decode
from streams.recording import Arrival
from streams.roster import NOBODY, ROOM_MIN, Roster

Whose = tuple[str, str]


def batch_of(names: list[Whose]) -> Columns:
    """A ping of each, decoded."""
    pings = [
        Arrival(
            0, c.encode(), json.dumps({"convoy_id": c, "vehicle_id": v, "time": "1970-01-01T00:00:00Z"}).encode(), 0
        )
        for c, v in names
    ]
    columns, rejected = decode(pings, np.zeros(len(pings), np.int8), np.zeros(len(pings), np.int64))
    assert rejected == []
    return columns


def rows_of(roster: Roster, names: list[Whose]) -> list[int]:
    columns = batch_of(names)
    roster.find_rows(columns)
    rows: list[int] = columns.fixes.row.tolist()
    return rows


NAMES = st.tuples(*[st.sampled_from(["a", "b", "ab", "aa", "ü", "x" * 64, "😀" * 64])] * 2)


@given(st.lists(st.tuples(st.booleans(), NAMES), max_size=30))
@settings(deadline=None)
def test_a_vehicle_is_found_while_it_is_in_the_roster(changes: list[tuple[bool, Whose]]) -> None:
    roster = Roster()
    rows: dict[Whose, int] = {}
    asked = [("a", "ab"), ("aa", "b"), ("a", "b"), ("ü", "😀" * 64)]
    for row, (add, name) in enumerate(changes):
        if add and name not in rows:
            roster.add(*name, row)
            rows[name] = row
        elif not add and name in rows:
            assert roster.remove(*name) == rows.pop(name)
        assert rows_of(roster, [*asked, name]) == [rows.get(whose, NOBODY) for whose in [*asked, name]]


def test_a_roster_grows() -> None:
    roster = Roster()
    names = [(f"convoy {row % 7}", f"{row:060}") for row in range(3 * ROOM_MIN)]
    for row, name in enumerate(names):
        roster.add(*name, row)
        if row % 500 == 0:
            assert rows_of(roster, names[: row + 1]) == list(range(row + 1))
    assert rows_of(roster, names) == list(range(len(names)))


def test_ticks_and_holes_have_no_row() -> None:
    roster = Roster()
    roster.add("", "", 3)
    records = [Arrival(0, b"", b"", 2), Arrival(0, b"", b"", 0)]
    columns, _ = decode(records, np.array([2, 0], np.int8), np.zeros(2, np.int64))
    roster.find_rows(columns)
    assert columns.fixes.row.tolist() == [NOBODY, NOBODY]
