"""Faults put into real traces, with the labels that they bring. One call is one trace, in a process of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from bench.judged.alike import lacking
from bench.judged.episodes import Episode, found
from bench.judged.plain import distances_m
from bench.judged.score import SLACK_S, Score, Scores
from bench.judged.traces import (
    LEFT_FROM,
    LEFT_ITS_ROUTE,
    LEFT_TO,
    Trace,
    arrivals_of,
    jittered,
    plan_of,
    progress_m,
    together,
)
from models.instants import parse_instant
from models.plan import Stop
from simulate.track import Floats
from streams.recording import Arrival

DETOUR_M = (200.0, 600.0)
DETOUR_S = (180.0, 480.0)
STOP_S = (240.0, 720.0)
LAG_S = (120.0, 300.0)
RAMP_S = 45.0
CHORD_M_MIN = 300.0
DEPARTED_M = 400.0
"""Nearer to its start a vehicle has not departed, and nothing is judged."""

SPIKE_M = 5_000.0
WITHIN_MS = 60_000

TRIES = 40
EDGE_S = 240.0
NOISE_M = 40.0


class Truth(NamedTuple):
    """Between which seconds a condition holds, and by when it must be told."""

    kind: str
    began_s: float
    ended_s: float
    raised_by_s: float


@dataclass(slots=True)
class TraceOutcome:
    """What one trace came to, by what was put into it."""

    name: str
    hours: float
    driven_h: float = 0.0
    scores: Scores = field(default_factory=dict)
    plain: Scores = field(default_factory=dict)
    same: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


def judge_trace(job: tuple[Trace, int, int]) -> TraceOutcome:
    """Judge one trace as it is, then `times` times with each fault; the second number is the seed."""
    trace, seed, times = job
    outcome = TraceOutcome(trace.name, trace.hours)
    _clean(trace, outcome)
    for number in range(times):
        rng = np.random.default_rng([seed, number])
        for name, put in INJECTED.items():
            put(trace, rng, outcome, f"{trace.name} {name} {number}")
    return outcome


def _clean(trace: Trace, outcome: TraceOutcome) -> None:
    """The trace itself: what deviates is false, but for the trip that left its route."""
    episodes = [one for one in _found(trace) if one.kind == "deviation"]
    score = outcome.scores.setdefault("clean deviation", Score())
    score.runs += 1
    plain = outcome.plain.setdefault("clean deviation", Score())
    off = distances_m(plan_of(trace), _degrees(trace)) > 25.0
    plain.false += int(np.count_nonzero(np.diff(off.astype(np.int8), prepend=0) == 1))
    if LEFT_ITS_ROUTE in trace.name:
        from_s, to_s = ((parse_instant(text) - trace.begin_ms) / 1000 for text in (LEFT_FROM, LEFT_TO))
        real = Truth("deviation", from_s, to_s, from_s + 20.0 + 2 * 30.0)
        _score(outcome, "real deviation", real, [e for e in episodes if _overlaps(e, real, trace)], trace)
        episodes = [one for one in episodes if not _overlaps(one, real, trace)]
    score.false += len(episodes)
    score.notes += [f"{trace.name}: false deviation, onset {_since_s(e.onset_ms, trace):.0f} s" for e in episodes]


def _detour(trace: Trace, rng: np.random.Generator, outcome: TraceOutcome, run: str) -> None:
    """Shift the fixes of some minutes aside, and back; only where that leads away from every part of the route."""
    for _ in range(TRIES):
        lasts_s = rng.uniform(*DETOUR_S)
        from_s = rng.uniform(EDGE_S, max(trace.time_s[-1] - lasts_s - EDGE_S, EDGE_S + 1))
        aside = rng.uniform(*DETOUR_M) * (1 if rng.uniform() < 0.5 else -1)
        share = np.clip(np.minimum(trace.time_s - from_s, from_s + lasts_s - trace.time_s) / RAMP_S, 0.0, 1.0)
        ends = np.interp([from_s, from_s + lasts_s], trace.time_s, np.arange(len(trace.time_s))).astype(int)
        chord_m = trace.points_m[ends[1]] - trace.points_m[ends[0]]
        begun_m = abs(trace.points_m[ends[0]] - trace.track.points_m[0])
        if abs(chord_m) < CHORD_M_MIN or begun_m < DEPARTED_M:
            continue
        moved = trace.changed(trace.time_s, trace.points_m + share * aside * 1j * chord_m / abs(chord_m))
        off_m = distances_m(plan_of(trace), _degrees(moved))
        if truth := _surely_off(moved, off_m, from_s, from_s + lasts_s):
            # From its first fix on it is off its way, though that may lie beside another part of the route.
            detoured = truth._replace(began_s=min(truth.began_s, from_s + RAMP_S))
            episodes = [e for e in _found(moved) if e.kind == "deviation" and _overlaps(e, detoured, trace)]
            _score(outcome, "detour", truth, episodes, trace, run)
            _score_plain(outcome, "detour", truth, off_m > 25.0, moved)
            return


def _surely_off(trace: Trace, off_m: Floats, from_s: float, to_s: float) -> Truth | None:
    """The time that fixes are surely off, where it is one unbroken stretch that is long enough to be told."""
    inside = (trace.time_s >= from_s) & (trace.time_s <= to_s)
    off = np.flatnonzero(inside & (off_m > 100.0))
    sure = np.flatnonzero(inside & (off_m > 100.0 + NOISE_M))
    if len(sure) < 4 or len(off) != off[-1] - off[0] + 1 or off_m[(~inside)].max(initial=0.0) > 100.0 - NOISE_M:
        return None
    began_s, ended_s = float(trace.time_s[off[0]]), float(trace.time_s[off[-1]])
    if trace.time_s[sure[-1]] - trace.time_s[sure[0]] < 20.0 + 3 * trace.interval_s:
        return None
    # two fixes from the end of the hold on, as they truly came
    later_s = trace.time_s[trace.time_s >= began_s + 20.0]
    return Truth("deviation", began_s, ended_s, float(later_s[:2][-1]))


def _stop(trace: Trace, rng: np.random.Generator, outcome: TraceOutcome, run: str, *, authorised: bool = False) -> None:
    """Let the vehicle stand at one of its fixes: all later ones come later, noise between them."""
    place = _moving_place(trace, rng)
    if place is None:
        return
    lasts_s = rng.uniform(*STOP_S)
    still_s = np.arange(trace.interval_s, lasts_s, trace.interval_s)
    noise = jittered(trace.changed(still_s, np.full(len(still_s), trace.points_m[place])), rng).points_m
    time_s = np.concatenate(
        (trace.time_s[: place + 1], trace.time_s[place] + still_s, trace.time_s[place + 1 :] + lasts_s)
    )
    points_m = np.concatenate((trace.points_m[: place + 1], noise, trace.points_m[place + 1 :]))
    stood = trace.changed(time_s, points_m)
    began_s = float(trace.time_s[place])
    truth = Truth("stall", began_s, began_s + lasts_s, began_s + 180.0 + 2 * trace.interval_s)
    lat, lon = trace.track.degrees(trace.points_m[place : place + 1])
    rest = Stop(name="Rest", lat=float(lat[0]), lon=float(lon[0]), radius_m=120, max_dwell_s=1_200)
    stops = [rest] if authorised else []
    episodes = [e for e in _found(stood, stops) if e.kind == "stall" and _overlaps(e, truth, trace)]
    if authorised:
        score = outcome.scores.setdefault("authorised stop", Score())
        score.runs += 1
        score.false += len(episodes)
        score.notes += [f"{run}: false stall in an authorised stop" for _ in episodes]
    else:
        _score(outcome, "stop", truth, episodes, trace, run)


def _authorised(trace: Trace, rng: np.random.Generator, outcome: TraceOutcome, run: str) -> None:
    """The same inside an authorised stop."""
    _stop(trace, rng, outcome, run, authorised=True)


def _moving_place(trace: Trace, rng: np.random.Generator) -> int | None:
    """A fix between two that are far from it, so that the stand is its own."""
    near = np.abs(np.diff(trace.points_m))
    places = [i for i in range(5, len(near) - 5) if near[i - 1] > 110.0 and near[i] > 110.0]
    return int(rng.choice(places)) if places else None


def _follower(trace: Trace, rng: np.random.Generator, lag_s: Floats, name: str) -> Trace:
    """A vehicle that drives the same way `lag_s` later, seen by another device at other moments."""
    phase_s = rng.uniform(0.0, trace.interval_s)
    time_s = trace.time_s + phase_s
    then_s = time_s - np.interp(time_s, trace.time_s, lag_s)
    east_m = np.interp(then_s, trace.time_s, trace.points_m.real)
    north_m = np.interp(then_s, trace.time_s, trace.points_m.imag)
    follower = Trace(
        f"{trace.name}-{name}",
        trace.route,
        trace.track,
        trace.begin_ms,
        time_s,
        east_m + 1j * north_m,
        trace.interval_s,
    )
    return jittered(follower, rng)


def _pair(trace: Trace, rng: np.random.Generator, outcome: TraceOutcome, run: str) -> None:
    """An escort some seconds behind, jittered: together all the way."""
    along_m = progress_m(trace)
    lag_s = np.full(len(trace.time_s), rng.uniform(3.0, 15.0))
    gap_m = along_m - np.interp(trace.time_s - lag_s, trace.time_s, along_m)
    if gap_m.max() > 350.0:
        return
    follower = _follower(trace, rng, lag_s, "escort")
    apart = [e for e in found([plan_of(trace, follower)], together(trace, follower)) if e.kind == "separation"]
    score = outcome.scores.setdefault("pair together", Score())
    score.runs += 1
    score.false += len(apart)
    score.notes += [f"{run}: false separation, onset {_since_s(e.onset_ms, trace):.0f} s" for e in apart]


def _separation(trace: Trace, rng: np.random.Generator, outcome: TraceOutcome, run: str) -> None:
    """An escort that falls minutes behind, and catches up."""
    along_m = progress_m(trace)
    for _ in range(TRIES):
        most_s, begin_s = rng.uniform(*LAG_S), rng.uniform(EDGE_S, max(trace.time_s[-1] - 900.0, EDGE_S + 1))
        ramp_s = [begin_s, begin_s + most_s, begin_s + most_s + 240.0, begin_s + 2 * most_s + 240.0]
        lag_s = 5.0 + np.interp(trace.time_s, ramp_s, [0.0, most_s, most_s, 0.0])
        gap_m = along_m - np.interp(trace.time_s - lag_s, trace.time_s, along_m)
        far = np.flatnonzero(gap_m > 500.0)
        sure = np.flatnonzero(gap_m > 700.0)
        long_s = 30.0 + 4 * trace.interval_s
        if len(sure) < 2 or len(far) != far[-1] - far[0] + 1 or np.ptp(trace.time_s[sure]) < long_s:
            continue
        follower = _follower(trace, rng, lag_s, "escort")
        began_s = float(trace.time_s[far[0]])
        truth = Truth("separation", began_s, float(trace.time_s[far[-1]]), began_s + 30.0 + 3 * trace.interval_s)
        episodes = found([plan_of(trace, follower)], together(trace, follower))
        _score(outcome, "separation", truth, [e for e in episodes if e.kind == "separation"], trace, run)
        return


def _unruly(trace: Trace, rng: np.random.Generator, outcome: TraceOutcome, run: str) -> None:
    """Duplicates, shuffles, spikes and a wrong clock must change nothing.

    Silence goes by arrivals: shuffled pings come with other gaps, so what is told of them is not compared. Nor are
    stalls within the margin of a limit.
    """
    plan = plan_of(trace)
    clean = arrivals_of(trace, plan.convoy_id)
    until_ms = clean[-1].received_ms + WITHIN_MS
    reference = found([plan], clean, until_ms)
    for name, spoil in SPOILT.items():
        spoilt = found([plan], spoil(trace, clean, rng), until_ms)
        ignored = {"signal-lost"} if name == "shuffle" else set()
        lost = sorted(lacking(reference, spoilt, until_ms).keys() - ignored)
        new = sorted(lacking(spoilt, reference, until_ms).keys() - ignored)
        outcome.runs[name] += 1
        outcome.same[name] += not lost and not new
        outcome.notes += [f"{run} {name}: lost {kind}" for kind in lost] + [f"{run} {name}: new {kind}" for kind in new]


def _duplicates(trace: Trace, clean: Sequence[Arrival], rng: np.random.Generator) -> list[Arrival]:
    copies = [replace(a, received_ms=a.received_ms + int(rng.uniform(0, WITHIN_MS))) for a in clean for _ in range(2)]
    return sorted([*clean, *copies], key=lambda a: a.received_ms)


def _shuffle(trace: Trace, clean: Sequence[Arrival], rng: np.random.Generator) -> list[Arrival]:
    late = [replace(a, received_ms=a.received_ms + int(rng.uniform(0, WITHIN_MS))) for a in clean]
    return sorted(late, key=lambda a: a.received_ms)


def _spikes(trace: Trace, clean: Sequence[Arrival], rng: np.random.Generator) -> list[Arrival]:
    points_m = trace.points_m.copy()
    points_m[int(rng.integers(3, len(points_m) - 3))] += SPIKE_M * np.exp(2j * np.pi * rng.uniform())
    return arrivals_of(trace.changed(trace.time_s, points_m), plan_of(trace).convoy_id)


def _clock(trace: Trace, clean: Sequence[Arrival], rng: np.random.Generator) -> list[Arrival]:
    behind = arrivals_of(trace.changed(trace.time_s - 7_200.0, trace.points_m), plan_of(trace).convoy_id)
    return [replace(late, received_ms=right.received_ms) for late, right in zip(behind, clean, strict=True)]


SPOILT = {"duplicates": _duplicates, "shuffle": _shuffle, "spikes": _spikes, "clock 2 h off": _clock}

INJECTED: dict[str, Callable[[Trace, np.random.Generator, TraceOutcome, str], None]] = {
    "detour": _detour,
    "stop": _stop,
    "authorised stop": _authorised,
    "pair": _pair,
    "separation": _separation,
    "unruly": _unruly,
}


def _found(trace: Trace, stops: list[Stop] | None = None) -> list[Episode]:
    plan = plan_of(trace, stops=stops)
    return found([plan], arrivals_of(trace, plan.convoy_id))


def _degrees(trace: Trace) -> np.ndarray:
    lat, lon = trace.track.degrees(trace.points_m)
    return np.column_stack((lon, lat))


def _since_s(instant_ms: int, trace: Trace) -> float:
    return (instant_ms - trace.begin_ms) / 1000


def _overlaps(episode: Episode, truth: Truth, trace: Trace) -> bool:
    """Whether an episode began in, or shortly before, what is true."""
    onset_s = _since_s(episode.onset_ms, trace)
    return truth.began_s - RAMP_S - trace.interval_s <= onset_s <= truth.ended_s


def _score(
    outcome: TraceOutcome, name: str, truth: Truth, episodes: Sequence[Episode], trace: Trace, run: str = ""
) -> None:
    """Count a fault that must be told: once; more than one episode of it are false."""
    score = outcome.scores.setdefault(name, Score())
    score.runs += 1
    score.expected += 1
    if not episodes:
        score.notes.append(f"{run}: missed, began {truth.began_s:.0f} s")
        return
    raised_s = _since_s(episodes[0].raised_ms, trace)
    score.found += 1
    score.false += len(episodes) - 1
    score.in_time += raised_s <= truth.raised_by_s + SLACK_S
    if raised_s > truth.raised_by_s + SLACK_S:
        score.notes.append(f"{run}: late, began {truth.began_s:.0f} s, raised {raised_s:.0f} s")
    score.delays_s.append(raised_s - truth.began_s)


def _score_plain(outcome: TraceOutcome, name: str, truth: Truth, off: np.ndarray, trace: Trace) -> None:
    plain = outcome.plain.setdefault(name, Score())
    hits = trace.time_s[off & (trace.time_s >= truth.began_s - RAMP_S) & (trace.time_s <= truth.ended_s)]
    plain.expected += 1
    if len(hits):
        plain.found += 1
        plain.delays_s.append(float(hits[0]) + 0.7 - truth.began_s)
