"""Plan files: YAML or JSON written by people, checked whole, with every fault found at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, Field, ValidationError

from models.convoy_entry import good_limits, limit_findings, read_entry, well_formed
from models.faults import Location, field_name, reason_of
from models.marked_file import MarkedFile, MarkedFileError, read_marked
from models.plan import PLACES_MAX, ConvoyPlan, Name, Risk, Site, Timezone
from models.plan_checks import SITE_DISTANCE_MAX_M, check_owners

CONVOYS_MAX = 2_000
POINTS_MAX = 2_000_000
"""Route points of all convoys of a file together: they are in memory at once, about 100 bytes each."""


class PlanFault(NamedTuple):
    """One thing wrong with a plan file."""

    file: str
    line: int | None
    convoy: str | None
    field: str
    reason: str

    def __str__(self) -> str:
        """Return the fault as one line: file and line, convoy, field, reason."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        convoy = "" if self.convoy is None else f": convoy {self.convoy}"
        return f"{place}{convoy}: {f'{self.field}: ' if self.field else ''}{self.reason}"


class PlanError(ValueError):
    """A plan file that cannot be used, with every fault found."""

    def __init__(self, faults: list[PlanFault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class PlanFile(BaseModel):
    """The top of a plan file."""

    operation: Name = Field(description="The operation, free text.")
    timezone: Timezone = Field(description="IANA timezone in which times are shown to people.")
    convoys: list[dict[str, Any]] = Field(min_length=1, max_length=CONVOYS_MAX, description="The convoys.")
    sites: list[Site] = Field(
        default_factory=list,
        max_length=PLACES_MAX,
        description="Offices, warehouses and police stations of the operation; a convoy carries those near its route.",
    )
    profiles: dict[Risk, dict[str, Any]] = Field(
        default_factory=dict, description="Limits by risk; a convoy's own limits go before them."
    )


def load_plan(path: Path, tell: Callable[[str], None] = lambda _: None) -> list[ConvoyPlan]:
    """Read a plan file and return its convoys in the file's order, ready for the topic.

    Route files are looked for beside the plan file; what was done to a route is told, a line each. Raises PlanError
    with every fault of every convoy; nothing of the file may be used then.
    """
    try:
        marked = read_marked(path)
    except MarkedFileError as error:
        raise PlanError([PlanFault(str(path), error.line, None, "", str(error))]) from error
    reading = _Reading(path, marked)
    plans = reading.read()
    if reading.faults:
        raise PlanError(sorted(reading.faults, key=lambda fault: fault.line or 0))
    for note in reading.notes:
        tell(note)
    return plans


class _Reading:
    """One pass over a plan file, collecting faults."""

    def __init__(self, path: Path, marked: MarkedFile) -> None:
        self.path = path
        self.marked = marked
        self.faults = [PlanFault(str(path), line, None, key, "occurs twice") for line, key in marked.repeated]
        self.notes: list[str] = []
        self.owners: dict[tuple[str, str], str] = {}
        self.sites: list[Site] = []
        self.points = 0

    def read(self) -> list[ConvoyPlan]:
        content = self.marked.content
        if not isinstance(content, dict):
            self._add((), "holds no mapping with operation, timezone and convoys")
            return []
        self._check_top(content)
        profiles = self._good_profiles(content.get("profiles"))
        self.sites = list(well_formed(Site, content.get("sites")).values())
        convoys = content.get("convoys")
        entries = convoys[:CONVOYS_MAX] if isinstance(convoys, list) else []
        head = {name: content.get(name) for name in ("operation", "timezone")}
        plans = [
            self._read_convoy(index, entry, head, profiles)
            for index, entry in enumerate(entries)
            if isinstance(entry, dict)
        ]
        found = [plan for plan in plans if plan is not None]
        self._note_far_sites({site for plan in found for site in plan.sites})
        return found

    def _add(self, location: Location, reason: str, convoy: str | None = None) -> None:
        shown = location if convoy is None else location[2:]
        line = self.marked.line_of(location)
        self.faults.append(PlanFault(str(self.path), line, convoy, field_name(shown), reason))

    def _check_top(self, content: dict[Any, Any]) -> None:
        try:
            PlanFile.model_validate(content, extra="forbid")
        except ValidationError as error:
            for fault in error.errors():
                known = Site if fault["loc"][0] == "sites" else PlanFile
                self._add(fault["loc"], reason_of(fault, known.model_fields))

    def _note_far_sites(self, carried: set[Site]) -> None:
        away = f"is more than {SITE_DISTANCE_MAX_M / 1000:g} km away from every route: no convoy carries it"
        self.notes += [f"sites: {site.name} {away}" for site in self.sites if site not in carried]

    def _good_profiles(self, profiles: Any) -> dict[Any, dict[str, Any]]:
        """Report what is wrong in the profiles once, here, and return the rest of them."""
        good = {}
        for risk, limits in profiles.items() if isinstance(profiles, dict) else ():
            if isinstance(limits, dict):
                findings = [finding for finding in limit_findings(limits) if finding[0]]
                for location, reason in findings:
                    self._add(("profiles", risk, *location), reason)
                good[risk] = good_limits(limits, findings)
        return good

    def _read_convoy(
        self, index: int, entry: dict[str, Any], head: dict[str, Any], profiles: dict[Any, dict[str, Any]]
    ) -> ConvoyPlan | None:
        convoy_id, risk = entry.get("convoy_id"), entry.get("risk", "medium")
        convoy = convoy_id if isinstance(convoy_id, str) else f"#{index + 1}"
        if ("convoy_id", convoy) in self.owners:
            self._add(("convoys", index, "convoy_id"), "is used by another convoy already", convoy)
        if self.points > POINTS_MAX:
            self._add(("convoys", index), f"comes after {POINTS_MAX:,} route points: divide the file", convoy)
            return None
        self.owners["convoy_id", convoy] = convoy
        profile = profiles.get(risk, {}) if isinstance(risk, str) else {}
        plan, findings, notes = read_entry(entry, head, self.sites, profile, self.path.parent)
        self.notes += [f"{convoy}: route: {note}" for note in notes]
        for location, reason in [*findings, *check_owners(convoy, entry.get("vehicles"), self.owners)]:
            self._add(("convoys", index, *location), reason, convoy)
        self.points += 0 if plan is None else len(plan.route)
        return plan
