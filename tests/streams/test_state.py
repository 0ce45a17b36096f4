"""What a state record holds is what comes out of it; anything else is refused as a whole.

A change of VEHICLE or of Head needs a new VERSION and a migration. Then write the sample of that version, and add its
fingerprint below: `python -m tests.streams.test_state`.
"""

import contextlib
import hashlib
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.dtypes import DEVIATION, VEHICLE, Records, records
from streams.engine.engine import blank_row
from streams.state import VERSION, Head, StateVersionError, dump_state, load_state
from streams.watch import Watch
from tests.streams.convoys import CARGO, at_ms, detour, judge, ping, plan_of, told, watch_over

SAMPLES = Path(__file__).parent / "data"
FINGERPRINTS = {1: "85b50b9df60db4e1"}


def fingerprint() -> str:
    """What a state record looks like, in short."""
    layout = [(name, str(VEHICLE.fields[name][0]), VEHICLE.fields[name][1]) for name in VEHICLE.names]
    head = [(field.name, str(field.type)) for field in msgspec.structs.fields(Head)]
    return hashlib.sha256(repr((layout, VEHICLE.itemsize, head)).encode()).hexdigest()[:16]


def sample() -> bytes:
    """The state of a convoy in the middle of a deviation."""
    watch = watch_over(plan_of())
    judge(watch, detour())
    value = watch.dump("BTG-07")
    assert value is not None
    return value


def rows_of(count: int) -> Records:
    rows = records(count, VEHICLE)
    rows[:] = blank_row()[0]
    rows.received_count = np.arange(count)
    return rows


IDS = st.lists(st.text(min_size=1, max_size=64), unique=True, min_size=1, max_size=5)


@given(IDS, st.integers(-(2**61), 2**61))
def test_what_is_dumped_is_loaded(vehicle_ids: list[str], due_ms: int) -> None:
    rows = rows_of(len(vehicle_ids))
    state = load_state(dump_state(Head(due_ms, vehicle_ids), rows))
    assert state.head == Head(due_ms, vehicle_ids)
    assert state.rows.tobytes() == rows.tobytes()
    assert state.rows.received_count.tolist() == list(range(len(vehicle_ids)))


@pytest.mark.parametrize("version", [0, VERSION + 1, 255])
def test_a_state_of_another_version_is_refused(version: int) -> None:
    with pytest.raises(StateVersionError, match=f"version {version}, this Kawal reads version {VERSION}"):
        load_state(bytes((version,)) + sample()[1:])


def test_a_state_that_was_cut_anywhere_is_refused() -> None:
    value = dump_state(Head(5, ["KT-1", "POL-1", "ö" * 64]), rows_of(3))
    for length in range(len(value)):
        with pytest.raises(StateVersionError):
            load_state(value[:length])
    with pytest.raises(StateVersionError):
        load_state(value + value[-1:])


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(value: bytes) -> None:
    with pytest.raises(StateVersionError):
        load_state(bytes((VERSION,)) + value)


@given(st.integers(0, 60), st.integers(0, 255))
def test_a_changed_byte_gives_no_other_error(place: int, byte: int) -> None:
    value = bytearray(dump_state(Head(5, ["KT-1", "POL-1"]), rows_of(2)))
    value[place] = byte
    with contextlib.suppress(StateVersionError):
        load_state(bytes(value))


def test_a_new_layout_of_the_state_has_a_new_version() -> None:
    assert fingerprint() == FINGERPRINTS[VERSION], __doc__


def test_every_version_written_so_far_can_be_loaded() -> None:
    assert sorted(FINGERPRINTS) == list(range(1, VERSION + 1))


@pytest.mark.parametrize("version", FINGERPRINTS)
def test_the_sample_of_a_version_goes_on_where_it_was(version: int) -> None:
    value = (SAMPLES / f"state-{version}.bin").read_bytes()
    state = load_state(value)
    assert state.head == Head(at_ms(120), ["KT-1"])
    (row,) = state.rows
    assert (row.received_count, row.fix_ms, row.open[DEVIATION]) == (13, at_ms(120), 1)
    assert row.onset_ms[DEVIATION] == at_ms(60)
    watch = Watch()
    watch.put_plan(plan_of())
    watch.load("BTG-07", value)
    back = [ping(s, 1000 + 15 * s) for s in (130, 140, 150)]
    assert told(judge(watch, back)) == [("deviation", "cleared")]
    assert watch.received_count("BTG-07", CARGO.vehicle_id) == 16


if __name__ == "__main__":
    SAMPLES.mkdir(exist_ok=True)
    (SAMPLES / f"state-{VERSION}.bin").write_bytes(sample())
    print(f"FINGERPRINTS[{VERSION}] is {fingerprint()}")
