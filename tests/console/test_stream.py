"""The event stream: resumed within its memory, and bounded towards whoever does not read."""

import json
import zlib
from typing import Any

from console import stream as module
from console.sessions import Session
from console.stream import GZIP_BEGIN, QUEUE_EVENTS_MAX, RESYNC, Client, Stream


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
    assert (queued(slow), cut, stream.clients) == ([RESYNC.raw, b""], [1], {quick})


def test_what_is_packed_for_all_is_one_gzip_stream_for_each() -> None:
    stream, early, late = Stream("boot"), client(), client()
    early.packs = late.packs = True
    stream.open(early, "", lambda: {"whole": 0})
    stream.publish("alert", {"n": 1})
    stream.open(late, "", lambda: {"whole": stream.seq})
    stream.publish("alert", {"n": 2})
    for reader in (early, late):
        unpack = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        assert unpack.decompress(GZIP_BEGIN) == b""
        events = [unpack.decompress(chunk) for chunk in queued(reader)]
        assert [event.splitlines()[1] for event in events] == [b"event: snapshot", b"event: alert", b"event: alert"]


def test_those_who_come_together_share_a_snapshot_and_are_given_what_came_since() -> None:
    stream, made = Stream("boot"), []
    readers = [client(), client(), client(), client("report-desk")]

    def snapshot() -> dict[str, int]:
        made.append(stream.seq)
        return {"whole": stream.seq}

    for reader in readers[:2]:
        stream.open(reader, "", snapshot)
        stream.publish("alert", {"n": 1})
    stream.open(readers[3], "", snapshot)
    stream.forget_snapshots()
    stream.open(readers[2], "", snapshot)
    assert made == [0, 2, 2]
    assert [len(queued(reader)) for reader in readers] == [3, 3, 1, 1]


async def test_what_waits_is_sent_at_once_and_the_end_ends_it() -> None:
    stream, reader = Stream("boot"), client()
    stream.open(reader, "", dict)
    for number in range(3):
        stream.publish("alert", {"n": number})
    reader.queue.put_nowait(b"")
    [sent] = [chunk async for chunk in reader.events()]
    assert sent.count(b"event: alert") == 3


def test_a_line_break_in_a_text_does_not_end_an_event() -> None:
    stream, reader = Stream("boot"), client()
    stream.open(reader, "boot-0", dict)
    stream.publish("action", {"note": "one\n\nevent: snapshot\ndata: {}"})
    [chunk] = queued(reader)
    assert chunk.count(b"\n\n") == 1
