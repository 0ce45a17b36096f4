"""Alerts and statuses as they stand on the wire."""

import json
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.alert import Alert, Kind, Message, Nearest, alert_id
from models.convoy_status import ConvoyStatus, VehicleStatus

ONSET_MS = 1_732_665_610_000
MESSAGE = Message(en="KT-8123-LM left its route.", id="KT-8123-LM keluar rute.")


def make(**more: Any) -> Alert:
    fields: dict[str, Any] = {
        "alert_id": alert_id("BTG-07", "KT-8123-LM", "deviation", ONSET_MS),
        "transition": "raised",
        "kind": "deviation",
        "severity": "high",
        "convoy_id": "BTG-07",
        "vehicle_id": "KT-8123-LM",
        "onset_ms": ONSET_MS,
        "at_ms": ONSET_MS + 20_000,
        "detected_at_ms": ONSET_MS + 21_500,
        "reason": "off-route",
        "message": MESSAGE,
    }
    return Alert(**fields | more)


def test_an_alert_is_written_in_the_order_of_its_contract() -> None:
    alert = make(lat=-0.2620004, lon=117.245, progress_m=12_345.678, lateral_m=143.25, value=143.25, threshold=100)
    assert json.loads(alert.to_json()) == {
        "alert_id": alert.alert_id,
        "transition": "raised",
        "kind": "deviation",
        "severity": "high",
        "convoy_id": "BTG-07",
        "vehicle_id": "KT-8123-LM",
        "other_vehicle_ids": [],
        "onset": "2024-11-27T00:00:10.000Z",
        "at": "2024-11-27T00:00:30.000Z",
        "detected_at": "2024-11-27T00:00:31.500Z",
        "delay_s": 1.5,
        "late": False,
        "lat": -0.262,
        "lon": 117.245,
        "progress_m": 12_345.7,
        "lateral_m": 143.2,
        "value": 143.2,
        "threshold": 100.0,
        "unit": None,
        "peak": None,
        "duration_s": 20.0,
        "reason": "off-route",
        "message": {"en": MESSAGE.en, "id": MESSAGE.id},
        "nearest": None,
    }
    assert list(json.loads(alert.to_json())) == list(Alert.model_json_schema(mode="serialization")["properties"])


def test_an_alert_has_no_space_and_no_negative_zero_in_it() -> None:
    text = make(lat=-0.0000001, lon=-0.0, lateral_m=-0.01, message=Message(en="é", id="é")).to_json().decode()
    assert '"lat":0.0,"lon":0.0' in text
    assert '"lateral_m":0.0' in text
    assert '"en":"é"' in text
    assert " " not in text


@pytest.mark.parametrize(("delay_ms", "late"), [(900_000, False), (900_001, True), (0, False), (-1000, False)])
def test_an_alert_is_late_when_decided_more_than_900_seconds_after_its_event(delay_ms: int, late: bool) -> None:
    alert = make(detected_at_ms=ONSET_MS + 20_000 + delay_ms)
    assert alert.late is late
    assert alert.delay_s == delay_ms / 1000


def test_an_alert_about_the_past_can_be_called_late() -> None:
    assert make(late=True).late


finite = st.none() | st.floats(-1e7, 1e7)
degrees = st.none() | st.floats(-180, 180)
ms = st.integers(0, 4_000_000_000_000)


@given(ms, ms, ms, degrees, degrees, finite, finite, finite, st.text(), st.lists(st.text(min_size=1)))
def test_an_alert_survives_the_wire_byte_for_byte(
    onset_ms: int, at_ms: int, detected_at_ms: int, lat: Any, lon: Any, lateral_m: Any, value: Any, peak: Any,
    text: str, others: list[str],
) -> None:  # fmt: skip
    message, nearest = Message(en=text, id=text), [Nearest(kind="checkpoint", name=text, distance_m=1.25)]
    alert = make(
        onset_ms=onset_ms, at_ms=at_ms, detected_at_ms=detected_at_ms, lat=lat, lon=lon, lateral_m=lateral_m,
        value=value, peak=peak, message=message, other_vehicle_ids=others, nearest=nearest,
    )  # fmt: skip
    again = Alert.from_json(alert.to_json())
    assert again == alert
    assert again.to_json() == alert.to_json()


def test_a_field_of_a_later_version_is_ignored() -> None:
    later = json.loads(make().to_json()) | {"weather": "rain"}
    assert Alert.from_json(json.dumps(later).encode()) == make()


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "Deviation"},
        {"severity": "urgent"},
        {"transition": "open"},
        {"lat": float("nan")},
        {"onset_ms": 10**18},
    ],
)
def test_an_alert_outside_of_its_contract_cannot_be_made(more: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        make(**more)


def test_the_id_of_an_episode_never_changes() -> None:
    assert alert_id("BTG-07", "KT-8123-LM", "stall", ONSET_MS) == "7f084d07-64c9-55ea-8367-b392b2970801"
    assert alert_id("BTG-07", None, "separation", ONSET_MS) == "9e954d37-2e01-5f75-a469-ac96a724357b"


episodes = st.tuples(st.text(max_size=9), st.text(max_size=9), st.sampled_from(get_args(Kind)), ms)


@given(episodes, episodes)
def test_two_episodes_have_two_ids(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    assert UUID(alert_id(*one)).version == 5
    if "|".join(map(str, one)) != "|".join(map(str, other)):
        assert alert_id(*one) != alert_id(*other)


def test_a_status_is_written_in_the_order_of_its_contract() -> None:
    vehicle = VehicleStatus(
        vehicle_id="KT-8123-LM", role="cargo", time_ms=ONSET_MS, lat=-0.262, lon=117.245, link="live"
    )
    status = ConvoyStatus(
        convoy_id="BTG-07", at_ms=ONSET_MS, state="under-way", progress_m=1.26, route_length_m=9000, vehicles=[vehicle]
    )
    assert status.to_json().decode() == (
        '{"convoy_id":"BTG-07","at":"2024-11-27T00:00:10.000Z","state":"under-way","progress_m":1.3,'
        '"route_length_m":9000.0,"eta":null,"lateness_s":null,"open_alerts":[],"vehicles":[{"vehicle_id":"KT-8123-LM",'
        '"role":"cargo","time":"2024-11-27T00:00:10.000Z","lat":-0.262,"lon":117.245,"speed_mps":null,'
        '"heading_deg":null,"progress_m":null,"lateral_m":null,"link":"live","battery_pct":null}]}'
    )
    assert ConvoyStatus.from_json(status.to_json()) == status
