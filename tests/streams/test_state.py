"""What a state record holds is what comes out of it; anything else is refused as a whole.

A change of VEHICLE, of EPISODE, of FIX or of Head needs a new VERSION, and the layout before it in
`streams/state_layouts.py`. Then write the sample of that version, and add its fingerprint below:
`python -m tests.streams.test_state`.
"""

import contextlib
import hashlib
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.dtypes import (
    DEVIATION,
    DURATION_MS_MAX,
    EPISODE,
    EPISODES,
    FIX,
    HIGH,
    SOS,
    STALL,
    VEHICLE,
    Records,
    records,
)
from streams.engine.engine import blank_row
from streams.engine.gaps import Gap
from streams.state import VERSION, ConvoyState, GapHead, Head, StateVersionError, dump_state, load_state
from streams.watch import Watch
from tests.streams.convoys import CARGO, at_ms, detour, judge, ping, plan_of, told, watch_over

# Nothing that ran for anybody wrote the version before.
FIRST_VERSION = 2
SAMPLES = Path(__file__).parent / "data"
FINGERPRINTS = {2: "56f5be596c1af77c", 3: "ae2cbfb781637841", 4: "4d7e687b1dfd3f3e", 5: "40d4209d11f14099"}


def fingerprint() -> str:
    """What a state record looks like, in short."""
    layouts = [
        ([(name, str(dtype.fields[name][0]), dtype.fields[name][1]) for name in dtype.names], dtype.itemsize)
        for dtype in (VEHICLE, EPISODE, FIX)
    ]
    heads = [[(field.name, str(field.type)) for field in msgspec.structs.fields(head)] for head in (Head, GapHead)]
    return hashlib.sha256(repr((layouts, heads)).encode()).hexdigest()[:16]


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


def gap_of(count: int) -> Gap:
    gap = Gap(1000, 61_000, {SOS, DEVIATION}, 7, 1234.5, 180_000, 2345.5)
    gap.keep(np.zeros(count, FIX))
    return gap


def quiet(count: int) -> Records:
    return records((count, EPISODES), EPISODE)


IDS = st.lists(st.text(min_size=1, max_size=64), unique=True, min_size=1, max_size=5)


@given(IDS, st.integers(-(2**61), 2**61), st.data())
def test_what_is_dumped_is_loaded(vehicle_ids: list[str], due_ms: int, data: st.DataObject) -> None:
    rows, episodes = rows_of(len(vehicle_ids)), quiet(len(vehicle_ids))
    kinds = st.lists(st.integers(0, EPISODES - 1), unique=True)
    for row in range(len(vehicle_ids)):
        for kind in data.draw(kinds):
            rows[row].open[kind] = 1
            episodes[row, kind].onset_ms = 100 * row + kind
    state = load_state(dump_state(Head(due_ms, vehicle_ids), rows, episodes, {}))
    assert state.head == Head(due_ms, vehicle_ids)
    assert state.rows.tobytes() == rows.tobytes()
    assert state.rows.received_count.tolist() == list(range(len(vehicle_ids)))
    assert state.episodes.tobytes() == episodes.tobytes()


def test_of_the_episodes_only_the_open_ones_are_kept() -> None:
    rows, episodes = rows_of(2), quiet(2)
    rows[1].open[SOS] = 1
    episodes.onset_ms = 7
    value = dump_state(Head(5, ["KT-1", "POL-1"]), rows, episodes, {})
    assert len(value) == len(dump_state(Head(5, ["KT-1", "POL-1"]), rows_of(2), episodes, {})) + EPISODE.itemsize
    kept = load_state(value).episodes.onset_ms
    assert (kept[1, SOS], np.count_nonzero(kept)) == (7, 1)


@pytest.mark.parametrize("opened", [0, 2])
def test_a_state_with_other_episodes_than_its_rows_say_is_refused(opened: int) -> None:
    rows = rows_of(1)
    rows[0].open[STALL] = 1
    value = bytearray(dump_state(Head(5, ["KT-1"]), rows, quiet(1), {}))
    place = value.index(rows.tobytes()) + VEHICLE.fields["open"][1]
    value[place : place + EPISODES] = bytes([1] * opened + [0] * (EPISODES - opened))
    with pytest.raises(StateVersionError, match="damaged"):
        load_state(bytes(value))


