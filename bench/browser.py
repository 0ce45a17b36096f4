"""The browser that benches look at the console with: Chromium on a machine without a GPU.

It has no `--use-angle=swiftshader`: with that a browser takes the processor for a GPU and composes the whole page
through it, which no browser does whose machine has none.
"""

from __future__ import annotations

import os
import shutil

from bench.measure import BenchError

FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader"]


def chromium() -> str:
    """Give the path of Chromium. Raises BenchError where there is none."""
    path = os.environ.get("KAWAL_TEST_CHROMIUM") or shutil.which("chromium")
    if path is None:
        raise BenchError("there is no chromium: install it, name it in KAWAL_TEST_CHROMIUM, or leave the part out")
    return path
