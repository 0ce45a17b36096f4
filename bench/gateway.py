"""Positions a second that one gateway process takes in over HTTP, beside a bare Starlette handler that does nothing.

Both run under uvicorn on the same one core, one after the other, and get the same requests of Traccar Client over 512
connections that are kept; the gateway answers each when Kafka has acknowledged it (acks=all). The load and Kafka have
the other cores to themselves. Then the gateway gets 5,000 requests a second, or as many as --rate says, each due at its
own time whether the ones before are answered or not, on connections that have had an answer before; the time from then
to its answer is measured, and how much of a core the gateway, Kafka and the load took for it, without which nobody can
tell whose the time was. Once more while --slow connections send a byte a second and never end their request; and at
last posts of 100 native pings each as fast as it answers. `--connections N` opens so many, shared between two gateways
as on two cores, with a position on each, and tells the memory of both.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Self

import numpy as np
import psutil
import uvloop
from rich.table import Table

from bench import cli
from bench.http_load import CONNECTIONS, Load, dribble, load
from bench.measure import load_average
from bench.phones import query
from bench.running_gateway import Gateway, plan, prepare, running
from models.topics import TopicSet

DEVICES = 2048
VEHICLES_IN_CONVOY = 50
SECONDS = 5.0
RATE_PER_S = 5000.0
SLOW = 200
PINGS_IN_BATCH = 100
BATCH_CONNECTIONS = 64
BATCHES = 2
"""Of each device; with more it would be slowed as one that floods."""

UNLIMITED = {"KAWAL_GATEWAY_MESSAGES_PER_S": "1000000"}
GATEWAYS = 2
AT_ONCE = 500
BARE = [sys.executable, "-P", "-m", "bench.peers.bare_http"]


@dataclass(frozen=True, slots=True)
class Used:
    """User and system time in seconds: of the server, of Kafka where it is a child of this process, and of the load."""

    server_s: float
    kafka_s: float
    load_s: float

    @classmethod
    def until_now(cls, pid: int) -> Self:
        """Since each of them began."""
        kafka_s = sum(cpu_s(child.pid) for child in psutil.Process().children() if child.name() == "java")
        return cls(cpu_s(pid), kafka_s, time.process_time())


@dataclass(frozen=True, slots=True)
class Taken:
    """What a server took in: how many a second, its own CPU time for each, the times of its answers, and busy cores."""

    per_s: float
    cpu_us: float
    latencies_ms: list[float]
    kafka_cores: float
    load_cores: float

    @classmethod
    def of(cls, load: Load, before: Used, after: Used) -> Self:
        """What a load took."""
        return cls(
            load.answers / load.seconds,
            (after.server_s - before.server_s) / load.answers * 1e6,
            load.latencies_ms,
            (after.kafka_s - before.kafka_s) / load.seconds,
            (after.load_s - before.load_s) / load.seconds,
        )

    @property
    def cores(self) -> float:
        """How much of a core the server took."""
        return self.per_s * self.cpu_us / 1e6

    def percentile_ms(self, percent: float) -> float:
        """The time within which so many of the answers came."""
        return float(np.percentile(self.latencies_ms, percent))


@dataclass(frozen=True, slots=True)
class Held:
    """Connections that were open at once, and the memory of the gateways that held them."""

    connections: int = 0
    rss_mb: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """The gateway beside the bare handler, its answers at the given rate, and its memory."""

    gateway: Taken
    bare: Taken
    paced: Taken
    rate_per_s: float
    slowed: Taken
    slow: int
    batches: Taken
    rss_mb: float
    held: Held
    load_average: float

    def fields(self) -> Mapping[str, float]:
        """The figures by name."""
        return {
            "gateway_per_s": self.gateway.per_s,
            "gateway_cpu_us": self.gateway.cpu_us,
            "bare_per_s": self.bare.per_s,
            "bare_cpu_us": self.bare.cpu_us,
            "gateway_to_bare": self.gateway.per_s / self.bare.per_s,
            "rate_per_s": self.rate_per_s,
            "reached_per_s": self.paced.per_s,
            "paced_cpu_us": self.paced.cpu_us,
            "gateway_cores": self.paced.cores,
            "kafka_cores": self.paced.kafka_cores,
            "load_cores": self.paced.load_cores,
            "p50_ms": self.paced.percentile_ms(50),
            "p95_ms": self.paced.percentile_ms(95),
            "p99_ms": self.paced.percentile_ms(99),
            "slow": self.slow,
            "slow_cpu_us": self.slowed.cpu_us,
            "slow_p50_ms": self.slowed.percentile_ms(50),
            "slow_p95_ms": self.slowed.percentile_ms(95),
            "slow_p99_ms": self.slowed.percentile_ms(99),
            "batch_pings_per_s": self.batches.per_s * PINGS_IN_BATCH,
            "batch_cpu_us_per_ping": self.batches.cpu_us / PINGS_IN_BATCH,
            "rss_mb": self.rss_mb,
            "connections": self.held.connections,
            "connections_rss_mb": self.held.rss_mb,
            "load_average": self.load_average,
        }

    def table(self) -> Table:
        """The figures for people."""
        table = Table("figure", "", title="The gateway beside a bare Starlette handler")
        for name, value in self.fields().items():
            table.add_row(name, f"{value:,.4g}")
        return table


def requests(tokens: Mapping[str, str], count: int, ago_s: int) -> list[list[bytes]]:
    """The requests of each connection: its devices in turn, each position once, the first of them `ago_s` old."""
    now_s = int(time.time()) - ago_s
    dealt: list[list[bytes]] = [[] for _ in range(CONNECTIONS)]
    for number, (name, token) in enumerate(islice(cycle(tokens.items()), count)):
        dealt[number % CONNECTIONS].append(query(token, name, now_s - number // len(tokens)))
    return dealt


def posts(tokens: Mapping[str, str], ago_s: int) -> list[list[bytes]]:
    """Posts of many native pings, dealt to fewer connections: each has a hundred pings under way."""
    now_s = int(time.time()) - ago_s
    dealt: list[list[bytes]] = [[] for _ in range(BATCH_CONNECTIONS)]
    for number, (name, token) in enumerate(list(tokens.items()) * BATCHES):
        first_s = now_s - number // len(tokens) * PINGS_IN_BATCH
        pings = [_native(name, first_s - index) for index in range(PINGS_IN_BATCH)]
        body = json.dumps(pings).encode()
        head = f"POST /v1/pings/{token} HTTP/1.1\r\nHost: gateway\r\nContent-Length: {len(body)}\r\n\r\n"
        dealt[number % BATCH_CONNECTIONS].append(head.encode() + body)
    return dealt


def _native(vehicle: str, at_s: int) -> Mapping[str, object]:
    time_ = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))
    return {"vehicle_id": vehicle, "time": time_, "lat": -7.25, "lon": 112.75, "speed_mps": 12.5, "accuracy_m": 5}


CORES = sorted(os.sched_getaffinity(0))


def pin(pid: int, number: int = 0) -> None:
    """Keep a process on one core."""
    psutil.Process(pid).cpu_affinity([CORES[number % len(CORES)]])


def leave_first_core() -> None:
    """Leave the first core to what is measured; for this process and all that it starts from now on."""
    os.sched_setaffinity(0, CORES[1:] or CORES)


def cpu_s(pid: int) -> float:
    """User and system time of a process."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def measure(
    port: int, pid: int, sent: Sequence[Sequence[bytes]], rate_per_s: float | None = None, slow: int = 0
) -> Taken:
    """Send requests and say what it took, while `slow` other connections dribble."""
    before = Used.until_now(pid)
    taken = uvloop.run(_load(port, sent, rate_per_s, slow))
    return Taken.of(taken, before, Used.until_now(pid))


