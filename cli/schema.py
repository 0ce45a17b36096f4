"""`kawal schema`: the JSON Schemas of what Kawal reads and writes, and the descriptions of topics and gateway."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.exits import Exit, leave
from gateway.openapi import description
from models.schema import documents, schemas


def schema(
    write: Annotated[Path | None, typer.Option(metavar="DIR", help="Write one file each into this folder.")] = None,
    check: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Compare the files of this folder; exit 5 if one differs.")
    ] = None,
) -> None:
    """Print the JSON Schemas of pings, plans, alerts and all else on the topics, as one object by name.

    --write also gives the topics as an AsyncAPI 3 document and the gateway as an OpenAPI 3.1 document.
    """
    if write is not None:
        _write(write)
    if check is not None:
        _check(check)
    if write is None and check is None:
        typer.echo(json.dumps(schemas(), indent=2))


def files() -> dict[str, str]:
    """Return the text of every file that --write writes, by its name."""
    content = documents() | {"gateway.openapi.json": description()}
    return {name: f"{json.dumps(document, indent=2)}\n" for name, document in content.items()}


def _write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")


def _check(folder: Path) -> None:
    expected = files()
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    differing = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if differing:
        leave(
            Exit.CHECK_FAILED,
            f"Out of date in {folder}: {', '.join(differing)}. Write them with `kawal schema --write {folder}`.",
        )
