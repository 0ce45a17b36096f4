"""`kawal users` with the password on stdin."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import kawal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "console"


def users(folder: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return kawal("users", *words, environment={"KAWAL_CONSOLE_DIR": str(folder)}, stdin=stdin)


def test_people_are_added_listed_and_disabled(folder: Path) -> None:
    assert users(folder, "list", "--json").stdout == ""
    added = users(folder, "add", "ani", "--role", "supervisor", stdin="correct horse battery\n")
    assert (added.returncode, added.stdout) == (0, ""), added.stderr
    assert users(folder, "disable", "ani").returncode == 0
    listed = users(folder, "list", "--json")
    assert json.loads(listed.stdout) == {"name": "ani", "role": "supervisor", "disabled": True}
    assert "ani" in users(folder, "list").stdout


def test_what_cannot_be_is_one_message(folder: Path) -> None:
    short = users(folder, "add", "ani", stdin="short\n")
    assert (short.returncode, "10 to 256" in short.stderr) == (3, True)
    assert users(folder, "add", "ani", "--role", "king", stdin="correct horse battery\n").returncode == 2
    unknown = users(folder, "disable", "ani")
    assert (unknown.returncode, "kawal users list" in unknown.stderr) == (3, True)
