"""Who may sign in: a file of names, roles and password hashes, in the console's own folder.

It is written by `kawal users` and by the first start, read anew whenever it changes, and only its owner may read it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from models.faults import reason_of
from models.plan import Identifier

UserRole = Literal["viewer", "operator", "supervisor", "report-desk"]
Fault = Literal["name", "password-length", "password-blank", "exists", "people"]

PASSWORD_CHARS_MIN = 10
PASSWORD_CHARS_MAX = 256
"""More is only a way to keep the server busy with hashing."""

_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody has this password")


class User(BaseModel):
    """A person who may sign in, or no longer."""

    model_config = ConfigDict(frozen=True)

    name: Identifier
    role: UserRole
    hash: Annotated[str, Field(repr=False)]
    disabled: bool = False


_USERS = TypeAdapter(list[User])


class PeopleError(ValueError):
    """What was asked of the people's file cannot be done; the text says why and what to do, `code` which it is."""

    def __init__(self, text: str, code: Fault = "people") -> None:
        super().__init__(text)
        self.code = code


class People:
    """The file of people in a folder, created when the first one is added."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "users.json"
        self._stamp: tuple[int, int] | None = None
        self._users: dict[str, User] = {}

    def all(self) -> list[User]:
        """Give everybody, by name. Raises PeopleError where the file cannot be used."""
        self._refresh()
        return sorted(self._users.values(), key=lambda user: user.name)

    def find(self, name: str) -> User | None:
        """Give a person who may sign in. Raises PeopleError."""
        self._refresh()
        user = self._users.get(name)
        return None if user is None or user.disabled else user

    def check(self, name: str, password: str) -> User | None:
        """Give the person whose name and password these are; takes as long where there is none. Raises PeopleError."""
        user = self.find(name)
        try:
            _hasher.verify(user.hash if user else _NOBODY, password)
        except (VerificationError, InvalidHashError):
            return None
        return user

    def add(self, name: str, role: UserRole, password: str, only_first: bool = False) -> User:
        """Add a person, or give one who is there a new role and password. Raises PeopleError.

        `only_first`: refuse where anybody is there already.
        """
        if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
            text = f"The password must have {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters."
            raise PeopleError(text, "password-length")
        if not password.strip():
            raise PeopleError("The password must not be of spaces alone.", "password-blank")
        try:
            user = User(name=name, role=role, hash=_hasher.hash(password))
        except ValidationError as error:
            raise PeopleError(f"The name {reason_of(error.errors()[0])}.", "name") from error
        with self._changing():
            if only_first and self._users:
                raise PeopleError("There is a user already: sign in, or let a supervisor add you.", "exists")
            self._users[name] = user
        return user

    def disable(self, name: str) -> None:
        """Let a person no longer sign in. Raises PeopleError."""
        with self._changing():
            if name not in self._users:
                raise PeopleError(f"There is no user {name}. `kawal users list` names them.")
            self._users[name] = self._users[name].model_copy(update={"disabled": True})

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the file alone while it is changed: two commands at once must not lose a user."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with (self._path.parent / "users.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._refresh()
                yield
                write_private(self._path, _USERS.dump_json(list(self._users.values()), indent=2))
        except OSError as error:
            raise PeopleError(f"{self._path} cannot be written: {error.strerror}.") from error

    def _refresh(self) -> None:
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_ino)
            if stamp == self._stamp:
                return
            if found.st_mode & 0o077:
                raise PeopleError(f"Others may read {self._path}: chmod 600 {self._path}")
            self._users = {user.name: user for user in _USERS.validate_json(self._path.read_bytes())}
            self._stamp = stamp
        except FileNotFoundError:
            self._users, self._stamp = {}, None
        except OSError as error:
            raise PeopleError(f"{self._path} cannot be read: {error.strerror}.") from error
        except ValidationError as error:
            raise PeopleError(
                f"{self._path} is damaged: put back a copy, or remove it and add everybody anew."
            ) from error


def write_private(path: Path, content: bytes) -> None:
    """Replace a file that only its owner may read; a reader sees the old or the new one, never half of it."""
    part = path.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
