"""The benchmarks' pings are the same each time, and their labels say what correct rules find in them."""

from typing import Any

import numpy as np
import pytest

from bench.fill import plans
from bench.peers.plain_rules import Route, advance
from bench.verdict import Found, judge, of_plain
from bench.workload import CONVOY_SIZE, Episode, Workload
from models.ping import PING
from models.topics import PARTITIONS_DEFAULT, partition_of

SMALL = Workload(20_000)


def found_by_plain_rules(load: Workload) -> list[Found]:
    routes = {plan.convoy_id: Route(plan) for plan in plans(load)}
    vehicles: dict[str, dict[str, Any]] = {}
    found = []
    for part in load.slices():
        for ping in map(PING.validate_json, part.values):
            vehicles[ping.vehicle_id], alerts = advance(vehicles.get(ping.vehicle_id), ping, routes[ping.convoy_id])
            found += [
                Found(alert["vehicle_id"], alert["kind"], alert["transition"], round(alert["onset_s"] * 1000))
                for alert in alerts
            ]
    return found


def test_the_same_shape_gives_the_same_bytes() -> None:
    first, second = ([value for part in Workload(1_600).slices() for value in part.values] for _ in range(2))
    assert first == second
    assert len(first) == 1_600


def test_another_seed_gives_other_pings() -> None:
    first, second = (next(Workload(1_600, seed=seed).slices()).values for seed in (1, 2))
    assert first != second


def test_a_million_pings_are_of_two_thousand_vehicles_in_five_hundred_convoys() -> None:
    load = Workload(1_000_000)
    assert (load.vehicles, load.convoys, load.total, load.duration_s) == (2_000, 500, 1_000_000, 5_000)
    assert len(load.episodes()) == 400
    assert load.is_escort.sum() == load.vehicles / CONVOY_SIZE


def test_pings_are_in_order_of_time() -> None:
    times_ms = np.concatenate([part.time_ms for part in SMALL.slices()])
    assert (np.diff(times_ms) >= 0).all()


def test_the_convoys_spread_over_all_partitions() -> None:
    load = Workload(1_000_000)
    assert {partition_of(key.encode(), PARTITIONS_DEFAULT) for key in load.convoy_ids} == set(range(PARTITIONS_DEFAULT))


def test_too_few_pings_are_refused_with_the_number_that_is_enough() -> None:
    with pytest.raises(ValueError, match="800"):
        Workload(799)


def test_plain_rules_find_every_labelled_episode_and_no_other() -> None:
    verdict = judge(found_by_plain_rules(SMALL), SMALL.episodes())
    assert (verdict.expected, verdict.found, verdict.false) == (8, 8, 0)


RIGHT = Episode("KT-1", "deviation", 1_000_000)


def transition(name: str, kind: str = "deviation", vehicle_id: str = "KT-1", onset_ms: int = 1_010_000) -> Found:
    return Found(vehicle_id, kind, name, onset_ms)


def test_an_episode_is_found_when_raised_and_cleared_once() -> None:
    verdict = judge([transition("raised"), transition("updated"), transition("cleared")], [RIGHT])
    assert verdict.right


@pytest.mark.parametrize("names", [["raised"], ["raised", "raised", "cleared"], ["cleared", "raised"]])
def test_an_episode_that_is_not_raised_and_cleared_once_is_not_found(names: list[str]) -> None:
    assert judge(map(transition, names), [RIGHT]).found == 0


@pytest.mark.parametrize(
    "wrong",
    [
        transition("raised", kind="signal-lost"),
        transition("raised", vehicle_id="KT-2"),
        transition("raised", onset_ms=900_000),
        transition("updated", onset_ms=1_100_000),
    ],
)
def test_what_belongs_to_no_episode_is_false(wrong: Found) -> None:
    assert judge([wrong], [RIGHT]).false == 1


def test_the_plain_agents_alerts_are_read_as_it_writes_them() -> None:
    value = (
        b'{"vehicle_id": "KT-1", "convoy_id": "C", "at_s": 2, "kind": "stall", "transition": "raised", "onset_s": 1.5}'
    )
    assert of_plain(value) == Found("KT-1", "stall", "raised", 1_500)
