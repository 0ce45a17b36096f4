"""AlertAction: what a person did with an alert, the value of the alert-actions topic."""

from typing import Annotated, Literal, Self, get_args
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from models.alert import Severity
from models.instants import InstantMs
from models.plan import Identifier, Name
from models.record import Written
from models.text import readable

ActionName = Literal["acknowledge", "assign", "shelve", "unshelve", "note", "close"]
CloseReason = Literal["resolved", "authorised", "false-alarm", "device-fault", "exercise", "duplicate-report"]

SHELVE_MS_MAX = 3_600_000
"""Longer, and a shelved alarm would outlast the person who remembers why."""


def _check_text(text: str) -> str:
    return readable(text, "\n")


Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000), AfterValidator(_check_text)
]


class AlertAction(Written):
    """One thing that one person did with one alert; nothing is ever taken back, an undoing is a further action.

    Inside, instants are integer milliseconds (`at_ms`, `until_ms`). None is not said.
    """

    action_id: UUID = Field(description="Names the action: a repetition of the same one changes nothing.")
    alert_id: str = Field(min_length=1, max_length=64, description="The alert; also the record's key.")
    action: ActionName = Field(description="What was done.")
    actor: Identifier = Field(description="Who did it.")
    post: Name | None = Field(default=None, description="From which post.")
    at_ms: InstantMs = Field(alias="at", description="When, by the server's clock.")
    severity: Severity | None = Field(
        default=None, description="How bad the alert was when it was done: an acknowledgement covers no worse."
    )
    assignee: Name | None = Field(default=None, description="assign: the person or unit that takes it on.")
    until_ms: InstantMs | None = Field(default=None, alias="until", description="shelve: when it ends by itself.")
    reason: Text | None = Field(default=None, description="shelve: why; close: one of the reason codes.")
    note: Text | None = Field(default=None, description="Free text.")

    @model_validator(mode="after")
    def _check_parts(self) -> Self:
        fault = {
            "assign": "assignee is missing" if self.assignee is None else None,
            "shelve": self._shelve_fault(),
            "note": "note is missing" if self.note is None else None,
            "close": None if self.reason in get_args(CloseReason) else "reason must be a reason code",
        }.get(self.action)
        if fault:
            raise ValueError(fault)
        return self

    def _shelve_fault(self) -> str | None:
        if self.reason is None:
            return "reason is missing"
        if self.until_ms is None:
            return "until is missing"
        if not self.at_ms < self.until_ms <= self.at_ms + SHELVE_MS_MAX:
            return "until must be within 60 minutes"
        return None
