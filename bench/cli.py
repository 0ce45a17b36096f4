"""What the benchmarks' commands share: options, a broker, progress bars on stderr, the result on stdout."""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from aiokafka.errors import KafkaError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench.measure import BenchError
from deploy.kafka.embedded import EmbeddedKafka, EmbeddedKafkaError
from models.settings import SettingsError

Advance = Callable[[int], None]


class Result(Protocol):
    """What a benchmark found, for programs and for people."""

    def fields(self) -> Mapping[str, float | str]: ...
    def table(self) -> Table: ...


def parser(name: str, doc: str) -> argparse.ArgumentParser:
    """A parser with the options that every benchmark has."""
    logging.getLogger("aiokafka").setLevel(logging.ERROR)  # it warns for a while of each new topic
    options = argparse.ArgumentParser(
        prog=f"scripts/bench {name}", description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return options


def add_broker(options: argparse.ArgumentParser) -> None:
    """Let the command run against a broker that is already there."""
    options.add_argument(
        "--broker",
        metavar="HOST:PORT",
        help="use this Kafka, and leave topics named bench-* there; default: one of its own, removed afterwards",
    )


def pings(text: str) -> int:
    """Read a number of pings such as 20000, 20_000, 20k or 5M. Raises ValueError."""
    factor = {"k": 1_000, "M": 1_000_000}.get(text[-1:], 1)
    return int(text[:-1] if factor > 1 else text) * factor


@contextmanager
def faults() -> Iterator[None]:
    """What cannot be measured ends the command with a message."""
    try:
        yield
    except (BenchError, EmbeddedKafkaError, KafkaError, SettingsError) as error:
        sys.exit(f"bench: {error}")


@contextmanager
def kafka(broker: str | None) -> Iterator[str]:
    """The address of the broker to use; one of our own lives as long as the block. Faults end the command."""
    with faults():
        if broker is not None:
            yield broker
            return
        with EmbeddedKafka() as embedded:
            yield embedded.bootstrap


@contextmanager
def bars() -> Iterator[Progress]:
    """Progress bars on stderr."""
    columns = (TextColumn("{task.description:32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield progress


@contextmanager
def bar(progress: Progress, what: str, total: int) -> Iterator[Advance]:
    """A bar from 0 to `total`; call what it yields with each advance."""
    task = progress.add_task(what, total=total)
    yield lambda count: progress.advance(task, count)


def emit(result: Result, as_json: bool) -> None:
    """Print the result on stdout."""
    if as_json:
        print(json.dumps({name: _rounded(value) for name, value in result.fields().items()}))
    else:
        Console(file=sys.stdout).print(result.table())


def _rounded(value: float | str) -> float | str:
    """Four places: more would claim what no run shows."""
    return float(f"{value:.4g}") if isinstance(value, float) else value
