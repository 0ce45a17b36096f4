"""The one place that says how kernels are compiled."""

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def kernel(function: F) -> F:
    """Compile `function` with numba, cached on disk; NUMBA_DISABLE_JIT=1 leaves it plain Python.

    No fastmath: it assumes that NaN does not exist, and NaN is how the engine says "unknown".
    `error_model="numpy"`: a division by zero gives infinity as in numpy, instead of an exception from the middle of a batch.
    """
    return cast(F, njit(cache=True, fastmath=False, error_model="numpy")(function))
