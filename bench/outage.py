"""Kafka away for a minute while phones send: nothing lost, and each device's positions in their order.

Each of 500 phones measures a position a second and queues it as Traccar Client does: oldest first, one at a time, and
what is not acknowledged is sent again after a pause. In the middle the broker is killed, and started again on its data.
When every phone has delivered everything, the topics are read: each position must be there, and the first copies of
each device's positions in the order in which they were measured. A second copy (the acknowledgement got lost, not the
position) is a duplicate to the worker and changes nothing in its state; copies are counted here.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table

from bench import cli
from bench.phones import Phone
from bench.running_gateway import Gateway, plan, prepare, running
from bus.follow import following
from deploy.kafka.embedded import EmbeddedKafka
from models.instants import parse_instant
from models.topics import TopicSet

VEHICLES_IN_CONVOY = 50
PHONES, AWAY_S = 500, 60.0
BEFORE_S, AFTER_S = 10.0, 20.0


@dataclass(frozen=True, slots=True)
class Trial:
    """How many phones, how long the broker is away, how often they measure, and how long they wait after a refusal."""

    phones: int = PHONES
    away_s: float = AWAY_S
    before_s: float = BEFORE_S
    after_s: float = AFTER_S
    every_s: float = 1.0
    retry_s: float = 5.0

    @property
    def positions(self) -> int:
        """Positions that each phone measures."""
        return round((self.before_s + self.away_s + self.after_s) / self.every_s)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was on the topics when every phone had delivered everything."""

    sent: int
    lost: int
    disordered: int
    copies: int
    refused: int
    drained_s: float

    def fields(self) -> Mapping[str, float]:
        """The figures by name."""
        return asdict(self)

    def table(self) -> Table:
        """The figures for people."""
        table = Table("figure", "", title="Kafka away while phones send")
        for name, value in self.fields().items():
            table.add_row(name, f"{value:g}")
        return table


async def run(trial: Trial, kafka: EmbeddedKafka, folder: Path) -> Outcome:
    """Let the phones send through an outage and judge what arrived."""
    topics = TopicSet("bench-outage", 12)
    names = [f"{9_000_000 + number}" for number in range(trial.phones)]
    plans = [
        plan(f"C-{start}", [{"vehicle_id": f"V{name}", "role": "cargo", "device_ids": [name]} for name in convoy])
        for start in range(0, len(names), VEHICLES_IN_CONVOY)
        for convoy in [names[start : start + VEHICLES_IN_CONVOY]]
    ]
    tokens = await prepare(kafka.bootstrap, topics, plans, names)
    with running(Gateway(kafka.bootstrap, topics, folder / "gateway.log", tokens)) as gateway:
        begin_s = int(time.time()) - trial.positions
        phones = [Phone(name, tokens[name], gateway.port, trial.every_s, trial.retry_s, begin_s) for name in names]
        sending = asyncio.gather(*(phone.run(trial.positions) for phone in phones))
        await asyncio.sleep(trial.before_s)
        await asyncio.to_thread(kafka.kill)
        await asyncio.sleep(trial.away_s)
        await asyncio.to_thread(kafka.start)
        back_s = time.monotonic()
        await sending
        drained_s = time.monotonic() - back_s
    arrived = await _arrived(kafka.bootstrap, topics)
    return _judge(trial, phones, arrived, drained_s)


async def _arrived(broker: str, topics: TopicSet) -> dict[str, list[int]]:
    """Seconds of the positions of each device, as they stand on the topic."""
    arrived: dict[str, list[int]] = {}
    async with following(broker, [topics.convoy_pings], from_beginning=True) as follower:
        async for record in follower.to_end(topics.convoy_pings):
            ping = json.loads(record.value or b"{}")
            arrived.setdefault(ping["tracker_id"], []).append(parse_instant(ping["time"]) // 1000)
    return arrived


def _judge(trial: Trial, phones: list[Phone], arrived: Mapping[str, list[int]], drained_s: float) -> Outcome:
    lost = disordered = copies = 0
    for phone in phones:
        mine = arrived.get(phone.device, [])
        firsts = list(dict.fromkeys(mine))
        copies += len(mine) - len(firsts)
        disordered += firsts != sorted(firsts)
        lost += len(set(range(phone.begin_s, phone.begin_s + trial.positions)) - set(firsts))
    refused = sum(phone.refused for phone in phones)
    return Outcome(trial.phones * trial.positions, lost, disordered, copies, refused, drained_s)


def main() -> None:
    """Run the command."""
    options = cli.parser("outage", __doc__ or "")
    options.add_argument("--phones", type=int, default=PHONES, metavar="N", help="phones (default 500)")
    options.add_argument("--away", type=float, default=AWAY_S, metavar="S", help="seconds without Kafka (60)")
    chosen = options.parse_args()
    trial = Trial(phones=chosen.phones, away_s=chosen.away)
    with tempfile.TemporaryDirectory(prefix="kawal-outage-") as name, EmbeddedKafka(data=Path(name) / "kafka") as kafka:
        outcome = asyncio.run(run(trial, kafka, Path(name)))
    cli.emit(outcome, chosen.json)
    if outcome.lost or outcome.disordered:
        sys.exit("bench: positions were lost or out of order")


if __name__ == "__main__":
    main()