async def _load(port: int, sent: Sequence[Sequence[bytes]], rate_per_s: float | None, slow: int) -> Load:
    dribbling = asyncio.create_task(dribble(port, slow))
    try:
        return await load(port, sent, rate_per_s)
    finally:
        dribbling.cancel()
        with suppress(asyncio.CancelledError):
            await dribbling


_open: list[socket.socket] = []
"""Of a process that does nothing but hold them."""


def hold(port: int, positions: Sequence[bytes]) -> int:
    """Open a connection for each position, send it, and keep the connection as long as this process lives."""
    for start in range(0, len(positions), AT_ONCE):
        opened = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in positions[start : start + AT_ONCE]]
        for connection, position in zip(opened, positions[start:], strict=False):
            connection.sendall(position)
        for connection in opened:
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        _open.extend(opened)
    return len(_open)


def hold_many(broker: str, topics: TopicSet, tokens: dict[str, str], count: int, folder: Path) -> Held:
    """Open connections to two gateways; each of them and each of their clients is a process, with files of its own."""
    if count == 0:
        return Held()
    now_s = int(time.time())
    positions = [query(token, name, now_s) for name, token in islice(cycle(tokens.items()), count)]
    connections, rss = 0, 0.0
    with ExitStack() as stack:
        gateways = [
            stack.enter_context(running(Gateway(broker, topics, folder / f"holds-{number}.log", tokens)))
            for number in range(GATEWAYS)
        ]
        for number, gateway in enumerate(gateways):
            assert gateway.process is not None
            pin(gateway.process.pid, number)
            context = multiprocessing.get_context("spawn")
            client = stack.enter_context(ProcessPoolExecutor(1, mp_context=context))
            connections += client.submit(hold, gateway.port, positions[number::GATEWAYS]).result()
        for gateway in gateways:
            assert gateway.process is not None
            held = psutil.Process(gateway.process.pid)
            assert sum(one.status == psutil.CONN_ESTABLISHED for one in held.net_connections()) >= count // GATEWAYS
            rss += held.memory_info().rss / 1e6
    return Held(connections, rss)


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
        bare = measure(port, pid, requests(tokens, count, 0))
    with running(Gateway(broker, topics, folder / "gateway.log", tokens, UNLIMITED)) as gateway:
        assert gateway.process is not None
        port, pid = gateway.port, gateway.process.pid
        pin(pid)
        measure(port, pid, requests(tokens, min(count, CONNECTIONS), 5 * 3600))  # the first batches find their leaders
        full = measure(port, pid, requests(tokens, count, 4 * 3600))
        paced = measure(port, pid, requests(tokens, count, 3 * 3600), chosen.rate)
        slowed = measure(port, pid, requests(tokens, count, 2 * 3600), chosen.rate, chosen.slow)
        batches = measure(port, pid, posts(dict(islice(tokens.items(), max(1, count // 20))), 3600))
        rss_mb = psutil.Process(pid).memory_info().rss / 1e6
    held = hold_many(broker, topics, tokens, chosen.connections, folder)
    return Result(
        gateway=full,
        bare=bare,
        paced=paced,
        rate_per_s=chosen.rate,
        slowed=slowed,
        slow=chosen.slow,
        batches=batches,
        rss_mb=rss_mb,
        held=held,
        load_average=load_average(),
    )


def main() -> None:
    """Run the command."""
    options = cli.parser("gateway", __doc__ or "")
    cli.add_broker(options)
    options.add_argument("--seconds", type=float, default=SECONDS, metavar="S", help="length of a load (default 5)")
    options.add_argument("--rate", type=float, default=RATE_PER_S, metavar="N", help="requests a second (5000)")
    options.add_argument("--slow", type=int, default=SLOW, metavar="N", help="connections that dribble (200)")
    options.add_argument("--connections", type=int, default=0, metavar="N", help="open so many at the end (default 0)")
    chosen = options.parse_args()
    leave_first_core()
    with cli.kafka(chosen.broker) as broker, tempfile.TemporaryDirectory(prefix="kawal-gateway-") as folder:
        result = run(broker, chosen, Path(folder))
    cli.emit(result, chosen.json)


if __name__ == "__main__":
    main()
