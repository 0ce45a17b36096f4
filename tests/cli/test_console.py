"""`kawal console` refuses at its start what it could not serve."""

from pathlib import Path

import pytest

from tests.cli.command import kawal


@pytest.mark.parametrize("content", [b"", b"PMTiles", b"PMTiles\x02 of before", b"SQLite format 3\0"])
def test_a_map_archive_that_is_none_is_refused_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.pmtiles"
    file.write_bytes(content)
    settings = {"BROKER": "127.0.0.1:1", "CONSOLE_BASEMAP": str(file), "CONSOLE_DIR": str(tmp_path)}
    done = kawal("console", environment={f"KAWAL_{name}": value for name, value in settings.items()})
    assert done.returncode == 3
    assert f"KAWAL_CONSOLE_BASEMAP={file} is no PMTiles archive of version 3" in done.stderr
