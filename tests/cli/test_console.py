"""`kawal console` refuses at its start what it could not serve."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("content", [b"", b"PMTiles", b"PMTiles\x02 of before", b"SQLite format 3\0"])
def test_a_map_archive_that_is_none_is_refused_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.pmtiles"
    file.write_bytes(content)
    environment = os.environ | {
        "KAWAL_BROKER": "127.0.0.1:1",
        "KAWAL_CONSOLE_BASEMAP": str(file),
        "KAWAL_CONSOLE_DIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "cli", "console"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert f"KAWAL_CONSOLE_BASEMAP={file} is no PMTiles archive of version 3" in " ".join(done.stderr.split())
