"""Runs a command as a user types it."""

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from cli.main import main

KAWAL = Path(sys.executable).with_name("kawal")


def kawal(
    *arguments: str, environment: Mapping[str, str] | None = None, stdin: str | bytes = ""
) -> subprocess.CompletedProcess[str]:
    """What a command says and how it ends; in this process, for one of its own takes a second to load each time.

    environment: all KAWAL_* settings that there are; without, those of this process.

    What waits for a signal, or runs while the test does something else, needs a process of its own: `installed_kawal`.
    """
    with (
        patch.dict(os.environ, _with(environment), clear=True),
        patch.object(sys, "stdin", _stdin(stdin)),
        ThreadPoolExecutor(1) as apart,  # the caller may have an event loop of its own
    ):
        return apart.submit(_run, arguments).result(timeout=120)


def installed_kawal(*arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The same of the installed command."""
    command = [KAWAL, *arguments]
    return subprocess.run(command, env=_with(environment), capture_output=True, text=True, timeout=120, check=False)


def _stdin(content: str | bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content.encode() if isinstance(content, str) else content), encoding="utf-8")


def _with(environment: Mapping[str, str] | None) -> dict[str, str]:
    if environment is None:
        return dict(os.environ)
    return {name: text for name, text in os.environ.items() if not name.startswith("KAWAL_")} | dict(environment)


def _run(arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    out, err, code = io.TextIOWrapper(io.BytesIO(), write_through=True), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err), patch.object(sys, "argv", ["kawal", *arguments]):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    out.seek(0)
    return subprocess.CompletedProcess(arguments, code, out.read(), err.getvalue())
