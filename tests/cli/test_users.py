"""`kawal users` with the password on stdin."""

import json
import subprocess
from pathlib import Path

import pytest

from console.people import People
from tests.cli.command import kawal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "console"


def users(folder: Path, *words: str, stdin: str | bytes = "") -> subprocess.CompletedProcess[str]:
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


@pytest.mark.parametrize(
    ("stdin", "fault"),
    [
        (b"correct h\xf6rse battery\n", "is no UTF-8"),
        (b"\xed\xa0\x80 is half a letter\n", "is no UTF-8"),
        (" " * 10, "spaces alone"),
        ("\u00a0\t" * 10, "spaces alone"),
        ("", "10 to 256"),
    ],
)
def test_a_password_that_nobody_could_type_or_everybody_guess_is_one_sentence(
    folder: Path, stdin: str | bytes, fault: str
) -> None:
    added = users(folder, "add", "ani", stdin=stdin)
    assert (added.returncode, added.stderr.count("\n"), fault in added.stderr) == (3, 1, True), added.stderr
    assert users(folder, "list", "--json").stdout == ""


def test_a_line_may_end_as_on_any_system(folder: Path) -> None:
    assert users(folder, "add", "ani", stdin="correct horse battery\r\nmore\n").returncode == 0
    assert People(folder).check("ani", "correct horse battery") is not None


@pytest.mark.parametrize(
    ("name", "fault"),
    [("a" * 65, "The name must have at most 64 characters."), (" ani", "The name must have no space")],
)
def test_a_name_that_cannot_be_is_a_sentence(folder: Path, name: str, fault: str) -> None:
    added = users(folder, "add", name, stdin="correct horse battery\n")
    assert (added.returncode, fault in added.stderr) == (3, True), added.stderr
