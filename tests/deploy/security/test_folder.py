"""The folder of keys: made whole, left as it is, open to its owner only, and refused where it would do harm."""

import contextlib
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from bus.connection import connection
from deploy.security.errors import SecurityError
from deploy.security.folder import SecurityFolder, initialise
from deploy.security.rights import ACCOUNTS

BROKER = "kafka.example:9093"


@pytest.fixture
def made(tmp_path: Path) -> SecurityFolder:
    folder = SecurityFolder(tmp_path / "keys")
    initialise(folder.path, [BROKER], ["POL-41"])
    return folder


def contents(folder: SecurityFolder) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}


def test_every_account_has_all_that_its_process_needs(made: SecurityFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    assert made.accounts() == sorted([*ACCOUNTS, "POL-41"])
    for account in made.accounts():
        for line in (made.path / account / "kawal.env").read_text().splitlines():
            monkeypatch.setenv(*line.split("=", 1))
        how = connection(BROKER)
        assert how["security_protocol"] == "SASL_SSL"
        assert (how["sasl_plain_username"], how["sasl_plain_password"]) == (account, made.password(account))
    assert len({made.password(account) for account in made.accounts()}) == len(made.accounts())


def test_only_its_owner_may_read_it(made: SecurityFolder) -> None:
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (made.path, *made.path.rglob("*"))}
    lock = modes.pop(made.path / "kawal.lock")
    assert lock & 0o022 == 0
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}


def test_no_setting_and_no_file_but_its_own_holds_a_password(made: SecurityFolder) -> None:
    for account in made.accounts():
        secret = made.password(account).encode()
        assert [path.name for path, data in contents(made).items() if secret in data] == ["password"]


def test_a_second_time_changes_nothing_and_adds_what_is_new(made: SecurityFolder) -> None:
    before = contents(made)
    assert not any(outcome.is_new for outcome in initialise(made.path, [BROKER], []))
    assert contents(made) == before
    initialise(made.path, [], ["POL-42"])
    after = contents(made)
    assert {path: after[path] for path in before} == before
    assert {path.parent.name for path in after.keys() - before.keys()} == {"POL-42"}


def test_what_was_removed_is_made_anew_and_followed_by_what_comes_of_it(made: SecurityFolder) -> None:
    old = made.key_store.read_bytes()
    made.broker_certificate.unlink()
    made.broker_certificate.with_suffix(".key").unlink()
    new = {outcome.path for outcome in initialise(made.path, [BROKER], []) if outcome.is_new}
    assert new == {made.broker_certificate, made.broker_certificate.with_suffix(".key"), made.key_store}
    assert made.key_store.read_bytes() != old


def test_the_certificates_pass_the_strictest_check_and_are_for_their_hosts(made: SecurityFolder) -> None:
    context = ssl.create_default_context(cafile=made.authority)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made.key_store)
    for host in ("kafka.example", "localhost", "127.0.0.1", "::1"):
        shake_hands(context, server, host)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(context, server, "other.example")


def shake_hands(context: ssl.SSLContext, server_context: ssl.SSLContext, host: str) -> None:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(to_client, to_server, server_hostname=host)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, server, client, server):
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
    assert client.getpeercert()


def test_an_accounts_certificate_is_no_servers(made: SecurityFolder) -> None:
    certificate = x509.load_pem_x509_certificate((made.path / "worker" / "client.crt").read_bytes())
    uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [x509.ExtendedKeyUsageOID.CLIENT_AUTH]


@pytest.mark.parametrize("fault", ["other pair", "other authority", "noise", "other host"])
def test_a_certificate_that_does_not_fit_is_told_and_left(made: SecurityFolder, tmp_path: Path, fault: str) -> None:
    certificate, brokers = made.path / "worker" / "client.crt", [BROKER]
    if fault == "other pair":
        certificate.write_bytes((made.path / "console" / "client.crt").read_bytes())
    elif fault == "other authority":
        initialise(tmp_path / "other", [], [])
        for name in ("client.crt", "client.key"):
            certificate.with_name(name).write_bytes((tmp_path / "other" / "worker" / name).read_bytes())
    elif fault == "noise":
        certificate.write_bytes(b"\xff")
    else:
        certificate, brokers = made.broker_certificate, ["elsewhere.example:9093"]
    before = certificate.read_bytes()
    bad = {outcome.path for outcome in initialise(made.path, brokers, []) if outcome.is_bad}
    assert bad == {certificate}
    assert certificate.read_bytes() == before


def test_without_the_authoritys_key_nothing_is_signed_and_the_message_says_so(made: SecurityFolder) -> None:
    made.authority_key.unlink()
    assert not any(outcome.is_new for outcome in initialise(made.path, [BROKER], []))
    with pytest.raises(SecurityError, match="cannot be made without"):
        initialise(made.path, [BROKER], ["POL-42"])
    assert not made.authority_key.exists()


@pytest.mark.parametrize("name", ["worker", "ANONYMOUS", "ca", "revoked", "../up", ".hidden", "a b", "", "x" * 65, "é"])
def test_a_name_that_is_something_else_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SecurityError, match="cannot be an account"):
        initialise(tmp_path / "keys", [], [name])
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("address", ["kafka.example", ":9093", "kafka example:1", "kafka.example:port", "a:1\nb:2"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(SecurityError, match="no address of a broker"):
        initialise(tmp_path / "keys", [address], [])


def test_a_folder_with_other_things_or_open_to_others_is_refused(tmp_path: Path, made: SecurityFolder) -> None:
    with pytest.raises(SecurityError, match="holds other things"):
        initialise(tmp_path, [], [])
    made.path.chmod(0o750)
    with pytest.raises(SecurityError, match="chmod 700"):
        initialise(made.path, [], [])


def test_only_a_vehicle_is_revoked(made: SecurityFolder) -> None:
    made.revoke("POL-41")
    assert made.revoked() == ["POL-41"]
    assert "POL-41" not in made.accounts()
    for name in ("worker", "POL-41", "../keys", ""):
        with pytest.raises(SecurityError):
            made.revoke(name)
    initialise(made.path, [BROKER], ["POL-41"])
    assert made.revoked() == []
