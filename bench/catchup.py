"""Memory and rate of a worker that catches up with 5,000,000 pings after a long outage.

What waits in fetch buffers, in Faust's queue and in the merge must stay bounded however much there is to read: the
peak of the worker's resident memory, sampled ten times a second from its start to its last commit, is what counts.
"""

import asyncio
import time
from dataclasses import dataclass

from rich.progress import Progress
from rich.table import Table

from bench import cli
from bench.fill import fill
from bench.measure import Reading, load_average
from bench.verdict import Verdict, committed, judge, of_alert
from bench.worker import drain
from bench.workload import Workload
from models.topics import TopicSet

PARTITIONS = 12


@dataclass(frozen=True, slots=True)
class CatchUp:
    """One catch-up."""

    pings: int
    read: Reading
    rss_mb_max: float
    verdict: Verdict
    load_average: float

    def fields(self) -> dict[str, float]:
        """Memory, rates and whether the alerts were right."""
        return {
            "pings": self.pings,
            "peak_rss_mb": self.rss_mb_max,
            "per_s": self.read.per_s,
            "seconds": self.read.seconds,
            "cpu_us_per_ping": self.read.cpu_us,
            "alerts_expected": self.verdict.expected,
            "alerts_found": self.verdict.found,
            "alerts_false": self.verdict.false,
            "load_average": self.load_average,
        }

    def table(self) -> Table:
        """The same for people."""
        table = Table(title=f"Catch-up; load average {self.load_average}")
        for heading in ("pings", "peak RSS MB", "pings/s", "CPU us a ping", "right alerts found"):
            table.add_column(heading, justify="right")
        figures = (f"{self.pings:,}", f"{self.rss_mb_max:.0f}", f"{self.read.per_s:,.0f}", f"{self.read.cpu_us:.2f}")
        table.add_row(*figures, str(self.verdict))
        return table


async def measure(broker: str, load: Workload, bars: Progress) -> CatchUp:
    """Fill a broker, then let one worker read it all."""
    topics = TopicSet(f"bench-{time.time_ns()}", PARTITIONS, replay=True)
    with cli.bar(bars, "filling Kafka", load.total) as advance:
        await fill(broker, topics, load, advance)
    with cli.bar(bars, "catching up", load.total) as advance:
        drained = await drain(broker, topics, load.total, advance)
    verdict = judge(map(of_alert, await committed(broker, topics.alerts)), load.episodes())
    return CatchUp(load.total, drained.read, drained.rss_mb_max, verdict, load_average())


def main() -> None:
    options = cli.parser("catchup", __doc__)
    cli.add_broker(options)
    options.add_argument("--pings", type=cli.pings, default=5_000_000, help="how many to catch up with (5M)")
    asked = options.parse_args()
    with cli.bars() as bars, cli.kafka(asked.broker) as broker:
        found = asyncio.run(measure(broker, Workload(asked.pings), bars))
    cli.emit(found, asked.json)


if __name__ == "__main__":
    main()
