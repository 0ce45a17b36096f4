"""Rules and scrape settings for Prometheus, by its own tool; what the worker exposes, by the same."""

import os
import re
import shutil
import subprocess
from itertools import product
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import yaml
from prometheus_client import generate_latest

from bus.plan_reader import Plans
from models.alert import Kind, Severity, Transition
from models.convoy_status import ConvoyStatus, Link, State, VehicleStatus
from models.dead_letter import Code
from models.plan import Role
from models.topics import TopicSet
from streams.checkpoint import Checkpoint
from streams.engine.dtypes import RESULTS
from streams.health import Health
from streams.metrics import Metrics
from streams.outbox import Snapshot
from streams.report import Report

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
RULES = [rule for group in yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"] for rule in group["rules"]]

# Of the console, which exposes it with its alarm list.
CONSOLE_METRICS = {"kawal_alarm_flood"}


def promtool(*words: str, given: bytes = b"") -> str:
    """Run promtool and return what it says; it must be content."""
    path = shutil.which("promtool")
    if path is None:
        assert os.environ.get("CI") != "true", "promtool is missing: install Debian's package prometheus"
        pytest.skip("promtool is not installed: rules and metrics were not checked by it")
    done = subprocess.run([path, *words], cwd=FOLDER, input=given, capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    return (done.stdout + done.stderr).decode()


def busy_metrics() -> Metrics:
    """The metrics of a worker that has seen everything there is, and has 2,000 vehicles."""
    topics, metrics = TopicSet(), Metrics()
    report = Report(metrics, topics, Plans(), Health(topics.replay))
    inputs = (topics.convoy_pings, topics.escort_pings)
    for topic in inputs:
        metrics.observe_results(topic, np.arange(len(RESULTS), dtype=np.int8))
    for topic, code in product(inputs, get_args(Code)):
        report.dead_letter(topic, code)
    for labels in product(get_args(Kind), get_args(Severity), get_args(Transition)):
        metrics.alerts.labels(*labels)
    roles, links, states = get_args(Role), get_args(Link), get_args(State)
    snapshot = Snapshot(Checkpoint(0, offsets={}), 1)
    for number in range(500):
        vehicles = [
            VehicleStatus(vehicle_id=f"V{number}-{n}", role=roles[n % 2], link=links[(number + n) % len(links)])
            for n in range(4)
        ]
        state = states[number % len(states)]
        snapshot.statuses.append(
            ConvoyStatus(convoy_id=f"C{number}", at=0, state=state, route_length_m=1.0, vehicles=vehicles)
        )
    report.committed(snapshot, 0.01)
    for outcome in ("aborted", "fenced"):
        report.failed(outcome)
    report.look(dict.fromkeys((*inputs, topics.ticks), 1), {}, 1)
    metrics.watch_disk(ROOT)
    return metrics


def test_two_thousand_vehicles_are_less_than_two_thousand_series() -> None:
    registry = busy_metrics().registry
    assert registry.get_sample_value("kawal_vehicles", {"role": "cargo", "link": "live"}) is not None
    fleet = next(family for family in registry.collect() if family.name == "kawal_vehicles")
    assert sum(sample.value for sample in fleet.samples) == 2_000
    lines = [line for line in generate_latest(registry).splitlines() if not line.startswith(b"#")]
    assert 400 < len(lines) < 2_000


def test_promtool_finds_nothing_in_the_metrics() -> None:
    assert promtool("check", "metrics", given=generate_latest(busy_metrics().registry)) == ""


def test_promtool_takes_configuration_and_rules_and_every_case_holds() -> None:
    promtool("check", "config", "--lint=all", "--lint-fatal", "prometheus.yml")
    promtool("check", "rules", "--lint=all", "--lint-fatal", "rules.yml")
    assert "SUCCESS" in promtool("test", "rules", "rules.test.yml")


def test_each_alert_has_a_case_that_fires_and_one_that_does_not() -> None:
    cases = yaml.safe_load((FOLDER / "rules.test.yml").read_text())["tests"]
    fires, rests = set(), set()
    for case in (case for group in cases for case in group["alert_rule_test"]):
        (fires if case.get("exp_alerts") else rests).add(case["alertname"])
    names = {rule["alert"] for rule in RULES}
    assert fires == names
    assert rests == names - {"KawalWatchdog"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_alert_links_to_its_heading_and_names_metrics_that_exist(rule: dict[str, dict[str, str] | str]) -> None:
    page, _, heading = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^## (\w+)$", (ROOT / page).read_text(encoding="utf-8"), re.M)
    assert heading in [name.lower() for name in headings]
    assert rule["alert"] in headings
    names = {it.name for it in Metrics().registry.collect()} | CONSOLE_METRICS
    used = {re.sub(r"_(total|bucket)$", "", name) for name in re.findall(r"kawal_\w+", rule["expr"])}
    assert used <= names
