"""A folder of keys: the authority's, the broker's, and for each account a folder with all that its process is given."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from deploy.kafka.cache import wait_for_lock
from deploy.kafka.config import as_properties
from deploy.security.certificates import expiry_of, fault_of, new_authority, new_certificate, new_key
from deploy.security.errors import SecurityError
from deploy.security.listeners import broker_settings
from deploy.security.rights import ACCOUNTS, BROKER
from models.settings import PREFIX, Settings

HOSTS = ("localhost", "127.0.0.1", "::1")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ADDRESS = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}")

# Names that are something else: a process, a folder beside the accounts', or what Kafka calls who gave no name.
_RESERVED = frozenset({*ACCOUNTS, BROKER, "ca", "revoked", "anonymous"})

_PASSWORD_BYTES = 32
_FILES = {"ca": "ca.crt", "cert": "client.crt", "key": "client.key", "password": "password"}
_LOCK = "kawal.lock"


class Outcome(NamedTuple):
    """What became of one file of the folder; `note` says when a certificate expires, or what is wrong with it."""

    path: Path
    is_new: bool
    note: str = ""
    is_bad: bool = False


class SecurityFolder:
    """Where `kawal security init` put everything; nothing is read before it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.authority = self.path / "ca" / "ca.crt"
        self.authority_key = self.path / "ca" / "ca.key"
        self.broker_certificate = self.path / BROKER / "broker.crt"
        self.key_store = self.path / BROKER / "broker.pem"

    def require(self) -> None:
        """Raise SecurityError unless there is what a broker needs."""
        if missing := [path for path in (self.authority, self.key_store) if not path.is_file()]:
            raise SecurityError(f"{missing[0]} is missing. Make the keys first: kawal security init {self.path}")

    def accounts(self) -> list[str]:
        """Return the accounts that there are: those with a password."""
        return sorted(path.parent.name for path in self.path.glob(f"*/{_FILES['password']}"))

    def revoked(self) -> list[str]:
        """Return the accounts that were revoked and have not been made anew."""
        return sorted({path.name for path in self.path.glob("revoked/*")} - set(self.accounts()))

    def revoke(self, account: str) -> None:
        """Put the account's keys aside. Raises SecurityError if there is no such account or a process needs it."""
        if account in ACCOUNTS or account not in self.accounts():
            raise SecurityError(f"{account} is no vehicle's account of {self.path}.")
        aside = self.path / "revoked" / account
        aside.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.rmtree(aside, ignore_errors=True)
        (self.path / account).rename(aside)

    def password(self, account: str) -> str:
        """Return an account's password. Raises SecurityError if there is none."""
        try:
            return (self.path / account / _FILES["password"]).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SecurityError(
                f"{self.path} has no password of {account}. Run `kawal security init` again."
            ) from error

    def environment(self, account: str) -> dict[str, str]:
        """Return the settings by which a process becomes this account: names of files, and no secret."""
        files = {f"{PREFIX}KAFKA_{what.upper()}_FILE": name for what, name in _FILES.items()}
        return {f"{PREFIX}SECRETS_DIR": str(self.path / account), f"{PREFIX}KAFKA_USER": account} | files

    def by_certificate(self, account: str) -> Settings:
        """Return the settings of a client that shows the account's certificate and gives no password."""
        files = {f"kafka_{what}_file": Path(name) for what, name in _FILES.items() if what != "password"}
        return Settings.model_construct(secrets_dir=self.path / account, **files)  # type: ignore[arg-type]


def initialise(path: Path, brokers: Sequence[str], vehicles: Sequence[str]) -> list[Outcome]:
    """Make what is missing of a folder of keys, and leave what is there as it is.

    `brokers` are the addresses, host:port, at which the broker answers beside this machine's own. Raises
    SecurityError, and then nothing that was there has changed.
    """
    for address in brokers:
        if not _ADDRESS.fullmatch(address):
            raise SecurityError(f"{address!r} is no address of a broker: write host:port.")
    for name in vehicles:
        if not _NAME.fullmatch(name) or name.lower() in _RESERVED:
            raise SecurityError(f"{name!r} cannot be an account: letters, digits, . _ - and no name of a process.")
    folder = SecurityFolder(path)
    try:
        _take(folder.path)
        with wait_for_lock(folder.path / _LOCK):
            return list(_made(folder, brokers, vehicles))
    except OSError as error:
        raise SecurityError(f"{error.filename or path} cannot be used: {error.strerror}.") from error


