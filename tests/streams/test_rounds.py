"""When a partition's next checkpoint is due."""

from types import SimpleNamespace

import pytest

from models.topics import TopicSet
from streams.checkpoint import Output
from streams.outbox import Outbox
from streams.partition import Pending
from streams.rounds import DEAD_LETTER_BYTES_DUE, period_s


def due_s(
    pings: int = 0, ticks: int = 0, alerts: int = 0, behind: bool = False, dead_bytes: int = 0, statuses: int = 0
) -> float | None:
    outbox = Outbox(TopicSet())
    outbox.alerts = [None] * alerts
    outbox.add_dead_letter("kawal.convoy-pings", Output(b"", b" " * dead_bytes))
    outbox.tell_status(map(str, range(statuses)))
    return period_s(SimpleNamespace(outbox=outbox, pending=Pending(pings, ticks), behind=behind))


def test_nothing_processed_is_nothing_to_write() -> None:
    assert due_s() is None


@pytest.mark.parametrize(
    ("pending", "period"),
    [
        ({"ticks": 9}, 3),
        ({"ticks": 9, "pings": 1}, 1),
        ({"ticks": 9, "statuses": 1}, 1),
        ({"pings": 1, "alerts": 1}, 0.1),
        ({"ticks": 1, "alerts": 1}, 0.1),
        ({"pings": 1, "alerts": 1, "behind": True}, 10),
        ({"pings": 1, "behind": True, "dead_bytes": DEAD_LETTER_BYTES_DUE + 1}, 0),
    ],
    ids=str,
)
def test_the_more_urgent_what_waits_the_sooner_it_is_written(pending: dict[str, int], period: float) -> None:
    assert due_s(**pending) == period
