"""Pings a second and CPU a ping, beside bare aiokafka and a plain Faust agent, on the same pings in the same run.

A broker is filled with the pings of 2,000 vehicles in 500 convoys, three cargo vehicles and an escort each, in two
ping topics of 12 partitions, with a tick each second. Some convoys detour and some halt: the right alerts are known.
Then, in rounds, three readers take turns, each a process and a consumer group of its own:

  bare aiokafka      getmany on the same topics, nothing done with the records: the ceiling of this client
  plain Faust agent  async for, pydantic, a dict a vehicle, a Table write a ping, the rules in plain Python
  Kawal              the worker, until alerts, state and offsets of every ping are committed in its transactions

The clock of each starts with its first pings and stops with the last; start and compilation are outside. The plain
agent is so much slower that it reads a smaller set of the same kind. The figures are medians of the rounds. Other
load on the machine touches all three: trust the ratios more than the rates.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from rich.progress import Progress
from rich.table import Table

from bench import cli
from bench.fill import fill, plans
from bench.measure import Reading, load_average
from bench.readers import FilledSet, read_bare, read_kawal, read_plain_faust
from bench.verdict import Verdict
from bench.workload import Workload
from models.topics import TopicSet

PARTITIONS = 12


@dataclass(frozen=True, slots=True)
class Summary:
    """A reader's rounds: medians of its rates, the worst of its verdicts."""

    name: str
    pings: int
    per_s: float
    cpu_us: float
    verdict: Verdict | None = None

    @classmethod
    def of(cls, name: str, pings: int, reads: list[Reading], verdicts: list[Verdict]) -> "Summary":
        return cls(
            name,
            pings,
            statistics.median(read.per_s for read in reads),
            statistics.median(read.cpu_us for read in reads),
            reduce(Verdict.worse_of, verdicts) if verdicts else None,
        )

    def fields(self) -> Iterator[tuple[str, float]]:
        yield "pings", self.pings
        yield "per_s", self.per_s
        yield "cpu_us_per_ping", self.cpu_us
        if self.verdict is not None:
            yield "alerts_expected", self.verdict.expected
            yield "alerts_found", self.verdict.found
            yield "alerts_false", self.verdict.false


@dataclass(frozen=True, slots=True)
class Throughput:
    """The readers of one run."""

    rounds: int
    load_average: float
    bare: Summary
    plain_faust: Summary
    kawal: Summary

    def fields(self) -> dict[str, float]:
        """Each reader's figures under its name, and Kawal's ratios to the others."""
        readers = {"bare": self.bare, "plain_faust": self.plain_faust, "kawal": self.kawal}
        figures = {f"{who}_{what}": figure for who, reader in readers.items() for what, figure in reader.fields()}
        ratios = {f"kawal_to_{who}": self.kawal.per_s / readers[who].per_s for who in ("bare", "plain_faust")}
        return {"rounds": self.rounds, "load_average": self.load_average} | figures | ratios

    def table(self) -> Table:
        """The same for people."""
        table = Table(title=f"Median of {self.rounds} rounds; load average {self.load_average}")
        for heading in ("", "pings", "pings/s", "CPU us a ping", "Kawal's rate", "right alerts found"):
            table.add_column(heading, justify="right" if heading else "left")
        for reader in (self.bare, self.plain_faust, self.kawal):
            ratio = "" if reader is self.kawal else f"{self.kawal.per_s / reader.per_s:.2f} x"
            figures = (f"{reader.pings:,}", f"{reader.per_s:,.0f}", f"{reader.cpu_us:.2f}", ratio)
            table.add_row(reader.name, *figures, str(reader.verdict or "no rules"))
        return table


async def measure(broker: str, whole: Workload, sample: Workload, rounds: int, bars: Progress) -> Throughput:
    """Fill a broker with both workloads and let the readers take turns."""
    large, small = [
        FilledSet(broker, TopicSet(f"bench-{time.time_ns()}", PARTITIONS, replay=True), load)
        for load in (whole, sample)
    ]
    for source in (large, small):
        with cli.bar(bars, "filling Kafka", source.load.total) as advance:
            await fill(broker, source.topics, source.load, advance)
    bare, plain, kawal = [], [], []
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        file.writelines(plan.to_json() + b"\n" for plan in plans(sample))
        file.flush()
        for number in range(1, rounds + 1):
            with cli.bar(bars, f"{number} of {rounds}: bare aiokafka", 1) as advance:
                bare.append(await read_bare(large))
                advance(1)
            with cli.bar(bars, f"{number} of {rounds}: plain Faust agent", 1) as advance:
                plain.append(await read_plain_faust(small, Path(file.name)))
                advance(1)
            with cli.bar(bars, f"{number} of {rounds}: Kawal", whole.total) as advance:
                kawal.append(await read_kawal(large, advance))
    return Throughput(
        rounds,
        load_average(),
        Summary.of("bare aiokafka", whole.total, bare, []),
        Summary.of("plain Faust agent", sample.total, *_columns(plain)),
        Summary.of("Kawal", whole.total, *_columns(kawal)),
    )


def _columns(turns: list[tuple[Reading, Verdict]]) -> tuple[list[Reading], list[Verdict]]:
    return [read for read, _ in turns], [verdict for _, verdict in turns]


def main() -> None:
    options = cli.parser("throughput", __doc__)
    cli.add_broker(options)
    options.add_argument("--pings", type=cli.pings, default=1_000_000, help="for bare aiokafka and Kawal (1M)")
    options.add_argument("--plain-pings", type=cli.pings, default=20_000, help="for the plain Faust agent (20k)")
    options.add_argument("--rounds", type=int, default=3, help="turns of each reader (3)")
    asked = options.parse_args()
    whole, sample = Workload(asked.pings), Workload(min(asked.pings, asked.plain_pings))
    with cli.bars() as bars, cli.kafka(asked.broker) as broker:
        found = asyncio.run(measure(broker, whole, sample, asked.rounds, bars))
    cli.emit(found, asked.json)


if __name__ == "__main__":
    main()
