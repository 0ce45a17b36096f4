"""Sessions that end, the one-time link of the first start, and the brake on guessing passwords.

Only hashes of the tokens are kept. They are written to the console's folder, so that a restart in the middle of a
shift signs nobody out.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from console.people import UserRole, write_private

IDLE_S = 1_800.0
"""Without a request and without an open stream for so long, somebody has gone home."""

WHOLE_S = 13 * 3_600.0
"""A shift of twelve hours and its handover."""

FREE_FAILURES = 5
DELAY_S_MAX = 300.0
FAILURES_KEPT_S = 900.0
FAILURES_MAX = 10_000


@dataclass(slots=True)
class Session:
    """Who is signed in, where. Times are of the wall clock, in seconds: they outlast the process."""

    user: str
    role: UserRole
    post: str
    csrf: str
    begun_s: float
    seen_s: float

    def ended(self, now_s: float) -> bool:
        """Whether it is over."""
        return now_s - self.seen_s > IDLE_S or now_s - self.begun_s > WHOLE_S


class Sessions:
    """All sessions, by the hash of their token."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "sessions.json"
        self._sessions = self._load()

    def begin(self, user: str, role: UserRole, post: str, now_s: float) -> tuple[str, Session]:
        """Begin a session; gives the token, which is kept nowhere."""
        token = secrets.token_urlsafe(32)
        session = Session(user, role, post, secrets.token_urlsafe(24), now_s, now_s)
        self._sessions[_hash(token)] = session
        self.save(now_s)
        return token, session

    def find(self, token: str, now_s: float) -> Session | None:
        """Give the session of a token while it lasts, and let it last longer."""
        session = self._sessions.get(_hash(token))
        if session is None or session.ended(now_s):
            return None
        session.seen_s = now_s
        return session

    def end(self, token: str, now_s: float) -> None:
        """End a session."""
        self._sessions.pop(_hash(token), None)
        self.save(now_s)

    def keep_only(self, roles: dict[str, UserRole], now_s: float) -> None:
        """End those that are over, and those of people who may no longer sign in or have another role now."""
        before = len(self._sessions)
        self._sessions = {
            key: session
            for key, session in self._sessions.items()
            if not session.ended(now_s) and roles.get(session.user) == session.role
        }
        if len(self._sessions) != before:
            self.save(now_s)

    def lasts(self, session: Session) -> bool:
        """Whether a session is still there."""
        return any(session is other for other in self._sessions.values())

    def save(self, now_s: float) -> None:
        """Write them to the folder."""
        rows = {key: asdict(session) for key, session in self._sessions.items() if not session.ended(now_s)}
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(self._path, msgspec.json.encode(rows))

    def _load(self) -> dict[str, Session]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Session])
        except (FileNotFoundError, msgspec.MsgspecError):
            return {}  # everybody signs in again


class FirstLink:
    """The token with which the first supervisor is made, once."""

    def __init__(self) -> None:
        self._token: str | None = secrets.token_urlsafe(24)
        self.text = self._token or ""

    def matches(self, token: str) -> bool:
        """Whether it is this token, and still good."""
        return self._token is not None and secrets.compare_digest(self._token.encode(), token.encode())

    def use_up(self) -> None:
        """Let it be good no more."""
        self._token = None


class Brake:
    """Makes whoever guesses passwords wait: longer after each failure, by name and by address."""

    def __init__(self) -> None:
        self._failures: dict[str, tuple[int, float]] = {}

    def wait_s(self, keys: Iterable[str], now_s: float) -> float:
        """Give how long these must still wait; 0: not at all."""
        return max((self._wait_s(key, now_s) for key in keys), default=0.0)

    def failed(self, keys: Iterable[str], now_s: float) -> None:
        """Note a failure."""
        self._failures = {key: found for key, found in self._failures.items() if now_s - found[1] < FAILURES_KEPT_S}
        for key in keys:
            if len(self._failures) < FAILURES_MAX or key in self._failures:
                self._failures[key] = (self._failures.get(key, (0, 0.0))[0] + 1, now_s)

    def succeeded(self, keys: Iterable[str]) -> None:
        """Forget the failures of these."""
        for key in keys:
            self._failures.pop(key, None)

    def _wait_s(self, key: str, now_s: float) -> float:
        count, last_s = self._failures.get(key, (0, 0.0))
        if count < FREE_FAILURES or now_s - last_s >= FAILURES_KEPT_S:
            return 0.0
        return max(0.0, last_s + min(DELAY_S_MAX, 2.0 ** (count - FREE_FAILURES)) - now_s)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
