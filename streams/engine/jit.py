"""The one place that says how kernels are compiled."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def cache_dir(given: str | None, writable: bool) -> Path:
    """Give each version of the kernels a cache of its own: in the folder given, beside the code, or among the user's.

    numba looks at the outermost function's file alone: after a change in one that it calls, old code would still run.
    """
    here = Path(__file__).parent
    sources = b"".join(source.read_bytes() for source in sorted(here.glob("*.py")))
    beside = here / "__pycache__" if writable else Path.home() / ".cache" / "kawal"
    return (Path(given) if given else beside) / f"kernels-{hashlib.sha256(sources).hexdigest()[:12]}"


numba.config.CACHE_DIR = str(  # type: ignore[attr-defined]
    cache_dir(os.environ.get("NUMBA_CACHE_DIR"), os.access(Path(__file__).parent, os.W_OK))
)


def kernel(function: F) -> F:
    """Compile `function` with numba, cached on disk; NUMBA_DISABLE_JIT=1 leaves it plain Python.

    No fastmath: it assumes that NaN does not exist, and NaN is how the engine says "unknown".
    `error_model="numpy"`: a division by zero gives infinity as in numpy, not an exception from the middle of a batch.
    `forceinline`: a call that hands a bundle of arrays on copies and counts each of them; it cost a fifth of each ping.
    """
    return cast(F, numba.njit(cache=True, fastmath=False, error_model="numpy", forceinline=True)(function))
