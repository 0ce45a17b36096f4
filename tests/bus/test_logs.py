"""Log lines: one line each, and a flood of the same one is cut short."""

import logging
import sys

from bus.logs import OneLine, RateLimit


def line(text: str, place: int = 1) -> logging.LogRecord:
    return logging.LogRecord("aiokafka.conn", logging.WARNING, "conn.py", place, text, None, None)


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
