"""Positions a second that one gateway process takes in over HTTP, beside a bare Starlette handler that does nothing.

Both run under uvicorn on the same one core, one after the other, and get the same requests of Traccar Client over 64
connections that are kept; the gateway answers each when Kafka has acknowledged it (acks=all). The load and Kafka have
the other cores. Then the gateway gets 5,000 requests a second, or as many as --rate says, and the times of its answers
are measured. `--connections N` opens so many connections besides, each with one request, and tells the memory of it.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import psutil
import uvloop
from rich.table import Table

from bench import cli
from bench.measure import load_average
from bench.phones import Connection, Load, load, query
from bench.running_gateway import Gateway, plan, prepare, running
from models.topics import TopicSet

CONNECTIONS = 64
DEVICES = 2000
VEHICLES_IN_CONVOY = 50
SECONDS = 5.0
RATE_PER_S = 5000.0
BARE = [sys.executable, "-P", "-m", "bench.peers.bare_http"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a server took in at full load."""

    per_s: float
    cpu_us: float


@dataclass(frozen=True, slots=True)
class Result:
    """The gateway beside the bare handler, its answers at the given rate, and its memory."""

    gateway: Taken
    bare: Taken
    rate_per_s: float
    reached_per_s: float
    latencies_ms: list[float]
    connections: int
    rss_mb: float
    load_average: float

    def fields(self) -> Mapping[str, float]:
        """The figures by name."""
        p50_ms, p99_ms = np.percentile(self.latencies_ms, [50, 99]).tolist()
        return {
            "gateway_per_s": self.gateway.per_s,
            "gateway_cpu_us": self.gateway.cpu_us,
            "bare_per_s": self.bare.per_s,
            "bare_cpu_us": self.bare.cpu_us,
            "gateway_to_bare": self.gateway.per_s / self.bare.per_s,
            "rate_per_s": self.rate_per_s,
            "reached_per_s": self.reached_per_s,
            "p50_ms": p50_ms,
            "p99_ms": p99_ms,
            "connections": self.connections,
            "rss_mb": self.rss_mb,
            "load_average": self.load_average,
        }

    def table(self) -> Table:
        """The figures for people."""
        table = Table("figure", "", title="The gateway beside a bare Starlette handler")
        for name, value in self.fields().items():
            table.add_row(name, f"{value:,.4g}")
        return table


def requests(tokens: Mapping[str, str], count: int, ago_s: int = 0) -> list[list[bytes]]:
    """The requests of each connection: its devices in turn, each position once, the first of them `ago_s` old."""
    names, now_s = list(tokens), int(time.time()) - ago_s
    shared = [names[start::CONNECTIONS] for start in range(CONNECTIONS)]
    rounds = -(-count // len(names))
    return [[query(tokens[name], name, now_s - number) for number in range(rounds) for name in mine] for mine in shared]


def pin(pid: int) -> None:
    """Keep a process on the first core."""
    psutil.Process(pid).cpu_affinity([min(os.sched_getaffinity(0))])


def cpu_s(pid: int) -> float:
    """User and system time of a process."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def measure(port: int, pid: int, sent: list[list[bytes]], rate_per_s: float | None = None) -> tuple[Taken, Load]:
    """Send requests and say what it took."""
    before_s = cpu_s(pid)
    taken = uvloop.run(load(port, sent, rate_per_s))
    used_s = cpu_s(pid) - before_s
    return Taken(taken.answers / taken.seconds, used_s / taken.answers * 1e6), taken


async def open_many(port: int, tokens: Mapping[str, str], count: int) -> list[Connection]:
    """Open connections and send a request on each."""
    now_s = int(time.time())
    devices = islice(cycle(tokens.items()), count)
    opened = [(Connection(port), query(token, name, now_s)) for name, token in devices]
    for start in range(0, count, 200):
        await asyncio.gather(*(one.request(request) for one, request in opened[start : start + 200]))
    return [one for one, _ in opened]


@contextmanager
def bare_http() -> Iterator[tuple[int, int]]:
    """A Starlette handler that answers 200; its port and process."""
    process = subprocess.Popen(BARE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline()), process.pid
    finally:
        process.terminate()
        process.wait()


def run(broker: str, chosen: argparse.Namespace, folder: Path) -> Result:
    """Measure both."""
    topics = TopicSet(f"bench-gateway-{os.getpid()}", 12)
    names = [f"{8_000_000 + number}" for number in range(DEVICES)]
    plans = [
        plan(f"C-{start}", [{"vehicle_id": f"V{name}", "role": "cargo", "device_ids": [name]} for name in convoy])
        for start in range(0, len(names), VEHICLES_IN_CONVOY)
        for convoy in [names[start : start + VEHICLES_IN_CONVOY]]
    ]
    tokens = asyncio.run(prepare(broker, topics, plans, names))
    count = round(chosen.seconds * RATE_PER_S)
    with bare_http() as (port, pid):
        pin(pid)
        bare, _ = measure(port, pid, requests(tokens, count))
    with running(Gateway(broker, topics, folder / "gateway.log", tokens)) as gateway:
        assert gateway.process is not None
        pin(gateway.process.pid)
        full, _ = measure(gateway.port, gateway.process.pid, requests(tokens, count))
        paced, answers = measure(gateway.port, gateway.process.pid, requests(tokens, count, 3600), chosen.rate)
        opened = uvloop.run(open_many(gateway.port, tokens, chosen.connections))
        rss_mb = psutil.Process(gateway.process.pid).memory_info().rss / 1e6
    return Result(full, bare, chosen.rate, paced.per_s, answers.latencies_ms, len(opened), rss_mb, load_average())


def main() -> None:
    """Run the command."""
    options = cli.parser("gateway", __doc__ or "")
    cli.add_broker(options)
    options.add_argument("--seconds", type=float, default=SECONDS, metavar="S", help="length of a load (default 5)")
    options.add_argument("--rate", type=float, default=RATE_PER_S, metavar="N", help="requests a second (5000)")
    options.add_argument("--connections", type=int, default=0, metavar="N", help="open so many besides (default 0)")
    chosen = options.parse_args()
    with cli.kafka(chosen.broker) as broker, tempfile.TemporaryDirectory(prefix="kawal-gateway-") as folder:
        result = run(broker, chosen, Path(folder))
    cli.emit(result, chosen.json)


if __name__ == "__main__":
    main()
