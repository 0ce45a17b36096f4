"""What an operator sees of an operation, on a terminal and in a log."""

import io

import pytest
from rich.console import Console

from cli.live_view import OperationView
from cli.words import Lang
from models.alert import Alert
from models.convoy_status import ConvoyStatus
from models.plan_file import load_plan
from simulate.bontang import PLAN
from streams.publish import Published

T_MS = 1_732_600_000_000  # 2024-11-26T05:46:40Z, 13:46:40 WITA

RAISED = Alert(
    alert_id="one",
    transition="raised",
    kind="deviation",
    severity="high",
    convoy_id="BTG-01",
    vehicle_id="KT-8101-SX",
    onset_ms=T_MS,
    at_ms=T_MS,
    detected_at_ms=T_MS,
    reason="off-route",
    message={"en": "143 m off its route.", "id": "143 m keluar rute."},  # type: ignore[arg-type]
)

STATUS = ConvoyStatus.model_validate(
    {
        "convoy_id": "BTG-01",
        "at_ms": T_MS,
        "state": "under-way",
        "progress_m": 5230.0,
        "route_length_m": 16_236.0,
        "open_alerts": ["one"],
        "vehicles": [
            {"vehicle_id": "POL-64-11", "role": "escort", "link": "live"},
            {"vehicle_id": "KT-8101-SX", "role": "cargo", "link": "lost"},
        ],
    }
)


def shown(terminal: bool, lang: Lang = Lang.EN, *, width: int = 120) -> tuple[OperationView, io.StringIO]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=width, height=30)
    return OperationView(load_plan(PLAN), 20.0, console, lang), out


def test_a_log_gets_one_plain_line_an_alert() -> None:
    view, out = shown(terminal=False)
    with view:
        view.show_status(STATUS)
        view.show_alert(RAISED)
    assert out.getvalue() == "13:46:40 WITA  high      raised    BTG-01    KT-8101-SX    143 m off its route.\n"


def test_times_carry_their_zone_and_words_their_language() -> None:
    view, out = shown(terminal=False, lang=Lang.ID)
    view.show_alert(RAISED)
    assert out.getvalue() == "13:46:40 WITA  tinggi    muncul    BTG-01    KT-8101-SX    143 m keluar rute.\n"


@pytest.mark.parametrize(
    ("lang", "words"), [(Lang.EN, ("under-way", "lost", "high")), (Lang.ID, ("berjalan", "hilang"))]
)
def test_a_terminal_shows_state_progress_lost_vehicles_and_open_alerts(lang: Lang, words: tuple[str, ...]) -> None:
    view, out = shown(terminal=True, lang=lang)
    with view:
        view.show_published(Published(1234, T_MS))
        view.show_status(STATUS)
        view.show_alert(RAISED)
    picture = out.getvalue()
    for text in ("5.2 / 16.2", "1/2", "KT-8101-SX", "1,234", "13:46:40 WITA", *words):
        assert text in picture


def picture_after(*alerts: Alert, status: ConvoyStatus = STATUS) -> str:
    view, out = shown(terminal=True)
    view.show_status(status)
    for alert in alerts:
        view.show_alert(alert)
    with view:
        pass
    return out.getvalue()


def test_an_alert_is_open_until_it_is_cleared() -> None:
    assert "1 high" in picture_after(RAISED)
    assert "1 high" not in picture_after(RAISED, RAISED.model_copy(update={"transition": "cleared"}))


def test_what_only_tells_is_never_open() -> None:
    arrived = STATUS.model_copy(update={"state": "arrived", "open_alerts": []})
    picture = picture_after(RAISED.model_copy(update={"kind": "arrived", "severity": "low"}), status=arrived)
    assert "1 low" not in picture
    assert "16.2 / 16.2" in picture


def test_more_alerts_than_fit_push_the_oldest_out() -> None:
    view, out = shown(terminal=True)
    for number in range(100):
        view.show_alert(RAISED.model_copy(update={"vehicle_id": f"V{number:03d}"}))
    with view:
        pass
    assert "V099" in out.getvalue()
    assert "V001" not in out.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_the_way_to_the_control_room_is_shown(terminal: bool) -> None:
    view, out = shown(terminal)
    with view:
        view.show_link("http://127.0.0.1:6080/#first=abc")
    assert "Control room: http://127.0.0.1:6080/#first=abc" in out.getvalue()
