"""The one place that says how kernels are compiled."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

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


# No fastmath: it assumes that NaN does not exist, and NaN is how the engine says "unknown".
# `error_model="numpy"`: a division by zero gives infinity as in numpy, not an exception from the middle of a batch.
# `_nrt=False`: kernels make no arrays, they only write into those they are given; without counting references to them a
# ping takes a third less. numba refuses to compile a kernel that would make one.
# `forceinline`: handing on a bundle of arrays copies it; that cost a fifth of each ping.
_OPTIONS: dict[str, Any] = {"fastmath": False, "error_model": "numpy", "_nrt": False, "forceinline": True}


_NO_WRAPPERS: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def kernel(function: F) -> F:
    """Compile `function` with numba for other kernels to call; NUMBA_DISABLE_JIT=1 leaves it plain Python.

    Compiled it cannot be called from Python: machine code that nobody calls took half of the time to compile.
    """
    return cast(F, numba.njit(**_OPTIONS, **_NO_WRAPPERS)(function))


def entry(function: F) -> F:
    """Compile `function` for Python to call, with all kernels that it calls, and cache it on disk."""
    return cast(F, numba.njit(cache=True, **_OPTIONS)(function))
