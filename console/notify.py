"""Tells webhooks of alarms: grouped, signed, and again until they are taken.

What was told to whom is kept in the console's folder. After a restart what is new since then is told, and nothing of
what was told before; where nothing was ever kept, the alarms that are there count as told.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener
from uuid import NAMESPACE_URL, uuid5

import msgspec

from console.book import Book, Entry
from console.people import write_private
from console.templates import message_of
from console.webhooks import Target

GROUP_WAIT_S = 10.0
"""Five trucks that halt together are one message: the others of a group get this long to join the first."""

RETRY_S_MIN = 2.0
RETRY_S_MAX = 300.0
ANSWER_WAIT_S = 10.0
GROUP_ALARMS_MAX = 100

log = logging.getLogger(__name__)

Told = dict[str, dict[str, str]]
"""By webhook, of each alert what was told last."""


class _NoRedirects(HTTPRedirectHandler):
    """A signed message is for the address it was made for."""

    def redirect_request(self, *_: Any) -> None:
        return None


_opener = build_opener(_NoRedirects)


class ToldFile:
    """What was told to whom, in a file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "notified.json"

    def load(self) -> Told:
        """Give what was told; nothing where it was never kept."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Told)
        except (FileNotFoundError, msgspec.MsgspecError):
            return {}

    def save(self, told: Told) -> None:
        """Keep what was told. A full disk costs a repetition after the next start, and is told in the log."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(self._path, msgspec.json.encode(told))
        except OSError as error:
            log.warning("what was told to webhooks could not be kept: %s", error.strerror)


class Notifier:
    """Sends what the alarms have become to each webhook that wants it; hand it every alarm that changed."""

    def __init__(self, targets: Sequence[Target], book: Book, file: ToldFile, sent: Callable[[str], None]) -> None:
        self._targets = targets
        self._book = book
        self._file = file
        self._sent = sent
        self._told = file.load()
        self._waiting: dict[tuple[str, str], tuple[float, int]] = {}
        self._changed = asyncio.Event()

    def begin(self, now_s: float) -> None:
        """Look at all alarms once, when they have been read."""
        for target in self._targets:
            if (name := target.hook.name) not in self._told:
                wanted = self._book.entries.values()
                self._told[name] = {entry.head.alert_id: _state(entry) for entry in wanted}
        for known in self._told.values():
            for alert_id in known.keys() - self._book.entries.keys():
                del known[alert_id]
        self._file.save(self._told)
        self.changed(self._book.entries, now_s)

    def changed(self, alert_ids: Iterable[str], now_s: float) -> None:
        """Hear of alarms that may have changed; a group that waits already does not wait longer for it."""
        for alert_id in alert_ids:
            entry = self._book.entries[alert_id]
            for target in self._targets:
                if self._is_due(target, entry):
                    self._waiting.setdefault((target.hook.name, entry.group), (now_s + GROUP_WAIT_S, 0))
        self._changed.set()

    async def run(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        """Send what is due, again and again; never returns."""
        sending: set[asyncio.Task[None]] = set()
        while True:
            self._changed.clear()
            for key, (due_s, tries) in list(self._waiting.items()):
                if due_s <= clock_s():
                    del self._waiting[key]
                    task = asyncio.create_task(self._send(*key, tries, clock_s))
                    sending.add(task)
                    task.add_done_callback(sending.discard)
            next_s = min((due_s for due_s, _ in self._waiting.values()), default=None)
            try:
                async with asyncio.timeout(None if next_s is None else max(0.0, next_s - clock_s())):
                    await self._changed.wait()
            except TimeoutError:
                pass

    async def _send(self, name: str, group: str, tries: int, clock_s: Callable[[], float]) -> None:
        level = logging.WARNING
        try:
            fault = await self._try(name, group, clock_s)
        except Exception as error:  # our own mistake: told as one, and no reason to keep the alarm from everybody
            level, fault = logging.ERROR, f"a fault of the console itself, {_whence(error)}"
        if fault is None:
            return
        self._sent("failed")
        wait_s = min(RETRY_S_MAX, RETRY_S_MIN * 2**tries)
        log.log(level, "webhook %s did not take a message: %s; again in %.0f s", name, fault, wait_s)
        self._waiting[name, group] = (clock_s() + wait_s, min(tries + 1, 20))
        self._changed.set()

    async def _try(self, name: str, group: str, clock_s: Callable[[], float]) -> str | None:
        """Send what is due of a group; gives why it was not taken, None if it was or nothing is due."""
        target = next(target for target in self._targets if target.hook.name == name)
        entries = [entry for entry in self._of_group(group) if self._is_due(target, entry)][:GROUP_ALARMS_MAX]
        if not entries:
            return None
        states = {entry.head.alert_id: _state(entry) for entry in entries}
        fault = await asyncio.to_thread(_post, target, msgspec.json.encode(message_of(target.hook, entries)), states)
        if fault is None:
            self._sent("delivered")
            self._told[name].update(states)
            self._file.save(self._told)
            self.changed([entry.head.alert_id for entry in self._of_group(group)], clock_s())
        return fault

    def _of_group(self, group: str) -> list[Entry]:
        return [entry for entry in self._book.entries.values() if entry.group == group]

    def _is_due(self, target: Target, entry: Entry) -> bool:
        hook, alarm = target.hook, entry.now
        if alarm.severity not in hook.severities or (hook.kinds is not None and entry.head.kind not in hook.kinds):
            return False
        known = self._told.get(hook.name, {}).get(entry.head.alert_id)
        is_quiet = entry.suppressed or alarm.shelved or entry.head.is_past
        return known != _state(entry) and not (is_quiet and known is None)


def _state(entry: Entry) -> str:
    """What is told of an alarm: a message goes out when this becomes another."""
    return f"{entry.now.severity} {'active' if entry.now.gone_ms is None else 'gone'}"


def _post(target: Target, body: bytes, states: dict[str, str]) -> str | None:
    """Send a message; gives why it was not taken, None if it was."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "kawal",
        # The same for a repetition: whoever keeps it takes each message once.
        "X-Kawal-Delivery": str(uuid5(NAMESPACE_URL, str(sorted(states.items())))),
    }
    if target.secret is not None:
        headers["X-Kawal-Signature"] = signature(target.secret, int(time.time()), body)
    try:
        with _opener.open(Request(target.url, body, headers), timeout=ANSWER_WAIT_S):  # noqa: S310 (checked when read)
            return None
    except HTTPError as error:
        error.close()
        return f"it answered {error.code}"
    except (OSError, ValueError, HTTPException) as error:
        return type(error).__name__  # its text may hold the address, and with it a bot's token


def _whence(error: Exception) -> str:
    """Name an error and where it came from, without its text: that may hold a secret."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"


def signature(secret: bytes, at_s: int, body: bytes) -> str:
    """Sign a message: HMAC-SHA256 over the second it was signed in, a point, and its bytes."""
    return f"t={at_s},v1={hmac.new(secret, f'{at_s}.'.encode() + body, hashlib.sha256).hexdigest()}"
