"""Log lines: one line each, and a flood of the same one is cut short."""

import logging
import sys

import pytest
from aiokafka.errors import KafkaError, NotLeaderForPartitionError, TopicAuthorizationFailedError

from bus.logs import OneLine, Patience, RateLimit


def line(text: str, place: int = 1, *of: object) -> logging.LogRecord:
    return logging.LogRecord("aiokafka.conn", logging.WARNING, "conn.py", place, text, of, None)


def is_told(patience: Patience, error: KafkaError, now_s: float, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr("bus.logs.time.monotonic", lambda: now_s)
    return patience.filter(line("failed: %s", 1, error))


def test_what_is_tried_again_is_told_only_when_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    patience, error = Patience(patience_s=5, period_s=30), NotLeaderForPartitionError()
    told = [is_told(patience, error, now_s, monkeypatch) for now_s in (100, 104, 105, 130, 161, 166)]
    assert told == [False, False, True, True, False, True]


def test_what_no_trying_again_mends_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_told(Patience(), TopicAuthorizationFailedError(), 100, monkeypatch)
    assert Patience().filter(line("something else"))


def test_a_flood_from_one_place_is_cut_short_and_leaves_other_lines_alone() -> None:
    limit = RateLimit(lines_max=3, period_s=60)
    assert [limit.filter(line(f"broker is away {number}")) for number in range(5)] == [True] * 3 + [False] * 2
    assert limit.filter(line("something else", place=2))


def test_the_next_period_says_how_many_lines_were_kept_back() -> None:
    limit = RateLimit(lines_max=1, period_s=0)
    limit.filter(line("broker is away"))
    limit._counts[("aiokafka.conn", 1)] = (-1.0, 8)
    last = line("broker is away")
    assert limit.filter(last)
    assert last.getMessage() == "broker is away (and 7 more like this)"


def test_a_traceback_stays_on_its_line() -> None:
    record = line("it broke")
    try:
        raise ValueError("two\nlines")
    except ValueError:
        record.exc_info = sys.exc_info()
    written = OneLine().format(record)
    assert "\n" not in written
    assert "level=warning part=aiokafka.conn it broke | Traceback" in written
