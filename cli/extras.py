"""Which of Kawal's extras are installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

_PACKAGES = {
    "gateway": ("aiomqtt", "segno", "starlette", "uvicorn"),
    "console": ("argon2", "sse_starlette", "starlette", "uvicorn"),
}


def is_installed(extra: Literal["gateway", "console"]) -> bool:
    """Whether the packages of an extra are there."""
    return all(map(find_spec, _PACKAGES[extra]))
