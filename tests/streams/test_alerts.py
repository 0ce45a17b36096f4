"""The engine's transitions become alerts that say the same numbers."""

import json
import math

import numpy as np
import pytest
from geopy.distance import geodesic

from models.alert import Alert, alert_id
from models.instants import FIRST_MS
from streams.alerts import alert_of, known, plain
from streams.engine.dtypes import (
    ARRIVED,
    CLEARED,
    CRITICAL,
    DEVIATION,
    KINDS,
    LOW,
    OFF_ROUTE,
    PLAN_WITHDRAWN,
    RAISED,
    REASONS,
    SEVERITIES,
    STALL,
    TRANSITION,
    TRANSITIONS,
    UNITS,
    Row,
    records,
)
from tests.streams.convoys import at_ms, detour, judge, plan_of, tick, watch_over


def transition(**fields: object) -> Row:
    rows = records(1, TRANSITION)
    defaults = {"kind": DEVIATION, "severity": CRITICAL, "reason": OFF_ROUTE, "transition": RAISED}
    times = {"onset_ms": at_ms(60), "at_ms": at_ms(80), "detected_ms": at_ms(80.5)}
    numbers = {"lat": 0.0123456789, "lon": 117.002, "progress_m": 1900.04, "lateral_m": 612.3456, "value": 602.3456}
    for name, value in (defaults | times | numbers | {"threshold": 100.0, "peak": 650.0} | fields).items():
        rows[name] = value
    return next(plain(rows))


def alert(**fields: object) -> Alert:
    return alert_of(transition(**fields), "BTG-07", "KT-1")


def test_an_alert_holds_what_the_transition_holds() -> None:
    written = json.loads(alert().to_json())
    del written["message"]
    assert written == {
        "alert_id": alert_id("BTG-07", "KT-1", "deviation", at_ms(60)),
        "transition": "raised",
        "kind": "deviation",
        "severity": "critical",
        "convoy_id": "BTG-07",
        "vehicle_id": "KT-1",
        "other_vehicle_ids": [],
        "onset": "2024-11-28T00:01:00.000Z",
        "at": "2024-11-28T00:01:20.000Z",
        "detected_at": "2024-11-28T00:01:20.500Z",
        "delay_s": 0.5,
        "late": False,
        "lat": 0.012346,
        "lon": 117.002,
        "progress_m": 1900.0,
        "lateral_m": 612.3,
        "value": 602.3,
        "threshold": 100.0,
        "unit": "m",
        "peak": 650.0,
        "duration_s": 20.0,
        "reason": "off-route",
        "nearest": None,
    }


def test_what_the_engine_does_not_know_is_null() -> None:
    unknown = dict.fromkeys(("lat", "lon", "progress_m", "lateral_m", "value", "threshold", "peak"), math.nan)
    written = json.loads(alert(transition=CLEARED, reason=PLAN_WITHDRAWN, **unknown).to_json())
    assert {written[name] for name in unknown} == {None}


def test_all_transitions_of_an_episode_have_one_id() -> None:
    later = alert(transition=CLEARED, reason=PLAN_WITHDRAWN, at_ms=at_ms(500), detected_ms=at_ms(501))
    assert later.alert_id == alert().alert_id
    assert alert(kind=STALL).alert_id != alert().alert_id
    assert alert(onset_ms=at_ms(61)).alert_id != alert().alert_id


def test_the_nearest_checkpoint_and_stop_are_named_with_their_distance_on_the_ellipsoid() -> None:
    places = [("Km 1", 0.009), ("Km 6", 0.054)]
    checkpoints = [{"name": name, "lat": lat, "lon": 117.0} for name, lat in places]
    stops = [{"name": "Rest", "lat": 0.0, "lon": 117.002, "max_dwell_s": 600}]
    plan = plan_of(checkpoints=checkpoints, stops=stops)
    near = alert_of(transition(lat=0.012), "BTG-07", "KT-1", plan=plan).nearest
    assert near is not None
    assert [(one.kind, one.name) for one in near] == [("checkpoint", "Km 1"), ("stop", "Rest")]
    assert [one.distance_m for one in near] == [
        pytest.approx(geodesic((0.012, 117.002), there).m, abs=0.05) for there in ((0.009, 117.0), (0.0, 117.002))
    ]
    assert alert_of(transition(lat=math.nan, lon=math.nan), "BTG-07", "KT-1", plan=plan).nearest is None
    assert alert_of(transition(), "BTG-07", "KT-1", plan=plan_of()).nearest is None


def test_the_nearest_site_is_named_by_its_kind_and_stands_before_a_checkpoint_that_is_farther() -> None:
    checkpoints = [{"name": "Km 1", "lat": 0.009, "lon": 117.0}]
    police = {"kind": "POLSEK", "name": "Polsek", "lat": 0.0125, "lon": 117.002}
    plan = plan_of(checkpoints=checkpoints, sites=[police | {"kind": "PPK", "name": "PPK", "lat": 0.02}, police])
    near = alert_of(transition(lat=0.012), "BTG-07", "KT-1", plan=plan).nearest
    assert near is not None
    assert [(one.kind, one.name) for one in near] == [("POLSEK", "Polsek"), ("checkpoint", "Km 1")]
    assert near[0].distance_m == pytest.approx(geodesic((0.012, 117.002), (0.0125, 117.002)).m, abs=0.05)
    alone = alert_of(transition(lat=0.03), "BTG-07", "KT-1", plan=plan_of(sites=[police])).nearest
    assert [one.kind for one in alone or ()] == ["POLSEK"]


def test_an_alert_that_is_decided_more_than_a_quarter_of_an_hour_later_is_late() -> None:
    assert not alert(detected_ms=at_ms(980)).late
    assert alert(detected_ms=at_ms(980.001)).late


def test_an_arrival_is_low_and_told_in_metres() -> None:
    arrival = alert(kind=ARRIVED, severity=LOW, reason=REASONS.index("arrived"), value=12.0, threshold=150.0)
    assert (arrival.kind, arrival.severity, arrival.unit, arrival.value) == ("arrived", "low", "m", 12.0)


def test_the_first_instant_there_is_can_be_told() -> None:
    assert alert(onset_ms=FIRST_MS).onset_ms == FIRST_MS


@pytest.mark.parametrize("number", [0.0, -1.5, np.float32(2.5), np.float64(1e300)])
def test_a_number_that_is_known_stays(number: float) -> None:
    assert known(number) == number
    assert type(known(number)) is float


def test_nan_is_unknown() -> None:
    assert known(math.nan) is None
    assert known(np.float32("nan")) is None


def test_every_code_has_a_name_of_the_contract() -> None:
    fields = Alert.model_fields
    assert set(KINDS) <= set(fields["kind"].annotation.__args__)
    assert set(SEVERITIES) == set(fields["severity"].annotation.__args__)
    assert set(TRANSITIONS) == set(fields["transition"].annotation.__args__)
    assert len(UNITS) == len(KINDS)
    assert len(set(REASONS)) == len(REASONS)


def test_the_ids_of_open_alerts_are_those_that_were_raised() -> None:
    watch = watch_over(plan_of())
    raised = judge(watch, [*detour(), tick(700)])
    status = watch.status("BTG-07")
    assert status is not None
    assert sorted(status.open_alerts) == sorted({one.alert_id for one in raised})
    assert {one.kind for one in raised} >= {"deviation", "signal-lost"}
