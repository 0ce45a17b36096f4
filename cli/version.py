"""`kawal version`: what is installed."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version as installed
from typing import Annotated

import typer

from deploy.kafka.jars import KAFKA_VERSION

LIBRARIES = ("faust-streaming", "mode-streaming", "aiokafka")


def version(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, with the versions beneath.")] = False,
) -> None:
    """Print the version; with --json also Python's, those of the pinned libraries and of the embedded Kafka."""
    if as_json:
        versions = {"kawal": installed("kawal"), "python": platform.python_version()}
        versions |= {name: installed(name) for name in LIBRARIES} | {"embedded-kafka": KAFKA_VERSION}
        typer.echo(json.dumps(versions))
    else:
        typer.echo(f"kawal {installed('kawal')}")
