"""Whether Grafana's panels tell the truth: faults are made, and the panel that should move must move.

A real Prometheus reads two real workers, a gateway and a console while the sample operation drives. First all is calm.
Then most devices send at once what they kept for twelve minutes, some of it twice; then records come that nobody can
use; then a crew calls for help; then the broker is killed and comes back. The queries of the committed dashboards are
sent to Prometheus as Grafana would send them.
"""

import asyncio
import math
import tempfile
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from rich.table import Table

from bench import cli
from bench.live.edges import Edges
from bench.live.operation import ONLINE, LiveOperation
from bench.nemesis import MortalWorker, until
from bench.panels import all_of, boards, queries
from bench.preview import preview
from bench.prometheus import Prometheus
from bus.topic_admin import ensure
from deploy.kafka.embedded import EmbeddedKafka
from models.topics import TopicSet

PARTITIONS = 4
SCRAPE_S = 1
JOB = "kawal-worker"

CALM_S = 6.0
AFTER_S = 5.0
"""Rates look back four scrapes: what a fault did is on the panel by then."""

OUTAGE_S = 20.0

COMMITTED = 'kawal_heartbeat_last_seen_timestamp_seconds{stage="committed"}'


class Phase(NamedTuple):
    """When something was done, and when its effect must be on the panels at the latest."""

    begin_s: float
    end_s: float


class Truth(NamedTuple):
    """A panel's greatest value: at most so much while all is calm, and at least so much after a fault."""

    fault: str
    board: str
    panel: str
    calm_max: float
    fault_min: float


class Shown(NamedTuple):
    """What a panel showed."""

    truth: Truth
    calm: float
    fault: float

    @property
    def right(self) -> bool:
        """Whether it moved, and only then."""
        return self.calm <= self.truth.calm_max and self.fault >= self.truth.fault_min


