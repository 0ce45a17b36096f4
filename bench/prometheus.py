"""A real Prometheus on the loopback address, told from one moment to the next whom to read."""

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple, Self

from bench.measure import BenchError
from deploy.kafka.ports import HOST, free_port

START_S_MAX = 60.0
POLL_S = 0.05

CONFIG = """\
global: {{scrape_interval: {scrape_s}s, scrape_timeout: {scrape_s}s}}
scrape_configs:
  - job_name: files
    file_sd_configs: [{{files: [targets.json], refresh_interval: 1s}}]
"""


class PrometheusError(BenchError):
    """It does not start, or refuses a query; the message says why."""


class Series(NamedTuple):
    """One line of an answer: its labels, and (seconds since 1970, value) pairs."""

    labels: dict[str, str]
    points: list[tuple[float, float]]


class Answer(NamedTuple):
    """What a range query gave, and what Prometheus remarked about it."""

    series: list[Series]
    warnings: list[str]


class Prometheus:
    """Prometheus as a child of this process, its data in a folder of the caller's; use it as a `with` block."""

    def __init__(self, folder: Path, scrape_s: int, program: str | None = None) -> None:
        self.scrape_s = scrape_s
        self._folder = folder
        self._program = program or shutil.which("prometheus")
        self._port = free_port()
        self._targets: dict[str, list[str]] = {}

    def __enter__(self) -> Self:
        if self._program is None:
            raise PrometheusError("prometheus is not installed (on Debian: apt install prometheus)")
        (self._folder / "prometheus.yml").write_text(CONFIG.format(scrape_s=self.scrape_s), encoding="utf-8")
        self._write_targets()
        command = [
            *(self._program, f"--config.file={self._folder / 'prometheus.yml'}"),
            *(f"--storage.tsdb.path={self._folder / 'data'}", f"--web.listen-address={HOST}:{self._port}"),
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            self._await_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def read(self, job: str, port: int) -> None:
        """Read the metrics at a port of this machine from now on."""
        self._targets.setdefault(job, []).append(f"{HOST}:{port}")
        self._write_targets()

    def range(self, expr: str, begin_s: float, end_s: float, step_s: float) -> Answer:
        """Run a range query. Raises PrometheusError if Prometheus refuses it."""
        asked = {"query": expr, "start": f"{begin_s:.3f}", "end": f"{end_s:.3f}", "step": f"{step_s:.3f}"}
        answer = self._get("query_range", asked)
        series = [
            Series(found["metric"], [(at_s, float(value)) for at_s, value in found["values"]])
            for found in answer["data"]["result"]
        ]
        return Answer(series, answer.get("warnings", []))

    def label_values(self, metric: str, label: str) -> list[str]:
        """Return the values of a label in the series of a metric."""
        values: list[str] = self._get(f"label/{label}/values", {"match[]": metric})["data"]
        return values

    @property
    def _log(self) -> Path:
        return self._folder / "prometheus.log"

    def _write_targets(self) -> None:
        groups = [{"targets": targets, "labels": {"job": job}} for job, targets in self._targets.items()]
        new = self._folder / "targets.new"
        new.write_text(json.dumps(groups), encoding="utf-8")
        new.rename(self._folder / "targets.json")  # never half of it

    def _await_ready(self) -> None:
        end_s = time.monotonic() + START_S_MAX
        while time.monotonic() < end_s and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"http://{HOST}:{self._port}/-/ready", timeout=5).close()
            except OSError:
                time.sleep(POLL_S)
            else:
                return
        raise PrometheusError(f"Prometheus does not start:\n{self._log.read_text(errors='replace')}")

    def _get(self, what: str, asked: dict[str, str]) -> dict[str, Any]:
        url = f"http://{HOST}:{self._port}/api/v1/{what}?{urllib.parse.urlencode(asked)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            raise PrometheusError(f"{asked}: {error.read().decode(errors='replace')}") from error
        return found
