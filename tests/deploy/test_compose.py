"""docker-compose.yml, held to the Compose specification and to the rules of the house; no Docker engine has run it."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose, PyOptions

from models.settings import Settings
from tests.programs import program

ROOT = Path(__file__).parent.parent.parent
VARIABLES = {"KAWAL_KEYS": "/srv/kawal/keys", "KAWAL_UID": "1000"}


def filled(text: str) -> str:
    """Put in what the environment would: ${NAME}, ${NAME:-default}, ${NAME:?what is missing}."""
    return re.sub(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}", lambda it: VARIABLES.get(it[1], it[2] or ""), text)


@pytest.fixture(scope="module")
def compose() -> PyCompose:
    return PyOptions(apply_merge=True).from_yaml(filled((ROOT / "docker-compose.yml").read_text("utf-8")))


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = yaml.safe_load(filled((ROOT / "docker-compose.yml").read_text("utf-8")))[
        "services"
    ]
    return merged


def test_it_is_what_the_specification_says(compose: PyCompose) -> None:
    compose.validate()


def test_nothing_runs_as_root_writes_its_image_or_has_no_limit(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert not str(service["user"]).startswith("0"), name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "mem_limit" in service, name


def test_ports_are_this_hosts_own(services: dict[str, dict[str, Any]]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_no_other_network_reaches_kafka(services: dict[str, dict[str, Any]], compose: PyCompose) -> None:
    assert services["kafka"]["networks"] == ["inside"]
    assert compose.to_dict()["networks"]["inside"]["internal"] is True


def test_each_process_is_given_its_own_keys_only(services: dict[str, dict[str, Any]]) -> None:
    for name in ("worker", "gateway", "console"):
        for service in (it for key, it in services.items() if key.startswith(name)):
            mine = [it for it in service["volumes"] if it.startswith(VARIABLES["KAWAL_KEYS"])]
            assert mine == [f"{VARIABLES['KAWAL_KEYS']}/{name}:{VARIABLES['KAWAL_KEYS']}/{name}:ro"]


def test_each_setting_is_one_that_kawal_knows(services: dict[str, dict[str, Any]]) -> None:
    known = {f"KAWAL_{name.upper()}" for name in Settings.model_fields}
    of_kawal = [service for service in services.values() if service["image"].startswith("kawal:")]
    assert len(of_kawal) > 4
    for service in of_kawal:
        assert service.get("environment", {}).keys() <= known


def test_what_is_mounted_from_the_tree_is_there(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        for volume in service.get("volumes", []):
            if volume.startswith("./"):
                assert (ROOT / volume.split(":")[0]).exists(), volume


def test_prometheus_takes_its_settings(tmp_path: Path) -> None:
    for name in ("compose/prometheus.yml", "prometheus/rules.yml"):
        (tmp_path / Path(name).name).write_bytes((ROOT / "deploy" / name).read_bytes())
    subprocess.run([program("promtool"), "check", "config", str(tmp_path / "prometheus.yml")], check=True)
