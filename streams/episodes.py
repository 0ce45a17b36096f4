"""Which episode an id, or the beginning of one, means."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

import msgspec
from pydantic import ValidationError

from models.alert import Alert

PREFIX_MIN = 8
"""Letters of the beginning of an id: of so many a day's ids hardly ever share two."""

LISTED_MAX = 5

NEARNESS_MIN = 0.75
"""Two ids that have nothing to do with each other share about half of their letters."""


class _Name(msgspec.Struct, gc=False):
    alert_id: str


_peek = msgspec.json.Decoder(_Name).decode


class NoSuchAlertError(ValueError):
    """No alert, or more than one, is meant; the message says which are near."""


class Episodes:
    """The transitions of the alerts that an id may mean, in the order read, and the names of all others."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted.lower()
        self._others: set[str] = set()
        self._found: dict[str, list[Alert]] = {}

    def add(self, alerts: Iterable[Alert]) -> None:
        """Take in further transitions."""
        for alert in alerts:
            if alert.alert_id.startswith(self._wanted):
                self._found.setdefault(alert.alert_id, []).append(alert)
            else:
                self._others.add(alert.alert_id)

    def add_record(self, value: bytes | None) -> bool:
        """Take in a record of the alerts topic; gives whether it may be of the alert that is meant. One that is no
        alert is passed over.
        """
        try:
            name = _peek(value or b"").alert_id
            if name.startswith(self._wanted):
                self.add([Alert.from_json(value or b"")])
                return True
        except (msgspec.MsgspecError, ValidationError):
            return False
        self._others.add(name)
        return False

    def the_one(self) -> list[Alert]:
        """Give the transitions of the alert that is meant. Raises NoSuchAlertError where that is not one."""
        if self._wanted in self._found:
            return self._found[self._wanted]
        if len(self._found) == 1:
            return next(iter(self._found.values()))
        raise NoSuchAlertError(self._several(self._found) if self._found else self._none())

    def _several(self, found: Mapping[str, list[Alert]]) -> str:
        lines = [f"{len(found)} alerts begin with {self._wanted}:"]
        lines += [f"  {alerts[0].alert_id}  {_named(alerts[0])}" for alerts in list(found.values())[:LISTED_MAX]]
        return "\n".join([*lines, "  ..."] if len(found) > LISTED_MAX else lines)

    def _none(self) -> str:
        whole = {name[: len(self._wanted)]: name for name in sorted(self._others)}
        near = get_close_matches(self._wanted, whole, n=LISTED_MAX, cutoff=NEARNESS_MIN)
        meant = f"; near are {', '.join(whole[name] for name in near)}" if near else ""
        return f"None of {len(self._others):,} alerts is {self._wanted}{meant}."


def _named(alert: Alert) -> str:
    return " ".join(filter(None, (alert.kind, alert.convoy_id, alert.vehicle_id)))
