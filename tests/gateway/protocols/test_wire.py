"""Captured and documented messages give the fields that are certain of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.protocols import FORMATS
from gateway.protocols.report import Ignored, Report, Undecodable
from models.instants import parse_instant

WIRE = Path(__file__).parents[4] / "shared" / "data" / "wire"
FORMAT_OF = {
    "cot": "cot",
    "osmand": "osmand",
    "owntracks": "owntracks",
    "traccar_client": "traccar-client",
    "traccar_forward": "traccar-forward",
}
MEASURES = ("lat", "lon", "speed_mps", "heading_deg", "accuracy_m", "altitude_m", "battery_pct")


def cases() -> list[Any]:
    found = []
    for path in sorted(WIRE.glob("*.expected.json")):
        about = json.loads(path.read_text(encoding="utf-8"))
        name = next(form for start, form in FORMAT_OF.items() if path.name.startswith(start))
        messages = FORMATS[name].split((WIRE / about["payload"]).read_bytes())
        expected = about["expected"] if about.get("per_line") else [about["expected"]]
        found += [
            pytest.param(name, message, wanted, id=f"{path.name.split('.')[0]}-{number}")
            for number, (message, wanted) in enumerate(zip(messages, expected, strict=True), 1)
        ]
    return found or [pytest.param("", b"", {}, marks=pytest.mark.skip(reason="../shared/data/wire is not here"))]


def check(report: Report, wanted: dict[str, Any]) -> None:
    has_fix = wanted["kind"] == "position" and (wanted["lat"], wanted["lon"]) != (0, 0)
    assert (report.lat is not None) == has_fix
    for name in MEASURES if has_fix else ("battery_pct",):
        if name in wanted:
            assert getattr(report, name) == (
                wanted[name] if wanted[name] is None else pytest.approx(wanted[name], abs=0.01)
            )
    assert report.time_ms == (parse_instant(wanted["time"]) if wanted["time"] else None)
    assert ("zone-assumed" in report.repairs) == bool(wanted.get("time_zone_assumed"))
    assert ("time-missing" in report.repairs) == bool(wanted.get("time_is_arrival"))
    assert report.device == wanted.get("device_id", report.device)
    if "user" in wanted:
        assert report.device == f"{wanted['user']}/{wanted['device']}"
    assert report.sos == (wanted.get("alarm") == "sos")
    assert report.mock == wanted.get("mock", False)


@pytest.mark.parametrize(("name", "message", "wanted"), cases())
def test_a_captured_message_gives_what_is_certain_of_it(name: str, message: bytes, wanted: dict[str, Any]) -> None:
    decode = FORMATS[name].decode
    if wanted["kind"] == "reject":
        with pytest.raises(Undecodable):
            decode(message)
    elif wanted["kind"] in ("connection_lost", "transition"):
        assert decode(message) == Ignored("lwt" if wanted["kind"] == "connection_lost" else "transition")
    else:
        report = decode(message)
        assert isinstance(report, Report)
        check(report, wanted)
