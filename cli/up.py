"""`kawal up`: everything that a small post runs, on one machine."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bus import topic_admin
from bus.tasks import stop_on_signals
from cli.download_bar import download_bar
from cli.exits import Exit, broker_faults, leave, read_settings
from cli.extras import is_installed
from cli.supervisor import BrokerKeeper, GivenUpError, Keeper, ServiceKeeper, kawal, passes, supervise
from deploy.kafka.cache import require_free
from deploy.kafka.embedded import EmbeddedKafka
from deploy.kafka.errors import EmbeddedKafkaError
from deploy.security.broker import Security
from deploy.security.folder import SecurityFolder
from deploy.security.rights import ADMIN
from models.settings import Settings, user_data
from models.topics import TopicSet

FREE_MB_MIN = 1_000
"""A week of pings of 200 vehicles takes some three times as much; with less, a full disk is near."""

DISK_LOOK_S = 60.0


def up(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the broker on 127.0.0.1; 0 takes any free one.")
    ] = 9092,
    keys: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Made by `kawal security init`: each part then has its own account."),
    ] = None,
) -> None:
    """Run everything on this machine until Ctrl-C or SIGTERM: Apache Kafka, worker, gateway and console.

    What ends is started again, with a growing pause, and why it ended is said. At the end all are stopped in order,
    the broker last. Records are kept in KAWAL_DATA_DIR; with KAWAL_BROKER set, that broker is used instead of one of
    its own. Other commands, in another terminal: KAWAL_BROKER=127.0.0.1:9092 kawal plan import FILE; with --keys also
    the settings in the `kawal.env` of an account.

    Exit codes: 0 ended in order, 1 failed, 3 or 5 a part of it cannot run as it is configured, 4 no broker answers.
    """
    settings = read_settings()
    accounts = None if keys is None else _accounts(keys)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # until the event loop takes both signals over
    try:
        with _broker(settings, port, accounts) as (broker, keepers), broker_faults(broker):
            asyncio.run(_run(broker, settings, keepers, accounts))
    except EmbeddedKafkaError as error:
        leave(Exit.FAILED, str(error))
    except GivenUpError as error:
        leave(Exit(error.code), str(error))
    except KeyboardInterrupt:
        leave(Exit.FAILED, "Stopped before everything ran.")


def _accounts(keys: Path) -> SecurityFolder:
    """Open the folder of keys, and be the admin from now on: this process makes the topics. Raises SecurityError."""
    accounts = SecurityFolder(keys.absolute())
    accounts.require()
    os.environ.update(accounts.environment(ADMIN))
    return accounts


@contextmanager
def _broker(settings: Settings, port: int, accounts: SecurityFolder | None) -> Iterator[tuple[str, list[Keeper]]]:
    """The broker that the settings name, or one of our own with what keeps it running."""
    if settings.broker is not None:
        yield settings.broker, []
        return
    folder = data_folder(settings)
    topics = TopicSet(settings.topic_prefix, settings.partitions)
    security = None if accounts is None else Security(accounts, topics)
    kafka = EmbeddedKafka(folder / "kafka", port or None, security=security)
    _tell("Starting Apache Kafka on this machine.")
    with download_bar(Console(stderr=True)) as progress:
        kafka.start(progress)
    try:
        _tell(f"Kafka runs at {kafka.bootstrap}; its records are kept in {kafka.data}.")
        yield kafka.bootstrap, [BrokerKeeper(kafka, _tell), _DiskWatch(folder)]
    finally:
        kafka.stop()


def data_folder(settings: Settings) -> Path:
    """The folder of all that is kept, made for its owner alone. Raises EmbeddedKafkaError."""
    folder = settings.data_dir or user_data()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedKafkaError(
            f"The data folder {folder} cannot be used: {error.strerror}. Name another with KAWAL_DATA_DIR."
        ) from error
    require_free(folder, FREE_MB_MIN, "the broker's records")
    return folder


async def _run(broker: str, settings: Settings, keepers: list[Keeper], accounts: SecurityFolder | None) -> None:
    stop = stop_on_signals()
    topics = TopicSet(settings.topic_prefix, settings.partitions)
    if created := await topic_admin.ensure(broker, topics):
        _tell(f"{len(created)} topics created.")
    services = ["worker"]
    for name in ("gateway", "console"):
        if is_installed(name):
            services.append(name)
        else:
            _tell(f"The {name} is not installed: pip install 'kawal[{name}]'.")
    environment = {"KAWAL_BROKER": broker}
    if settings.broker is None:
        environment["KAWAL_DATA_DIR"] = str(data_folder(settings))  # the worker tells how full its disk is
    for name in services:
        account = {} if accounts is None else accounts.environment(name)
        keepers.append(ServiceKeeper(kawal(name, environment | account), _tell))
    await supervise(keepers, stop)
    _tell("Ended in order.")


class _DiskWatch:
    """Says each minute that the disk is nearly full, while it is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ending = asyncio.Event()

    async def run(self) -> None:
        """Look until `stop`."""
        while not await passes(self._ending, DISK_LOOK_S):
            free_mb = shutil.disk_usage(self._folder).free // 1_000_000
            if free_mb < FREE_MB_MIN:
                _tell(f"disk    | {free_mb} MB left at {self._folder}: free some space, Kafka dies of a full disk.")

    async def stop(self) -> None:
        """Look no more."""
        self._ending.set()


def _tell(line: str) -> None:
    typer.echo(line, err=True)
