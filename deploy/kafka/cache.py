"""The user's cache, where downloads stay between runs, and locks that keep two processes apart."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.kafka.errors import EmbeddedKafkaError


def cache_dir() -> Path:
    """Return Kawal's folder in the user's cache, created. Raises EmbeddedKafkaError when it cannot be."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(base) / "kawal"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedKafkaError(
            f"The cache folder {path} cannot be used: {error.strerror}. Name another with XDG_CACHE_HOME."
        ) from error
    return path


@contextmanager
def wait_for_lock(path: Path) -> Iterator[None]:
    """Hold the lock of a file; another process that wants it waits. A lock dies with its process."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def require_free(path: Path, needed_mb: int, purpose: str) -> None:
    """Refuse to begin what would fill the disk: Kafka dies of a full disk and may leave half a record."""
    free_mb = shutil.disk_usage(path).free // 1_000_000
    if free_mb < needed_mb:
        raise EmbeddedKafkaError(
            f"Disk full: {purpose} needs {needed_mb} MB, but {path} has {free_mb} MB left. Free some space, try again."
        )
