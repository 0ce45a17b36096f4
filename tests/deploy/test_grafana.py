"""Grafana's dashboards without Grafana: their shape, the house rules, and every query run against a real Prometheus."""

import asyncio
import copy
import json
import math
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import promql_parser
import pytest
import yaml
from grafana_foundation_sdk.models.dashboard import Dashboard
from jsonschema import Draft7Validator

from bench.dashboards import PARTITIONS, SCRAPE_S, Crew, Phase, draw, operate, shown
from bench.panels import FOLDER, Query, all_of, boards, panels, queries
from bench.prometheus import Prometheus, PrometheusError
from deploy.grafana.__main__ import differing, texts, write
from deploy.kafka.embedded import EmbeddedKafka
from models.topics import TopicSet
from tests.deploy.grafana_schema import CUSTOM, OPTIONS, schema
from tests.metric_table import declared
from tests.programs import program

Board = dict[str, Any]

ROOT = Path(__file__).parents[2]
BOARDS = boards()
EACH_BOARD = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS.keys())
QUERIES = [query for board in BOARDS.values() for query in queries(board)]

UNITS = {"s", "short", "cps", "bytes", "lengthm", "percentunit"}


def selectors(expr: str) -> list[promql_parser.VectorSelector]:
    found: list[promql_parser.VectorSelector] = []
    promql_parser.walk(
        promql_parser.parse(expr),
        lambda node: found.append(node) if isinstance(node, promql_parser.VectorSelector) else None,
    )
    return found


def grouping(expr: str) -> set[str]:
    labels: set[str] = set()

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier:
            labels.update(node.modifier.labels)

    promql_parser.walk(promql_parser.parse(expr), visit)
    return labels


def filled(query: Query, job: str = "kawal.*") -> str:
    return query.filled(step_s=15, scrape_s=5, job=job)


# --- 1 and 2: written from Python, in the shape that Grafana's own types give


def test_the_committed_dashboards_are_what_python_says() -> None:
    assert differing(FOLDER) == []


def test_check_names_what_differs_lacks_or_is_too_much(tmp_path: Path) -> None:
    write(tmp_path)
    assert differing(tmp_path) == []
    first, second, *_ = sorted(texts())
    (tmp_path / first).write_text("{}", encoding="utf-8")
    (tmp_path / second).unlink()
    (tmp_path / "votes.json").write_text("{}", encoding="utf-8")
    assert differing(tmp_path) == sorted([first, second, "votes.json"])


def shape_faults(board: Board) -> list[str]:
    faults = list(Draft7Validator(schema(Dashboard)).iter_errors(board))
    for panel in panels(board):
        faults += Draft7Validator(schema(OPTIONS[panel["type"]])).iter_errors(panel["options"])
        custom = panel["fieldConfig"]["defaults"].get("custom", {})
        if panel["type"] in CUSTOM:
            faults += Draft7Validator(schema(CUSTOM[panel["type"]])).iter_errors(custom)
    return [fault.message for fault in faults]


@EACH_BOARD
def test_a_dashboard_has_the_shape_of_grafana_11_6(board: Board) -> None:
    assert shape_faults(board) == []


# --- 3: the house rules


def lint(board: Board) -> Iterator[str]:
    yield from lint_variables(board)
    if not re.fullmatch(r"kawal-[a-z-]{1,30}", board["uid"]) or not board["description"] or board["editable"]:
        yield "a dashboard has a uid of ours, a description, and is not edited by hand"
    ids = [panel["id"] for panel in board["panels"]]
    if len(set(ids)) < len(ids):
        yield "ids of panels are unique"
    titles = [panel["title"] for panel in board["panels"]]
    if len(set(titles)) < len(titles):
        yield "titles of panels are unique"
    places = [panel["gridPos"] for panel in board["panels"]]
    if any(overlap(*pair) for pair in combinations(places, 2)) or any(it["x"] + it["w"] > 24 for it in places):
        yield "panels do not overlap, and stay on the grid"
    for panel in panels(board):
        yield from (f"{panel['title']}: {fault}" for fault in lint_panel(panel))


def lint_variables(board: Board) -> Iterator[str]:
    kinds = {found["name"]: found for found in board["templating"]["list"]}
    if kinds.keys() != {"datasource", "job"} or kinds["datasource"]["type"] != "datasource":
        yield "the variables are datasource and job"
    elif not (kinds["job"]["multi"] and kinds["job"]["includeAll"]):
        yield "several jobs can be chosen, and all"


