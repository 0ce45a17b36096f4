"""From the line of a file to the route of a plan: joined, cleaned, simplified; every step is told, none guesses."""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from statistics import median
from typing import NamedTuple

from models.geometry import Point, distance_m, steps_m
from models.routes.box import check_box
from models.routes.raw import Fix, Line, Place, RouteError, RouteFile
from models.routes.simplify import kept_points

JOIN_GAP_M = 200.0
"""Recorders split a track where they lose signal for a moment; across a larger gap the way would be a guess."""

SIMPLIFIED_M = 5.0
"""Less than any receiver's error, and than any limit; recordings of a point a second shrink to a tenth."""

POINTS_MAX = 200_000

# 1 cm; longer numbers only make the record on the topic larger
COORDINATE_DIGITS = 7

SPIKE_M = 200.0
SPIKE_STEPS = 10
SPIKES_SHOWN = 5


class Route(NamedTuple):
    """A route as a plan takes it: the line as [lon, lat], and what was done to get it."""

    line: list[Point]
    notes: list[str]
    places: Sequence[Place] = ()
    times_ms: tuple[int, int] | None = None
    """First and last time of the file's points, where they have one and it never goes back."""


def route_of(file: RouteFile, wanted: str = "") -> Route:
    """Return the route of the one line in a file, or of the one that is `wanted` by name. Raises RouteError."""
    line = _chosen(file.lines, wanted)
    fixes = _joined(line.segments)
    if len(fixes) > POINTS_MAX:
        raise RouteError(f"has {len(fixes):,} points, at most {POINTS_MAX:,} are read: simplify it")
    notes = [*file.notes]
    if len(line.segments) > 1:
        notes.append(f"joined {len(line.segments)} segments across gaps up to {JOIN_GAP_M:.0f} m")
    if abroad := check_box(fixes):
        notes.append(abroad)
    times_ms, untimed = _times(fixes)
    points = _simplified(_without_spikes(_without_repetitions(fixes, notes), notes), notes)
    return Route(points, [*notes, *untimed], file.places, times_ms)


def _chosen(lines: Sequence[Line], wanted: str) -> Line:
    names = [line.name or f"number {position}" for position, line in enumerate(lines, 1)]
    if not wanted and len(lines) == 1:
        return lines[0]
    found = [line for line in lines if line.name == wanted] if wanted else []
    if not found and wanted.isdecimal() and 1 <= int(wanted[:9]) <= len(lines):
        return lines[int(wanted[:9]) - 1]
    if len(found) != 1:
        few = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        what = f"holds {len(found)} lines of the name {wanted!r}" if wanted else f"holds {len(lines)} lines"
        raise RouteError(f"{what}: name one behind the file's name as in FILE#NAME or FILE#2 (there are {few})")
    return found[0]


def _joined(segments: Sequence[Sequence[Fix]]) -> list[Fix]:
    for number, (before, after) in enumerate(pairwise(segments), start=1):
        gap_m = distance_m(before[-1][:2], after[0][:2])
        if gap_m > JOIN_GAP_M:
            is_reversed = distance_m(before[-1][:2], after[-1][:2]) <= JOIN_GAP_M
            advice = f"segment {number + 1} seems to run backwards: turn it" if is_reversed else "join them"
            raise RouteError(
                f"segments {number} and {number + 1} are {gap_m:,.0f} m apart, "
                f"more than {JOIN_GAP_M:.0f}: {advice} in an editor"
            )
    return [fix for segment in segments for fix in segment]


def _times(fixes: Sequence[Fix]) -> tuple[tuple[int, int] | None, list[str]]:
    times_ms = [fix.time_ms for fix in fixes if fix.time_ms is not None]
    if not times_ms:
        return None, []
    if len(times_ms) < len(fixes):
        return None, ["not every point has a time: no schedule was taken from them"]
    if times_ms[-1] < times_ms[0] and times_ms == sorted(times_ms, reverse=True):
        return None, ["its times run backwards, the line may too: no schedule was taken from them, check its direction"]
    if times_ms != sorted(times_ms) or times_ms[0] == times_ms[-1]:
        return None, ["its times do not increase: no schedule was taken from them"]
    return (times_ms[0], times_ms[-1]), []


def _without_repetitions(fixes: Sequence[Fix], notes: list[str]) -> list[Point]:
    points = ((round(lon, COORDINATE_DIGITS), round(lat, COORDINATE_DIGITS)) for lon, lat, _ in fixes)
    line = [point for point, _ in groupby(points)]
    if len(set(line)) < 2:
        raise RouteError("has fewer than two distinct points")
    if dropped := len(fixes) - len(line):
        notes.append(f"dropped {dropped:,} repeated points")
    return line


def _without_spikes(line: list[Point], notes: list[str]) -> list[Point]:
    """Drop single points far off between two near neighbours; a spur that was drawn or driven has more points."""
    spikes = dict(_spikes(line))
    for index, away_m in list(spikes.items())[:SPIKES_SHOWN]:
        lon, lat = line[index]
        notes.append(f"dropped a spike: point {index + 1} at lat {lat:.5f}, lon {lon:.5f}, {away_m:,.0f} m off")
    if len(spikes) > SPIKES_SHOWN:
        notes.append(f"dropped {len(spikes) - SPIKES_SHOWN:,} more spikes")
    return [point for index, point in enumerate(line) if index not in spikes]


def _spikes(line: Sequence[Point]) -> Iterator[tuple[int, float]]:
    steps = steps_m(line)
    far_m = max(SPIKE_M, SPIKE_STEPS * median(steps))
    for index, (in_m, out_m) in enumerate(pairwise(steps), start=1):
        leg_m = min(in_m, out_m)
        if leg_m > far_m and distance_m(line[index - 1], line[index + 1]) < leg_m / SPIKE_STEPS:
            yield index, leg_m


def _simplified(line: list[Point], notes: list[str]) -> list[Point]:
    kept = kept_points(line, SIMPLIFIED_M)
    if len(kept) < len(line):
        notes.append(f"simplified {len(line):,} points to {len(kept):,}, within {SIMPLIFIED_M:.0f} m of the way")
    return [line[index] for index in kept]
