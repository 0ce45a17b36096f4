"""A recording gives its pings in the order of its lines; a line that is none is told and passed over."""

import json
from pathlib import Path

import pytest

from models.instants import format_instant
from models.ping import PING
from streams.recording import CARGO as CARGO_RANK
from streams.recording import ESCORT as ESCORT_RANK
from streams.recording import Arrival, read_recording
from tests.streams.convoys import CARGO, ESCORT, START_MS, at_ms, plan_of

PLANS = [plan_of(), plan_of("BTG-08", [CARGO.model_copy(update={"vehicle_id": "KÜ-2"})])]


def line(at_s: float = 0, **more: object) -> bytes:
    fields = {"vehicle_id": "KT-1", "convoy_id": "BTG-07", "time": format_instant(at_ms(at_s)), "lat": 1, "lon": 2}
    return json.dumps(fields | more).encode()


class Recording:
    """A recording of these bytes, read as far as it can be."""

    def __init__(self, path: Path, content: bytes) -> None:
        self.refused: list[tuple[int, str]] = []
        self.bytes_read = 0
        path.write_bytes(content)
        self.arrivals = list(read_recording(path, PLANS, lambda *fault: self.refused.append(fault), self._progress))

    def _progress(self, count: int) -> None:
        self.bytes_read += count


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pings.jsonl"


def test_a_ping_that_has_everything_is_passed_on_as_it_stands(path: Path) -> None:
    value = line(received=format_instant(at_ms(2)))
    recording = Recording(path, value + b"\n")
    assert recording.arrivals == [Arrival(at_ms(2), b"BTG-07", value, CARGO_RANK, line=1)]
    assert recording.refused == []


def test_without_a_receipt_a_ping_arrives_when_it_was_taken(path: Path) -> None:
    recording = Recording(path, line(5) + b"\n" + line(7, received=None))
    assert [arrival.received_ms for arrival in recording.arrivals] == [at_ms(5), at_ms(7)]


def test_arrival_never_runs_backwards(path: Path) -> None:
    lines = [line(s, **more) for s, more in [(5, {}), (3, {}), (1, {"received": format_instant(at_ms(9))}), (8, {})]]
    recording = Recording(path, b"\n".join(lines))
    assert [arrival.received_ms - START_MS for arrival in recording.arrivals] == [5000, 5000, 9000, 9000]


def test_the_convoy_is_that_of_the_plan_which_has_the_vehicle(path: Path) -> None:
    fields = {"vehicle_id": "KÜ-2", "time": format_instant(START_MS)}
    values = [
        json.dumps(fields).encode(),
        json.dumps(fields, ensure_ascii=False, indent=None).replace("{", "{ \t").replace("}", " \t}").encode(),
        json.dumps(fields | {"convoy_id": None}).encode(),
        json.dumps({"convoy_id": None} | fields | {"source": "}"}).encode(),
    ]
    recording = Recording(path, b"\n".join(values))
    assert recording.refused == []
    assert [arrival.key for arrival in recording.arrivals] == [b"BTG-08"] * 4
    assert [PING.validate_json(arrival.value).convoy_id for arrival in recording.arrivals] == ["BTG-08"] * 4


def test_a_convoy_that_is_named_is_kept_even_where_no_plan_knows_it(path: Path) -> None:
    recording = Recording(path, line(convoy_id="X") + b"\n" + line(convoy_id=""))
    assert [arrival.key for arrival in recording.arrivals] == [b"X", b""]


def test_escorts_have_the_rank_of_the_escort_topic(path: Path) -> None:
    values = [line(vehicle_id=ESCORT.vehicle_id), line(), line(vehicle_id=ESCORT.vehicle_id, convoy_id="BTG-08")]
    recording = Recording(path, b"\n".join(values))
    assert [arrival.rank for arrival in recording.arrivals] == [ESCORT_RANK, CARGO_RANK, CARGO_RANK]


BAD = {
    b"{}": "Object missing required field `time`",
    b"[]": "Expected `object`, got `array`",
    b"hello": "JSON is malformed",
    line()[:-1]: "truncated",
    line() + b"," + line(): "trailing characters",
    b"\xff\xfe": "JSON is malformed",
    line(time="yesterday"): "Invalid RFC3339",
    line(time="2024-11-28T00:00:00"): "Expected `datetime` with a timezone component",
    line(time=5): "Expected `datetime`",
    line(received="soon"): "Invalid RFC3339 encoded datetime - at `$.received`",
    line(received="9999-12-31T23:59:59-10:00"): "outside of the years",
    line(time="0001-01-01T00:00:00+10:00"): "outside of the years",
    line(vehicle_id=None): "Expected `str`, got `null`",
    json.dumps({"vehicle_id": "nobody", "time": "2024-11-28T00:00:00Z"}).encode(): "names no convoy",
    b'{"x":' + b"[" * 10_000: "recursion",
    line().replace(b"KT-1", b"\xed\xa0\x80"): "utf-8",
}  # fmt: skip


def test_a_bad_line_is_told_with_its_number_and_reason_and_its_neighbours_are_read(path: Path) -> None:
    content = b"\n".join(value for bad in BAD for value in (line(1), bad, b""))
    recording = Recording(path, content)
    assert [number for number, _ in recording.refused] == list(range(2, 3 * len(BAD), 3))
    for (_, reason), expected in zip(recording.refused, BAD.values(), strict=True):
        assert expected in reason
    places = range(1, 3 * len(BAD), 3)
    assert recording.arrivals == [Arrival(at_ms(1), b"BTG-07", line(1), CARGO_RANK, place) for place in places]
    assert recording.bytes_read == len(content)


def test_blank_lines_line_ends_of_windows_and_a_byte_order_mark_are_no_matter(path: Path) -> None:
    content = b"\xef\xbb\xbf" + line(1) + b"\r\n\r\n   \n\t\r\n" + line(2) + b"\r\n" + line(3)
    recording = Recording(path, content)
    assert recording.refused == []
    assert [arrival.value for arrival in recording.arrivals] == [line(1), line(2), line(3)]


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n \n", b"\xef\xbb\xbf"])
def test_an_empty_recording_has_no_pings(path: Path, content: bytes) -> None:
    recording = Recording(path, content)
    assert (recording.arrivals, recording.refused) == ([], [])


def test_a_recording_that_cannot_be_read_raises_an_error_of_the_system(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.jsonl", tmp_path):
        with pytest.raises(OSError, match=path.name):
            list(read_recording(path, PLANS, lambda *_: None))
