"""`kawal devices`: registered once, followed by every gateway, shown never again."""

import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bench.running_gateway import Gateway
from models.device import token_hash
from tests.cli.command import kawal


@pytest.fixture
def environment(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in gateway.environment.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("environment")
def test_a_device_is_added_set_up_listed_and_revoked(gateway: Gateway) -> None:
    token = kawal("devices", "add", "1003").stdout.strip()
    assert len(token) == 32
    again = kawal("devices", "add", "1003")
    assert again.returncode == 3
    assert "has a token already" in again.stderr

    shown = kawal("devices", "qr", "1003", "--url", "https://gw.example")
    url = urlsplit(shown.stdout.strip())
    renewed = url.path.rsplit("/", 1)[1]
    assert url.path == f"/v1/traccar-client/{renewed}"
    assert renewed != token
    assert parse_qs(url.query)["id"] == ["1003"]
    assert parse_qs(url.query)["stop_detection"] == ["false"]

    assert kawal("devices", "revoke", "1003").returncode == 0
    rows = {row["device_id"]: row for row in map(json.loads, kawal("devices", "list", "--json").stdout.splitlines())}
    assert rows["1003"]["state"] == "revoked"
    assert (rows["1001"]["vehicle_id"], rows["1001"]["convoy_id"]) == ("TRUCK-1", "C-1")
    assert token_hash(token) not in kawal("devices", "list").stdout


@pytest.mark.usefixtures("environment")
def test_an_unknown_device_is_listed_and_what_it_sent_is_taken_in_when_it_is_adopted(gateway: Gateway) -> None:
    path = gateway.path("traccar-client", "orphan")
    for number in range(3):
        body = f"id=orphan&timestamp={1_700_000_000 + number}&lat=-7.25&lon=112.75"
        assert httpx.post(path, content=body).status_code == 200
    rows = {row["device_id"]: row for row in map(json.loads, kawal("devices", "unknown", "--json").stdout.splitlines())}
    assert (rows["orphan"]["messages"], rows["orphan"]["code"]) == (3, "unknown-device")

    lost = kawal("devices", "adopt", "orphan")
    assert lost.returncode == 3
    assert "--vehicle" in lost.stderr
    nowhere = kawal("devices", "adopt", "orphan", "--vehicle", "TRUCK-9")
    assert nowhere.returncode == 3
    assert "in no convoy in force" in nowhere.stderr
    adopted = kawal("devices", "adopt", "orphan", "--vehicle", "TRUCK-1")
    assert "3 accepted" in adopted.stderr
    assert "orphan" not in kawal("devices", "unknown").stdout
    again = kawal("devices", "adopt", "orphan")
    assert "nothing" in again.stderr, "what was taken in is not taken in again"
    assert httpx.post(path, content=body).status_code == 200
    gateway.wait_for(lambda: 'outcome="accepted",protocol="traccar-client"' in httpx.get(gateway.metrics_url).text)


@pytest.mark.usefixtures("environment")
def test_a_phone_that_encrypts_is_told_with_what_to_do(gateway: Gateway) -> None:
    body = json.dumps({"_type": "encrypted", "data": "x"})
    assert httpx.post(gateway.path("owntracks", "GUARD-1"), content=body).status_code == 200
    rows = {row["device_id"]: row for row in map(json.loads, kawal("devices", "unknown", "--json").stdout.splitlines())}
    assert (rows["GUARD-1"]["code"], "encryption" in rows["GUARD-1"]["advice"]) == ("encrypted", True)
    assert 'kawal_dead_letters_total{code="encrypted"' in httpx.get(gateway.metrics_url).text
    assert "encrypted messages" in gateway.text


def test_without_a_broker_and_without_an_address_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "KAWAL_BROKER" in kawal("devices", "list").stderr
    monkeypatch.setenv("KAWAL_BROKER", "127.0.0.1:1")
    assert kawal("devices", "list").returncode == 4
    assert "KAWAL_GATEWAY_URL" in kawal("devices", "qr", "x").stderr
