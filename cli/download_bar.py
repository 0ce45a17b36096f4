"""A progress bar for the embedded broker's first download."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

from deploy.kafka.jars import Progress as Report


@contextmanager
def download_bar(console: Console) -> Iterator[Report]:
    """Yield what `EmbeddedKafka.start` reports to; nothing is shown unless something is downloaded."""
    bar = Progress(BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=console, transient=True)

    def show(done: int, total: int) -> None:
        if not bar.tasks:
            console.print(f"Downloading Apache Kafka ({total / 1e6:.0f} MB), the first time only.")
            bar.add_task("download", total=total)
            bar.start()
        bar.update(bar.task_ids[0], completed=done)

    try:
        yield show
    finally:
        if bar.tasks:  # stopping what was not started writes an empty line
            bar.stop()
