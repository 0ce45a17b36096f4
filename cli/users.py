"""`kawal users`: who may sign in to the console."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.exits import Exit, leave, read_settings

if TYPE_CHECKING:
    from console.people import People

app = typer.Typer(help="Who may sign in to the console on this machine.", no_args_is_help=True)


class Role(StrEnum):
    """What a person may do in the console."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    REPORT_DESK = "report-desk"


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The name to sign in with.")],
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.OPERATOR,
) -> None:
    """Add a person, or give one a new role and password. The password is asked for, or is the first line of stdin.

    viewer sees all; operator acts on alarms too; supervisor also reads the audit; report-desk sees alarms and reports
    without any position. A running console knows at once.
    """
    password = _password()
    with _people() as people:
        people.add(name, role.value, password)
    typer.echo(f"{name} may sign in as {role.value}.", err=True)


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False) -> None:
    """List everybody with their roles."""
    with _people() as people:
        users = people.all()
    if as_json:
        for user in users:
            typer.echo(json.dumps({"name": user.name, "role": user.role, "disabled": user.disabled}))
        return
    table = Table("name", "role", "may sign in", box=None, header_style="bold")
    for user in users:
        table.add_row(user.name, user.role, "no" if user.disabled else "yes")
    Console().print(table)


@app.command()
def disable(name: Annotated[str, typer.Argument(help="The name.")]) -> None:
    """Let a person no longer sign in; open sessions end within a second. `kawal users add` lets the person in again."""
    with _people() as people:
        people.disable(name)
    typer.echo(f"{name} may no longer sign in.", err=True)


@contextmanager
def _people() -> Iterator[People]:
    settings = read_settings()
    try:
        from console.people import People, PeopleError
        from console.process import console_folder
    except ModuleNotFoundError as error:
        leave(Exit.FAILED, f"The console needs the package {error.name}: pip install 'kawal[console]'.")
    try:
        yield People(console_folder(settings))
    except PeopleError as error:
        leave(Exit.BAD_INPUT, str(error))


def _password() -> str:
    try:
        if sys.stdin.isatty():
            text = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
            text.encode()  # where the terminal speaks no UTF-8, Python keeps its bytes as halves of letters
            return text
        return sys.stdin.buffer.readline().decode().rstrip("\r\n")
    except UnicodeError:
        leave(Exit.BAD_INPUT, "The password is no UTF-8: no browser could send it.")
