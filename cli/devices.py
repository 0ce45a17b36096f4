"""`kawal devices`: the phones and trackers that may send to the gateway."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from cli.exits import Exit, broker_faults, broker_of, leave, read_settings
from models.instants import format_instant
from models.topics import TopicSet

if TYPE_CHECKING:
    from gateway.devices import Devices

app = typer.Typer(
    help="Register the phones and trackers that may send to the gateway, and set them up.", no_args_is_help=True
)

Result = TypeVar("Result")
DeviceId = Annotated[str, typer.Argument(metavar="DEVICE", help="What the tracker calls itself, or a vehicle's id.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


class AppName(StrEnum):
    """The apps that a link can set up."""

    TRACCAR_CLIENT = "traccar-client"
    OWNTRACKS = "owntracks"
    OSMAND = "osmand"


@app.command()
def add(device: DeviceId) -> None:
    """Register a device and print its token, once: only a hash of it is kept.

    The device's name stands in the plan, under the `device_ids` of its vehicle; or it is the vehicle_id itself.

    Example:

        kawal devices add 8737767034
    """
    typer.echo(_run(lambda devices: devices.add(device)))


@app.command("list")
def list_devices(as_json: AsJson = False) -> None:
    """List the registered devices and whom they report for."""
    from gateway.directory import Assignment

    devices = _run(_itself)
    rows: list[dict[str, object]] = []
    for name, device in sorted(devices.directory.devices.items()):
        found = devices.directory.assignment(name)
        assigned = found if isinstance(found, Assignment) else None
        rows.append(
            {
                "device_id": name,
                "state": "revoked" if device.revoked_at else "active" if device.token_sha256 else "no token",
                "vehicle_id": assigned.vehicle_id if assigned else device.vehicle_id,
                "convoy_id": assigned.convoy_id if assigned else None,
                "created_at": device.created_at.isoformat(timespec="seconds"),
            }
        )
    _show(rows, as_json)


@app.command()
def revoke(device: DeviceId) -> None:
    """Refuse a device's token from now on, at every gateway."""
    _run(lambda devices: devices.revoke(device))
    typer.echo(f"{device} is refused from now on.", err=True)


@app.command()
def qr(
    device: DeviceId,
    form: Annotated[AppName, typer.Option("--app", help="The app that is to scan it.")] = AppName.TRACCAR_CLIENT,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="How phones reach the gateway; KAWAL_GATEWAY_URL.")
    ] = None,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the code as SVG instead.")] = None,
) -> None:
    """Give a device a new token and show the QR code that sets up its app for a convoy.

    The token that it had before ends with that: it is kept nowhere and cannot be shown again. The code is as secret as
    the token in it. Its link goes to stdout; Traccar Client scans the code inside the app, OwnTracks opens the link.

    Example:

        kawal devices qr 8737767034 --url https://gateway.example.org --svg 8737767034.svg
    """
    base = (url or read_settings().gateway_url or "").rstrip("/")
    if not base.startswith(("https://", "http://")):
        leave(Exit.BAD_INPUT, "Say how phones reach the gateway: --url https://... or KAWAL_GATEWAY_URL.")
    from gateway.provision import link, svg_code, terminal_code

    token = _run(lambda devices: devices.renew(device))
    text = link(form.value, base, device, token)
    typer.echo(text)
    if svg is not None:
        svg.write_bytes(svg_code(text))
        typer.echo(f"Written to {svg}. Delete it when the phone has it.", err=True)
    else:
        typer.echo(terminal_code(text), err=True)


@app.command()
def unknown(as_json: AsJson = False) -> None:
    """List the devices that send and are not heard, the latest first, with what to do about each.

    They belong to no convoy in force, or their app encrypts what it sends.
    """
    found = _run(lambda devices: devices.unknown())
    _show(
        [
            {
                "device_id": one.device_id,
                "code": one.code,
                "format": one.form,
                "messages": one.messages,
                "first": format_instant(one.first_ms),
                "last": format_instant(one.last_ms),
                "advice": one.advice,
            }
            for one in found
        ],
        as_json,
    )


@app.command()
def adopt(
    device: DeviceId,
    vehicle: Annotated[
        str | None, typer.Option(metavar="VEHICLE", help="The vehicle it is in; else the plan in force must name it.")
    ] = None,
) -> None:
    """Let a device report for a vehicle of a plan in force, and take in what it has sent before.

    Example:

        kawal devices adopt 8737767034 --vehicle KT-8123-LM
    """
    outcomes = _run(lambda devices: devices.adopt(device, vehicle))
    counts = Counter(outcome.status for outcome in outcomes)
    said = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    typer.echo(f"{device} is known now. Of what it had sent: {said or 'nothing'}.", err=True)


async def _itself(devices: Devices) -> Devices:
    return devices


def _run(use: Callable[[Devices], Awaitable[Result]]) -> Result:
    """Open the devices and use them; ends with the exit code of what went wrong."""
    settings = read_settings()
    broker = broker_of(settings)
    topics = TopicSet(settings.topic_prefix, settings.partitions)
    from gateway.devices import DeviceError, open_devices
    from gateway.writer import Unavailable

    async def run() -> Result:
        return await use(await open_devices(broker, topics))

    with broker_faults(broker):
        try:
            return asyncio.run(run())
        except DeviceError as error:
            leave(Exit.BAD_INPUT, str(error))
        except Unavailable as error:
            leave(Exit.NO_BROKER, f"{error}. Nothing is lost: try again.")


def _show(rows: Iterable[dict[str, object]], as_json: bool) -> None:
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row))
        return
    table = Table(box=None)
    for number, row in enumerate(rows):
        if number == 0:
            for name in row:
                table.add_column(name)
        table.add_row(*("-" if value is None else str(value) for value in row.values()))
    Console(file=sys.stdout).print(table)