def lint_panel(panel: dict[str, Any]) -> Iterator[str]:
    if not panel["title"] or not panel.get("description", "").endswith("."):
        yield "a panel has a title and a description"
    if panel["fieldConfig"]["defaults"].get("unit") not in UNITS:
        yield "a panel has a unit"
    sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
    if any(source != {"type": "prometheus", "uid": "${datasource}"} for source in sources):
        yield "the datasource is the variable"
    references = [target["refId"] for target in panel["targets"]]
    if not references or len(set(references)) < len(references):
        yield "a panel has queries, with references of their own"
    for target in panel["targets"]:
        yield from lint_expr(target["expr"])


def lint_expr(expr: str) -> Iterator[str]:
    if any(window != "$__rate_interval" for window in re.findall(r"\brate\([^[]*\[([^]]+)\]", expr)):
        yield "a rate looks back $__rate_interval"
    if re.search(r"\birate\(", expr):
        yield "no irate: it shows what the screen's width makes of it"
    for name in re.findall(r"\b\w+_(?:total|bucket|count|sum)(?={)", expr):
        if not re.search(rf"sum(?: by \([^)]*\))? \((?:rate|increase)\({name}{{", expr):
            yield f"{name} is a counter: its rate is summed"
    if len(re.findall(r'job=~"\$job"', expr)) != len(re.findall(r"{", expr)) or not re.search(r'{job=~"\$job"', expr):
        yield "each selector chooses by the job variable"
    if "histogram_quantile" in expr and not re.search(r"by \(le\b", expr):
        yield "a quantile is of buckets summed by le"


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(one[at] < other[at] + other[size] and other[at] < one[at] + one[size] for at, size in ("xw", "yh"))


@EACH_BOARD
def test_a_dashboard_keeps_the_house_rules(board: Board) -> None:
    assert list(lint(board)) == []


def test_uids_are_unique_and_name_their_file() -> None:
    assert [board["uid"] for board in BOARDS.values()] == list(BOARDS)


def first_panel(board: Board) -> dict[str, Any]:
    return panels(board)[0]


def first_target(board: Board) -> dict[str, Any]:
    target: dict[str, Any] = first_panel(board)["targets"][0]
    return target


LINT_DAMAGE: dict[str, Callable[[Board], None]] = {
    "no uid of ours": lambda board: board.update(uid="x"),
    "edited by hand": lambda board: board.update(editable=True),
    "another variable": lambda board: board["templating"]["list"].pop(),
    "one job only": lambda board: board["templating"]["list"][1].update(multi=False),
    "an id twice": lambda board: board["panels"][2].update(id=board["panels"][1]["id"]),
    "a title twice": lambda board: board["panels"][2].update(title=board["panels"][1]["title"]),
    "an overlap": lambda board: board["panels"][1]["gridPos"].update(x=1),
    "over the edge": lambda board: board["panels"][-1]["gridPos"].update(x=20),
    "no description": lambda board: first_panel(board).update(description=""),
    "no unit": lambda board: first_panel(board)["fieldConfig"]["defaults"].pop("unit"),
    "a fixed datasource": lambda board: first_target(board)["datasource"].update(uid="kawal-prometheus"),
    "no query": lambda board: first_panel(board).update(targets=[]),
    "a fixed window": lambda board: first_target(board).update(expr='sum (rate(x_total{job=~"$job"}[5m]))'),
    "an irate": lambda board: first_target(board).update(expr='sum (irate(x{job=~"$job"}[$__rate_interval]))'),
    "a bare counter": lambda board: first_target(board).update(expr='sum(x_total{job=~"$job"})'),
    "no job": lambda board: first_target(board).update(expr='sum(x{stage="committed"})'),
    "a quantile of anything": lambda board: first_target(board).update(
        expr='histogram_quantile(0.9, sum (rate(x_bucket{job=~"$job"}[$__rate_interval])))'
    ),
}


@pytest.mark.parametrize("damage", LINT_DAMAGE.values(), ids=LINT_DAMAGE.keys())
def test_each_house_rule_is_noticed_when_broken(damage: Callable[[Board], None]) -> None:
    board = copy.deepcopy(BOARDS["kawal-pipeline"])
    damage(board)
    assert list(lint(board)) != []


