"""Programs from Debian's packages that some tests drive."""

import os
import shutil

import pytest


def program(name: str) -> str:
    """Return the path of a program; without it the test is skipped, and in CI fails."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{name} is not installed; scripts/test says how")
    return path
