"""Holds episodes against labels, kind by kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.judged.episodes import Episode
from simulate.truth import Label

SLACK_S = 5.0
OF_CONVOY = frozenset({"separation", "unescorted", "late"})
"""Kinds that may be told of the convoy or of any of its vehicles."""


@dataclass(slots=True)
class Score:
    """What became of the labels of one kind; `delays_s` from the true onset to the decision, of those found.

    `in_time` are those found that came within the label's window, `runs` the recordings that were judged.
    """

    runs: int = 0
    expected: int = 0
    found: int = 0
    in_time: int = 0
    false: int = 0
    delays_s: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Take another run's figures in."""
        self.runs += other.runs
        self.expected += other.expected
        self.found += other.found
        self.in_time += other.in_time
        self.false += other.false
        self.delays_s += other.delays_s
        self.notes += other.notes

    @property
    def missed(self) -> int:
        return self.expected - self.found

    def delay_s(self, share: float) -> float | None:
        """A quantile of the delays."""
        return float(np.quantile(self.delays_s, share)) if self.delays_s else None


Scores = dict[str, Score]


def add_scores(total: Scores, more: Mapping[str, Score]) -> None:
    """Take the scores of another run in."""
    for kind, score in more.items():
        total.setdefault(kind, Score()).add(score)


def judge(episodes: Sequence[Episode], labels: Sequence[Label], begin_ms: int, run: str = "") -> Scores:
    """Give each label that must come the episode that fits it; what fits no label at all is false."""
    scores: Scores = defaultdict(Score)
    free = {id(episode): episode for episode in episodes}
    for label in sorted(labels, key=lambda one: not one.must):
        fitting = [episode for episode in free.values() if fits(episode, label, begin_ms)]
        # a true episode within the margin of a limit may be told in parts
        for episode in fitting[:1] if label.must else fitting:
            del free[id(episode)]
        if label.must:
            _count(scores[label.kind], label, fitting[:1], begin_ms, run)
    for episode in free.values():
        if any(label.in_parts and fits(episode, label, begin_ms) for label in labels):
            continue
        scores[episode.kind].false += 1
        since_s = (episode.onset_ms - begin_ms) / 1000
        scores[episode.kind].notes.append(f"{run}: false {episode.kind} of {episode.vehicle_id}, onset {since_s:.0f} s")
    return dict(scores)


def _count(score: Score, label: Label, fitting: Sequence[Episode], begin_ms: int, run: str) -> None:
    """Count one label that must come."""
    score.expected += 1
    what = f"{label.kind} of {label.vehicle_id}, began {label.began_s:.0f} s"
    if not fitting:
        score.notes.append(f"{run}: missed {what}")
        return
    raised_s = (fitting[0].raised_ms - begin_ms) / 1000
    score.found += 1
    score.delays_s.append(raised_s - label.began_s)
    if raised_s <= label.raised.to_s + SLACK_S:
        score.in_time += 1
    else:
        score.notes.append(f"{run}: late {what}, raised {raised_s:.0f} s instead of {label.raised.to_s:.0f} s")


def fits(episode: Episode, label: Label, begin_ms: int) -> bool:
    """Whether an episode tells of a label: same vehicle and kind, not before its time, and begun before it is over."""
    if (episode.convoy_id, episode.kind) != (label.convoy_id, label.kind):
        return False
    if episode.vehicle_id != label.vehicle_id and (label.kind not in OF_CONVOY or episode.vehicle_id):
        return False
    over_s = label.raised.to_s if label.cleared is None else label.cleared.from_s
    onset_s, raised_s = (episode.onset_ms - begin_ms) / 1000, (episode.raised_ms - begin_ms) / 1000
    return (
        label.onset.from_s - SLACK_S <= onset_s <= max(over_s, label.onset.to_s) + SLACK_S
        and label.raised.from_s - SLACK_S <= raised_s
    )


def groups(episodes: Iterable[Episode]) -> int:
    """Sounding alarms as a control room sees them: one a convoy and kind for as long as any of them lasts."""
    spans: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
    for episode in episodes:
        if episode.sounded_ms is not None:
            until_ms = float("inf") if episode.cleared_ms is None else episode.cleared_ms
            spans[episode.convoy_id, episode.kind].append((episode.sounded_ms, until_ms))
    return sum(_merged(sorted(found)) for found in spans.values())


def _merged(found: Sequence[tuple[int, float]]) -> int:
    count, open_until_ms = 0, -1.0
    for first_ms, until_ms in found:
        count += first_ms > open_until_ms
        open_until_ms = max(open_until_ms, until_ms)
    return count
