"""Health: a worker that makes no progress is told from one that cannot, and from one that has nothing to do."""

import json
import urllib.request
from urllib.error import HTTPError

import pytest
from prometheus_client import CollectorRegistry, Gauge

from bus.metrics_server import Check, metrics_server
from streams.health import HEARTBEAT_S_MAX, LOOP_LAG_S_MAX, STUCK_S, Health


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(is_replay=False, clock=clock)


def failed(checks: list[Check]) -> list[str]:
    return [check.check for check in checks if not check.ok]


def later(clock: Clock, health: Health, seconds: float) -> None:
    """Time passes and the event loop runs on."""
    clock.now_s += seconds
    health.beat()


def test_it_is_ready_once_partitions_are_assigned_and_their_heartbeat_moves(clock: Clock, health: Health) -> None:
    assert failed(health.ready()) == failed(health.started()) == ["partitions"]
    health.progressed(4)
    assert failed(health.ready()) == []
    later(clock, health, HEARTBEAT_S_MAX + 1)
    assert failed(health.ready()) == ["heartbeat"]
    assert failed(health.started()) == []
    health.progressed()
    assert failed(health.ready()) == []
    health.lost()
    assert failed(health.ready()) == ["partitions"]


def test_an_event_loop_that_stands_still_is_not_alive(clock: Clock, health: Health) -> None:
    clock.now_s += LOOP_LAG_S_MAX + 0.1
    assert failed(health.live()) == ["event-loop"]
    health.beat()
    assert failed(health.live()) == []


def test_no_progress_counts_only_for_as_long_as_the_broker_answers(clock: Clock, health: Health) -> None:
    health.progressed(4)
    health.broker_answers(False)
    later(clock, health, 10 * STUCK_S)
    assert failed(health.live()) == []
    health.broker_answers(True)
    later(clock, health, STUCK_S - 1)
    health.broker_answers(True)
    assert failed(health.live()) == []
    later(clock, health, 2)
    assert failed(health.live()) == ["progress"]
    assert health.is_stuck()
    health.progressed()
    assert failed(health.live()) == []


def test_one_that_never_gets_partitions_is_stuck_and_a_spare_one_is_not(clock: Clock, health: Health) -> None:
    later(clock, health, STUCK_S + 1)
    assert health.is_stuck()
    health.progressed(0)
    later(clock, health, STUCK_S + 1)
    assert not health.is_stuck()
    assert failed(health.ready()) == []


def test_a_replay_set_may_rest(clock: Clock) -> None:
    health = Health(is_replay=True, clock=clock)
    health.progressed(4)
    later(clock, health, 10 * STUCK_S)
    assert failed(health.live() + health.ready()) == []


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_port_serves_metrics_and_judgements(clock: Clock, health: Health) -> None:
    registry = CollectorRegistry()
    Gauge("some", "Thing.", registry=registry).set(7)
    with metrics_server(("127.0.0.1", 0), "PORT", registry, health.judgements) as port:
        assert get(port, "/metrics")[1].splitlines()[-1] == "some 7.0"
        status, body = get(port, "/readyz")
        assert (status, json.loads(body)[0]["check"]) == (503, "partitions")
        assert get(port, "/startupz")[0] == 503
        health.progressed(4)
        assert [get(port, path)[0] for path in ("/livez", "/readyz?full", "/startupz")] == [200, 200, 200]
        clock.now_s += LOOP_LAG_S_MAX + 1
        assert get(port, "/livez")[0] == 503
        assert get(port, "/")[0] == 404
