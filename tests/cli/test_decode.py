"""`kawal decode` prints the pings of captured messages, and says why a message gives none."""

import json
from pathlib import Path

from tests.cli.command import kawal


def test_each_message_gives_a_ping_or_the_reason_why_none(tmp_path: Path) -> None:
    capture = tmp_path / "capture.txt"
    capture.write_text("/t?id=A&timestamp=1732665600&lat=-7.25&lon=112.75&speed=10\n/t?timestamp=1732665600\n")
    done = kawal("decode", "traccar-client", str(capture))
    (ping,) = map(json.loads, done.stdout.splitlines())
    assert (ping["vehicle_id"], ping["time"], ping["lat"]) == ("A", "2024-11-27T00:00:00Z", -7.25)
    assert "message 2: bad-field: the id of the device is missing" in done.stderr
    assert done.returncode == 3


def test_a_message_that_is_no_ping_is_no_fault(tmp_path: Path) -> None:
    capture = tmp_path / "lwt.json"
    capture.write_text('{"_type": "lwt", "tst": 1732665600}')
    done = kawal("decode", "owntracks", str(capture))
    assert (done.returncode, done.stdout) == (0, "")
    assert "lwt.json: no ping, and nothing wrong: lwt" in done.stderr


def test_an_unknown_format_and_a_missing_file_are_told(tmp_path: Path) -> None:
    assert kawal("decode", "morse", "x").returncode == 2
    missing = kawal("decode", "cot", str(tmp_path / "missing.xml"))
    assert missing.returncode == 3
    assert "missing.xml: No such file" in missing.stderr
