"""`kawal security`: keys and accounts for Kafka, and a broker brought to them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bus.connection import connection
from cli.exits import Exit, broker_faults, broker_of, leave, read_settings
from deploy.security.apply import apply as apply_folder
from deploy.security.commands import acl_commands
from deploy.security.folder import Outcome, SecurityFolder, initialise
from models.topics import TopicSet

FOLDER = Path("kawal-security")

app = typer.Typer(help="Make keys and accounts for Kafka, and bring a broker to them.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="Folder of the keys; only its owner may open it.")]


@app.command()
def init(
    folder: Folder = FOLDER,
    broker: Annotated[
        list[str] | None, typer.Option(help="HOST:PORT at which Kafka answers; may be given several times.")
    ] = None,
    vehicle: Annotated[
        list[str] | None, typer.Option(help="A vehicle or fleet that writes to Kafka itself; several times.")
    ] = None,
) -> None:
    """Make what is missing of a folder of keys; what is there stays as it is.

    An authority, the broker's key, certificate and settings, and for each account (worker, gateway, console, planner,
    monitor, admin, and each --vehicle) a folder with a key, a certificate, a password and kawal.env, which names them
    and holds no secret. Run it again to add a vehicle, or to make anew what you have removed.
    """
    made = initialise(folder, broker or [], vehicle or [])
    for outcome in made:
        typer.echo(_line(outcome))
    accounts = SecurityFolder(folder)
    typer.echo(
        f"Keep {accounts.authority_key} off this machine once all is made. Each process is given its own folder only:"
        f" set -a; . {accounts.path}/worker/kawal.env; kawal worker",
        err=True,
    )
    if any(outcome.is_bad for outcome in made):
        leave(Exit.CHECK_FAILED, "Some certificates are not as they must be: see above.")


def _line(outcome: Outcome) -> str:
    note = f"  {outcome.note}" if outcome.note else ""
    return f"{'made' if outcome.is_new else 'kept'}  {outcome.path}{note}"


@app.command()
def apply(folder: Folder = FOLDER) -> None:
    """Give every account its password, rights and limits on the broker in KAWAL_BROKER; safe to run again.

    Run it as a super user of that broker: with the settings of admin/kawal.env, once Kafka knows that account. An
    account that was revoked loses both, at once.
    """
    settings = read_settings()
    broker = broker_of(settings)
    keys, topics = SecurityFolder(folder), TopicSet(settings.topic_prefix, settings.partitions)
    try:
        with broker_faults(broker):
            asyncio.run(apply_folder(connection(broker), keys, topics))
    except TimeoutError:
        leave(Exit.NO_BROKER, f"The broker at {broker} did not take it up in time. Run this again.")
    typer.echo(f"{len(keys.accounts())} accounts have their rights on {topics.prefix}.*", err=True)


@app.command()
def revoke(name: Annotated[str, typer.Argument(help="The account.")], folder: Folder = FOLDER) -> None:
    """Put an account's keys aside; `kawal security apply` then takes its password and rights away."""
    SecurityFolder(folder).revoke(name)
    typer.echo(f"{name} is revoked in {folder}. Tell the broker: kawal security apply {folder}", err=True)


@app.command()
def acls(folder: Folder = FOLDER) -> None:
    """Print the commands of Kafka's own tool that give every account its rights, for a broker that others run."""
    settings = read_settings()
    topics = TopicSet(settings.topic_prefix, settings.partitions)
    typer.echo("\n".join(acl_commands(SecurityFolder(folder).accounts(), topics)))
