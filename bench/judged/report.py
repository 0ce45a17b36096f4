"""What the accuracy benchmark tells: figures by name, tables for people, and the same tables for a page of the docs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, get_args

from rich.box import SIMPLE_HEAD
from rich.table import Table

from bench.judged.injected import TraceOutcome
from bench.judged.progress import Followed
from bench.judged.score import Score, Scores, add_scores
from bench.judged.simulated import UNRULY, Outcome
from models.alert import Kind

VEHICLES = 200
"""The ordinary day of one post."""

VEHICLES_A_CONVOY = 4
ALARMS_PER_H_MAX = 6.0
NONE = "-"


class Section(NamedTuple):
    """One table."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


class Target(NamedTuple):
    """What is to be reached, what was measured, and whether that is enough; None where nothing was measured."""

    what: str
    target: str
    measured: str
    met: bool | None


@dataclass(slots=True)
class Accuracy:
    """Everything measured in one run."""

    seeds: int
    load_average: float
    simulated: Outcome = field(default_factory=Outcome)
    followed: Followed = field(default_factory=Followed)
    traces: list[TraceOutcome] = field(default_factory=list)

    @property
    def real(self) -> Scores:
        """The scores of all traces, by what was put into them."""
        total: Scores = {}
        for trace in self.traces:
            add_scores(total, trace.scores)
        return total

    @property
    def real_plain(self) -> Scores:
        """Those of the simple rules."""
        total: Scores = {}
        for trace in self.traces:
            add_scores(total, trace.plain)
        return total

    def fields(self) -> Mapping[str, float | str]:
        """Every figure by a flat name."""
        simulated = self.simulated
        figures: dict[str, float | str] = {"seeds": self.seeds, "load_average": self.load_average}
        for run, scores in (("faulty", simulated.faulty), ("ordinary", simulated.quiet), ("real", self.real)):
            for name, score in scores.items():
                figures |= _figures(f"{run}_{name}".replace(" ", "-"), score)
        for target in self.targets():
            figures[f"met: {target.what}"] = {True: "yes", False: "no", None: "not measured"}[target.met]
        figures |= {"ordinary_vehicle_h": simulated.vehicle_h, "alarms_per_h_of_200": self.alarms_per_h()}
        return figures | {"progress_jumps": self.followed.jumps, "progress_misplaced": self.followed.misplaced}

    def table(self) -> Table:
        """All tables, one below the other."""
        grid = Table.grid(padding=(1, 0))
        for section in self.sections():
            table = Table(title=section.title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
            for number, heading in enumerate(section.headings):
                table.add_column(heading, justify="right" if number else "left", no_wrap=number > 0)
            for row in section.rows:
                table.add_row(*row)
            grid.add_row(table)
        return grid

    def markdown(self) -> str:
        """All tables for a page."""
        parts = []
        for section in self.sections():
            lines = [f"### {section.title}", "", _line(section.headings), _line(["---"] * len(section.headings))]
            parts.append("\n".join([*lines, *map(_line, section.rows)]))
        return "\n\n".join(parts)

    def sections(self) -> Iterator[Section]:
        """The tables in their order."""
        yield Section("Targets", ("what", "target", "measured", "met"), [_target_row(one) for one in self.targets()])
        yield self._by_kind()
        yield self._ordinary()
        yield self._unruly()
        if self.traces:
            yield self._real()
        yield self._plain()

    def alarms_per_h(self) -> float:
        """Sounding alarms an hour on an ordinary day of VEHICLES vehicles, one a convoy and kind."""
        return _per(self.simulated.sounding, self.simulated.convoy_h) * VEHICLES / VEHICLES_A_CONVOY

    def targets(self) -> Iterator[Target]:
        """The targets, in the order of the rules' own list."""
        real, simulated = self.real, self.simulated
        clean_h = sum(trace.hours for trace in self.traces)
        false_per_h = _per(real.get("clean deviation", Score()).false, clean_h)
        yield _at_most("false deviation on clean real traces, an hour", 0.02, false_per_h, bool(self.traces))
        yield _share("injected detours found (real traces)", real.get("detour", Score()))
        yield _share("... and within the hold and 2 intervals", real.get("detour", Score()), lambda s: s.in_time)
        yield _share("stops of 4-12 min found (real traces)", real.get("stop", Score()))
        yield _silent("stalls in authorised stops (real traces)", real.get("authorised stop"))
        yield _share("separations found (real traces)", real.get("separation", Score()))
        yield _silent("separations of pairs that are together (real traces)", real.get("pair together"))
        yield _share("detours found (simulated)", simulated.faulty.get("deviation", Score()))
        yield _share("stalls found (simulated)", _sum(simulated.faulty, simulated.quiet, "stall"))
        yield _share("separations found (simulated)", simulated.faulty.get("separation", Score()))
        for name in UNRULY:
            same, runs = self._same(name)
            yield Target(f"{name}: the same alerts", "all", f"{same} of {runs}", same == runs if runs else None)
        jumps = f"{self.followed.jumps} in {self.followed.drives} drives"
        yield Target("progress jumps over 300 m that did not happen", "0", jumps, not self.followed.jumps)
        alarms = self.alarms_per_h()
        yield _at_most("sounding alarms an hour, ordinary day of 200 vehicles", ALARMS_PER_H_MAX, alarms, True)

    def notes(self) -> Iterator[str]:
        """Every miss, late and false alarm, one a line."""
        for scores in (self.simulated.quiet, self.simulated.faulty, self.real):
            for score in scores.values():
                yield from score.notes
        yield from self.simulated.notes
        yield from self.followed.notes
        for trace in self.traces:
            yield from trace.notes

    def _same(self, name: str) -> tuple[int, int]:
        parts: list[Outcome | TraceOutcome] = [self.simulated, *self.traces]
        return sum(part.same[name] for part in parts), sum(part.runs[name] for part in parts)

    def _by_kind(self) -> Section:
        headings = ("kind", "expected", "found", "in time", "missed", "false", "p50", "p95", "false/h")
        scores, hours = self.simulated.faulty, self.simulated.faulty_h
        rows = [[kind, *_row(scores[kind], hours)] for kind in get_args(Kind) if kind in scores]
        return Section(f"Operations with faults: {self.seeds} seeds, {hours:,.0f} vehicle hours", headings, rows)

    def _ordinary(self) -> Section:
        headings = ("kind", "expected", "found", "in time", "missed", "false", "p50", "p95", "false/h")
        scores, hours = self.simulated.quiet, self.simulated.vehicle_h
        rows = [[kind, *_row(scores[kind], hours)] for kind in get_args(Kind) if kind in scores]
        right = _per(self.simulated.sounding_true, self.simulated.convoy_h) * VEHICLES / VEHICLES_A_CONVOY
        alarms = f"{self.alarms_per_h():.1f} sounding alarms an hour for 200 vehicles, {right:.1f} of them right"
        return Section(f"Ordinary days: {hours:,.0f} vehicle hours, {alarms}", headings, rows)

    def _unruly(self) -> Section:
        rows = []
        for name in UNRULY:
            real = [sum(getattr(t, part)[name] for t in self.traces) for part in ("same", "runs")]
            made = self.simulated.same[name], self.simulated.runs[name]
            rows.append([name, f"{made[0]} of {made[1]}", f"{real[0]} of {real[1]}" if self.traces else NONE])
        return Section("Runs that raise the same alerts as the clean run", ("spoilt by", "simulated", "real"), rows)

    def _real(self) -> Section:
        hours = sum(trace.hours for trace in self.traces)
        headings = ("put in", "runs", "expected", "found", "in time", "missed", "false", "p50", "p95")
        rows = [[name, str(score.runs), *_row(score, hours)[:-1]] for name, score in self.real.items()]
        return Section(f"Real traces: {len(self.traces)} drives, {hours:.1f} hours", headings, rows)

    def _plain(self) -> Section:
        plain, mine = self.simulated.plain, self.simulated
        rows = []
        for run, hours, scores in (("faulty", mine.faulty_h, mine.faulty), ("ordinary", mine.vehicle_h, mine.quiet)):
            for kind, rule in (("deviation", "25 m, no hold"), ("stall", "300 s under 0.5 m/s")):
                ours, theirs = scores.get(kind, Score()), plain.get(run, {}).get(kind, Score())
                rows.append([f"{kind}, {run}", "Kawal", *_brief(ours, hours)])
                rows.append(["", rule, *_brief(theirs, hours)])
        if self.traces:
            hours = sum(trace.hours for trace in self.traces)
            for name in ("clean deviation", "detour"):
                rows.append([f"{name}, real", "Kawal", *_brief(self.real.get(name, Score()), hours)])
                rows.append(["", "25 m, no hold", *_brief(self.real_plain.get(name, Score()), hours)])
        headings = ("what", "rule", "expected", "found", "p50", "false", "false/h")
        return Section("Beside two simple rules on the same pings", headings, rows)


def _figures(prefix: str, score: Score) -> dict[str, float | str]:
    figures: dict[str, float | str] = {
        f"{prefix}_expected": score.expected,
        f"{prefix}_found": score.found,
        f"{prefix}_in_time": score.in_time,
        f"{prefix}_missed": score.missed,
        f"{prefix}_false": score.false,
    }
    if (median_s := score.delay_s(0.5)) is not None:
        figures |= {f"{prefix}_delay_p50_s": median_s, f"{prefix}_delay_p95_s": score.delay_s(0.95) or 0.0}
    return figures


def _row(score: Score, hours: float) -> list[str]:
    counts = (score.expected, score.found, score.in_time, score.missed, score.false)
    return [*map(str, counts), _seconds(score, 0.5), _seconds(score, 0.95), f"{_per(score.false, hours):.3f}"]


def _brief(score: Score, hours: float) -> list[str]:
    false_per_h = f"{_per(score.false, hours):.2f}"
    return [str(score.expected), str(score.found), _seconds(score, 0.5), str(score.false), false_per_h]


def _seconds(score: Score, share: float) -> str:
    delay_s = score.delay_s(share)
    return NONE if delay_s is None else f"{delay_s:.0f} s"


def _per(count: float, hours: float) -> float:
    return count / hours if hours else 0.0


def _sum(first: Scores, second: Scores, kind: str) -> Score:
    total = Score()
    for scores in (first, second):
        total.add(scores.get(kind, Score()))
    return total


def _share(what: str, score: Score, count: Callable[[Score], int] = lambda score: score.found) -> Target:
    if not score.expected:
        return Target(what, ">= 99 %", "not measured", None)
    share = count(score) / score.expected
    return Target(what, ">= 99 %", f"{100 * share:.1f} % of {score.expected}", share >= 0.99)


def _silent(what: str, score: Score | None) -> Target:
    return Target(
        what, "0", "not measured" if score is None else str(score.false), None if score is None else not score.false
    )


def _at_most(what: str, most: float, measured: float, known: bool) -> Target:
    return Target(
        what, f"<= {most:g}", f"{measured:.3g}" if known else "not measured", measured <= most if known else None
    )


def _target_row(target: Target) -> list[str]:
    return [target.what, target.target, target.measured, {True: "yes", False: "NO", None: NONE}[target.met]]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
