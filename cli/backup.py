"""`kawal backup` and `kawal restore`: devices, plans, alerts and actions in one file."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from bus.backup import NotEmptyError, Tell
from bus.backup import backup as save
from bus.backup import restore as put_back
from bus.backup_file import BackupFileError, Manifest, reading
from cli.exits import Exit, broker_faults, broker_of, leave, read_settings
from models.topics import TopicSet


def backup(file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; nothing is overwritten.")]) -> None:
    """Save devices, plans, alerts and what was done with them into one file, while everything runs.

    The file can be read by its owner only, and holds positions: keep it as you keep the pings. Prints how many records
    of each topic are in it. Accounts of the console and keys of Kafka are files: copy their folders as well.

    Example:

        kawal backup kawal-2024-11-28.zip
    """
    broker, topics = _target()
    with broker_faults(broker), _progress() as tell:
        try:
            counts = asyncio.run(save(broker, topics, file, tell))
        except FileExistsError:
            leave(Exit.BAD_INPUT, f"{file} exists. Take another name: a backup overwrites nothing.")
        except OSError as error:
            leave(Exit.FAILED, f"{file} cannot be written: {error.strerror}.")
    for name, count in counts.items():
        typer.echo(f"{name:<14} {count}")
    typer.echo(f"{file}: {file.stat().st_size:,} bytes, SHA-256 {_sha256(file)}", err=True)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="As `kawal backup` made it.")],
    add: Annotated[
        bool, typer.Option("--add", help="To topics that hold something: write what is not there, change nothing.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only look whether the file is whole; needs no broker.")
    ] = False,
) -> None:
    """Put the records of a backup back on the topics, all or none, with their bytes, headers and times.

    The topics must be there (`kawal topics ensure`) and empty, or --add says that only what is missing comes to them.
    Run it again if it was cut off. Prints how many records of each topic were written. Exit 3 for a file that was cut
    or altered, 5 for topics that hold something.

    Examples:

        kawal restore kawal-2024-11-28.zip --check

        kawal restore kawal-2024-11-28.zip
    """
    try:
        with reading(file) as whole:
            if check:
                _describe(whole.manifest)
                return
            broker, topics = _target()
            with broker_faults(broker), _progress() as tell:
                restored = asyncio.run(put_back(broker, topics, whole, add, tell))
    except BackupFileError as error:
        leave(Exit.BAD_INPUT, f"{file} cannot be restored: {error}. Nothing was written.")
    except NotEmptyError as error:
        advice = "Restore into an empty set, or write only what is missing with --add"
        leave(Exit.CHECK_FAILED, f"There is something already in {error}. {advice}; nothing was written.")
    except OSError as error:
        leave(Exit.BAD_INPUT, f"{file} cannot be read: {error.strerror}.")
    for name, (written, there) in restored.items():
        typer.echo(f"{name:<14} {written}" + (f" ({there} were there)" if there else ""))


def _describe(manifest: Manifest) -> None:
    for name, topic in manifest.topics.items():
        typer.echo(f"{name:<14} {topic.records}")
    typer.echo(f"Whole: made {manifest.made_at} from {manifest.prefix} by Kawal {manifest.kawal}.", err=True)


def _target() -> tuple[str, TopicSet]:
    settings = read_settings()
    return broker_of(settings), TopicSet(settings.topic_prefix, settings.partitions)


@contextmanager
def _progress() -> Iterator[Tell]:
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("records", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