SHAPE_DAMAGE: dict[str, Callable[[Board], None]] = {
    "a field that does not exist": lambda board: board.update(refreshes="5s"),
    "a number for a text": lambda board: first_panel(board).update(title=7),
    "an unknown choice": lambda board: first_panel(board)["options"].update(colorMode="loud"),
    "an unknown drawing": lambda board: panels(board)[-1]["fieldConfig"]["defaults"]["custom"].update(drawStyle="ink"),
    "nothing to show": lambda board: first_target(board).pop("expr"),
    "a place without width": lambda board: first_panel(board)["gridPos"].pop("w"),
}


@pytest.mark.parametrize("damage", SHAPE_DAMAGE.values(), ids=SHAPE_DAMAGE.keys())
def test_each_damage_to_the_shape_is_noticed(damage: Callable[[Board], None]) -> None:
    board = copy.deepcopy(BOARDS["kawal-pipeline"])
    damage(board)
    assert shape_faults(board) != []


# --- 4: PromQL, and metrics and labels that exist


@pytest.fixture(scope="module")
def table() -> dict[str, frozenset[str]]:
    return declared()


def test_every_metric_and_label_of_a_panel_exists(table: dict[str, frozenset[str]]) -> None:
    faults = []
    for query in QUERIES:
        expr, seen = filled(query), set()
        for selector in selectors(expr):
            labels = table.get(selector.name or "")
            if labels is None:
                faults.append(f"{query.board}, {query.panel}: no process declares {selector.name}")
                continue
            seen |= labels
            strange = {matcher.name for matcher in selector.matchers.matchers} - labels
            faults += [f"{query.board}, {query.panel}: {selector.name} has no label {name}" for name in strange]
        shown_labels = set(re.findall(r"{{(\w+)}}", query.legend))
        strange = (grouping(expr) | shown_labels) - seen
        faults += [f"{query.board}, {query.panel}: nothing has a label {name}" for name in strange]
        if not shown_labels <= grouping(expr):
            faults.append(f"{query.board}, {query.panel}: the legend names labels that are summed away")
    assert faults == []


# --- 5, 6 and 7: a real Prometheus that reads real workers, a gateway and a console


class Run(NamedTuple):
    prometheus: Prometheus
    phases: dict[str, Phase]
    exposition: str


@pytest.fixture(scope="module")
def watched(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("grafana")
    topics = TopicSet(f"t{folder.name}-{id(folder)}", PARTITIONS)
    with (
        Prometheus(folder, SCRAPE_S, program("prometheus")) as prometheus,
        Crew(kafka.bootstrap, topics, prometheus, folder) as crew,
    ):
        phases = asyncio.run(operate(kafka.bootstrap, topics, crew))
        yield Run(prometheus, phases, crew.workers[0].exposition())


def jobs_of(query: Query, prometheus: Prometheus) -> list[str]:
    """The processes that have all that a query asks for: where only one of them is chosen, it must show something."""
    asked = [selector.prettify() for selector in selectors(filled(query))]
    return sorted(set.intersection(*(set(prometheus.label_values(name, "job")) for name in asked)))


@EACH_BOARD
def test_every_query_shows_something(board: Board, watched: Run) -> None:
    begin_s, end_s = watched.phases["calm"].begin_s, watched.phases["call"].end_s
    faults = []
    for query in queries(board):
        jobs = jobs_of(query, watched.prometheus)
        if not jobs:
            faults.append(f"{query.panel}: no process has what it asks for: {query.expr}")
        for job in (all_of(board, "job"), *jobs):
            answer = query.run(watched.prometheus, begin_s, end_s, job)
            faults += [f"{query.panel}: {warning}" for warning in answer.warnings]
            if not answer.series:
                faults.append(f"{query.panel}: shows nothing of {job}: {query.expr}")
            for series in answer.series:
                if not any(math.isfinite(value) for _, value in series.points):
                    faults.append(f"{query.panel}: {series.labels} of {job} never has a value: {query.expr}")
    assert faults == []


def test_the_panel_that_should_move_moves(watched: Run) -> None:
    seen = shown(watched.prometheus, watched.phases)
    assert {it.truth.fault for it in seen} == {"flush", "poison", "call"}
    assert [it for it in seen if not it.right] == []


def test_a_picture_of_what_was_shown_is_drawn(watched: Run, tmp_path: Path) -> None:
    draw(watched.prometheus, watched.phases, tmp_path)
    pictures = {path.stem: ElementTree.parse(path).getroot() for path in tmp_path.iterdir()}
    assert pictures.keys() == BOARDS.keys()
    assert any(len(line.get("points", "")) > 20 for line in pictures["kawal-pipeline"].findall(".//{*}polyline"))


def test_prometheus_says_what_is_wrong_with_a_query(watched: Run) -> None:
    with pytest.raises(PrometheusError, match="parse error"):
        watched.prometheus.range("sum(", *watched.phases["calm"], 1)


def test_what_the_worker_exposes_pleases_promtool(watched: Run) -> None:
    done = subprocess.run(
        [program("promtool"), "check", "metrics"], input=watched.exposition, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# --- 9: what Grafana loads at its start

PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"
IN_GRAFANA = "/etc/grafana/"

DATASOURCES = {
    "type": "object",
    "additionalProperties": False,
    "required": ["apiVersion", "datasources"],
    "properties": {
        "apiVersion": {"const": 1},
        "datasources": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "uid", "type", "access", "url"],
                "properties": {
                    "name": {"type": "string"},
                    "uid": {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,40}$"},
                    "type": {"const": "prometheus"},
                    "access": {"const": "proxy"},
                    "url": {"type": "string", "pattern": "^https?://"},
                    "isDefault": {"type": "boolean"},
                    "editable": {"type": "boolean"},
                    "jsonData": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {"httpMethod": {"enum": ["POST", "GET"]}, "timeInterval": {"pattern": r"^\d+s$"}},
                    },
                },
            },
        },
    },
}

