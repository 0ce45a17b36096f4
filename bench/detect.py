"""Seconds that `kawal detect` takes for 1,000,000 recorded pings, without Kafka, once the engine is compiled.

A short recording is run first, so that compilation is not in the figure; the start of the command and the reading of
plan and recording are.
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from bench import cli
from bench.fill import plans
from bench.measure import load_average
from bench.verdict import Verdict, judge, of_alert
from bench.workload import Workload

SHORT_PINGS = 1_000


@dataclass(frozen=True, slots=True)
class Detection:
    """One run of the command."""

    pings: int
    seconds: float
    verdict: Verdict
    load_average: float

    def fields(self) -> dict[str, float]:
        """Time and whether the alerts were right."""
        return {
            "pings": self.pings,
            "seconds": self.seconds,
            "per_s": self.pings / self.seconds,
            "alerts_expected": self.verdict.expected,
            "alerts_found": self.verdict.found,
            "alerts_false": self.verdict.false,
            "load_average": self.load_average,
        }

    def table(self) -> Table:
        """The same for people."""
        table = Table(title=f"kawal detect; load average {self.load_average}")
        for heading in ("pings", "seconds", "pings/s", "right alerts found"):
            table.add_column(heading, justify="right")
        figures = (f"{self.pings:,}", f"{self.seconds:.2f}", f"{self.pings / self.seconds:,.0f}")
        table.add_row(*figures, str(self.verdict))
        return table


def write_plan(load: Workload, file: Path) -> None:
    """Write the workload's plans as a plan file."""
    convoys = [plan.model_dump(mode="json", exclude={"operation", "timezone", "limits"}) for plan in plans(load)]
    for convoy in convoys:
        convoy["route"] = {"type": "LineString", "coordinates": convoy["route"]}
    file.write_text(json.dumps({"operation": "Benchmark", "timezone": "Asia/Makassar", "convoys": convoys}))


def detect(load: Workload, folder: Path) -> Detection:
    """Write plan and recording, and time the command on them."""
    plan, recording = folder / "plan.json", folder / "pings.jsonl"
    write_plan(load, plan)
    with recording.open("wb") as lines:
        for part in load.slices():
            lines.write(b"\n".join(part.values) + b"\n")
    command = [str(Path(sys.executable).with_name("kawal")), "detect", "--plan", str(plan), str(recording)]
    start_s = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    seconds = time.monotonic() - start_s
    return Detection(
        load.total, seconds, judge(map(of_alert, done.stdout.splitlines()), load.episodes()), load_average()
    )


def main() -> None:
    options = cli.parser("detect", __doc__)
    options.add_argument("--pings", type=cli.pings, default=1_000_000, help="length of the recording (1M)")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="kawal-bench-") as folder:
        detect(Workload(SHORT_PINGS), Path(folder))
        found = detect(Workload(asked.pings), Path(folder))
    cli.emit(found, asked.json)


if __name__ == "__main__":
    main()
