"""The event stream: resumed within its memory, and bounded towards whoever does not read."""

import json
from typing import Any

from console import stream as module
from console.sessions import Session
from console.stream import QUEUE_EVENTS_MAX, RESYNC, Client, Stream


def client(role: str = "viewer") -> Client:
    return Client(Session("ani", role, "Posko 1", "", 0.0, 0.0))  # type: ignore[arg-type]


def queued(reader: Client) -> list[bytes]:
    return [reader.queue.get_nowait() for _ in range(reader.queue.qsize())]


def begun(stream: Stream, last_event_id: str, role: str = "viewer") -> list[tuple[str, Any]]:
    reader = client(role)
    stream.open(reader, last_event_id, lambda: {"whole": stream.seq})
    lines = [chunk.decode().splitlines() for chunk in queued(reader)]
    return [(event[1].removeprefix("event: "), json.loads(event[2].removeprefix("data: "))) for event in lines]


def test_who_was_away_is_given_what_it_missed_and_else_the_whole() -> None:
    stream = Stream("boot")
    for number in range(1, 4):
        stream.publish("alert", {"n": number}, {"n": number} if number == 2 else None)
    assert begun(stream, "boot-1") == [("alert", {"n": 2}), ("alert", {"n": 3})]
    assert begun(stream, "boot-1", "report-desk") == [("alert", {"n": 2})]
    assert begun(stream, "boot-3") == []
    for unknown in ("", "boot-4", "boot-x", "boot--1", "other-1", "boot"):
        assert begun(stream, unknown) == [("snapshot", {"whole": 3})], unknown


def test_what_is_no_longer_remembered_is_given_whole(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "RING_EVENTS_MAX", 2)
    stream = Stream("boot")
    for number in range(5):
        stream.publish("alert", {"n": number})
    assert len(begun(stream, "boot-3")) == 2
    assert begun(stream, "boot-2") == [("snapshot", {"whole": 5})]


def test_who_does_not_read_is_cut_and_told_to_begin_anew_and_nobody_else_notices() -> None:
    stream, slow, quick = Stream("boot"), client(), client()
    cut: list[int] = []
    stream.dropped = lambda: cut.append(1)
    for reader in (slow, quick):
        stream.open(reader, "", dict)
    for number in range(QUEUE_EVENTS_MAX):
        stream.publish("alert", {"n": number})
        queued(quick)
    assert (queued(slow), cut, stream.clients) == ([RESYNC, b""], [1], {quick})


def test_a_line_break_in_a_text_does_not_end_an_event() -> None:
    stream, reader = Stream("boot"), client()
    stream.open(reader, "boot-0", dict)
    stream.publish("action", {"note": "one\n\nevent: snapshot\ndata: {}"})
    [chunk] = queued(reader)
    assert chunk.count(b"\n\n") == 1
