"""The broker's data folder: one owner at a time, formatted once."""

import base64
import fcntl
import shutil
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from deploy.kafka import java
from deploy.kafka.broker_log import explain_end, log_size
from deploy.kafka.cache import cache_dir
from deploy.kafka.config import STORAGE
from deploy.kafka.errors import EmbeddedKafkaError


class DataFolder:
    """Where a broker keeps its records: a folder to keep, or a temporary one that goes with `remove`."""

    def __init__(self, kept: Path | None) -> None:
        self.is_temporary = kept is None
        self.path = Path(tempfile.mkdtemp(prefix="kawal-kafka-")) if kept is None else kept.absolute()
        self._owned: BinaryIO | None = None

    def acquire(self) -> None:
        """Take the folder; raises EmbeddedKafkaError when another broker has it or it cannot be written."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = (self.path / "kawal.lock").open("ab")
        except OSError as error:
            raise EmbeddedKafkaError(f"The data folder {self.path} cannot be used: {error.strerror}.") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise EmbeddedKafkaError(
                f"The data folder {self.path} is in use by another broker. Stop that one, or choose another folder."
            ) from None
        self._owned = file

    def release(self) -> None:
        """Let another broker take the folder."""
        if self._owned:
            self._owned.close()
            self._owned = None

    def remove(self) -> None:
        """Remove a temporary folder with everything in it."""
        if self.is_temporary:
            shutil.rmtree(self.path, ignore_errors=True)

    def format(self, jars: Sequence[Path], log: Path) -> str | None:
        """Prepare an empty folder with Kafka's own tool; one that was prepared before is left as it is.

        Returns None, or what went wrong.
        """
        if (self.path / STORAGE / "meta.properties").exists():
            return None
        start = log_size(log)
        tool = ["kafka.tools.StorageTool", "format", "--ignore-formatted", _cluster_id_option(uuid.uuid4())]
        command = java.command(jars, log, [*tool, "--config", "server.properties"])
        return explain_end(log, start) if java.start_process(command, self.path, log).wait() else None


def _cluster_id_option(identity: uuid.UUID) -> str:
    # One word: one id in 64 begins with a dash, and after a space the tool would take it for an option.
    return "--cluster-id=" + base64.urlsafe_b64encode(identity.bytes).decode().rstrip("=")


def keep_log(log: Path) -> Path:
    """Copy the log of a failed start out of a folder that goes away; return where it is."""
    kept = cache_dir() / "kafka-failed-start.log"
    shutil.copyfile(log, kept)
    return kept
