"""A finding of `kawal doctor`."""

from typing import Literal, NamedTuple

State = Literal["ok", "note", "fail"]


class Finding(NamedTuple):
    """One thing that was looked at; `advice` is empty where nothing is to be done."""

    check: str
    state: State
    found: str
    advice: str = ""
