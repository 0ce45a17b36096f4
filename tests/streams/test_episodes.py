"""An id, or the beginning of one, means one alert; else people are told which could be meant."""

import pytest

from models.alert import Alert
from streams.episodes import Episodes, NoSuchAlertError
from tests.streams.convoys import at_ms

ONE = "63951a93-36c0-558c-8e14-304d48c63ae8"
LIKE = "63951a93-0000-558c-8e14-304d48c63ae8"
OTHER = "c6378772-8647-5e6b-893e-cf6714e962c9"


def alert(alert_id: str, transition: str = "raised") -> Alert:
    return Alert.model_validate(
        {
            "alert_id": alert_id,
            "transition": transition,
            "kind": "stall",
            "severity": "low",
            "convoy_id": "BTG-07",
            "vehicle_id": "KT-1",
            "onset_ms": at_ms(0),
            "at_ms": at_ms(0),
            "detected_at_ms": at_ms(0),
            "reason": "standing",
            "message": {"en": "", "id": ""},
        }
    )


ALERTS = [alert(ONE), alert(OTHER), alert(ONE, "cleared"), alert(LIKE)]


def episodes(wanted: str) -> Episodes:
    found = Episodes(wanted)
    found.add(ALERTS)
    return found


@pytest.mark.parametrize("wanted", [ONE, ONE[:10], ONE[:10].upper()])
def test_the_whole_id_or_a_beginning_of_its_own_means_one_alert(wanted: str) -> None:
    assert [one.transition for one in episodes(wanted).the_one()] == ["raised", "cleared"]


def test_records_of_the_topic_mean_the_same_and_others_are_passed_over() -> None:
    found = Episodes(ONE)
    values = [b"", None, b"{}", b'{"alert_id": 1}', f'{{"alert_id": "{ONE}"}}'.encode(), b"\xff"]
    assert not any(found.add_record(value) for value in values)
    assert [found.add_record(one.to_json()) for one in ALERTS] == [True, False, True, False]
    assert found.the_one() == [ALERTS[0], ALERTS[2]]


def test_a_beginning_of_several_lists_them() -> None:
    with pytest.raises(NoSuchAlertError, match=f"2 alerts begin with 63951a93:\n  {ONE}  stall BTG-07 KT-1\n  {LIKE}"):
        episodes("63951a93").the_one()


def test_a_long_list_ends_in_dots() -> None:
    found = Episodes("63951a93")
    found.add(alert(f"63951a93-{number}") for number in range(7))
    with pytest.raises(NoSuchAlertError, match=r"(?s)7 alerts.*63951a93-4  stall BTG-07 KT-1\n  \.\.\.$"):
        found.the_one()


def test_an_id_that_is_not_there_names_those_that_are_near() -> None:
    with pytest.raises(NoSuchAlertError, match=f"None of 3 alerts is .*; near are {ONE}"):
        episodes(ONE[:-1] + "9").the_one()
    with pytest.raises(NoSuchAlertError, match=f"near are .*{ONE}"):
        episodes("63951b93").the_one()
    with pytest.raises(NoSuchAlertError, match=r"None of 3 alerts is 00000000-none\.$"):
        episodes("00000000-none").the_one()
