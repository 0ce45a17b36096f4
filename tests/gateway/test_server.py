"""The gateway process: where it may listen, TLS, and its own description held against what it does."""

import json
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import trustme

from bench.running_gateway import Gateway, running
from tests.cli.command import kawal
from tests.gateway.test_http import keyed, native

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("KAWAL_GATEWAY_BIND", "0.0.0.0", "--insecure"), ("KAWAL_GATEWAY_TLS_CERT", "missing.pem", "missing.pem")],
)
def test_it_says_why_it_does_not_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    monkeypatch.setenv("KAWAL_BROKER", "127.0.0.1:1")
    monkeypatch.setenv(name, value)
    done = kawal("gateway")
    assert (done.returncode, told in done.stderr) == (3, True), done.stderr


def test_with_a_certificate_it_speaks_tls_beyond_loopback(gateway: Gateway, tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    more = {
        "KAWAL_GATEWAY_BIND": "0.0.0.0",
        "KAWAL_GATEWAY_TLS_CERT": str(tmp_path / "cert.pem"),
        "KAWAL_GATEWAY_TLS_KEY": str(tmp_path / "key.pem"),
    }
    with running(Gateway(gateway.broker, gateway.topics, tmp_path / "log", gateway.tokens, more)) as secure:
        url = secure.path("traccar-client", "1001").replace("0.0.0.0", "127.0.0.1")
        assert url.startswith("https://")
        with httpx.Client(verify=ssl.create_default_context(cafile=tmp_path / "ca.pem")) as client:
            assert client.post(url, content=b"id=1001&lat=1&lon=2").status_code == 200
        with pytest.raises(httpx.HTTPError):
            httpx.post(url.replace("https", "http"), content=b"")


def test_all_devices_together_may_send_so_much(gateway: Gateway, tmp_path: Path) -> None:
    more = {"KAWAL_GATEWAY_MESSAGES_PER_S": "10"}
    with running(Gateway(gateway.broker, gateway.topics, tmp_path / "log", gateway.tokens, more)) as narrow:
        batch = json.dumps([native("TRUCK-1", ago_s) for ago_s in range(1000, 1050)])
        assert httpx.post(narrow.path("pings", "1001"), content=batch).status_code == 200
        refused = httpx.post(narrow.path("osmand", "2001"), content=keyed("2001", 1000))
        assert (refused.status_code, 2 <= int(refused.headers["retry-after"]) <= 5) == (503, True)


def test_it_does_what_its_description_says(gateway: Gateway, tmp_path: Path) -> None:
    headers = ("--header", f"Authorization: Bearer {gateway.tokens['GUARD-1']}")
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    run = ("--phases", "fuzzing", "--max-examples", "5", "--checks", checks, "--generation-database", "none")
    done = subprocess.run(
        [SCHEMATHESIS, "run", f"{gateway.url}/openapi.json", *headers, *run],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
