"""`kawal console`: the control room."""

from __future__ import annotations

import asyncio

import typer

from cli.exits import Exit, broker_faults, broker_of, leave, read_settings


def console() -> None:
    """Serve the control room: alarms, map and convoys in a browser, until Ctrl-C or SIGTERM.

    Reads <prefix>.alerts, .alert-actions, .convoys and .plans from the broker in KAWAL_BROKER, without a group: start
    as many consoles as you like. What people do with an alarm goes to <prefix>.alert-actions. There is no database.

    The first start prints a link that makes the first supervisor, once; `kawal users add` adds others. It listens on
    http://127.0.0.1:6080 (KAWAL_CONSOLE_PORT); another address (KAWAL_CONSOLE_BIND) needs TLS or a proxy. Exit codes:
    0 ended in order, 1 failed, 3 bad configuration, 4 no broker answered, 5 the topics are missing.
    """
    settings = read_settings()
    broker = broker_of(settings)
    try:
        from console.people import PeopleError
        from console.process import ConsoleError, run_console
        from console.webhooks import WebhookError
    except ModuleNotFoundError as error:
        leave(Exit.FAILED, f"The console needs the package {error.name}: pip install 'kawal[console]'.")
    from bus.listen import ListenError
    from bus.logs import configure_logs

    configure_logs()
    try:
        with broker_faults(broker):
            asyncio.run(run_console(broker, settings, lambda line: typer.echo(line, err=True)))
    except (ConsoleError, ListenError, PeopleError, WebhookError) as error:
        leave(Exit.BAD_INPUT, str(error))
