"""The queries of the committed dashboards, filled in and sent as Grafana does."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import deploy.grafana
from bench.prometheus import Answer, Prometheus

FOLDER = Path(deploy.grafana.__file__).parent / "dashboards"

UNITS_S = {"s": 1, "m": 60, "h": 3600}


class Query(NamedTuple):
    """One query of a panel; `least_step_s` is 0 where the panel does not ask for one."""

    board: str
    panel: str
    expr: str
    legend: str
    least_step_s: int

    def filled(self, step_s: float, scrape_s: float, job: str) -> str:
        """Put the variables in. `step_s` is what the width of the panel gives."""
        if self.least_step_s:
            scrape_s = self.least_step_s
        window_s = math.ceil(max(self.step_s(step_s) + scrape_s, 4 * scrape_s))
        return self.expr.replace("$__rate_interval", f"{window_s}s").replace("$job", job)

    def step_s(self, step_s: float) -> float:
        """Seconds between points, where the width of the panel gives `step_s`."""
        return max(step_s, self.least_step_s)

    def run(self, prometheus: Prometheus, begin_s: float, end_s: float, job: str) -> Answer:
        """Ask for a point each second, and for one at the end at least."""
        step_s = self.step_s(1)
        begin_s = end_s - (end_s - begin_s) // step_s * step_s
        return prometheus.range(self.filled(1, prometheus.scrape_s, job), begin_s, end_s, step_s)


def boards() -> dict[str, dict[str, Any]]:
    """The committed dashboards by their uid."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """The panels of a dashboard that show something: all but its headings."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def queries(board: dict[str, Any]) -> Iterator[Query]:
    """Every query of every panel."""
    for panel in panels(board):
        for target in panel["targets"]:
            least_step_s = _seconds(target.get("interval", "0s"))
            yield Query(board["uid"], panel["title"], target["expr"], target["legendFormat"], least_step_s)


def all_of(board: dict[str, Any], variable: str) -> str:
    """What Grafana puts in for All."""
    return next(str(found["allValue"]) for found in board["templating"]["list"] if found["name"] == variable)


def _seconds(text: str) -> int:
    found = re.fullmatch(r"(\d+)([smh])", text)
    assert found, text
    return int(found[1]) * UNITS_S[found[2]]
