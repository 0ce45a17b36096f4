"""The file of a backup: a zip archive with the records of each topic, one JSON object a line, and a manifest.

`unzip -p FILE plans.ndjson` shows what is in it, keys and values as base64. The manifest has the number of records and
the SHA-256 of each topic's lines, so that a file that was cut or altered is known before a record of it is used.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zipfile
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from importlib.metadata import version as installed
from pathlib import Path
from typing import Final

import msgspec

from models.instants import format_instant

FORMAT: Final = "kawal-backup"
VERSION: Final = 1
"""Raised when an older Kawal could not read the file any more."""

_MANIFEST = "manifest.json"

# What is no backup may claim any size: a line is a record of at most 1 MiB in base64, and its headers.
_MANIFEST_BYTES_MAX = 1024 * 1024
_LINE_BYTES_MAX = 8 * 1024 * 1024


class BackupFileError(ValueError):
    """The file is no whole backup that this Kawal can read; the message says why and what to do."""


class SavedRecord(msgspec.Struct):
    """A record as it stood on its topic; `timestamp_ms` since 1970."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


class SavedTopic(msgspec.Struct):
    """What the manifest says of a topic: how many partitions it had, and how many records are here."""

    partitions: int
    records: int
    sha256: str


class Manifest(msgspec.Struct):
    """What is in a backup, topics by their name without the prefix."""

    format: str
    version: int
    kawal: str
    made_at: str
    prefix: str
    topics: dict[str, SavedTopic] = {}


_encode_record = msgspec.json.Encoder().encode
_decode_record = msgspec.json.Decoder(SavedRecord).decode


class BackupWriter:
    """Writes the topics one after the other; make it with `writing`."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self._archive = archive
        self._manifest = manifest

    async def add(self, name: str, partitions: int, saved_records: AsyncIterator[SavedRecord]) -> int:
        """Write the records of a topic; returns how many."""
        digest, count = hashlib.sha256(), 0
        with self._archive.open(_member(name), "w", force_zip64=True) as member:
            async for record in saved_records:
                line = _encode_record(record) + b"\n"
                member.write(line)
                digest.update(line)
                count += 1
        self._manifest.topics[name] = SavedTopic(partitions, count, digest.hexdigest())
        return count


@contextmanager
def writing(path: Path, prefix: str, now_ms: int) -> Iterator[BackupWriter]:
    """Make a backup at `path`, readable by its owner only; it appears there when it is whole, on the disk.

    Raises FileExistsError if something is there already, and OSError.
    """
    if path.exists():
        raise FileExistsError(path)
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        # It may hold positions: nobody else may read it, at no time.
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            manifest = Manifest(FORMAT, VERSION, installed("kawal"), format_instant(now_ms), prefix)
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                yield BackupWriter(archive, manifest)
                archive.writestr(_MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)


class BackupFile:
    """A backup that was found whole; open it with `reading`."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self.manifest = manifest
        self._archive = archive

    def records(self, name: str) -> Iterator[SavedRecord]:
        """The records of a topic, partition by partition in the order of their offsets."""
        with self._archive.open(_member(name)) as member:
            while line := member.readline(_LINE_BYTES_MAX):
                yield _decode_record(line)

    def check(self) -> None:
        """Compare each topic's lines with the manifest. Raises BackupFileError."""
        for name, topic in self.manifest.topics.items():
            digest, count = hashlib.sha256(), 0
            with self._archive.open(_member(name)) as member:
                while line := member.readline(_LINE_BYTES_MAX):
                    digest.update(line)
                    count += 1
                    if not 0 <= _decode_record(line).partition < topic.partitions:
                        raise BackupFileError(f"{_member(name)} has a record of no partition")
            if (count, digest.hexdigest()) != (topic.records, topic.sha256):
                raise BackupFileError(f"{_member(name)} is not what the manifest says")


@contextmanager
def reading(path: Path) -> Iterator[BackupFile]:
    """Open a backup and check all of it. Raises BackupFileError, and OSError if the file cannot be read at all."""
    with path.open("rb") as file:
        with _faults():
            archive = zipfile.ZipFile(file)
            backup = BackupFile(archive, _manifest(archive))
            backup.check()
        with archive:
            yield backup


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    with archive.open(_MANIFEST) as member:
        text = member.read(_MANIFEST_BYTES_MAX)
    manifest = msgspec.json.decode(text, type=Manifest)
    if manifest.format != FORMAT:
        raise BackupFileError("it is no backup of Kawal")
    if manifest.version > VERSION:
        raise BackupFileError(f"it was made by Kawal {manifest.kawal}, which is newer than this one: use that")
    return manifest


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except BackupFileError:
        raise
    except KeyError as error:
        raise BackupFileError(f"it is no whole backup: {error.args[0]}") from error
    except msgspec.MsgspecError as error:
        raise BackupFileError(f"it was altered: {error}") from error
    # All that the library is known to raise where the archive's own numbers are wrong: OSError for an impossible place.
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, struct.error) as error:
        raise BackupFileError(f"it was cut or altered, or is no backup: {error}") from error


def _member(name: str) -> str:
    return f"{name}.ndjson"