@given(st.dictionaries(st.integers(0, 2), st.integers(1, 3)), st.floats(allow_infinity=False))
def test_what_fills_a_gap_is_loaded_as_it_was(counts: dict[int, int], begin_m: float) -> None:
    gaps = {place: gap_of(count) for place, count in counts.items()}
    for gap in gaps.values():
        gap.begin_m = begin_m
    state = load_state(dump_state(Head(5, ["KT-1", "KT-2", "POL-1"]), rows_of(3), quiet(3), gaps))
    assert state.gaps.keys() == gaps.keys()
    for place, gap in gaps.items():
        again = state.gaps[place]
        assert (again.fixes.tobytes(), repr(again.begin_m)) == (gap.fixes.tobytes(), repr(begin_m))
        assert (again.known, again.begun_ms, again.due_ms, again.version) == ({SOS, DEVIATION}, 1000, 61_000, 7)
        assert (again.off_ms, again.off_way_m) == (180_000, 2345.5)


def test_a_gap_of_the_version_before_is_loaded_as_one_that_began_on_the_route() -> None:
    value = dump_state(Head(5, ["KT-1"]), rows_of(1), quiet(1), {0: gap_of(1)})
    names = value[5 : 5 + int.from_bytes(value[1:5], "little")]
    head = msgspec.msgpack.decode(names)
    del head[2][0][-2:]
    other = msgspec.msgpack.encode(head)
    before = bytes((4,)) + len(other).to_bytes(4, "little") + other + value[5 + len(names) :]
    gap = load_state(before).gaps[0]
    assert (gap.begin_m, gap.off_ms, gap.off_way_m) == (1234.5, 0, 0.0)


@pytest.mark.parametrize("gap", [[7, 1], [-1, 1], [0, 0], [0, 2], [0, -1]])
def test_a_gap_of_nobody_or_of_other_fixes_is_refused(gap: list[int]) -> None:
    value = dump_state(Head(5, ["KT-1"]), rows_of(1), quiet(1), {0: gap_of(1)})
    names = value[5 : 5 + int.from_bytes(value[1:5], "little")]
    head = msgspec.msgpack.decode(names)
    head[2][0][:2] = gap
    other = msgspec.msgpack.encode(head)
    with pytest.raises(StateVersionError, match="fixes"):
        load_state(value[:1] + len(other).to_bytes(4, "little") + other + value[5 + len(names) :])


def test_the_state_of_a_vehicle_is_small() -> None:
    assert VEHICLE.itemsize <= 600


@pytest.mark.parametrize(
    ("version", "advice"),
    [
        (0, "start a version between the two first"),
        (FIRST_VERSION - 1, "start a version between the two first"),
        (VERSION + 1, "start the newer Kawal again"),
        (255, "start the newer Kawal again"),
    ],
)
def test_a_state_of_a_version_that_is_not_read_is_refused_with_what_to_start(version: int, advice: str) -> None:
    told = f"written in version {version}, this Kawal reads {FIRST_VERSION} to {VERSION}: {advice}"
    with pytest.raises(StateVersionError, match=told):
        load_state(bytes((version,)) + sample()[1:])


def test_a_state_that_was_cut_anywhere_is_refused() -> None:
    value = dump_state(Head(5, ["KT-1", "POL-1", "ö" * 64]), rows_of(3), quiet(3), {0: gap_of(2)})
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
    value = bytearray(dump_state(Head(5, ["KT-1", "POL-1"]), rows_of(2), quiet(2), {1: gap_of(1)}))
    value[place] = byte
    with contextlib.suppress(StateVersionError):
        load_state(bytes(value))


def test_a_new_layout_of_the_state_has_a_new_version() -> None:
    assert fingerprint() == FINGERPRINTS[VERSION], __doc__


def test_every_version_written_so_far_can_be_loaded() -> None:
    assert sorted(FINGERPRINTS) == list(range(FIRST_VERSION, VERSION + 1))


def told_of(state: ConvoyState) -> tuple[str, bytes]:
    """All that version 2 knew of a convoy already."""
    rows = state.rows.copy()
    rows.lag_ms = rows.lag_count = rows.off_way_m = 0
    return repr(rows.tolist()), state.episodes.tobytes()


@pytest.mark.parametrize("version", FINGERPRINTS)
def test_the_sample_of_a_version_goes_on_where_it_was(version: int) -> None:
    value = (SAMPLES / f"state-{version}.bin").read_bytes()
    state = load_state(value)
    assert state.head == Head(at_ms(120), ["KT-1"])
    (row,) = state.rows
    assert (row.received_count, row.fix_ms, row.open[DEVIATION]) == (13, at_ms(120), 1 + HIGH)
    assert state.episodes[0, DEVIATION].onset_ms == at_ms(60)
    assert told_of(state) == told_of(load_state(sample()))
    assert (row.lag_ms, row.lag_count) == ((DURATION_MS_MAX, 0) if version == 2 else (0, 3))
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
