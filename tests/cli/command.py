"""Runs a command as a user types it."""

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from cli.main import main

KAWAL = Path(sys.executable).with_name("kawal")


def kawal(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What a command says and how it ends; in this process, for one of its own takes a second to load each time.

    What waits for a signal needs a process of its own: `installed_kawal`.
    """
    with ThreadPoolExecutor(1) as apart:  # the caller may have an event loop of its own
        return apart.submit(_run, arguments).result(timeout=60)


def installed_kawal(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The same of the installed command."""
    return subprocess.run([KAWAL, *arguments], capture_output=True, text=True, timeout=60, check=False)


def _run(arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    out, err, code = io.TextIOWrapper(io.BytesIO(), write_through=True), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err), patch.object(sys, "argv", ["kawal", *arguments]):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    out.seek(0)
    return subprocess.CompletedProcess(arguments, code, out.read(), err.getvalue())
