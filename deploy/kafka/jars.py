"""The jars of Apache Kafka: a locked list with hashes, downloaded once by jgo into the user's cache.

Resolving anew at each start would cost seconds, and jgo only warns when a checksum does not match.
"""

import hashlib
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from deploy.kafka.cache import cache_dir, require_free, wait_for_lock
from deploy.kafka.errors import EmbeddedKafkaError
from deploy.kafka.quick_start import archive

KAFKA_VERSION = "4.3.1"
LOCK_FILE = Path(__file__).with_name("jars.lock")

_INSTALLED = Path(sys.prefix) / "share" / "kawal" / "kafka"
"""Where the installer for machines without network puts them."""

Progress = Callable[[int, int], None]
"""Told (bytes so far, bytes of the whole download) as they come, from several threads, one call at a time."""

_DOWNLOADS_AT_ONCE = 6
_DOWNLOAD_MB = 100


class Jar(NamedTuple):
    """One jar as locked."""

    group: str
    artifact: str
    version: str
    size: int
    sha256: str

    @property
    def file_name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def locked_jars() -> list[Jar]:
    """Return the jars of the lock file, one a line: group:artifact:version, bytes, SHA-256."""
    return list(map(_parse_jar, LOCK_FILE.read_text(encoding="ascii").splitlines()))


def fetch_jars(progress: Progress | None = None) -> list[Path]:
    """Return the paths of all jars: those that were installed with Kawal, else the cache's, downloading what it lacks.

    Raises EmbeddedKafkaError when the registry cannot be reached, gives something else, or the disk is full.
    """
    jars = locked_jars()
    if _are_in(_INSTALLED, jars):
        return [_INSTALLED / jar.file_name for jar in jars]
    folder = _cached()
    folder.mkdir(exist_ok=True)
    with wait_for_lock(folder / "download.lock"):
        missing = [jar for jar in jars if not _matches(folder / jar.file_name, jar)]
        if missing:
            require_free(folder, _DOWNLOAD_MB, "downloading Apache Kafka")
            _download(missing, folder, progress)
            archive().unlink(missing_ok=True)  # made from other files, Java would ignore it for ever
    return [folder / jar.file_name for jar in jars]


def are_jars_cached() -> bool:
    """Return whether the broker can start without a download."""
    jars = locked_jars()
    return _are_in(_INSTALLED, jars) or _are_in(_cached(), jars)


def _cached() -> Path:
    return cache_dir() / f"kafka-{KAFKA_VERSION}"


def _are_in(folder: Path, jars: list[Jar]) -> bool:
    return all(_matches(folder / jar.file_name, jar) for jar in jars)


def _parse_jar(line: str) -> Jar:
    coordinate, size, sha256 = line.split()
    group, artifact, version = coordinate.split(":")
    return Jar(group, artifact, version, int(size), sha256)


def _matches(path: Path, jar: Jar) -> bool:
    if not path.is_file() or path.stat().st_size != jar.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256


def _download(jars: list[Jar], folder: Path, progress: Progress | None) -> None:
    # jgo writes in place: in a folder of its own, a download that breaks off leaves no half jar behind.
    for left in folder.glob("download-*/"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="download-", dir=folder) as staging:
        fetch = _fetcher(Path(staging), _Counter(sum(jar.size for jar in jars), progress))
        with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as threads:
            try:
                for jar, path in zip(jars, threads.map(fetch, jars), strict=True):
                    _keep(path, jar, folder)
            except Exception as error:
                threads.shutdown(cancel_futures=True)
                raise _explain(error) from error


def _keep(path: Path, jar: Jar, folder: Path) -> None:
    if not _matches(path, jar):
        raise EmbeddedKafkaError(
            f"{jar.file_name} from the Maven registry is not the locked file (size or SHA-256 differs). "
            "Try again; if it stays, a proxy or mirror changes downloads."
        )
    shutil.move(path, folder / jar.file_name)


def _explain(error: Exception) -> EmbeddedKafkaError:
    if isinstance(error, EmbeddedKafkaError):
        return error
    if isinstance(error, OSError) and error.errno is not None:
        return EmbeddedKafkaError(f"Apache Kafka cannot be stored in {cache_dir()}: {error.strerror}.")
    return EmbeddedKafkaError(
        f"Apache Kafka cannot be downloaded ({type(error).__name__}): no Maven registry answers, or it lacks a jar. "
        "Check the network, name a mirror in jgo's settings ([repositories] central = ...), or set KAWAL_BROKER."
    )


class _Counter:
    """Adds up the bytes of all downloads for one progress bar."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total = total
        self._progress = progress
        self._done = 0
        self._lock = threading.Lock()

    def _add(self, size: int) -> None:
        with self._lock:
            self._done += size
            if self._progress:
                self._progress(self._done, self._total)

    @contextmanager
    def __call__(self, _name: str, _size: int) -> Iterator[Callable[[int], None]]:
        yield self._add


def _fetcher(staging: Path, counter: _Counter) -> Callable[[Jar], Path]:
    try:
        from jgo.config import GlobalSettings
        from jgo.maven import MavenContext, PythonResolver
    except ImportError:
        raise EmbeddedKafkaError(EXTRA_MISSING) from None
    # The user's own jgo settings may name a mirror; none is named here.
    mirrors = GlobalSettings.load().repositories or None
    context = MavenContext(PythonResolver(progress_callback=counter), repo_cache=staging, remote_repos=mirrors)

    def fetch(jar: Jar) -> Path:
        return context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()

    return fetch


EXTRA_MISSING = (
    "The embedded broker is not installed: pip install 'kawal[embedded]', or set KAWAL_BROKER to a Kafka of yours."
)
