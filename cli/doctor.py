"""`kawal doctor`: is everything as it must be, and if not, what to do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated

import typer
from aiokafka.errors import KafkaConnectionError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.checks import Effective, broker_findings, effective_settings, local_findings
from cli.exits import Exit, leave, read_settings
from cli.finding import Finding
from models.settings import Settings, SettingsError

_COLOUR = {"ok": "green", "note": "yellow", "fail": "red"}


def doctor(as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of tables.")] = False) -> None:
    """Check this installation: settings and their origin, libraries, disks, keys, Java, broker, topics, clock.

    Each finding that is not well says what to do. Exit codes: 0 all is well, 3 a setting is wrong, 4 the broker in
    KAWAL_BROKER does not answer, 5 a check failed.
    """
    settings = read_settings()
    findings = [*local_findings(settings), *_broker_findings(settings)]
    effective = effective_settings(settings)
    if as_json:
        typer.echo(_as_json(effective, findings))
    else:
        _print(effective, findings)
    if failed := {finding.check: finding for finding in findings if finding.state == "fail"}:
        code = Exit.NO_BROKER if list(failed) == ["broker"] else Exit.CHECK_FAILED
        leave(code, f"Failed: {', '.join(failed)}. {next(iter(failed.values())).advice}")


def _broker_findings(settings: Settings) -> list[Finding]:
    if settings.broker is None:
        return [Finding("broker", "note", "none is set", "Set KAWAL_BROKER; `kawal demo` brings its own.")]
    try:
        return asyncio.run(broker_findings(settings.broker, settings))
    except SettingsError as error:
        return [Finding("broker", "fail", str(error), "Correct the setting.")]
    except KafkaConnectionError:
        advice = "Start it, or correct KAWAL_BROKER. If it runs and wants TLS or an account: KAWAL_KAFKA_*."
        return [Finding("broker", "fail", f"no Kafka broker answers at {settings.broker}", advice)]


def _as_json(effective: Sequence[Effective], findings: Sequence[Finding]) -> str:
    report = {"settings": [item._asdict() for item in effective], "checks": [item._asdict() for item in findings]}
    return json.dumps(report, indent=2)


def _print(effective: Sequence[Effective], findings: Sequence[Finding]) -> None:
    console = Console()
    console.print(_table(("setting", "value", "from"), effective))
    rows = [(it.check, f"[{_COLOUR[it.state]}]{it.state}[/]", escape(it.found), escape(it.advice)) for it in findings]
    console.print(_table(("check", "", "found", "what to do"), rows))


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(*headings, box=None, header_style="bold")
    for row in rows:
        table.add_row(*row)
    return table
