"""The file of a backup: that it says what is in it, and what is no whole one is known."""

import asyncio
import json
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bus.backup_file import BackupFileError, SavedRecord, reading, writing
from models.instants import parse_instant

RECORDS = [
    SavedRecord(0, 17, 1_732_700_000_000, b"BTG-07", b'\x00\xff"\n', [("ce_id", b"\xff"), ("ce_id", None)]),
    SavedRecord(3, 0, 1_732_700_000_001, None, None, []),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    async def records() -> AsyncIterator[SavedRecord]:
        for record in RECORDS:
            yield record

    async def make(path: Path) -> None:
        with writing(path, "kawal", parse_instant("2024-11-28T06:00:00Z")) as writer:
            assert await writer.add("plans", 4, records()) == len(RECORDS)

    asyncio.run(make(tmp_path / "kawal.zip"))
    return tmp_path / "kawal.zip"


def test_what_was_written_is_read_again_with_what_it_came_from(file: Path) -> None:
    with reading(file) as whole:
        assert list(whole.records("plans")) == RECORDS
        assert (whole.manifest.prefix, whole.manifest.made_at) == ("kawal", "2024-11-28T06:00:00.000Z")
        assert (whole.manifest.topics["plans"].partitions, whole.manifest.topics["plans"].records) == (4, 2)


def test_what_fails_midway_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), writing(tmp_path / "kawal.zip", "kawal", 0):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def fault_of(file: Path) -> str:
    with pytest.raises(BackupFileError) as caught, reading(file):
        pass
    return str(caught.value)


def test_a_file_that_is_cut_anywhere_is_no_backup(file: Path) -> None:
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert "was cut" in fault_of(file)


def test_a_bit_that_turned_is_known_wherever_it_changes_what_is_read(file: Path) -> None:
    whole = file.read_bytes()
    with reading(file) as backup:
        meant = (backup.manifest, list(backup.records("plans")))
    told = 0
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            with reading(file) as backup:
                assert (backup.manifest, list(backup.records("plans"))) == meant  # a date, or a place of nothing
        except BackupFileError:
            told += 1
    assert told > len(whole) / 2


def with_member(file: Path, name: str, text: bytes | None) -> None:
    """Write the archive anew with another member in it: whole as an archive, and not what was saved."""
    with zipfile.ZipFile(file) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    with zipfile.ZipFile(file, "w") as archive:
        for member, content in (members | {name: text}).items():
            if content is not None:
                archive.writestr(member, content)


def manifest_of(file: Path) -> dict[str, object]:
    with zipfile.ZipFile(file) as archive:
        return dict(json.loads(archive.read("manifest.json")))


OUTSIDE = b'{"partition":4,"offset":0,"timestamp_ms":0,"key":null,"value":null,"headers":[]}\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "plans.ndjson is not what the manifest says"),
        (b"{}\n", "it was altered: Object missing required field"),
        (OUTSIDE, "plans.ndjson has a record of no partition"),
        (None, "it is no whole backup: There is no item named 'plans.ndjson'"),
    ],
)
def test_records_that_are_not_those_of_the_manifest_are_told(file: Path, text: bytes | None, told: str) -> None:
    with_member(file, "plans.ndjson", text)
    assert told in fault_of(file)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda _: None, "it is no whole backup"),
        (lambda it: it | {"format": "x"}, "it is no backup of Kawal"),
        (lambda it: it | {"version": 2, "kawal": "9.0"}, "it was made by Kawal 9.0, which is newer than this one: use"),
    ],
)
def test_another_manifest_is_told(
    file: Path, change: Callable[[dict[str, object]], dict[str, object] | None], told: str
) -> None:
    changed = change(manifest_of(file))
    with_member(file, "manifest.json", changed and json.dumps(changed).encode())
    assert told in fault_of(file)
