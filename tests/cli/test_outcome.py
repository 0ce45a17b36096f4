"""An operation is judged by its whole episodes, and by what sounded without a reason."""

from typing import Any

from cli.outcome import Outcome
from models.alert import Alert
from simulate.label_file import Told

DEVIATION = Told("BTG-01", "KT-8101-SX", "deviation")
T_MS = 1_764_000_000_000


def alert(transition: str, **changed: Any) -> Alert:
    fields = {
        "alert_id": "one",
        "transition": transition,
        "kind": "deviation",
        "severity": "high",
        "convoy_id": "BTG-01",
        "vehicle_id": "KT-8101-SX",
        "onset_ms": T_MS,
        "at_ms": T_MS,
        "detected_at_ms": T_MS,
        "reason": "off-route",
        "message": {"en": "Off its route.", "id": "Keluar rute."},
    }
    return Alert.model_validate(fields | changed)


def outcome(*alerts: Alert) -> Outcome:
    made = Outcome()
    for one in alerts:
        made.add(one)
    return made


def test_an_episode_that_is_raised_updated_and_cleared_is_whole() -> None:
    judged = outcome(alert("raised"), alert("updated"), alert("cleared")).verdict({DEVIATION})
    assert judged.as_expected


def test_an_episode_that_was_not_cleared_is_missing() -> None:
    judged = outcome(alert("raised")).verdict({DEVIATION})
    assert judged.missing == ["deviation BTG-01 KT-8101-SX"]
    assert not judged.as_expected


def test_an_episode_that_was_raised_twice_is_missing() -> None:
    assert outcome(alert("raised"), alert("raised"), alert("cleared")).verdict({DEVIATION}).missing


def test_an_episode_that_nobody_ordered_is_unexpected_once_it_sounds() -> None:
    quiet, loud = alert("raised", severity="low"), alert("updated", severity="medium")
    assert outcome(quiet).verdict(()).as_expected
    assert outcome(quiet, loud).verdict(()).unexpected == ["deviation BTG-01 KT-8101-SX"]


def test_an_alert_of_a_whole_convoy_is_named_without_a_vehicle() -> None:
    assert outcome(alert("raised", vehicle_id=None)).verdict(()).unexpected == ["deviation BTG-01"]


def test_kinds_count_episodes_and_transitions_count_records() -> None:
    made = outcome(alert("raised"), alert("cleared"), alert("raised", alert_id="two", kind="stall"))
    assert made.by_kind() == made.by_kind("BTG-01") == {"deviation": 1, "stall": 1}
    assert made.by_kind("BTG-02") == {}
    assert made.by_transition() == {"raised": 2, "cleared": 1}
