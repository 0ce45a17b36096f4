"""`kawal decode`: what a captured tracker message gives."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.exits import Exit, leave
from gateway.protocols import FORMATS
from gateway.protocols.report import Ignored, Report, Undecodable
from models.ping import PING

Name = StrEnum("Name", list(FORMATS))  # type: ignore[misc] # the names are known when it runs

UNKNOWN_CONVOY = "unknown"


def decode(
    form: Annotated[Name, typer.Argument(metavar="FORMAT", help=", ".join(FORMATS), show_default=False)],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Captured messages; - is standard input.")],
) -> None:
    """Print the pings that captured tracker messages give, one JSON object a line; on stderr why a message gives none.

    A file holds one message as it was sent: a JSON body, a form, an XML event; or several: one a line, a JSON array,
    XML events behind each other. A query string stands as in the request line, from its path on: /TOKEN?id=...&lat=...

    Which vehicle and convoy a device belongs to is not looked up: `vehicle_id` is what the device calls itself,
    `convoy_id` is "unknown". A message without a time of its own gets the present one. Exit 3 if a message is refused:
    the gateway would put it into its dead letters with that code.

    Examples:

        kawal decode traccar-client capture.txt

        kawal decode owntracks - < body.json
    """
    how = FORMATS[form]
    refused = 0
    for place, message in _messages(form, files):
        try:
            said = how.decode(message)
        except Undecodable as error:
            refused += 1
            typer.echo(f"{place}: {error.code}: {error}", err=True)
            continue
        if isinstance(said, Ignored):
            typer.echo(f"{place}: no ping, and nothing wrong: {said.kind}", err=True)
        else:
            _print(place, said)
    if refused:
        leave(Exit.BAD_INPUT, f"{refused} messages were refused.")


def _messages(form: Name, files: list[Path]) -> Iterator[tuple[str, bytes]]:
    for path in files:
        try:
            data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        except OSError as error:
            leave(Exit.BAD_INPUT, f"{path}: {error.strerror}")
        messages = FORMATS[form].split(data)
        for number, message in enumerate(messages, 1):
            yield (f"{path}: message {number}" if len(messages) > 1 else str(path)), message


def _print(place: str, said: Report) -> None:
    if said.device is None:
        typer.echo(f"{place}: names no device; the gateway knows it from the token or the topic", err=True)
    for repair in said.repairs:
        typer.echo(f"{place}: {repair}", err=True)
    ping = said.ping(said.device or "unknown", UNKNOWN_CONVOY, time.time_ns() // 1_000_000)
    sys.stdout.buffer.write(PING.dump_json(ping) + b"\n")
    sys.stdout.buffer.flush()
