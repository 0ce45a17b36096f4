"""Metrics: a whole column counts as its values one by one would, and no label names a vehicle or convoy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from bus.plan_reader import Plans
from models.topics import TopicSet
from streams.engine.dtypes import RESULTS
from streams.health import Health
from streams.metrics import BulkHistogram, Metrics
from streams.report import Report

BOUNDS = (1, 5, 60)


@given(st.lists(st.lists(st.sampled_from((-3.0, 0.0, 1.0, 1.5, 5.0, 59.5, 60.0, 61.0)), max_size=20), max_size=4))
def test_a_column_counts_as_its_values_one_by_one(columns: list[list[float]]) -> None:
    bulk_registry, plain_registry = CollectorRegistry(), CollectorRegistry()
    bulk = BulkHistogram("delay_seconds", "Delay.", "role", ("cargo", "escort"), BOUNDS)
    bulk_registry.register(bulk)
    plain = Histogram("delay_seconds", "Delay.", ["role"], buckets=BOUNDS, registry=plain_registry)
    for role in ("cargo", "escort"):
        plain.labels(role)
    for column in columns:
        bulk.observe("cargo", np.array(column))
        for value in column:
            plain.labels("cargo").observe(value)
    for sample in plain_registry.collect():
        for line in sample.samples:
            if not line.name.endswith("_created"):
                assert bulk_registry.get_sample_value(line.name, line.labels) == line.value


def test_results_are_counted_by_topic_and_name() -> None:
    metrics = Metrics()
    metrics.observe_results("kawal.convoy-pings", np.array([0, 0, 1], np.int8))
    counted = {
        name: metrics.registry.get_sample_value(
            "kawal_pings_received_total", {"topic": "kawal.convoy-pings", "result": name}
        )
        for name in RESULTS[:3]
    }
    assert counted == {"accepted": 2, "duplicate": 1, "conflicting": None}


def test_no_label_names_a_vehicle_or_a_convoy() -> None:
    labels = {name for family in Metrics().registry.collect() for line in family.samples for name in line.labels}
    assert labels & {"vehicle", "vehicle_id", "convoy", "convoy_id", "partition"} == set()
    assert generate_latest(Metrics().registry)


def test_counters_and_states_are_there_with_0_before_anything_happens() -> None:
    topics, metrics = TopicSet(), Metrics()
    Report(metrics, topics, Plans(), Health(topics.replay)).look({}, {}, 0)
    ask = metrics.registry.get_sample_value
    raised = {"kind": "sos", "severity": "critical", "transition": "raised"}
    assert ask("kawal_alerts_total", raised) == 0
    letter = {"topic": topics.escort_pings, "stage": "decode", "code": "bad-json"}
    assert ask("kawal_dead_letters_total", letter) == 0
    assert ask("kawal_pings_received_total", {"topic": topics.convoy_pings, "result": "held"}) == 0
    assert ask("kawal_transactions_total", {"outcome": "fenced"}) == 0
    assert ask("kawal_vehicles", {"role": "cargo", "link": "lost"}) == 0
    assert ask("kawal_convoys", {"state": "silent", "risk": "high"}) == 0
