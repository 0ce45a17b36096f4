"""What `kawal doctor` looks at among files: room on disks, keys and certificates, what the browser loads."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bus.connection import kafka_file
from cli.extras import is_installed
from cli.finding import Finding
from console.archive import is_archive
from deploy.security.certificates import expiry_of
from models.settings import PREFIX, Settings, user_data

_DISK_LOW_MB = 1_000

_EXPIRY_NEAR = timedelta(days=30)
"""As long as an operation lasts, with the days before in which nobody has time for certificates."""

_KAFKA_FILES = ("ca", "cert", "key", "password")
_FILES = (
    "gateway_tls_cert",
    "gateway_tls_key",
    "gateway_mqtt_password_file",
    "gateway_mqtt_ca",
    "gateway_cot_client_ca",
    "console_tls_cert",
    "console_tls_key",
    "console_basemap",
    "console_webhooks",
)
_SECRET = ("_key", "_key_file", "_password_file", "_webhooks")
_CERTIFICATE = ("_cert", "_cert_file")


def disk_findings(settings: Settings) -> Iterator[Finding]:
    """Look at the room where records, users, waiting calls and temporary files lie, each disk once."""
    data = user_data()
    folders = {
        "records": settings.data_dir or data,
        "the console": settings.console_dir or data,
        "the gateway": settings.gateway_dir or data,
        "temporary files": Path(tempfile.gettempdir()),
    }
    disks: dict[int, tuple[Path, list[str]]] = {}
    for what, folder in folders.items():
        there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.is_dir())
        disks.setdefault(there.stat().st_dev, (there, []))[1].append(what)
    yield from (_disk(there, uses) for there, uses in disks.values())


def file_findings(settings: Settings) -> Iterator[Finding]:
    """Look at each file that a setting names: can it be read, a secret by nobody else, until when is it valid."""
    files = {f"kafka_{what}_file": kafka_file(settings, what) for what in _KAFKA_FILES}
    files |= {name: getattr(settings, name) for name in _FILES}
    for name, path in files.items():
        if path is not None:
            yield _file(name, path)


def console_finding() -> Finding:
    """Look at what the browser loads, which is fetched when Kawal is built."""
    if not is_installed("console"):
        return Finding("console", "note", "not installed", "Where it is needed: pip install 'kawal[console]'.")
    from console.desk import VENDOR

    if not (VENDOR / "land.json").is_file():
        advice = "Install Kawal anew from its archive, or run scripts/vendor in its sources: the pages lack the map."
        return Finding("console", "note", f"files of the pages are missing at {VENDOR}", advice)
    return Finding("console", "ok", "installed, with all that its pages load")


def _disk(folder: Path, uses: list[str]) -> Finding:
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    found = f"{free_mb / 1000:.1f} GB free at {folder} for {', '.join(uses)}"
    if free_mb < _DISK_LOW_MB:
        return Finding("disk", "fail", found, "Free some space: a full disk stops the embedded Kafka.")
    return Finding("disk", "ok", found)


def _file(name: str, path: Path) -> Finding:
    setting = f"{PREFIX}{name.upper()}"
    try:
        if name == "console_basemap":  # it may have gigabytes
            return _basemap(setting, path)
        content = path.read_bytes()
    except OSError as error:
        return Finding(setting, "fail", f"{path}: {error.strerror}", f"Correct {setting}, or make the file readable.")
    if name.endswith(_SECRET) and path.stat().st_mode & 0o007:
        return Finding(setting, "fail", f"{path} is open to everybody on this machine", f"chmod 600 {path}")
    if name.endswith(_CERTIFICATE):
        return _certificate(setting, path, content)
    return Finding(setting, "ok", f"{path} can be read")


def _basemap(setting: str, path: Path) -> Finding:
    if is_archive(path):
        return Finding(setting, "ok", f"{path} is a PMTiles archive")
    advice = f"Correct {setting}, or leave it unset."
    return Finding(setting, "fail", f"{path} is no PMTiles archive of version 3", advice)


def _certificate(setting: str, path: Path, content: bytes) -> Finding:
    try:
        expiry = expiry_of(content)
    except ValueError:
        return Finding(setting, "fail", f"{path} holds no certificate in PEM", f"Correct {setting}.")
    left = expiry - datetime.now(UTC)
    if left < timedelta(0):
        advice = "Make a new one: see what an officer does, in docs/security.md."
        return Finding(setting, "fail", f"{path} expired on {expiry:%Y-%m-%d}", advice)
    found = f"{path} is valid until {expiry:%Y-%m-%d}"
    if left < _EXPIRY_NEAR:
        return Finding(setting, "note", found, "Make a new one before that day.")
    return Finding(setting, "ok", found)