PROVIDERS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["apiVersion", "providers"],
    "properties": {
        "apiVersion": {"const": 1},
        "providers": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "type", "options"],
                "properties": {
                    "name": {"type": "string"},
                    "orgId": {"const": 1},
                    "folder": {"type": "string"},
                    "folderUid": {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,40}$"},
                    "type": {"const": "file"},
                    "disableDeletion": {"type": "boolean"},
                    "allowUiUpdates": {"type": "boolean"},
                    "updateIntervalSeconds": {"type": "integer", "minimum": 10},
                    "options": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["path"],
                        "properties": {
                            "path": {"type": "string", "pattern": f"^{IN_GRAFANA}"},
                            "foldersFromFilesStructure": {"type": "boolean"},
                        },
                    },
                },
            },
        },
    },
}


def provisioned(kind: str) -> list[dict[str, Any]]:
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((PROVISIONING / kind).glob("*.yaml"))]


@pytest.mark.parametrize(("kind", "shape"), [("datasources", DATASOURCES), ("dashboards", PROVIDERS)])
def test_a_provisioning_file_has_the_documented_shape(kind: str, shape: dict[str, Any]) -> None:
    files = provisioned(kind)
    assert files
    assert [fault.message for file in files for fault in Draft7Validator(shape).iter_errors(file)] == []


def test_provisioned_uids_are_unique_and_the_scrape_interval_is_what_rates_count_on() -> None:
    sources = [source for file in provisioned("datasources") for source in file["datasources"]]
    uids = [source["uid"] for source in sources] + list(BOARDS)
    assert len(set(uids)) == len(uids)
    assert [source["jsonData"]["timeInterval"] for source in sources] == ["5s"]
    assert sum(source.get("isDefault", False) for source in sources) == 1


def test_the_path_of_the_dashboards_is_the_folder_of_the_dashboards() -> None:
    paths = [provider["options"]["path"] for file in provisioned("dashboards") for provider in file["providers"]]
    assert [ROOT / "deploy" / "grafana" / path.removeprefix(IN_GRAFANA) for path in paths] == [FOLDER]
    documented = (ROOT / "docs" / "dashboards.md").read_text(encoding="utf-8")
    assert all(f"`{path}`" in documented for path in paths)


def test_the_command_checks_and_changes_nothing() -> None:
    before = {path: path.stat().st_mtime_ns for path in FOLDER.iterdir()}
    done = subprocess.run(
        [sys.executable, "-m", "deploy.grafana", "--check"], cwd=ROOT, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert {path: path.stat().st_mtime_ns for path in FOLDER.iterdir()} == before


def test_no_dashboard_names_a_place_or_a_secret() -> None:
    told = json.dumps(BOARDS)
    assert re.findall(r"https?://|\d+\.\d+\.\d+\.\d+|password|token", told) == []
