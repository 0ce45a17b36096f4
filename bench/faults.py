"""Kill -9 and freeze workers while pings flow, then count: each ping once, each right alert once.

Two workers of one group read a replay set as it is written. At even distances one of them is killed (five times) or
frozen for longer than its session lasts (once); a killed one gets a successor. When all is committed, the counter in
the state of each vehicle must be the number of its pings, and the alerts that a `read_committed` reader sees must be
the right ones, each raised and cleared once, in that order.
"""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from aiokafka import AIOKafkaProducer
from rich.table import Table

from bench import cli
from bench.fill import Batches, Filler, publish_plans
from bench.nemesis import KAWAL_WORKER, WAIT_S, Crew, MortalWorker
from bench.verdict import Verdict, committed, judge, of_alert
from bench.worker import Offsets
from bench.workload import START_MS, Slice, Workload
from bus import topic_admin
from bus.connection import connection
from models.topics import TopicSet
from streams.state import load_state
from streams.takeover import read_states

PARTITIONS = 12


@dataclass(frozen=True, slots=True)
class Trial:
    """What is done to the workers: how often, how long, and how fast the pings come meanwhile."""

    load: Workload
    kills: int = 5
    freezes: int = 1
    freeze_s: float = 15.0
    slice_s: float = 0.6
    command: Sequence[str] = KAWAL_WORKER

    def faults(self) -> list[str]:
        """The faults in their order; freezes come in the middle."""
        return ["kill"] * (self.kills // 2) + ["freeze"] * self.freezes + ["kill"] * (self.kills - self.kills // 2)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was counted afterwards."""

    load: Workload
    counts: Counter[str]
    verdict: Verdict
    exit_codes: list[int]
    duration_s: float

    @property
    def lost(self) -> int:
        """Pings that no counter has."""
        return sum(max(0, self.load.pings_per_vehicle - self.counts[name]) for name in self.load.vehicle_ids)

    @property
    def extra(self) -> int:
        """Pings that were counted again."""
        return sum(max(0, counted - self.load.pings_per_vehicle) for counted in self.counts.values())

    @property
    def right(self) -> bool:
        """Whether nothing was lost, repeated or wrong."""
        return not self.lost and not self.extra and self.verdict.right

    def fields(self) -> dict[str, float | str]:
        """For programs."""
        return {
            "pings": self.load.total,
            "seed": self.load.seed,
            "lost": self.lost,
            "extra": self.extra,
            "alerts_expected": self.verdict.expected,
            "alerts_found": self.verdict.found,
            "alerts_false": self.verdict.false,
            "exit_codes": " ".join(map(str, self.exit_codes)),
            "duration_s": self.duration_s,
        }

    def table(self) -> Table:
        """For people."""
        table = Table("", "", title="Every ping once, every alert once" if self.right else "NOT exactly once")
        for name, value in self.fields().items():
            table.add_row(name.replace("_", " "), f"{value}")
        return table


async def run(broker: str, topics: TopicSet, trial: Trial, folder: Path, advance: cli.Advance) -> Outcome:
    """Do a trial on a new replay set; the workers' logs go to `folder`."""
    begin_s = time.monotonic()
    await topic_admin.ensure(broker, topics)
    numbers = count()

    def start() -> MortalWorker:
        return MortalWorker(broker, topics, folder / f"worker-{next(numbers)}.log", trial.command)

    with Crew(start) as crew:
        await _flow(broker, topics, trial, crew, advance)
        await _all_committed(broker, topics, crew)
        await crew.stop()
    return Outcome(
        trial.load,
        await counts(broker, topics),
        judge(map(of_alert, await committed(broker, topics.alerts)), trial.load.episodes()),
        crew.exit_codes,
        time.monotonic() - begin_s,
    )


async def _flow(broker: str, topics: TopicSet, trial: Trial, crew: Crew, advance: cli.Advance) -> None:
    """Publish the plans, then the pings slice by slice, and strike at even distances, the pings flowing on."""
    faults = trial.faults()
    strikes = {(number + 1) * trial.load.pings_per_vehicle // (len(faults) + 1): it for number, it in enumerate(faults)}
    freezing: asyncio.Task[None] | None = None
    async with AIOKafkaProducer(**connection(broker), enable_idempotence=True) as producer:
        await publish_plans(producer, topics, trial.load)
        stream = _Stream(producer, topics, trial.load)
        for number, part in enumerate(trial.load.slices()):
            if number == 0 or number in strikes:
                await crew.whole(topics.partitions)
            await stream.pings(part)
            if strikes.get(number) == "kill":
                crew.kill()
            elif strikes.get(number) == "freeze":
                freezing = asyncio.create_task(crew.freeze(trial.freeze_s))
            await stream.ticks(part)
            advance(len(part.values))
            await asyncio.sleep(trial.slice_s)
    if freezing is not None:
        await freezing


class _Stream:
    """Publishes slices in the order that a worker reading along needs: a tick only when all before it is there."""

    def __init__(self, producer: AIOKafkaProducer, topics: TopicSet, load: Workload) -> None:
        self._batches = Batches(producer)
        self._filler = Filler(load, topics, self._batches)
        self._ticked_s = START_MS // 1000

    async def pings(self, part: Slice) -> None:
        await self._filler.pings(part)
        await self._batches.flush()

    async def ticks(self, part: Slice) -> None:
        reached_s = int(part.time_ms[-1]) // 1000 + 1
        await self._filler.ticks(range(self._ticked_s, reached_s))
        await self._batches.flush()
        self._ticked_s = reached_s


async def _all_committed(broker: str, topics: TopicSet, crew: Crew) -> None:
    end_s = time.monotonic() + WAIT_S
    async with Offsets(broker, topics) as offsets:
        while left := await offsets.left():
            assert time.monotonic() < end_s, f"{left} records are still not committed"
            await crew.whole(topics.partitions)
            await asyncio.sleep(0.2)


async def counts(broker: str, topics: TopicSet) -> Counter[str]:
    """The pings of each vehicle, by the counter in its committed state."""
    counts: Counter[str] = Counter()
    for states in (await read_states(broker, topics.state, range(topics.partitions))).values():
        for value in states.values():
            state = load_state(value)
            counts.update(dict(zip(state.head.vehicle_ids, state.rows.received_count.tolist(), strict=True)))
    return counts


def main() -> None:
    options = cli.parser("faults", __doc__)
    cli.add_broker(options)
    options.add_argument("--pings", type=cli.pings, default=200_000, help="pings to publish (200k)")
    options.add_argument("--kills", type=int, default=5, help="how often a worker is killed (5)")
    asked = options.parse_args()
    trial = Trial(Workload(asked.pings), kills=asked.kills)
    topics = TopicSet(f"faults-{time.time_ns()}", PARTITIONS, replay=True)
    with (
        cli.bars() as bars,
        cli.kafka(asked.broker) as broker,
        tempfile.TemporaryDirectory() as folder,
        cli.bar(bars, "publishing, killing, freezing", trial.load.total) as advance,
    ):
        outcome = asyncio.run(run(broker, topics, trial, Path(folder), advance))
    cli.emit(outcome, asked.json)
    raise SystemExit(0 if outcome.right else 1)


if __name__ == "__main__":
    main()
