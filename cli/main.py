"""The entry point of `kawal`: which commands there are, and what becomes of an error that none of them expected."""

from __future__ import annotations

import logging
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli.lazy import MARKUP, LazyCommand, Place

COMMANDS = {
    "demo": Place("cli.demo", "Watch a simulated operation, Apache Kafka included."),
    "up": Place("cli.up", "Run all of it on this machine, Apache Kafka included."),
    "worker": Place("cli.worker", "Watch the convoys: read pings, raise alerts."),
    "console": Place("cli.console", "Serve the control room in the browser."),
    "users": Place("cli.users", "Say who may sign in to the console."),
    "gateway": Place("cli.gateway", "Take in what phones and trackers send."),
    "devices": Place("cli.devices", "Register phones and trackers, and set them up."),
    "topics": Place("cli.topics", "Create the topics on the broker, or check them."),
    "plan": Place("cli.plan", "Draft, check, draw, import, list and withdraw plans."),
    "alerts": Place("cli.alerts", "Follow, list and acknowledge alerts."),
    "dlt": Place("cli.dlt", "List, show and send again what could not be used."),
    "backup": Place("cli.backup", "Save devices, plans, alerts and actions into a file."),
    "restore": Place("cli.backup", "Put such a file back on the topics."),
    "replay": Place("cli.replay", "Publish a recording to a replay set, as it was received."),
    "simulate": Place("cli.simulate", "Drive a plan, and label what its vehicles would send."),
    "detect": Place("cli.detect", "Find the alerts of a recording, without Kafka."),
    "tune": Place("cli.tune", "Count the alerts that other limits would have given."),
    "explain": Place("cli.explain", "Say why an alert came, with a picture."),
    "decode": Place("cli.decode", "Say what a captured tracker message gives."),
    "security": Place("cli.security", "Make keys and accounts for Kafka, and bring a broker to them."),
    "doctor": Place("cli.doctor", "Check settings, libraries, broker, topics and disk."),
    "schema": Place("cli.schema", "Print the JSON Schemas of what Kawal reads and writes."),
    "version": Place("cli.version", "Print the version."),
}

EPILOG = """
To look around: kawal demo.

To run it: set KAWAL_BROKER=host:port, then kawal topics ensure, kawal plan import FILE, kawal worker and, in
another terminal, kawal alerts tail. If something is wrong: kawal doctor.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 bad configuration or input file, 4 broker not reachable, 5 check failed.
"""


class Commands(TyperGroup):
    """All commands, each loaded when it is used."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands.update({name: LazyCommand(name, place) for name, place in COMMANDS.items()})


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=MARKUP,
    epilog=EPILOG,
    # A traceback as Python prints it can be searched and pasted.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _tell_version(asked: bool) -> None:
    if asked:
        from cli.version import version

        version()
        raise typer.Exit


@app.callback()
def kawal(
    _: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Watch ballot-logistics convoys: GPS pings on Kafka in, alerts a control room can trust out."""


def main() -> None:
    """Run the command line; an error that users can mend ends in one message and its exit code."""
    # The Kafka client reports by log what it also raises; only what configures logging wants to see it twice.
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    try:
        app(prog_name="kawal")  # whatever started this process
    except Exception as error:
        from cli.exits import explain

        if (end := explain(error)) is None:
            raise
        code, message = end
        typer.echo(message, err=True)
        sys.exit(int(code))
