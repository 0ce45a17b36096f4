"""Transitions to alerts: the engine's numbers get names, an id and words."""

import math
from collections import namedtuple
from collections.abc import Iterator, Sequence

from geopy.distance import geodesic

from models.alert import Alert, Nearest, alert_id
from models.geometry import Point, distance_m
from models.plan import Checkpoint, ConvoyPlan, Site, Stop
from streams.engine.dtypes import KINDS, REASONS, SEVERITIES, TRANSITION, TRANSITIONS, UNITS, Records, Row
from streams.words import Names, message

_Told = namedtuple("_Told", TRANSITION.names or ())  # type: ignore[misc]


def plain(transitions: Records) -> Iterator[Row]:
    """Give TRANSITION rows as tuples with the same names: a look at a field of a record takes microseconds."""
    return map(_Told._make, transitions.tolist())


def known(number: float) -> float | None:
    """Give a number as models have it: None where the engine does not know."""
    return None if math.isnan(number) else float(number)


def _named(kind: str, place: Checkpoint | Stop | Site, here: Point) -> Nearest:
    away_m = geodesic(here[::-1], (place.lat, place.lon)).m
    return Nearest(kind=kind, name=place.name, distance_m=away_m)


def nearest_of(plan: ConvoyPlan, transition: Row, checkpoint: Checkpoint | None) -> list[Nearest] | None:
    """Give the nearest checkpoint, stop and site of a plan, nearest first; `checkpoint` is the one spoken of.

    None where the place is unknown, or the plan has none of them.
    """
    here = (float(transition.lon), float(transition.lat))
    if math.isnan(here[0]):
        return None

    def away_m(place: Checkpoint | Stop | Site) -> float:
        return distance_m(here, (place.lon, place.lat))

    spoken_of = [checkpoint] if checkpoint else plan.checkpoints
    found = [_named("checkpoint", min(spoken_of, key=away_m), here)] if spoken_of else []
    found += [_named("stop", min(plan.stops, key=away_m), here)] if plan.stops else []
    if plan.sites:
        site = min(plan.sites, key=away_m)
        found.append(_named(site.kind, site, here))
    return sorted(found, key=lambda near: near.distance_m) or None


def alert_of(
    transition: Row,
    convoy_id: str,
    vehicle_id: str,
    checkpoint: Checkpoint | None = None,
    others: Sequence[str] = (),
    plan: ConvoyPlan | None = None,
) -> Alert:
    """Make the alert of one plain TRANSITION row; `checkpoint` and the vehicles `others` are those that it speaks of,
    of the `plan` it names the places nearby.
    """
    kind, reason = KINDS[transition.kind], REASONS[transition.reason]
    step = TRANSITIONS[transition.transition]
    names = Names(vehicle_id, checkpoint.name if checkpoint else "")
    onset_ms, at_ms = transition.onset_ms, transition.at_ms
    return Alert(
        alert_id=alert_id(convoy_id, vehicle_id, kind, onset_ms),
        transition=step,
        kind=kind,
        severity=SEVERITIES[transition.severity],
        convoy_id=convoy_id,
        vehicle_id=vehicle_id,
        other_vehicle_ids=list(others),
        onset_ms=onset_ms,
        at_ms=at_ms,
        detected_at_ms=transition.detected_ms,
        lat=known(transition.lat),
        lon=known(transition.lon),
        progress_m=known(transition.progress_m),
        lateral_m=known(transition.lateral_m),
        value=known(transition.value),
        threshold=known(transition.threshold),
        unit=UNITS[transition.kind],
        peak=known(transition.peak),
        reason=reason,
        message=message((kind, step, reason), names, float(transition.value), (at_ms - onset_ms) / 1000),
        nearest=plan and nearest_of(plan, transition, checkpoint),
        **({"late": True} if transition.late else {}),
    )
