"""The file of people: private, whole, and read anew when it changes."""

import json
from pathlib import Path

import pytest

from console.people import People, PeopleError

PASSWORD = "correct horse battery"


def test_a_person_is_known_by_the_password_only_and_until_disabled(tmp_path: Path) -> None:
    people, other = People(tmp_path / "new"), People(tmp_path / "new")
    people.add("ani", "operator", PASSWORD)
    assert (found := other.check("ani", PASSWORD))
    assert found.role == "operator"
    assert other.check("ani", "another password") is None
    assert other.check("budi", PASSWORD) is None
    people.disable("ani")
    assert other.check("ani", PASSWORD) is None
    people.add("ani", "viewer", PASSWORD)
    assert (found := other.check("ani", PASSWORD))
    assert found.role == "viewer"


def test_only_its_owner_may_read_the_file_and_no_password_is_in_it(tmp_path: Path) -> None:
    people, path = People(tmp_path), tmp_path / "users.json"
    people.add("ani", "operator", PASSWORD)
    assert path.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in path.read_text()
    assert json.loads(path.read_text())[0]["hash"].startswith("$argon2id$")
    path.chmod(0o644)
    with pytest.raises(PeopleError, match="chmod 600"):
        People(tmp_path).all()


def test_a_damaged_file_is_kept_and_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    path.write_text("[{")
    path.chmod(0o600)
    with pytest.raises(PeopleError, match="damaged"):
        People(tmp_path).add("ani", "operator", PASSWORD)
    assert path.read_text() == "[{"


@pytest.mark.parametrize(
    ("name", "password"), [("ani", "short"), ("", PASSWORD), ("a|b", PASSWORD), ("a\nb", PASSWORD)]
)
def test_a_bad_name_or_password_is_refused(tmp_path: Path, name: str, password: str) -> None:
    with pytest.raises(PeopleError):
        People(tmp_path).add(name, "operator", password)
    assert People(tmp_path).all() == []
