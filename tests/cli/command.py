"""Runs the installed command as a user does."""

import subprocess
import sys
from pathlib import Path

KAWAL = Path(sys.executable).with_name("kawal")


def kawal(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([KAWAL, *arguments], capture_output=True, text=True, timeout=60, check=False)