def _take(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(path.iterdir()) and not (path / _LOCK).exists():
        raise SecurityError(f"{path} holds other things. Name a folder of its own for the keys.")
    if path.stat().st_mode & 0o077:
        raise SecurityError(f"{path} is open to other users of this machine. Close it first: chmod 700 {path}")


def _made(folder: SecurityFolder, brokers: Sequence[str], vehicles: Sequence[str]) -> Iterator[Outcome]:
    if not folder.authority.exists():
        yield _make(folder.authority_key, new_key)
        yield _make(folder.authority, lambda: new_authority(folder.authority_key.read_bytes()))
    hosts = [*HOSTS, *(address.rpartition(":")[0].strip("[]") for address in brokers)]
    yield from _pair(folder, folder.broker_certificate, BROKER, list(dict.fromkeys(hosts)))
    parts = folder.broker_certificate.with_suffix(".key"), folder.broker_certificate
    yield _copy(folder.key_store, *parts)
    yield _make(folder.path / BROKER / "server.properties", lambda: _broker_properties(folder))
    for account in dict.fromkeys([*ACCOUNTS, *folder.accounts(), *vehicles]):
        home = folder.path / account
        yield _copy(home / _FILES["ca"], folder.authority)
        yield from _pair(folder, home / _FILES["cert"], account)
        yield _make(home / _FILES["password"], lambda: secrets.token_urlsafe(_PASSWORD_BYTES).encode() + b"\n")
        yield _make(home / "kawal.env", lambda name=account: _env_file(folder, name, brokers))  # type: ignore[misc]


def _pair(folder: SecurityFolder, certificate: Path, account: str, hosts: Sequence[str] = ()) -> Iterator[Outcome]:
    """Make a key and its certificate, or look at those that there are."""
    key = certificate.with_suffix(".key")
    yield _make(key, new_key)

    def issue() -> bytes:
        if not folder.authority_key.exists():
            raise SecurityError(
                f"{certificate} cannot be made without {folder.authority_key}. Bring that back from where it is kept."
            )
        authority = folder.authority.read_bytes(), folder.authority_key.read_bytes()
        return new_certificate(account, key.read_bytes(), authority, hosts)

    made = _make(certificate, issue)
    try:
        fault = fault_of(certificate.read_bytes(), key.read_bytes(), folder.authority.read_bytes(), hosts)
    except ValueError:
        fault = "cannot be read"
    if fault:
        yield made._replace(note=f"{fault}: remove it and {key.name}, then run this again", is_bad=True)
    else:
        yield made._replace(note=f"expires on {expiry_of(certificate.read_bytes()):%Y-%m-%d}")


def _make(path: Path, content: Callable[[], bytes]) -> Outcome:
    """Write a file unless it is there."""
    if path.exists():
        return Outcome(path, is_new=False)
    _write(path, content())
    return Outcome(path, is_new=True)


def _copy(path: Path, *parts: Path) -> Outcome:
    """Write a file that holds what others do; it follows them."""
    data = b"".join(part.read_bytes() for part in parts)
    if path.exists() and path.read_bytes() == data:
        return Outcome(path, is_new=False)
    _write(path, data)
    return Outcome(path, is_new=True)


def _write(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)


def _broker_properties(folder: SecurityFolder) -> bytes:
    head = "# To add to a broker's server.properties; `listeners` there must have BROKER, INTERNAL and CONTROLLER.\n"
    return (head + as_properties(broker_settings(str(folder.key_store), str(folder.authority)))).encode()


def _env_file(folder: SecurityFolder, account: str, brokers: Sequence[str]) -> bytes:
    settings = folder.environment(account)
    if brokers:
        settings[f"{PREFIX}BROKER"] = ",".join(brokers)
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in settings.items()).encode()
