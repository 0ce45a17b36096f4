"""How clients reach the broker: what the settings say, and what is refused before anything is sent."""

import ssl
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from bus.connection import connection
from models.settings import SettingsError

LOCAL, AWAY = "127.0.0.1:9092", "kafka.example:9092"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a CA, a certificate, its key, a key of another pair and a password."""
    folder = tmp_path_factory.mktemp("keys")
    ca = trustme.CA()
    mine, other = ca.issue_cert("worker"), ca.issue_cert("other")
    ca.cert_pem.write_to_path(folder / "ca.crt")
    mine.cert_chain_pems[0].write_to_path(folder / "worker.crt")
    mine.private_key_pem.write_to_path(folder / "worker.key")
    other.private_key_pem.write_to_path(folder / "other.key")
    key = load_pem_private_key(mine.private_key_pem.bytes(), password=None)
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    (folder / "encrypted.key").write_bytes(encrypted)
    (folder / "password").write_text("not a real one\n")
    (folder / "empty").write_text("\n")
    (folder / "noise").write_bytes(b"\xff\xfe\x00")
    return folder


@pytest.fixture(autouse=True)
def _in_folder(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAWAL_SECRETS_DIR", str(keys))


def set_all(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"KAWAL_{name.upper()}", value)


@pytest.mark.parametrize("broker", [LOCAL, "localhost:9092", "[::1]:9092,127.0.0.9:9093"])
def test_a_broker_on_this_machine_is_reached_as_it_is(broker: str) -> None:
    assert connection(broker) == {"bootstrap_servers": broker, "security_protocol": "PLAINTEXT"}


@pytest.mark.parametrize("broker", [AWAY, f"{LOCAL},{AWAY}", "10.0.0.1:9092", "localhost.example:1", "[fe80::1]:9092"])
def test_a_broker_on_another_machine_is_not_spoken_to_in_plain_text(broker: str) -> None:
    with pytest.raises(SettingsError, match="KAWAL_KAFKA_CA_FILE") as refused:
        connection(broker)
    assert len(str(refused.value).splitlines()) == 1


def test_unless_an_operator_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, allow_plaintext="1")
    assert connection(AWAY)["security_protocol"] == "PLAINTEXT"


def test_a_ca_turns_tls_on_and_the_broker_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, kafka_ca_file="ca.crt", kafka_cert_file="worker.crt", kafka_key_file="worker.key")
    how = connection(AWAY)
    tls = how["ssl_context"]
    assert how["security_protocol"] == "SSL"
    assert tls.verify_mode is ssl.CERT_REQUIRED
    assert tls.check_hostname
    assert tls.cert_store_stats()["x509_ca"] == 1  # ours, and none of the system's


def test_an_account_goes_by_scram_and_its_password_comes_from_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, kafka_ca_file="ca.crt", kafka_user="worker", kafka_password_file="password")
    how = connection(AWAY)
    assert how.pop("ssl_context")
    assert how == {
        "bootstrap_servers": AWAY,
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "worker",
        "sasl_plain_password": "not a real one",
    }


PAIR = {"kafka_ca_file": "ca.crt", "kafka_cert_file": "worker.crt"}


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"kafka_ca_file": "missing"}, "KAWAL_KAFKA_CA_FILE cannot be used: No such file"),
        ({"kafka_ca_file": "."}, "KAWAL_KAFKA_CA_FILE cannot be used: "),
        ({"kafka_ca_file": "noise"}, "KAWAL_KAFKA_CA_FILE cannot be used: "),
        (PAIR, "belong together"),
        ({"kafka_cert_file": "worker.crt", "kafka_key_file": "worker.key"}, "needs KAWAL_KAFKA_CA_FILE"),
        (PAIR | {"kafka_key_file": "missing"}, "pair of PEM files.*No such file"),
        (PAIR | {"kafka_key_file": "other.key"}, "pair of PEM files.*key values mismatch"),
        (PAIR | {"kafka_key_file": "encrypted.key"}, "pair of PEM files, the key not encrypted"),
        (PAIR | {"kafka_key_file": "noise"}, "pair of PEM files"),
        ({"kafka_user": "worker"}, "belong together"),
        ({"kafka_password_file": "password"}, "belong together"),
        ({"kafka_user": "worker", "kafka_password_file": "missing"}, "PASSWORD_FILE cannot be used: No such file"),
        ({"kafka_user": "worker", "kafka_password_file": "empty"}, "PASSWORD_FILE is empty"),
        ({"kafka_user": "worker", "kafka_password_file": "noise"}, "PASSWORD_FILE cannot be used: it is no text"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], reason: str
) -> None:
    set_all(monkeypatch, **settings)
    with pytest.raises(SettingsError, match=reason) as refused:
        connection(LOCAL)
    assert len(str(refused.value).splitlines()) == 1