TRUTHS = (
    Truth("flush", "kawal-convoys", "From the fix to the broker", 120, 300),
    Truth("flush", "kawal-pipeline", "Pings by what became of them", 50, 200),
    Truth("poison", "kawal-pipeline", "Dead letters by reason", 0, 0.1),
    Truth("call", "kawal-alarm-quality", "Open alerts", 0, 1),
    Truth("outage", "kawal-broker", "Age of the ticks", 5, OUTAGE_S - 3),
    Truth("outage", "kawal-pipeline", "Age of the heartbeat by stage", 13, OUTAGE_S - 3),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the panels showed."""

    shown: Sequence[Shown]

    @property
    def right(self) -> bool:
        """Whether every panel told the truth."""
        return all(shown.right for shown in self.shown)

    def fields(self) -> dict[str, float | str]:
        """For programs: before and after by panel."""
        named = {f"{it.truth.board}/{it.truth.panel}": it for it in self.shown}
        return {f"{name}/{when}": getattr(it, when) for name, it in named.items() for when in ("calm", "fault")}

    def table(self) -> Table:
        """For people."""
        table = Table("fault", "panel", "calm", "after it", "", title="What moves when it should")
        for shown in self.shown:
            truth = shown.truth
            values = (f"{value:.3g}" for value in (shown.calm, shown.fault))
            table.add_row(truth.fault, f"{truth.board}: {truth.panel}", *values, "right" if shown.right else "WRONG")
        return table


class Crew:
    """The processes of one set, and Prometheus that reads them; they end with the `with` block."""

    def __init__(self, broker: str, topics: TopicSet, prometheus: Prometheus, folder: Path) -> None:
        self.prometheus = prometheus
        self.workers: list[MortalWorker] = []
        self._broker, self._topics, self._folder = broker, topics, folder
        self._edges = Edges(broker, topics, folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._edges.end()
        for worker in self.workers:
            worker.process.kill()
            worker.process.wait()

    async def join(self) -> None:
        """Start one more worker, and wait until it has its share."""
        log = self._folder / f"worker-{len(self.workers)}.log"
        worker = MortalWorker(self._broker, self._topics, log, more={"KAWAL_DATA_DIR": str(self._folder)})
        self.workers.append(worker)
        await until(lambda: worker.port() is not None, "the worker's metrics")
        self.prometheus.read(JOB, worker.port() or 0)
        await worker.until("kawal_partitions_owned", 1)

    async def open_edges(self, vehicle_id: str) -> None:
        """Start the gateway and the console."""
        for job, port in (await self._edges.start(vehicle_id)).items():
            self.prometheus.read(job, port)

    async def call_for_help(self, vehicle_id: str) -> None:
        """Let a crew call for help, and somebody take it."""
        await self._edges.call_for_help(vehicle_id)

    async def committed(self, since_s: float) -> None:
        """Wait until a tick from after an instant is committed by all."""
        for worker in self.workers:
            await worker.until(COMMITTED, since_s)


async def operate(broker: str, topics: TopicSet, crew: Crew) -> dict[str, Phase]:
    """Start all, the second worker when the first has its share; drive, flush, poison, call. Says when each was."""
    await ensure(broker, topics)
    async with LiveOperation(broker, topics) as operation:
        vehicle_id = next(plan.vehicles[0].vehicle_id for plan in operation.plans if plan.convoy_id == ONLINE)
        await crew.open_edges(vehicle_id)
        await crew.join()
        await crew.join()
        phases = {"calm": await _phase(operation.drive(CALM_S))}
        await operation.flush()
        phases["flush"] = await _phase(operation.drive(AFTER_S))
        await operation.poison()
        phases["poison"] = await _phase(operation.drive(AFTER_S))
        phases["call"] = await _phase(crew.call_for_help(vehicle_id), operation.drive(AFTER_S))
    return phases


async def outage(kafka: EmbeddedKafka, crew: Crew) -> Phase:
    """Kill the broker, and start it again a while later."""
    phase = await _phase(asyncio.to_thread(kafka.kill), asyncio.sleep(OUTAGE_S))
    await asyncio.to_thread(kafka.start)
    await crew.committed(time.time())
    return phase


async def _phase(*parts: Awaitable[None]) -> Phase:
    begin_s = time.time()
    for part in parts:
        await part
    return Phase(begin_s, time.time())


def shown(prometheus: Prometheus, phases: Mapping[str, Phase]) -> list[Shown]:
    """Look at the panels of the faults that were made."""
    return [
        Shown(truth, _greatest(prometheus, truth, phases["calm"]), _greatest(prometheus, truth, phases[truth.fault]))
        for truth in TRUTHS
        if truth.fault in phases
    ]


def _greatest(prometheus: Prometheus, truth: Truth, phase: Phase) -> float:
    """The greatest value of a panel in a phase, -inf if it shows none."""
    board = boards()[truth.board]
    answers = [
        query.run(prometheus, *phase, all_of(board, "job")) for query in queries(board) if query.panel == truth.panel
    ]
    values = (value for answer in answers for series in answer.series for _, value in series.points)
    return max((value for value in values if not math.isnan(value)), default=-math.inf)


def draw(prometheus: Prometheus, phases: Mapping[str, Phase], folder: Path) -> None:
    """Write a picture of each dashboard."""
    folder.mkdir(parents=True, exist_ok=True)
    begin_s, end_s = phases["calm"].begin_s, time.time()
    for uid, board in boards().items():
        (folder / f"{uid}.svg").write_text(preview(board, prometheus, begin_s, end_s), encoding="utf-8")


async def run(kafka: EmbeddedKafka, crew: Crew, topics: TopicSet, pictures: Path | None) -> Outcome:
    """Operate, then kill the broker; pictures of the dashboards go to a folder if one is given."""
    phases = await operate(kafka.bootstrap, topics, crew)
    phases["outage"] = await outage(kafka, crew)
    if pictures is not None:
        draw(crew.prometheus, phases, pictures)
    return Outcome(shown(crew.prometheus, phases))


def main() -> None:
    options = cli.parser("dashboards", __doc__ or "")
    options.add_argument(
        "--pictures", type=Path, metavar="DIR", help="draw each dashboard's data as SVG, without Grafana"
    )
    asked = options.parse_args()
    topics = TopicSet("dashboards", PARTITIONS)
    with cli.faults(), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            EmbeddedKafka(data=folder / "kafka") as kafka,
            Prometheus(folder, SCRAPE_S) as prometheus,
            Crew(kafka.bootstrap, topics, prometheus, folder) as crew,
        ):
            outcome = asyncio.run(run(kafka, crew, topics, asked.pictures))
    cli.emit(outcome, asked.json)
    raise SystemExit(0 if outcome.right else 1)


if __name__ == "__main__":
    main()
