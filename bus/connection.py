"""How every process reaches Kafka: by TLS and with the account that the settings name; without only on this machine."""

from __future__ import annotations

import ssl
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from models.settings import PREFIX, Settings, SettingsError, load_settings

MECHANISM = "SCRAM-SHA-512"


def connection(broker: str, settings: Settings | None = None) -> dict[str, Any]:
    """Return the keyword arguments by which any client of aiokafka reaches `broker`, from the KAWAL_KAFKA_* settings.

    The files are read each time, so that a client made after a change of keys uses the new ones. Raises SettingsError
    if a file cannot be used, a setting lacks its other half, or the way to another machine would not be by TLS.
    """
    settings = settings or load_settings()
    how: dict[str, Any] = {"bootstrap_servers": broker}
    tls, account = _tls(settings), _account(settings)
    if tls is None and not settings.allow_plaintext and not all(map(_is_local, broker.split(","))):
        raise SettingsError(
            f"{broker} is not this machine, so Kafka is spoken by TLS only: set KAWAL_KAFKA_CA_FILE to the certificate"
            " that vouches for the broker, or KAWAL_ALLOW_PLAINTEXT=1 where anybody on the way may read and forge."
        )
    if tls is not None:
        how["ssl_context"] = tls
    how["security_protocol"] = ("SASL_" if account else "") + ("SSL" if tls else "PLAINTEXT")
    return how | account


def _tls(settings: Settings) -> ssl.SSLContext | None:
    """Return what checks the broker's certificate and shows ours; None where no CA is named."""
    ca, certificate, key = kafka_file(settings, "ca"), kafka_file(settings, "cert"), kafka_file(settings, "key")
    if (certificate is None) != (key is None):
        raise SettingsError("KAWAL_KAFKA_CERT_FILE and KAWAL_KAFKA_KEY_FILE belong together: set both or neither.")
    if ca is None:
        if certificate is not None:
            raise SettingsError("KAWAL_KAFKA_CERT_FILE needs KAWAL_KAFKA_CA_FILE: without it no TLS is spoken.")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(ca)
    except OSError as error:
        raise _unusable("ca", ca, error) from error
    if certificate is not None:
        try:
            # Without a password of its own OpenSSL would ask for one at the terminal.
            context.load_cert_chain(certificate, key, password="")
        except OSError as error:
            raise SettingsError(
                f"KAWAL_KAFKA_CERT_FILE and KAWAL_KAFKA_KEY_FILE must be a pair of PEM files, the key not encrypted:"
                f" {_reason(error)}: {certificate}, {key}"
            ) from error
    return context


def _account(settings: Settings) -> dict[str, str]:
    password = kafka_file(settings, "password")
    if (settings.kafka_user is None) != (password is None):
        raise SettingsError("KAWAL_KAFKA_USER and KAWAL_KAFKA_PASSWORD_FILE belong together: set both or neither.")
    if settings.kafka_user is None or password is None:
        return {}
    try:
        text = password.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable("password", password, error) from error
    if not text:
        raise SettingsError(f"KAWAL_KAFKA_PASSWORD_FILE is empty: {password}")
    return {"sasl_mechanism": MECHANISM, "sasl_plain_username": settings.kafka_user, "sasl_plain_password": text}


def kafka_file(settings: Settings, what: str) -> Path | None:
    """Return one of the KAWAL_KAFKA_*_FILE files, from the folder of secrets where its name is relative."""
    path: Path | None = getattr(settings, f"kafka_{what}_file")
    return None if path is None else (settings.secrets_dir or Path()) / path


def _unusable(what: str, path: Path, error: Exception) -> SettingsError:
    return SettingsError(f"{PREFIX}KAFKA_{what.upper()}_FILE cannot be used: {_reason(error)}: {path}")


def _reason(error: Exception) -> str:
    """Say what is wrong with a file, without a byte of it."""
    if isinstance(error, ssl.SSLError):
        return (error.reason or "no certificate in it").lower().replace("_", " ")
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "it is no text in UTF-8"


def _is_local(address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
